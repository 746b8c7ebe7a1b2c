// lm.unpermute: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @unpermute_c1(
    %rows: tensor<5x6x64xf32>, %row_of_slot: tensor<10x3xi32>,
    %weights: tensor<10x3xf32>, %slot_of_row: tensor<30xi32>,
    %ends: tensor<8xi32>) {
  // expected-error @+1 {{'lm.unpermute' op expects 'input' of shape [R, d], but got [5, 6, 64]}}
  %y = lm.unpermute %rows, %row_of_slot weights(%weights)
      order(%slot_of_row, %ends)
      : (tensor<5x6x64xf32>, tensor<10x3xi32>, tensor<10x3xf32>, tensor<30xi32>,
         tensor<8xi32>) -> tensor<10x64xf32>
  return
}

// -----

func.func @unpermute_c2(
    %rows: tensor<30x64xf32>, %row_of_slot: tensor<30xi32>,
    %weights: tensor<10x3xf32>, %slot_of_row: tensor<30xi32>,
    %ends: tensor<8xi32>) {
  // expected-error @+1 {{'lm.unpermute' op expects 'row_of_slot' of shape [T, K], but got [30]}}
  %y = lm.unpermute %rows, %row_of_slot weights(%weights)
      order(%slot_of_row, %ends)
      : (tensor<30x64xf32>, tensor<30xi32>, tensor<10x3xf32>, tensor<30xi32>,
         tensor<8xi32>) -> tensor<10x64xf32>
  return
}

// -----

func.func @unpermute_c3(
    %rows: tensor<20x64xf32>, %row_of_slot: tensor<10x3xi32>,
    %weights: tensor<10x3xf32>, %slot_of_row: tensor<30xi32>,
    %ends: tensor<8xi32>) {
  // expected-error @+1 {{'lm.unpermute' op expects 'R' to be 30, one row per slot, but got 20}}
  %y = lm.unpermute %rows, %row_of_slot weights(%weights)
      order(%slot_of_row, %ends)
      : (tensor<20x64xf32>, tensor<10x3xi32>, tensor<10x3xf32>, tensor<30xi32>,
         tensor<8xi32>) -> tensor<10x64xf32>
  return
}

// -----

func.func @unpermute_c4(
    %rows: tensor<30x64xf32>, %row_of_slot: tensor<10x3xi32>,
    %weights: tensor<10x2xf32>, %slot_of_row: tensor<30xi32>,
    %ends: tensor<8xi32>) {
  // expected-error @+1 {{'lm.unpermute' op expects 'weights' of shape [T = 10, K = 3], but got [10, 2]}}
  %y = lm.unpermute %rows, %row_of_slot weights(%weights)
      order(%slot_of_row, %ends)
      : (tensor<30x64xf32>, tensor<10x3xi32>, tensor<10x2xf32>, tensor<30xi32>,
         tensor<8xi32>) -> tensor<10x64xf32>
  return
}

// -----

func.func @unpermute_c5(
    %rows: tensor<30x64xf32>, %row_of_slot: tensor<10x3xi32>,
    %weights: tensor<10x3xf32>, %slot_of_row: tensor<29xi32>,
    %ends: tensor<8xi32>) {
  // expected-error @+1 {{'lm.unpermute' op expects 'slot_of_row' of shape [R = 30], but got [29]}}
  %y = lm.unpermute %rows, %row_of_slot weights(%weights)
      order(%slot_of_row, %ends)
      : (tensor<30x64xf32>, tensor<10x3xi32>, tensor<10x3xf32>, tensor<29xi32>,
         tensor<8xi32>) -> tensor<10x64xf32>
  return
}

// -----

func.func @unpermute_c6(
    %rows: tensor<30x64xf32>, %row_of_slot: tensor<10x3xi32>,
    %weights: tensor<10x3xf32>, %slot_of_row: tensor<30xi32>,
    %ends: tensor<8x1xi32>) {
  // expected-error @+1 {{'lm.unpermute' op expects 'ends' of shape [E], but got [8, 1]}}
  %y = lm.unpermute %rows, %row_of_slot weights(%weights)
      order(%slot_of_row, %ends)
      : (tensor<30x64xf32>, tensor<10x3xi32>, tensor<10x3xf32>, tensor<30xi32>,
         tensor<8x1xi32>) -> tensor<10x64xf32>
  return
}

// -----

func.func @unpermute_c7(
    %rows: tensor<30x64xf32>, %row_of_slot: tensor<10x3xi32>,
    %weights: tensor<10x3xf32>, %slot_of_row: tensor<30xi32>,
    %ends: tensor<8xi32>) {
  // expected-error @+1 {{'lm.unpermute' op expects 'result' of shape [T = 10, d = 64], but got [9, 64]}}
  %y = lm.unpermute %rows, %row_of_slot weights(%weights)
      order(%slot_of_row, %ends)
      : (tensor<30x64xf32>, tensor<10x3xi32>, tensor<10x3xf32>, tensor<30xi32>,
         tensor<8xi32>) -> tensor<9x64xf32>
  return
}
