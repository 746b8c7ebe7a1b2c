// lm.update_route_bias: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @update_route_bias_c1(
    %bias: tensor<8x1xf32>, %load: tensor<8xi32>, %hyper: tensor<16xf32>) {
  // expected-error @+1 {{'lm.update_route_bias' op expects 'bias' of shape [E], but got [8, 1]}}
  %new = lm.update_route_bias %bias, %load, %hyper
      : (tensor<8x1xf32>, tensor<8xi32>, tensor<16xf32>) -> tensor<8x1xf32>
  return
}

// -----

func.func @update_route_bias_c2(
    %bias: tensor<8xf32>, %load: tensor<7xi32>, %hyper: tensor<16xf32>) {
  // expected-error @+1 {{'lm.update_route_bias' op expects 'load' of shape [E = 8], but got [7]}}
  %new = lm.update_route_bias %bias, %load, %hyper
      : (tensor<8xf32>, tensor<7xi32>, tensor<16xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @update_route_bias_c3(
    %bias: tensor<8xf32>, %load: tensor<8xi32>, %hyper: tensor<15xf32>) {
  // expected-error @+1 {{'lm.update_route_bias' op expects 'hyper' of shape [16], but got [15]}}
  %new = lm.update_route_bias %bias, %load, %hyper
      : (tensor<8xf32>, tensor<8xi32>, tensor<15xf32>) -> tensor<8xf32>
  return
}
