// lm.rotary: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @rotary_c1(%positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.rotary' op expects 'result' of shape [R.. = 2x5, dim], but got [2, 4, 8]}}
  %table = lm.rotary %positions
      {theta = 1.0e4, factor = 4.0, original_positions = 16, beta_fast = 32.0,
       beta_slow = 1.0, amplitude = 1.0} : (tensor<2x5xi32>) -> tensor<2x4x8xf32>
  return
}

// -----

func.func @rotary_c2(%positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.rotary' op expects 'dim' to be a multiple of 2, one cosine and one sine per pair, but got 7}}
  %table = lm.rotary %positions
      {theta = 1.0e4, factor = 4.0, original_positions = 16, beta_fast = 32.0,
       beta_slow = 1.0, amplitude = 1.0} : (tensor<2x5xi32>) -> tensor<2x5x7xf32>
  return
}

// -----

func.func @rotary_c3(%positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.rotary' op expects 'theta' to be greater than 0, but got 0}}
  %table = lm.rotary %positions
      {theta = 0.0, factor = 4.0, original_positions = 16, beta_fast = 32.0,
       beta_slow = 1.0, amplitude = 1.0} : (tensor<2x5xi32>) -> tensor<2x5x8xf32>
  return
}

// -----

func.func @rotary_c4(%positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.rotary' op expects 'factor' to be greater than 0, but got -4}}
  %table = lm.rotary %positions
      {theta = 1.0e4, factor = -4.0, original_positions = 16, beta_fast = 32.0,
       beta_slow = 1.0, amplitude = 1.0} : (tensor<2x5xi32>) -> tensor<2x5x8xf32>
  return
}

// -----

func.func @rotary_c5(%positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.rotary' op expects 'original_positions' to be at least 1, but got 0}}
  %table = lm.rotary %positions
      {theta = 1.0e4, factor = 4.0, original_positions = 0, beta_fast = 32.0,
       beta_slow = 1.0, amplitude = 1.0} : (tensor<2x5xi32>) -> tensor<2x5x8xf32>
  return
}

// -----

func.func @rotary_c6(%positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.rotary' op expects 'beta_fast' to be greater than 0, but got 0}}
  %table = lm.rotary %positions
      {theta = 1.0e4, factor = 4.0, original_positions = 16, beta_fast = 0.0,
       beta_slow = 1.0, amplitude = 1.0} : (tensor<2x5xi32>) -> tensor<2x5x8xf32>
  return
}

// -----

func.func @rotary_c7(%positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.rotary' op expects 'beta_slow' to be greater than 0, but got -1}}
  %table = lm.rotary %positions
      {theta = 1.0e4, factor = 4.0, original_positions = 16, beta_fast = 32.0,
       beta_slow = -1.0, amplitude = 1.0} : (tensor<2x5xi32>) -> tensor<2x5x8xf32>
  return
}

// -----

func.func @rotary_c8(%positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.rotary' op expects 'amplitude' to be greater than 0, but got 0}}
  %table = lm.rotary %positions
      {theta = 1.0e4, factor = 4.0, original_positions = 16, beta_fast = 32.0,
       beta_slow = 1.0, amplitude = 0.0} : (tensor<2x5xi32>) -> tensor<2x5x8xf32>
  return
}
