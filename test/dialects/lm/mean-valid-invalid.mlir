// lm.mean_valid: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @mean_valid_c1(
    %losses: tensor<2x5xf32>, %targets: tensor<2x4xi32>) {
  // expected-error @+1 {{'lm.mean_valid' op expects 'targets' of shape [R.. = 2x5], but got [2, 4]}}
  %loss = lm.mean_valid %losses, %targets
      : (tensor<2x5xf32>, tensor<2x4xi32>) -> tensor<1xf32>
  return
}

// -----

func.func @mean_valid_c2(
    %losses: tensor<2x5xf32>, %targets: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.mean_valid' op expects 'result' of shape [1], but got [2]}}
  %loss = lm.mean_valid %losses, %targets
      : (tensor<2x5xf32>, tensor<2x5xi32>) -> tensor<2xf32>
  return
}
