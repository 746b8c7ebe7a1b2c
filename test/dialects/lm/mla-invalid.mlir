// lm.mla: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @mla_c1(
    %x: tensor<5x32xf32>, %positions: tensor<2x5xi32>,
    %q_a: tensor<24x32xf32>, %q_a_norm: tensor<24xf32>,
    %q_b: tensor<56x24xf32>, %kv_a: tensor<22x32xf32>,
    %kv_a_norm: tensor<16xf32>, %kv_b: tensor<80x16xf32>,
    %o: tensor<32x48xf32>) {
  // expected-error @+1 {{'lm.mla' op expects 'input' of shape [B, S, d], but got [5, 32]}}
  %y = lm.mla %x, %positions q_a(%q_a, %q_a_norm) q_b(%q_b)
      kv_a(%kv_a, %kv_a_norm) kv_b(%kv_b) o(%o)
      {epsilon = 1.0e-6, heads = 4 : i64, nope = 8 : i64, rope = 6 : i64,
       rotary = #lm.yarn<theta = 1.0e4, factor = 4.0, original_positions = 16,
         beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>,
       scale = 0.25, value = 12 : i64}
      : (tensor<5x32xf32>, tensor<2x5xi32>, tensor<24x32xf32>, tensor<24xf32>,
         tensor<56x24xf32>, tensor<22x32xf32>, tensor<16xf32>, tensor<80x16xf32>,
         tensor<32x48xf32>) -> tensor<2x5x32xf32>
  return
}

// -----

func.func @mla_c2(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x4xi32>,
    %q_a: tensor<24x32xf32>, %q_a_norm: tensor<24xf32>,
    %q_b: tensor<56x24xf32>, %kv_a: tensor<22x32xf32>,
    %kv_a_norm: tensor<16xf32>, %kv_b: tensor<80x16xf32>,
    %o: tensor<32x48xf32>) {
  // expected-error @+1 {{'lm.mla' op expects 'positions' of shape [B = 2, S = 5], but got [2, 4]}}
  %y = lm.mla %x, %positions q_a(%q_a, %q_a_norm) q_b(%q_b)
      kv_a(%kv_a, %kv_a_norm) kv_b(%kv_b) o(%o)
      {epsilon = 1.0e-6, heads = 4 : i64, nope = 8 : i64, rope = 6 : i64,
       rotary = #lm.yarn<theta = 1.0e4, factor = 4.0, original_positions = 16,
         beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>,
       scale = 0.25, value = 12 : i64}
      : (tensor<2x5x32xf32>, tensor<2x4xi32>, tensor<24x32xf32>, tensor<24xf32>,
         tensor<56x24xf32>, tensor<22x32xf32>, tensor<16xf32>, tensor<80x16xf32>,
         tensor<32x48xf32>) -> tensor<2x5x32xf32>
  return
}

// -----

func.func @mla_c3(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %q_a: tensor<24x32xf32>, %q_a_norm: tensor<24xf32>,
    %q_b: tensor<56x24xf32>, %kv_a: tensor<22x32xf32>,
    %kv_a_norm: tensor<16xf32>, %kv_b: tensor<80x16xf32>,
    %o: tensor<32x48xf32>) {
  // expected-error @+1 {{'lm.mla' op expects 'heads' to be at least 1, but got 0}}
  %y = lm.mla %x, %positions q_a(%q_a, %q_a_norm) q_b(%q_b)
      kv_a(%kv_a, %kv_a_norm) kv_b(%kv_b) o(%o)
      {epsilon = 1.0e-6, heads = 0 : i64, nope = 8 : i64, rope = 6 : i64,
       rotary = #lm.yarn<theta = 1.0e4, factor = 4.0, original_positions = 16,
         beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>,
       scale = 0.25, value = 12 : i64}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<24x32xf32>, tensor<24xf32>,
         tensor<56x24xf32>, tensor<22x32xf32>, tensor<16xf32>, tensor<80x16xf32>,
         tensor<32x48xf32>) -> tensor<2x5x32xf32>
  return
}

// -----

func.func @mla_c4(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %q_a: tensor<24x32xf32>, %q_a_norm: tensor<24xf32>,
    %q_b: tensor<56x24xf32>, %kv_a: tensor<22x32xf32>,
    %kv_a_norm: tensor<16xf32>, %kv_b: tensor<80x16xf32>,
    %o: tensor<32x48xf32>) {
  // expected-error @+1 {{'lm.mla' op expects 'nope' to be at least 1, but got 0}}
  %y = lm.mla %x, %positions q_a(%q_a, %q_a_norm) q_b(%q_b)
      kv_a(%kv_a, %kv_a_norm) kv_b(%kv_b) o(%o)
      {epsilon = 1.0e-6, heads = 4 : i64, nope = 0 : i64, rope = 6 : i64,
       rotary = #lm.yarn<theta = 1.0e4, factor = 4.0, original_positions = 16,
         beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>,
       scale = 0.25, value = 12 : i64}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<24x32xf32>, tensor<24xf32>,
         tensor<56x24xf32>, tensor<22x32xf32>, tensor<16xf32>, tensor<80x16xf32>,
         tensor<32x48xf32>) -> tensor<2x5x32xf32>
  return
}

// -----

func.func @mla_c5(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %q_a: tensor<24x32xf32>, %q_a_norm: tensor<24xf32>,
    %q_b: tensor<56x24xf32>, %kv_a: tensor<22x32xf32>,
    %kv_a_norm: tensor<16xf32>, %kv_b: tensor<80x16xf32>,
    %o: tensor<32x48xf32>) {
  // expected-error @+1 {{'lm.mla' op expects 'rope' to be at least 1, but got 0}}
  %y = lm.mla %x, %positions q_a(%q_a, %q_a_norm) q_b(%q_b)
      kv_a(%kv_a, %kv_a_norm) kv_b(%kv_b) o(%o)
      {epsilon = 1.0e-6, heads = 4 : i64, nope = 8 : i64, rope = 0 : i64,
       rotary = #lm.yarn<theta = 1.0e4, factor = 4.0, original_positions = 16,
         beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>,
       scale = 0.25, value = 12 : i64}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<24x32xf32>, tensor<24xf32>,
         tensor<56x24xf32>, tensor<22x32xf32>, tensor<16xf32>, tensor<80x16xf32>,
         tensor<32x48xf32>) -> tensor<2x5x32xf32>
  return
}

// -----

func.func @mla_c6(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %q_a: tensor<24x32xf32>, %q_a_norm: tensor<24xf32>,
    %q_b: tensor<56x24xf32>, %kv_a: tensor<22x32xf32>,
    %kv_a_norm: tensor<16xf32>, %kv_b: tensor<80x16xf32>,
    %o: tensor<32x48xf32>) {
  // expected-error @+1 {{'lm.mla' op expects 'value' to be at least 1, but got 0}}
  %y = lm.mla %x, %positions q_a(%q_a, %q_a_norm) q_b(%q_b)
      kv_a(%kv_a, %kv_a_norm) kv_b(%kv_b) o(%o)
      {epsilon = 1.0e-6, heads = 4 : i64, nope = 8 : i64, rope = 6 : i64,
       rotary = #lm.yarn<theta = 1.0e4, factor = 4.0, original_positions = 16,
         beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>,
       scale = 0.25, value = 0 : i64}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<24x32xf32>, tensor<24xf32>,
         tensor<56x24xf32>, tensor<22x32xf32>, tensor<16xf32>, tensor<80x16xf32>,
         tensor<32x48xf32>) -> tensor<2x5x32xf32>
  return
}

// -----

func.func @mla_c7(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %q_a: tensor<24x32xf32>, %q_a_norm: tensor<24xf32>,
    %q_b: tensor<56x24xf32>, %kv_a: tensor<22x32xf32>,
    %kv_a_norm: tensor<16xf32>, %kv_b: tensor<80x16xf32>,
    %o: tensor<32x48xf32>) {
  // expected-error @+1 {{'lm.mla' op expects 'rope' to be a multiple of 2, rotated in pairs, but got 7}}
  %y = lm.mla %x, %positions q_a(%q_a, %q_a_norm) q_b(%q_b)
      kv_a(%kv_a, %kv_a_norm) kv_b(%kv_b) o(%o)
      {epsilon = 1.0e-6, heads = 4 : i64, nope = 8 : i64, rope = 7 : i64,
       rotary = #lm.yarn<theta = 1.0e4, factor = 4.0, original_positions = 16,
         beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>,
       scale = 0.25, value = 12 : i64}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<24x32xf32>, tensor<24xf32>,
         tensor<56x24xf32>, tensor<22x32xf32>, tensor<16xf32>, tensor<80x16xf32>,
         tensor<32x48xf32>) -> tensor<2x5x32xf32>
  return
}

// -----

func.func @mla_c8(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %q_a: tensor<24x31xf32>, %q_a_norm: tensor<24xf32>,
    %q_b: tensor<56x24xf32>, %kv_a: tensor<22x32xf32>,
    %kv_a_norm: tensor<16xf32>, %kv_b: tensor<80x16xf32>,
    %o: tensor<32x48xf32>) {
  // expected-error @+1 {{'lm.mla' op expects 'q_a' of shape [rq, d = 32], but got [24, 31]}}
  %y = lm.mla %x, %positions q_a(%q_a, %q_a_norm) q_b(%q_b)
      kv_a(%kv_a, %kv_a_norm) kv_b(%kv_b) o(%o)
      {epsilon = 1.0e-6, heads = 4 : i64, nope = 8 : i64, rope = 6 : i64,
       rotary = #lm.yarn<theta = 1.0e4, factor = 4.0, original_positions = 16,
         beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>,
       scale = 0.25, value = 12 : i64}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<24x31xf32>, tensor<24xf32>,
         tensor<56x24xf32>, tensor<22x32xf32>, tensor<16xf32>, tensor<80x16xf32>,
         tensor<32x48xf32>) -> tensor<2x5x32xf32>
  return
}

// -----

func.func @mla_c9(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %q_a: tensor<24x32xf32>, %q_a_norm: tensor<23xf32>,
    %q_b: tensor<56x24xf32>, %kv_a: tensor<22x32xf32>,
    %kv_a_norm: tensor<16xf32>, %kv_b: tensor<80x16xf32>,
    %o: tensor<32x48xf32>) {
  // expected-error @+1 {{'lm.mla' op expects 'q_a_norm' of shape [rq = 24], but got [23]}}
  %y = lm.mla %x, %positions q_a(%q_a, %q_a_norm) q_b(%q_b)
      kv_a(%kv_a, %kv_a_norm) kv_b(%kv_b) o(%o)
      {epsilon = 1.0e-6, heads = 4 : i64, nope = 8 : i64, rope = 6 : i64,
       rotary = #lm.yarn<theta = 1.0e4, factor = 4.0, original_positions = 16,
         beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>,
       scale = 0.25, value = 12 : i64}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<24x32xf32>, tensor<23xf32>,
         tensor<56x24xf32>, tensor<22x32xf32>, tensor<16xf32>, tensor<80x16xf32>,
         tensor<32x48xf32>) -> tensor<2x5x32xf32>
  return
}

// -----

func.func @mla_c10(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %q_a: tensor<24x32xf32>, %q_a_norm: tensor<24xf32>,
    %q_b: tensor<55x24xf32>, %kv_a: tensor<22x32xf32>,
    %kv_a_norm: tensor<16xf32>, %kv_b: tensor<80x16xf32>,
    %o: tensor<32x48xf32>) {
  // expected-error @+1 {{'lm.mla' op expects 'q_b' of shape [q = 56, rq = 24], but got [55, 24]}}
  %y = lm.mla %x, %positions q_a(%q_a, %q_a_norm) q_b(%q_b)
      kv_a(%kv_a, %kv_a_norm) kv_b(%kv_b) o(%o)
      {epsilon = 1.0e-6, heads = 4 : i64, nope = 8 : i64, rope = 6 : i64,
       rotary = #lm.yarn<theta = 1.0e4, factor = 4.0, original_positions = 16,
         beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>,
       scale = 0.25, value = 12 : i64}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<24x32xf32>, tensor<24xf32>,
         tensor<55x24xf32>, tensor<22x32xf32>, tensor<16xf32>, tensor<80x16xf32>,
         tensor<32x48xf32>) -> tensor<2x5x32xf32>
  return
}

// -----

func.func @mla_c11(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %q_a: tensor<24x32xf32>, %q_a_norm: tensor<24xf32>,
    %q_b: tensor<56x24xf32>, %kv_a: tensor<22x32xf32>,
    %kv_a_norm: tensor<1x16xf32>, %kv_b: tensor<80x16xf32>,
    %o: tensor<32x48xf32>) {
  // expected-error @+1 {{'lm.mla' op expects 'kv_a_norm' of shape [r], but got [1, 16]}}
  %y = lm.mla %x, %positions q_a(%q_a, %q_a_norm) q_b(%q_b)
      kv_a(%kv_a, %kv_a_norm) kv_b(%kv_b) o(%o)
      {epsilon = 1.0e-6, heads = 4 : i64, nope = 8 : i64, rope = 6 : i64,
       rotary = #lm.yarn<theta = 1.0e4, factor = 4.0, original_positions = 16,
         beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>,
       scale = 0.25, value = 12 : i64}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<24x32xf32>, tensor<24xf32>,
         tensor<56x24xf32>, tensor<22x32xf32>, tensor<1x16xf32>, tensor<80x16xf32>,
         tensor<32x48xf32>) -> tensor<2x5x32xf32>
  return
}

// -----

func.func @mla_c12(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %q_a: tensor<24x32xf32>, %q_a_norm: tensor<24xf32>,
    %q_b: tensor<56x24xf32>, %kv_a: tensor<21x32xf32>,
    %kv_a_norm: tensor<16xf32>, %kv_b: tensor<80x16xf32>,
    %o: tensor<32x48xf32>) {
  // expected-error @+1 {{'lm.mla' op expects 'kv_a' of shape [a = 22, d = 32], but got [21, 32]}}
  %y = lm.mla %x, %positions q_a(%q_a, %q_a_norm) q_b(%q_b)
      kv_a(%kv_a, %kv_a_norm) kv_b(%kv_b) o(%o)
      {epsilon = 1.0e-6, heads = 4 : i64, nope = 8 : i64, rope = 6 : i64,
       rotary = #lm.yarn<theta = 1.0e4, factor = 4.0, original_positions = 16,
         beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>,
       scale = 0.25, value = 12 : i64}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<24x32xf32>, tensor<24xf32>,
         tensor<56x24xf32>, tensor<21x32xf32>, tensor<16xf32>, tensor<80x16xf32>,
         tensor<32x48xf32>) -> tensor<2x5x32xf32>
  return
}

// -----

func.func @mla_c13(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %q_a: tensor<24x32xf32>, %q_a_norm: tensor<24xf32>,
    %q_b: tensor<56x24xf32>, %kv_a: tensor<22x32xf32>,
    %kv_a_norm: tensor<16xf32>, %kv_b: tensor<80x15xf32>,
    %o: tensor<32x48xf32>) {
  // expected-error @+1 {{'lm.mla' op expects 'kv_b' of shape [kv = 80, r = 16], but got [80, 15]}}
  %y = lm.mla %x, %positions q_a(%q_a, %q_a_norm) q_b(%q_b)
      kv_a(%kv_a, %kv_a_norm) kv_b(%kv_b) o(%o)
      {epsilon = 1.0e-6, heads = 4 : i64, nope = 8 : i64, rope = 6 : i64,
       rotary = #lm.yarn<theta = 1.0e4, factor = 4.0, original_positions = 16,
         beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>,
       scale = 0.25, value = 12 : i64}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<24x32xf32>, tensor<24xf32>,
         tensor<56x24xf32>, tensor<22x32xf32>, tensor<16xf32>, tensor<80x15xf32>,
         tensor<32x48xf32>) -> tensor<2x5x32xf32>
  return
}

// -----

func.func @mla_c14(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %q_a: tensor<24x32xf32>, %q_a_norm: tensor<24xf32>,
    %q_b: tensor<56x24xf32>, %kv_a: tensor<22x32xf32>,
    %kv_a_norm: tensor<16xf32>, %kv_b: tensor<80x16xf32>,
    %o: tensor<48x32xf32>) {
  // expected-error @+1 {{'lm.mla' op expects 'o' of shape [d = 32, v = 48], but got [48, 32]}}
  %y = lm.mla %x, %positions q_a(%q_a, %q_a_norm) q_b(%q_b)
      kv_a(%kv_a, %kv_a_norm) kv_b(%kv_b) o(%o)
      {epsilon = 1.0e-6, heads = 4 : i64, nope = 8 : i64, rope = 6 : i64,
       rotary = #lm.yarn<theta = 1.0e4, factor = 4.0, original_positions = 16,
         beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>,
       scale = 0.25, value = 12 : i64}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<24x32xf32>, tensor<24xf32>,
         tensor<56x24xf32>, tensor<22x32xf32>, tensor<16xf32>, tensor<80x16xf32>,
         tensor<48x32xf32>) -> tensor<2x5x32xf32>
  return
}

// -----

func.func @mla_c15(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %q_a: tensor<24x32xf32>, %q_a_norm: tensor<24xf32>,
    %q_b: tensor<56x24xf32>, %kv_a: tensor<22x32xf32>,
    %kv_a_norm: tensor<16xf32>, %kv_b: tensor<80x16xf32>,
    %o: tensor<32x48xf32>) {
  // expected-error @+1 {{'lm.mla' op expects 'result' of shape [B = 2, S = 5, d = 32], but got [2, 5, 31]}}
  %y = lm.mla %x, %positions q_a(%q_a, %q_a_norm) q_b(%q_b)
      kv_a(%kv_a, %kv_a_norm) kv_b(%kv_b) o(%o)
      {epsilon = 1.0e-6, heads = 4 : i64, nope = 8 : i64, rope = 6 : i64,
       rotary = #lm.yarn<theta = 1.0e4, factor = 4.0, original_positions = 16,
         beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>,
       scale = 0.25, value = 12 : i64}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<24x32xf32>, tensor<24xf32>,
         tensor<56x24xf32>, tensor<22x32xf32>, tensor<16xf32>, tensor<80x16xf32>,
         tensor<32x48xf32>) -> tensor<2x5x31xf32>
  return
}

// -----

func.func @mla_c16(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %q_a: tensor<24x32xf32>, %q_a_norm: tensor<24xf32>,
    %q_b: tensor<56x24xf32>, %kv_a: tensor<22x32xf32>,
    %kv_a_norm: tensor<16xf32>, %kv_b: tensor<80x16xf32>,
    %o: tensor<32x48xf32>) {
  // expected-error @+1 {{'lm.mla' op expects 'scale' to be greater than 0, but got 0}}
  %y = lm.mla %x, %positions q_a(%q_a, %q_a_norm) q_b(%q_b)
      kv_a(%kv_a, %kv_a_norm) kv_b(%kv_b) o(%o)
      {epsilon = 1.0e-6, heads = 4 : i64, nope = 8 : i64, rope = 6 : i64,
       rotary = #lm.yarn<theta = 1.0e4, factor = 4.0, original_positions = 16,
         beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>,
       scale = 0.0, value = 12 : i64}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<24x32xf32>, tensor<24xf32>,
         tensor<56x24xf32>, tensor<22x32xf32>, tensor<16xf32>, tensor<80x16xf32>,
         tensor<32x48xf32>) -> tensor<2x5x32xf32>
  return
}

// -----

func.func @mla_c17(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %q_a: tensor<24x32xf32>, %q_a_norm: tensor<24xf32>,
    %q_b: tensor<56x24xf32>, %kv_a: tensor<22x32xf32>,
    %kv_a_norm: tensor<16xf32>, %kv_b: tensor<80x16xf32>,
    %o: tensor<32x48xf32>) {
  // expected-error @+1 {{'lm.mla' op expects 'epsilon' to be greater than 0, but got 0}}
  %y = lm.mla %x, %positions q_a(%q_a, %q_a_norm) q_b(%q_b)
      kv_a(%kv_a, %kv_a_norm) kv_b(%kv_b) o(%o)
      {epsilon = 0.0, heads = 4 : i64, nope = 8 : i64, rope = 6 : i64,
       rotary = #lm.yarn<theta = 1.0e4, factor = 4.0, original_positions = 16,
         beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>,
       scale = 0.25, value = 12 : i64}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<24x32xf32>, tensor<24xf32>,
         tensor<56x24xf32>, tensor<22x32xf32>, tensor<16xf32>, tensor<80x16xf32>,
         tensor<32x48xf32>) -> tensor<2x5x32xf32>
  return
}
