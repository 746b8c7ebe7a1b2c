// lm.expert_load: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @expert_load_c1(%indices: tensor<30xi32>, %old: tensor<8xi32>) {
  // expected-error @+1 {{'lm.expert_load' op expects 'indices' of shape [T, K], but got [30]}}
  %load = lm.expert_load %indices, %old
      : (tensor<30xi32>, tensor<8xi32>) -> tensor<8xi32>
  return
}

// -----

func.func @expert_load_c2(
    %indices: tensor<10x3xi32>, %old: tensor<8xi32>) {
  // expected-error @+1 {{'lm.expert_load' op expects 'result' of shape [E], but got [1, 8]}}
  %load = lm.expert_load %indices, %old
      : (tensor<10x3xi32>, tensor<8xi32>) -> tensor<1x8xi32>
  return
}

// -----

func.func @expert_load_c3(
    %indices: tensor<10x3xi32>, %old: tensor<7xi32>) {
  // expected-error @+1 {{'lm.expert_load' op expects 'accumulator' of type 'tensor<8xi32>', the type of 'result', but got 'tensor<7xi32>'}}
  %load = lm.expert_load %indices, %old
      : (tensor<10x3xi32>, tensor<7xi32>) -> tensor<8xi32>
  return
}
