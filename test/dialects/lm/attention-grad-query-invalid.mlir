// lm.attention_grad_query: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @attention_grad_query_c1(
    %q: tensor<5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>,
    %out: tensor<2x5x4x12xf32>, %lse: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  // expected-error @+1 {{'lm.attention_grad_query' op expects 'q' of shape [B, S, H, dq], but got [5, 4, 16]}}
  %dq, %delta = lm.attention_grad_query %q, %kv, %k_rope, %positions, %out,
      %lse, %dout {scale = 0.25}
      : (tensor<5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>, tensor<2x5x4x12xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x5x4x16xf32>, tensor<2x5x4xf32>)
  return
}

// -----

func.func @attention_grad_query_c2(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<3x7x8xf32>, %positions: tensor<2x5xi32>,
    %out: tensor<2x5x4x12xf32>, %lse: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  // expected-error @+1 {{'lm.attention_grad_query' op expects 'k_rope' of shape [B = 2, L, dr], but got [3, 7, 8]}}
  %dq, %delta = lm.attention_grad_query %q, %kv, %k_rope, %positions, %out,
      %lse, %dout {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<3x7x8xf32>,
         tensor<2x5xi32>, tensor<2x5x4x12xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x5x4x16xf32>, tensor<2x5x4xf32>)
  return
}

// -----

func.func @attention_grad_query_c3(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x18xf32>, %positions: tensor<2x5xi32>,
    %out: tensor<2x5x4x12xf32>, %lse: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  // expected-error @+1 {{'lm.attention_grad_query' op expects 'dr' to be at most 16, the channels of 'q', but got 18}}
  %dq, %delta = lm.attention_grad_query %q, %kv, %k_rope, %positions, %out,
      %lse, %dout {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x18xf32>,
         tensor<2x5xi32>, tensor<2x5x4x12xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x5x4x16xf32>, tensor<2x5x4xf32>)
  return
}

// -----

func.func @attention_grad_query_c4(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x6x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>,
    %out: tensor<2x5x4x12xf32>, %lse: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  // expected-error @+1 {{'lm.attention_grad_query' op expects 'kv' of shape [B = 2, L = 7, H = 4, dkv], but got [2, 6, 4, 20]}}
  %dq, %delta = lm.attention_grad_query %q, %kv, %k_rope, %positions, %out,
      %lse, %dout {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x6x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>, tensor<2x5x4x12xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x5x4x16xf32>, tensor<2x5x4xf32>)
  return
}

// -----

func.func @attention_grad_query_c5(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x6xi32>,
    %out: tensor<2x5x4x12xf32>, %lse: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  // expected-error @+1 {{'lm.attention_grad_query' op expects 'positions' of shape [B = 2, S = 5], but got [2, 6]}}
  %dq, %delta = lm.attention_grad_query %q, %kv, %k_rope, %positions, %out,
      %lse, %dout {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x6xi32>, tensor<2x5x4x12xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x5x4x16xf32>, tensor<2x5x4xf32>)
  return
}

// -----

func.func @attention_grad_query_c6(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>,
    %out: tensor<2x5x4x11xf32>, %lse: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  // expected-error @+1 {{'lm.attention_grad_query' op expects 'out' of shape [B = 2, S = 5, H = 4, dv = 12], but got [2, 5, 4, 11]}}
  %dq, %delta = lm.attention_grad_query %q, %kv, %k_rope, %positions, %out,
      %lse, %dout {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>, tensor<2x5x4x11xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x5x4x16xf32>, tensor<2x5x4xf32>)
  return
}

// -----

func.func @attention_grad_query_c7(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>,
    %out: tensor<2x5x4x12xf32>, %lse: tensor<2x5x3xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  // expected-error @+1 {{'lm.attention_grad_query' op expects 'lse' of shape [B = 2, S = 5, H = 4], but got [2, 5, 3]}}
  %dq, %delta = lm.attention_grad_query %q, %kv, %k_rope, %positions, %out,
      %lse, %dout {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>, tensor<2x5x4x12xf32>, tensor<2x5x3xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x5x4x16xf32>, tensor<2x5x4xf32>)
  return
}

// -----

func.func @attention_grad_query_c8(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>,
    %out: tensor<2x5x4x12xf32>, %lse: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x13xf32>) {
  // expected-error @+1 {{'lm.attention_grad_query' op expects 'gradient' of shape [B = 2, S = 5, H = 4, dv = 12], but got [2, 5, 4, 13]}}
  %dq, %delta = lm.attention_grad_query %q, %kv, %k_rope, %positions, %out,
      %lse, %dout {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>, tensor<2x5x4x12xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x13xf32>) -> (tensor<2x5x4x16xf32>, tensor<2x5x4xf32>)
  return
}

// -----

func.func @attention_grad_query_c9(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>,
    %out: tensor<2x5x4x12xf32>, %lse: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  // expected-error @+1 {{'lm.attention_grad_query' op expects 'dq' of shape [B = 2, S = 5, H = 4, dq = 16], but got [2, 5, 4, 15]}}
  %dq, %delta = lm.attention_grad_query %q, %kv, %k_rope, %positions, %out,
      %lse, %dout {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>, tensor<2x5x4x12xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x5x4x15xf32>, tensor<2x5x4xf32>)
  return
}

// -----

func.func @attention_grad_query_c10(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>,
    %out: tensor<2x5x4x12xf32>, %lse: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  // expected-error @+1 {{'lm.attention_grad_query' op expects 'delta' of shape [B = 2, S = 5, H = 4], but got [2, 5, 1]}}
  %dq, %delta = lm.attention_grad_query %q, %kv, %k_rope, %positions, %out,
      %lse, %dout {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>, tensor<2x5x4x12xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x5x4x16xf32>, tensor<2x5x1xf32>)
  return
}

// -----

func.func @attention_grad_query_c11(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>,
    %out: tensor<2x5x4x12xf32>, %lse: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  // expected-error @+1 {{'lm.attention_grad_query' op expects 'scale' to be greater than 0, but got -0.25}}
  %dq, %delta = lm.attention_grad_query %q, %kv, %k_rope, %positions, %out,
      %lse, %dout {scale = -0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>, tensor<2x5x4x12xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x5x4x16xf32>, tensor<2x5x4xf32>)
  return
}
