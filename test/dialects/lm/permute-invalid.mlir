// lm.permute: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @permute_c1(
    %x: tensor<2x5x64xf32>, %slot_of_row: tensor<30xi32>,
    %row_of_slot: tensor<10x3xi32>, %ends: tensor<8xi32>,
    %weights: tensor<10x3xf32>) {
  // expected-error @+1 {{'lm.permute' op expects 'input' of shape [T, d], but got [2, 5, 64]}}
  %rows = lm.permute %x, %slot_of_row, %row_of_slot, %ends, %weights
      : (tensor<2x5x64xf32>, tensor<30xi32>, tensor<10x3xi32>, tensor<8xi32>,
         tensor<10x3xf32>) -> tensor<30x64xf32>
  return
}

// -----

func.func @permute_c2(
    %x: tensor<10x64xf32>, %slot_of_row: tensor<30xi32>,
    %row_of_slot: tensor<9x3xi32>, %ends: tensor<8xi32>,
    %weights: tensor<10x3xf32>) {
  // expected-error @+1 {{'lm.permute' op expects 'row_of_slot' of shape [T = 10, K], but got [9, 3]}}
  %rows = lm.permute %x, %slot_of_row, %row_of_slot, %ends, %weights
      : (tensor<10x64xf32>, tensor<30xi32>, tensor<9x3xi32>, tensor<8xi32>,
         tensor<10x3xf32>) -> tensor<30x64xf32>
  return
}

// -----

func.func @permute_c3(
    %x: tensor<10x64xf32>, %slot_of_row: tensor<10x3xi32>,
    %row_of_slot: tensor<10x3xi32>, %ends: tensor<8xi32>,
    %weights: tensor<10x3xf32>) {
  // expected-error @+1 {{'lm.permute' op expects 'slot_of_row' of shape [R], but got [10, 3]}}
  %rows = lm.permute %x, %slot_of_row, %row_of_slot, %ends, %weights
      : (tensor<10x64xf32>, tensor<10x3xi32>, tensor<10x3xi32>, tensor<8xi32>,
         tensor<10x3xf32>) -> tensor<30x64xf32>
  return
}

// -----

func.func @permute_c4(
    %x: tensor<10x64xf32>, %slot_of_row: tensor<20xi32>,
    %row_of_slot: tensor<10x3xi32>, %ends: tensor<8xi32>,
    %weights: tensor<10x3xf32>) {
  // expected-error @+1 {{'lm.permute' op expects 'R' to be 30, one row per slot, but got 20}}
  %rows = lm.permute %x, %slot_of_row, %row_of_slot, %ends, %weights
      : (tensor<10x64xf32>, tensor<20xi32>, tensor<10x3xi32>, tensor<8xi32>,
         tensor<10x3xf32>) -> tensor<30x64xf32>
  return
}

// -----

func.func @permute_c5(
    %x: tensor<10x64xf32>, %slot_of_row: tensor<30xi32>,
    %row_of_slot: tensor<10x3xi32>, %ends: tensor<8x1xi32>,
    %weights: tensor<10x3xf32>) {
  // expected-error @+1 {{'lm.permute' op expects 'ends' of shape [E], but got [8, 1]}}
  %rows = lm.permute %x, %slot_of_row, %row_of_slot, %ends, %weights
      : (tensor<10x64xf32>, tensor<30xi32>, tensor<10x3xi32>, tensor<8x1xi32>,
         tensor<10x3xf32>) -> tensor<30x64xf32>
  return
}

// -----

func.func @permute_c6(
    %x: tensor<10x64xf32>, %slot_of_row: tensor<30xi32>,
    %row_of_slot: tensor<10x3xi32>, %ends: tensor<8xi32>,
    %weights: tensor<10x2xf32>) {
  // expected-error @+1 {{'lm.permute' op expects 'weights' of shape [T = 10, K = 3], but got [10, 2]}}
  %rows = lm.permute %x, %slot_of_row, %row_of_slot, %ends, %weights
      : (tensor<10x64xf32>, tensor<30xi32>, tensor<10x3xi32>, tensor<8xi32>,
         tensor<10x2xf32>) -> tensor<30x64xf32>
  return
}

// -----

func.func @permute_c7(
    %x: tensor<10x64xf32>, %slot_of_row: tensor<30xi32>,
    %row_of_slot: tensor<10x3xi32>, %ends: tensor<8xi32>,
    %weights: tensor<10x3xf32>) {
  // expected-error @+1 {{'lm.permute' op expects 'result' of shape [R = 30, d = 64], but got [30, 63]}}
  %rows = lm.permute %x, %slot_of_row, %row_of_slot, %ends, %weights
      : (tensor<10x64xf32>, tensor<30xi32>, tensor<10x3xi32>, tensor<8xi32>,
         tensor<10x3xf32>) -> tensor<30x63xf32>
  return
}
