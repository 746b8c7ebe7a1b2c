// lm.cache_write: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @cache_write_c1(
    %cache: tensor<2x64x4x16xf32>, %rows: tensor<2x5x16xf32>,
    %positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.cache_write' op expects 'cache' of shape [B, L, C], but got [2, 64, 4, 16]}}
  %new = lm.cache_write %cache, %rows, %positions
      : (tensor<2x64x4x16xf32>, tensor<2x5x16xf32>, tensor<2x5xi32>)
      -> tensor<2x64x4x16xf32>
  return
}

// -----

func.func @cache_write_c2(
    %cache: tensor<2x64x16xf32>, %rows: tensor<2x5x15xf32>,
    %positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.cache_write' op expects 'rows' of shape [B = 2, S, C = 16], but got [2, 5, 15]}}
  %new = lm.cache_write %cache, %rows, %positions
      : (tensor<2x64x16xf32>, tensor<2x5x15xf32>, tensor<2x5xi32>)
      -> tensor<2x64x16xf32>
  return
}

// -----

func.func @cache_write_c3(
    %cache: tensor<2x64x16xf32>, %rows: tensor<2x5x16xf32>,
    %positions: tensor<2x4xi32>) {
  // expected-error @+1 {{'lm.cache_write' op expects 'positions' of shape [B = 2, S = 5], but got [2, 4]}}
  %new = lm.cache_write %cache, %rows, %positions
      : (tensor<2x64x16xf32>, tensor<2x5x16xf32>, tensor<2x4xi32>)
      -> tensor<2x64x16xf32>
  return
}
