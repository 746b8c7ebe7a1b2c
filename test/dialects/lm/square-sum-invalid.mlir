// lm.square_sum: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @square_sum_c1(%g: tensor<48x64xf32>, %old: tensor<4x4xf32>) {
  // expected-error @+1 {{'lm.square_sum' op expects 'accumulator' of shape [K], but got [4, 4]}}
  %sums = lm.square_sum %g, %old
      : (tensor<48x64xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return
}
