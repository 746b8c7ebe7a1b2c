// lm.balance_fraction: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @balance_fraction_c1(
    %scores: tensor<2x5x8xf32>, %indices: tensor<10x3xi32>) {
  // expected-error @+1 {{'lm.balance_fraction' op expects 'scores' of shape [T, E], but got [2, 5, 8]}}
  %f = lm.balance_fraction %scores, %indices {form = #lm.balance_form<unbiased>}
      : (tensor<2x5x8xf32>, tensor<10x3xi32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @balance_fraction_c2(
    %scores: tensor<10x8xf32>, %indices: tensor<9x3xi32>) {
  // expected-error @+1 {{'lm.balance_fraction' op expects 'indices' of shape [T = 10, K], but got [9, 3]}}
  %f = lm.balance_fraction %scores, %indices {form = #lm.balance_form<unbiased>}
      : (tensor<10x8xf32>, tensor<9x3xi32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @balance_fraction_c3(
    %scores: tensor<10x8xf32>, %indices: tensor<10x3xi32>) {
  // expected-error @+1 {{'lm.balance_fraction' op expects 'result' of shape [Q, E = 8], but got [2, 7]}}
  %f = lm.balance_fraction %scores, %indices {form = #lm.balance_form<unbiased>}
      : (tensor<10x8xf32>, tensor<10x3xi32>) -> tensor<2x7xf32>
  return
}

// -----

func.func @balance_fraction_c4(
    %scores: tensor<10x8xf32>, %indices: tensor<10x3xi32>) {
  // expected-error @+1 {{'lm.balance_fraction' op expects 'T' to be a multiple of 3, sequences of one length, but got 10}}
  %f = lm.balance_fraction %scores, %indices {form = #lm.balance_form<unbiased>}
      : (tensor<10x8xf32>, tensor<10x3xi32>) -> tensor<3x8xf32>
  return
}

// -----

func.func @balance_fraction_c5(
    %scores: tensor<10x8xf32>, %indices: tensor<10x9xi32>) {
  // expected-error @+1 {{'lm.balance_fraction' op expects 'K' to be at most 8, the number of experts, but got 9}}
  %f = lm.balance_fraction %scores, %indices {form = #lm.balance_form<unbiased>}
      : (tensor<10x8xf32>, tensor<10x9xi32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @balance_fraction_c6(
    %scores: tensor<10x8xf32>, %indices: tensor<10x3xi32>) {
  // expected-error @+1 {{'lm.balance_fraction' op expects 'devices' to be at least 1, but got 0}}
  %f = lm.balance_fraction %scores, %indices
      {form = #lm.balance_form<chosen>, devices = 0}
      : (tensor<10x8xf32>, tensor<10x3xi32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @balance_fraction_c7(
    %scores: tensor<10x8xf32>, %indices: tensor<10x3xi32>) {
  // expected-error @+1 {{'lm.balance_fraction' op expects 'E' to be a multiple of 3, devices of equal size, but got 8}}
  %f = lm.balance_fraction %scores, %indices
      {form = #lm.balance_form<chosen>, devices = 3}
      : (tensor<10x8xf32>, tensor<10x3xi32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @balance_fraction_c8(
    %scores: tensor<10x8xf32>, %indices: tensor<10x3xi32>) {
  // expected-error @+1 {{'lm.balance_fraction' op expects 'device_limit' to be at least 1, but got 0}}
  %f = lm.balance_fraction %scores, %indices
      {form = #lm.balance_form<chosen>, devices = 4, device_limit = 0}
      : (tensor<10x8xf32>, tensor<10x3xi32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @balance_fraction_c9(
    %scores: tensor<10x8xf32>, %indices: tensor<10x3xi32>) {
  // expected-error @+1 {{'lm.balance_fraction' op expects 'device_limit' to be at most 4, the number of devices, but got 5}}
  %f = lm.balance_fraction %scores, %indices
      {form = #lm.balance_form<chosen>, devices = 4, device_limit = 5}
      : (tensor<10x8xf32>, tensor<10x3xi32>) -> tensor<2x8xf32>
  return
}
