// lm.attention_grad_key: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @attention_grad_key_c1(
    %q: tensor<5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>,
    %lse: tensor<2x5x4xf32>, %delta: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  // expected-error @+1 {{'lm.attention_grad_key' op expects 'q' of shape [B, S, H, dq], but got [5, 4, 16]}}
  %dkv, %dk_rope = lm.attention_grad_key %q, %kv, %k_rope, %positions, %lse,
      %delta, %dout {scale = 0.25}
      : (tensor<5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x7x4x20xf32>, tensor<2x7x8xf32>)
  return
}

// -----

func.func @attention_grad_key_c2(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<3x7x8xf32>, %positions: tensor<2x5xi32>,
    %lse: tensor<2x5x4xf32>, %delta: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  // expected-error @+1 {{'lm.attention_grad_key' op expects 'k_rope' of shape [B = 2, L, dr], but got [3, 7, 8]}}
  %dkv, %dk_rope = lm.attention_grad_key %q, %kv, %k_rope, %positions, %lse,
      %delta, %dout {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<3x7x8xf32>,
         tensor<2x5xi32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x7x4x20xf32>, tensor<2x7x8xf32>)
  return
}

// -----

func.func @attention_grad_key_c3(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x18xf32>, %positions: tensor<2x5xi32>,
    %lse: tensor<2x5x4xf32>, %delta: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  // expected-error @+1 {{'lm.attention_grad_key' op expects 'dr' to be at most 16, the channels of 'q', but got 18}}
  %dkv, %dk_rope = lm.attention_grad_key %q, %kv, %k_rope, %positions, %lse,
      %delta, %dout {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x18xf32>,
         tensor<2x5xi32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x7x4x20xf32>, tensor<2x7x8xf32>)
  return
}

// -----

func.func @attention_grad_key_c4(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x6x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>,
    %lse: tensor<2x5x4xf32>, %delta: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  // expected-error @+1 {{'lm.attention_grad_key' op expects 'kv' of shape [B = 2, L = 7, H = 4, dkv], but got [2, 6, 4, 20]}}
  %dkv, %dk_rope = lm.attention_grad_key %q, %kv, %k_rope, %positions, %lse,
      %delta, %dout {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x6x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x7x4x20xf32>, tensor<2x7x8xf32>)
  return
}

// -----

func.func @attention_grad_key_c5(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x6xi32>,
    %lse: tensor<2x5x4xf32>, %delta: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  // expected-error @+1 {{'lm.attention_grad_key' op expects 'positions' of shape [B = 2, S = 5], but got [2, 6]}}
  %dkv, %dk_rope = lm.attention_grad_key %q, %kv, %k_rope, %positions, %lse,
      %delta, %dout {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x6xi32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x7x4x20xf32>, tensor<2x7x8xf32>)
  return
}

// -----

func.func @attention_grad_key_c6(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>,
    %lse: tensor<2x5x4xf32>, %delta: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x13xf32>) {
  // expected-error @+1 {{'lm.attention_grad_key' op expects 'gradient' of shape [B = 2, S = 5, H = 4, dv = 12], but got [2, 5, 4, 13]}}
  %dkv, %dk_rope = lm.attention_grad_key %q, %kv, %k_rope, %positions, %lse,
      %delta, %dout {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x13xf32>) -> (tensor<2x7x4x20xf32>, tensor<2x7x8xf32>)
  return
}

// -----

func.func @attention_grad_key_c7(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>,
    %lse: tensor<2x5x3xf32>, %delta: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  // expected-error @+1 {{'lm.attention_grad_key' op expects 'lse' of shape [B = 2, S = 5, H = 4], but got [2, 5, 3]}}
  %dkv, %dk_rope = lm.attention_grad_key %q, %kv, %k_rope, %positions, %lse,
      %delta, %dout {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>, tensor<2x5x3xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x7x4x20xf32>, tensor<2x7x8xf32>)
  return
}

// -----

func.func @attention_grad_key_c8(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>,
    %lse: tensor<2x5x4xf32>, %delta: tensor<2x5x3xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  // expected-error @+1 {{'lm.attention_grad_key' op expects 'delta' of shape [B = 2, S = 5, H = 4], but got [2, 5, 3]}}
  %dkv, %dk_rope = lm.attention_grad_key %q, %kv, %k_rope, %positions, %lse,
      %delta, %dout {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>, tensor<2x5x4xf32>, tensor<2x5x3xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x7x4x20xf32>, tensor<2x7x8xf32>)
  return
}

// -----

func.func @attention_grad_key_c9(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>,
    %lse: tensor<2x5x4xf32>, %delta: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  // expected-error @+1 {{'lm.attention_grad_key' op expects 'dkv' of shape [B = 2, L = 7, H = 4, dkv = 20], but got [2, 7, 4, 21]}}
  %dkv, %dk_rope = lm.attention_grad_key %q, %kv, %k_rope, %positions, %lse,
      %delta, %dout {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x7x4x21xf32>, tensor<2x7x8xf32>)
  return
}

// -----

func.func @attention_grad_key_c10(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>,
    %lse: tensor<2x5x4xf32>, %delta: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  // expected-error @+1 {{'lm.attention_grad_key' op expects 'dk_rope' of shape [B = 2, L = 7, dr = 8], but got [2, 7, 4, 8]}}
  %dkv, %dk_rope = lm.attention_grad_key %q, %kv, %k_rope, %positions, %lse,
      %delta, %dout {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x7x4x20xf32>, tensor<2x7x4x8xf32>)
  return
}

// -----

func.func @attention_grad_key_c11(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>,
    %lse: tensor<2x5x4xf32>, %delta: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  // expected-error @+1 {{'lm.attention_grad_key' op expects 'scale' to be greater than 0, but got -0.25}}
  %dkv, %dk_rope = lm.attention_grad_key %q, %kv, %k_rope, %positions, %lse,
      %delta, %dout {scale = -0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x7x4x20xf32>, tensor<2x7x8xf32>)
  return
}
