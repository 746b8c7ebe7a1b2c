// lm.mlp: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @mlp_c1(
    %x: tensor<f32>, %gate_up: tensor<96x32xf32>, %down: tensor<32x48xf32>) {
  // expected-error @+1 {{'lm.mlp' op expects 'input' of shape [R.., d], but got []}}
  %y = lm.mlp %x, %gate_up, %down
      : (tensor<f32>, tensor<96x32xf32>, tensor<32x48xf32>)
      -> tensor<2x5x32xf32>
  return
}

// -----

func.func @mlp_c2(
    %x: tensor<2x5x32xf32>, %gate_up: tensor<96x31xf32>,
    %down: tensor<32x48xf32>) {
  // expected-error @+1 {{'lm.mlp' op expects 'gate_up' of shape [W, d = 32], but got [96, 31]}}
  %y = lm.mlp %x, %gate_up, %down
      : (tensor<2x5x32xf32>, tensor<96x31xf32>, tensor<32x48xf32>)
      -> tensor<2x5x32xf32>
  return
}

// -----

func.func @mlp_c3(
    %x: tensor<2x5x32xf32>, %gate_up: tensor<95x32xf32>,
    %down: tensor<32x48xf32>) {
  // expected-error @+1 {{'lm.mlp' op expects 'W' to be a multiple of 2, the gate and the up projection, but got 95}}
  %y = lm.mlp %x, %gate_up, %down
      : (tensor<2x5x32xf32>, tensor<95x32xf32>, tensor<32x48xf32>)
      -> tensor<2x5x32xf32>
  return
}

// -----

func.func @mlp_c4(
    %x: tensor<2x5x32xf32>, %gate_up: tensor<96x32xf32>,
    %down: tensor<48x32xf32>) {
  // expected-error @+1 {{'lm.mlp' op expects 'down' of shape [d = 32, I = 48], but got [48, 32]}}
  %y = lm.mlp %x, %gate_up, %down
      : (tensor<2x5x32xf32>, tensor<96x32xf32>, tensor<48x32xf32>)
      -> tensor<2x5x32xf32>
  return
}

// -----

func.func @mlp_c5(
    %x: tensor<2x5x32xf32>, %gate_up: tensor<96x32xf32>,
    %down: tensor<32x48xf32>) {
  // expected-error @+1 {{'lm.mlp' op expects 'result' of shape [R.. = 2x5, d = 32], but got [2, 5, 31]}}
  %y = lm.mlp %x, %gate_up, %down
      : (tensor<2x5x32xf32>, tensor<96x32xf32>, tensor<32x48xf32>)
      -> tensor<2x5x31xf32>
  return
}
