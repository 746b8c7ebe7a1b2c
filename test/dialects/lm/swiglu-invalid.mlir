// lm.swiglu: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @swiglu_c1(%gate_up: tensor<f32>, %ends: tensor<8xi32>) {
  // expected-error @+1 {{'lm.swiglu' op expects 'gate_up' of shape [R.., W], but got []}}
  %h = lm.swiglu %gate_up, %ends
      : (tensor<f32>, tensor<8xi32>) -> tensor<30x24xf32>
  return
}

// -----

func.func @swiglu_c2(%gate_up: tensor<30x47xf32>, %ends: tensor<8xi32>) {
  // expected-error @+1 {{'lm.swiglu' op expects 'W' to be a multiple of 2, the gate and the up projection, but got 47}}
  %h = lm.swiglu %gate_up, %ends
      : (tensor<30x47xf32>, tensor<8xi32>) -> tensor<30x24xf32>
  return
}

// -----

func.func @swiglu_c3(%gate_up: tensor<30x48xf32>, %ends: tensor<8xi32>) {
  // expected-error @+1 {{'lm.swiglu' op expects 'result' of shape [R.. = 30, I = 24], but got [30, 48]}}
  %h = lm.swiglu %gate_up, %ends
      : (tensor<30x48xf32>, tensor<8xi32>) -> tensor<30x48xf32>
  return
}

// -----

func.func @swiglu_c4(%gate_up: tensor<30x48xf32>, %ends: tensor<8x1xi32>) {
  // expected-error @+1 {{'lm.swiglu' op expects 'ends' of shape [E], but got [8, 1]}}
  %h = lm.swiglu %gate_up, %ends
      : (tensor<30x48xf32>, tensor<8x1xi32>) -> tensor<30x24xf32>
  return
}
