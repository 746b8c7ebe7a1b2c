// lm.rope: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @rope_c1(%x: tensor<2x5x4x16xf32>, %table: tensor<f32>) {
  // expected-error @+1 {{'lm.rope' op expects 'table' of shape [R.., dr], but got []}}
  %y = lm.rope %x, %table {interleaved = true, offset = 8 : i64}
      : (tensor<2x5x4x16xf32>, tensor<f32>) -> tensor<2x5x4x16xf32>
  return
}

// -----

func.func @rope_c2(%x: tensor<2x5x4x16xf32>, %table: tensor<2x4x8xf32>) {
  // expected-error @+1 {{'lm.rope' op expects 'input' of shape [R.. = 2x4, H, D], but got [2, 5, 4, 16]}}
  %y = lm.rope %x, %table {interleaved = true, offset = 8 : i64}
      : (tensor<2x5x4x16xf32>, tensor<2x4x8xf32>) -> tensor<2x5x4x16xf32>
  return
}

// -----

func.func @rope_c3(%x: tensor<2x5x4x16xf32>, %table: tensor<2x5x7xf32>) {
  // expected-error @+1 {{'lm.rope' op expects 'dr' to be a multiple of 2, one cosine and one sine per pair, but got 7}}
  %y = lm.rope %x, %table {interleaved = true, offset = 8 : i64}
      : (tensor<2x5x4x16xf32>, tensor<2x5x7xf32>) -> tensor<2x5x4x16xf32>
  return
}

// -----

func.func @rope_c4(%x: tensor<2x5x4x16xf32>, %table: tensor<2x5x8xf32>) {
  // expected-error @+1 {{'lm.rope' op expects 'offset' to be at least 0, but got -1}}
  %y = lm.rope %x, %table {interleaved = true, offset = -1 : i64}
      : (tensor<2x5x4x16xf32>, tensor<2x5x8xf32>) -> tensor<2x5x4x16xf32>
  return
}

// -----

func.func @rope_c5(%x: tensor<2x5x4x16xf32>, %table: tensor<2x5x8xf32>) {
  // expected-error @+1 {{'lm.rope' op expects 'offset' to be at most 8, the channels less those rotated, but got 9}}
  %y = lm.rope %x, %table {interleaved = true, offset = 9 : i64}
      : (tensor<2x5x4x16xf32>, tensor<2x5x8xf32>) -> tensor<2x5x4x16xf32>
  return
}
