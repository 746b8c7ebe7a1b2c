// lm.last_row: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @last_row_c1(%x: tensor<2x64xf32>, %positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.last_row' op expects 'input' of shape [B, S, C], but got [2, 64]}}
  %last = lm.last_row %x, %positions
      : (tensor<2x64xf32>, tensor<2x5xi32>) -> tensor<2x64xf32>
  return
}

// -----

func.func @last_row_c2(
    %x: tensor<2x5x64xf32>, %positions: tensor<2x4xi32>) {
  // expected-error @+1 {{'lm.last_row' op expects 'positions' of shape [B = 2, S = 5], but got [2, 4]}}
  %last = lm.last_row %x, %positions
      : (tensor<2x5x64xf32>, tensor<2x4xi32>) -> tensor<2x64xf32>
  return
}

// -----

func.func @last_row_c3(
    %x: tensor<2x5x64xf32>, %positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.last_row' op expects 'result' of shape [B = 2, C = 64], but got [5, 64]}}
  %last = lm.last_row %x, %positions
      : (tensor<2x5x64xf32>, tensor<2x5xi32>) -> tensor<5x64xf32>
  return
}
