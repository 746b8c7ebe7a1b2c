// lm.row_sum: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @row_sum_c1(%x: tensor<f32>, %old: tensor<24xf32>) {
  // expected-error @+1 {{'lm.row_sum' op expects 'input' of shape [R.., C], but got []}}
  %s = lm.row_sum %x, %old
      : (tensor<f32>, tensor<24xf32>) -> tensor<24xf32>
  return
}

// -----

func.func @row_sum_c2(%x: tensor<2x5x24xf32>, %old: tensor<24xf32>) {
  // expected-error @+1 {{'lm.row_sum' op expects 'result' of shape [C = 24], but got [5, 24]}}
  %s = lm.row_sum %x, %old
      : (tensor<2x5x24xf32>, tensor<24xf32>) -> tensor<5x24xf32>
  return
}

// -----

func.func @row_sum_c3(%x: tensor<2x5x24xf32>, %old: tensor<23xf32>) {
  // expected-error @+1 {{'lm.row_sum' op expects 'accumulator' of type 'tensor<24xf32>', the type of 'result', but got 'tensor<23xf32>'}}
  %s = lm.row_sum %x, %old
      : (tensor<2x5x24xf32>, tensor<23xf32>) -> tensor<24xf32>
  return
}
