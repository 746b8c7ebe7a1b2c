// lm.latent_attention: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @latent_attention_c1(
    %q_latent: tensor<5x4x16xf32>, %q_rope: tensor<2x5x4x8xf32>,
    %latent: tensor<2x7x16xf32>, %k_rope: tensor<2x7x8xf32>,
    %positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.latent_attention' op expects 'q_latent' of shape [B, S, H, r], but got [5, 4, 16]}}
  %out = lm.latent_attention %q_latent, %q_rope, %latent, %k_rope, %positions
      {scale = 0.25}
      : (tensor<5x4x16xf32>, tensor<2x5x4x8xf32>, tensor<2x7x16xf32>,
         tensor<2x7x8xf32>, tensor<2x5xi32>) -> tensor<2x5x4x16xf32>
  return
}

// -----

func.func @latent_attention_c2(
    %q_latent: tensor<2x5x4x16xf32>, %q_rope: tensor<2x5x3x8xf32>,
    %latent: tensor<2x7x16xf32>, %k_rope: tensor<2x7x8xf32>,
    %positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.latent_attention' op expects 'q_rope' of shape [B = 2, S = 5, H = 4, dr], but got [2, 5, 3, 8]}}
  %out = lm.latent_attention %q_latent, %q_rope, %latent, %k_rope, %positions
      {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x5x3x8xf32>, tensor<2x7x16xf32>,
         tensor<2x7x8xf32>, tensor<2x5xi32>) -> tensor<2x5x4x16xf32>
  return
}

// -----

func.func @latent_attention_c3(
    %q_latent: tensor<2x5x4x16xf32>, %q_rope: tensor<2x5x4x8xf32>,
    %latent: tensor<2x7x15xf32>, %k_rope: tensor<2x7x8xf32>,
    %positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.latent_attention' op expects 'latent' of shape [B = 2, L, r = 16], but got [2, 7, 15]}}
  %out = lm.latent_attention %q_latent, %q_rope, %latent, %k_rope, %positions
      {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x5x4x8xf32>, tensor<2x7x15xf32>,
         tensor<2x7x8xf32>, tensor<2x5xi32>) -> tensor<2x5x4x16xf32>
  return
}

// -----

func.func @latent_attention_c4(
    %q_latent: tensor<2x5x4x16xf32>, %q_rope: tensor<2x5x4x8xf32>,
    %latent: tensor<2x7x16xf32>, %k_rope: tensor<2x6x8xf32>,
    %positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.latent_attention' op expects 'k_rope' of shape [B = 2, L = 7, dr = 8], but got [2, 6, 8]}}
  %out = lm.latent_attention %q_latent, %q_rope, %latent, %k_rope, %positions
      {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x5x4x8xf32>, tensor<2x7x16xf32>,
         tensor<2x6x8xf32>, tensor<2x5xi32>) -> tensor<2x5x4x16xf32>
  return
}

// -----

func.func @latent_attention_c5(
    %q_latent: tensor<2x5x4x16xf32>, %q_rope: tensor<2x5x4x8xf32>,
    %latent: tensor<2x7x16xf32>, %k_rope: tensor<2x7x8xf32>,
    %positions: tensor<2xi32>) {
  // expected-error @+1 {{'lm.latent_attention' op expects 'positions' of shape [B = 2, S = 5], but got [2]}}
  %out = lm.latent_attention %q_latent, %q_rope, %latent, %k_rope, %positions
      {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x5x4x8xf32>, tensor<2x7x16xf32>,
         tensor<2x7x8xf32>, tensor<2xi32>) -> tensor<2x5x4x16xf32>
  return
}

// -----

func.func @latent_attention_c6(
    %q_latent: tensor<2x5x4x16xf32>, %q_rope: tensor<2x5x4x8xf32>,
    %latent: tensor<2x7x16xf32>, %k_rope: tensor<2x7x8xf32>,
    %positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.latent_attention' op expects 'out' of shape [B = 2, S = 5, H = 4, r = 16], but got [2, 5, 4, 15]}}
  %out = lm.latent_attention %q_latent, %q_rope, %latent, %k_rope, %positions
      {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x5x4x8xf32>, tensor<2x7x16xf32>,
         tensor<2x7x8xf32>, tensor<2x5xi32>) -> tensor<2x5x4x15xf32>
  return
}

// -----

func.func @latent_attention_c7(
    %q_latent: tensor<2x5x4x16xf32>, %q_rope: tensor<2x5x4x8xf32>,
    %latent: tensor<2x7x16xf32>, %k_rope: tensor<2x7x8xf32>,
    %positions: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.latent_attention' op expects 'scale' to be greater than 0, but got 0}}
  %out = lm.latent_attention %q_latent, %q_rope, %latent, %k_rope, %positions
      {scale = 0.0}
      : (tensor<2x5x4x16xf32>, tensor<2x5x4x8xf32>, tensor<2x7x16xf32>,
         tensor<2x7x8xf32>, tensor<2x5xi32>) -> tensor<2x5x4x16xf32>
  return
}
