// lm.rms_norm: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @rms_norm_c1(%x: tensor<f32>, %weight: tensor<64xf32>) {
  // expected-error @+1 {{'lm.rms_norm' op expects 'input' of shape [R.., C], but got []}}
  %y = lm.rms_norm %x, %weight {epsilon = 1.0e-6}
      : (tensor<f32>, tensor<64xf32>) -> tensor<2x5x64xf32>
  return
}

// -----

func.func @rms_norm_c2(%x: tensor<2x5x64xf32>, %weight: tensor<32xf32>) {
  // expected-error @+1 {{'lm.rms_norm' op expects 'weight' of shape [C = 64], but got [32]}}
  %y = lm.rms_norm %x, %weight {epsilon = 1.0e-6}
      : (tensor<2x5x64xf32>, tensor<32xf32>) -> tensor<2x5x64xf32>
  return
}

// -----

func.func @rms_norm_c3(%x: tensor<2x5x64xf32>, %weight: tensor<64xf32>) {
  // expected-error @+1 {{'lm.rms_norm' op expects 'result' of shape [R.. = 2x5, C = 64], but got [2, 5, 63]}}
  %y = lm.rms_norm %x, %weight {epsilon = 1.0e-6}
      : (tensor<2x5x64xf32>, tensor<64xf32>) -> tensor<2x5x63xf32>
  return
}

// -----

func.func @rms_norm_c4(%x: tensor<2x5x64xf32>, %weight: tensor<64xf32>) {
  // expected-error @+1 {{'lm.rms_norm' op expects 'epsilon' to be greater than 0, but got 0}}
  %y = lm.rms_norm %x, %weight {epsilon = 0.0}
      : (tensor<2x5x64xf32>, tensor<64xf32>) -> tensor<2x5x64xf32>
  return
}
