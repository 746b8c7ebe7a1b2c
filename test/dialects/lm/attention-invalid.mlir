// lm.attention: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @attention_c1(
    %q: tensor<5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.attention' op expects 'q' of shape [B, S, H, dq], but got [5, 4, 16]}}
  %out, %lse = lm.attention %q, %kv, %k_rope, %positions {scale = 0.25}
      : (tensor<5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>) -> (tensor<2x5x4x12xf32>, tensor<2x5x4xf32>)
  return
}

// -----

func.func @attention_c2(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<3x7x8xf32>, %positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.attention' op expects 'k_rope' of shape [B = 2, L, dr], but got [3, 7, 8]}}
  %out, %lse = lm.attention %q, %kv, %k_rope, %positions {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<3x7x8xf32>,
         tensor<2x5xi32>) -> (tensor<2x5x4x12xf32>, tensor<2x5x4xf32>)
  return
}

// -----

func.func @attention_c3(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x18xf32>, %positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.attention' op expects 'dr' to be at most 16, the channels of 'q', but got 18}}
  %out, %lse = lm.attention %q, %kv, %k_rope, %positions {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x18xf32>,
         tensor<2x5xi32>) -> (tensor<2x5x4x12xf32>, tensor<2x5x4xf32>)
  return
}

// -----

func.func @attention_c4(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x6x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.attention' op expects 'kv' of shape [B = 2, L = 7, H = 4, dkv], but got [2, 6, 4, 20]}}
  %out, %lse = lm.attention %q, %kv, %k_rope, %positions {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x6x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>) -> (tensor<2x5x4x12xf32>, tensor<2x5x4xf32>)
  return
}

// -----

func.func @attention_c5(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x6xi32>) {
  // expected-error @+1 {{'lm.attention' op expects 'positions' of shape [B = 2, S = 5], but got [2, 6]}}
  %out, %lse = lm.attention %q, %kv, %k_rope, %positions {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x6xi32>) -> (tensor<2x5x4x12xf32>, tensor<2x5x4xf32>)
  return
}

// -----

func.func @attention_c6(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.attention' op expects 'out' of shape [B = 2, S = 5, H = 4, dv = 12], but got [2, 5, 4, 11]}}
  %out, %lse = lm.attention %q, %kv, %k_rope, %positions {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>) -> (tensor<2x5x4x11xf32>, tensor<2x5x4xf32>)
  return
}

// -----

func.func @attention_c7(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.attention' op expects 'lse' of shape [B = 2, S = 5, H = 4], but got [2, 5, 3]}}
  %out, %lse = lm.attention %q, %kv, %k_rope, %positions {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>) -> (tensor<2x5x4x12xf32>, tensor<2x5x3xf32>)
  return
}

// -----

func.func @attention_c8(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.attention' op expects 'scale' to be greater than 0, but got 0}}
  %out, %lse = lm.attention %q, %kv, %k_rope, %positions {scale = 0.0}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>) -> (tensor<2x5x4x12xf32>, tensor<2x5x4xf32>)
  return
}
