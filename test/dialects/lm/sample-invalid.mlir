// lm.sample: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @sample_c1(
    %logits: tensor<2x1x64xf32>, %sampling: tensor<2x8xf32>) {
  // expected-error @+1 {{'lm.sample' op expects 'logits' of shape [slots, V], but got [2, 1, 64]}}
  %next = lm.sample %logits, %sampling
      : (tensor<2x1x64xf32>, tensor<2x8xf32>) -> tensor<2xi32>
  return
}

// -----

func.func @sample_c2(
    %logits: tensor<2x64xf32>, %sampling: tensor<2x7xf32>) {
  // expected-error @+1 {{'lm.sample' op expects 'sampling' of shape [slots = 2, 8], but got [2, 7]}}
  %next = lm.sample %logits, %sampling
      : (tensor<2x64xf32>, tensor<2x7xf32>) -> tensor<2xi32>
  return
}

// -----

func.func @sample_c3(
    %logits: tensor<2x64xf32>, %sampling: tensor<2x8xf32>) {
  // expected-error @+1 {{'lm.sample' op expects 'result' of shape [slots = 2], but got [1]}}
  %next = lm.sample %logits, %sampling
      : (tensor<2x64xf32>, tensor<2x8xf32>) -> tensor<1xi32>
  return
}
