// lm.group_rows: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @group_rows_c1(%indices: tensor<30xi32>) {
  // expected-error @+1 {{'lm.group_rows' op expects 'indices' of shape [T, K], but got [30]}}
  %row_of_slot, %slot_of_row, %ends = lm.group_rows %indices
      : (tensor<30xi32>) -> (tensor<10x3xi32>, tensor<30xi32>, tensor<8xi32>)
  return
}

// -----

func.func @group_rows_c2(%indices: tensor<10x3xi32>) {
  // expected-error @+1 {{'lm.group_rows' op expects 'row_of_slot' of shape [T = 10, K = 3], but got [10, 2]}}
  %row_of_slot, %slot_of_row, %ends = lm.group_rows %indices
      : (tensor<10x3xi32>) -> (tensor<10x2xi32>, tensor<30xi32>, tensor<8xi32>)
  return
}

// -----

func.func @group_rows_c3(%indices: tensor<10x3xi32>) {
  // expected-error @+1 {{'lm.group_rows' op expects 'slot_of_row' of shape [R], but got [10, 3]}}
  %row_of_slot, %slot_of_row, %ends = lm.group_rows %indices
      : (tensor<10x3xi32>) -> (tensor<10x3xi32>, tensor<10x3xi32>, tensor<8xi32>)
  return
}

// -----

func.func @group_rows_c4(%indices: tensor<10x3xi32>) {
  // expected-error @+1 {{'lm.group_rows' op expects 'R' to be 30, one row per slot, but got 20}}
  %row_of_slot, %slot_of_row, %ends = lm.group_rows %indices
      : (tensor<10x3xi32>) -> (tensor<10x3xi32>, tensor<20xi32>, tensor<8xi32>)
  return
}

// -----

func.func @group_rows_c5(%indices: tensor<10x3xi32>) {
  // expected-error @+1 {{'lm.group_rows' op expects 'ends' of shape [E], but got [1, 8]}}
  %row_of_slot, %slot_of_row, %ends = lm.group_rows %indices
      : (tensor<10x3xi32>) -> (tensor<10x3xi32>, tensor<30xi32>, tensor<1x8xi32>)
  return
}
