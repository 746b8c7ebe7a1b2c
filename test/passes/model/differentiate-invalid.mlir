// RUN: tresse-opt %s --verify-diagnostics --tresse-differentiate

lm.global weight @w : tensor<1xf32>

func.func @no_derivative(%x: tensor<1xf32>) -> (tensor<1xf32> {lm.name = "objective"}) attributes {lm.entry = "gradients"} {
  %w = lm.load @w : tensor<1xf32>
  // expected-error @below {{expects an op with a derivative on the path of a gradient, but this one has none}}
  %y = math.erf %w : tensor<1xf32>
  return %y : tensor<1xf32>
}
