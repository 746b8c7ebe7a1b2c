// lm.swiglu_grad: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @swiglu_grad_c1(
    %gate_up: tensor<f32>, %dh: tensor<30x24xf32>, %ends: tensor<8xi32>) {
  // expected-error @+1 {{'lm.swiglu_grad' op expects 'gate_up' of shape [R.., W], but got []}}
  %d = lm.swiglu_grad %gate_up, %dh, %ends
      : (tensor<f32>, tensor<30x24xf32>, tensor<8xi32>)
      -> tensor<30x48xf32>
  return
}

// -----

func.func @swiglu_grad_c2(
    %gate_up: tensor<30x47xf32>, %dh: tensor<30x24xf32>,
    %ends: tensor<8xi32>) {
  // expected-error @+1 {{'lm.swiglu_grad' op expects 'W' to be a multiple of 2, the gate and the up projection, but got 47}}
  %d = lm.swiglu_grad %gate_up, %dh, %ends
      : (tensor<30x47xf32>, tensor<30x24xf32>, tensor<8xi32>)
      -> tensor<30x48xf32>
  return
}

// -----

func.func @swiglu_grad_c3(
    %gate_up: tensor<30x48xf32>, %dh: tensor<30x25xf32>,
    %ends: tensor<8xi32>) {
  // expected-error @+1 {{'lm.swiglu_grad' op expects 'gradient' of shape [R.. = 30, I = 24], but got [30, 25]}}
  %d = lm.swiglu_grad %gate_up, %dh, %ends
      : (tensor<30x48xf32>, tensor<30x25xf32>, tensor<8xi32>)
      -> tensor<30x48xf32>
  return
}

// -----

func.func @swiglu_grad_c4(
    %gate_up: tensor<30x48xf32>, %dh: tensor<30x24xf32>,
    %ends: tensor<8x1xi32>) {
  // expected-error @+1 {{'lm.swiglu_grad' op expects 'ends' of shape [E], but got [8, 1]}}
  %d = lm.swiglu_grad %gate_up, %dh, %ends
      : (tensor<30x48xf32>, tensor<30x24xf32>, tensor<8x1xi32>)
      -> tensor<30x48xf32>
  return
}

// -----

func.func @swiglu_grad_c5(
    %gate_up: tensor<30x48xf32>, %dh: tensor<30x24xf32>,
    %ends: tensor<8xi32>) {
  // expected-error @+1 {{'lm.swiglu_grad' op expects 'result' of shape [R.. = 30, W = 48], but got [29, 48]}}
  %d = lm.swiglu_grad %gate_up, %dh, %ends
      : (tensor<30x48xf32>, tensor<30x24xf32>, tensor<8xi32>)
      -> tensor<29x48xf32>
  return
}
