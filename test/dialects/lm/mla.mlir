// lm.mla: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.mla %{{.*}}, %{{.*}} q_a(%{{.*}}, %{{.*}}) q_b(%{{.*}}) kv_a(%{{.*}}, %{{.*}}) kv_b(%{{.*}}) o(%{{.*}}) {epsilon = 9.9999999999999995E-7 : f64, heads = 4 : i64, nope = 8 : i64, rope = 6 : i64, rotary = #lm.yarn<theta = 1.000000e+04 : f64, factor = 4.000000e+00 : f64, original_positions = 16, beta_fast = 3.200000e+01 : f64, beta_slow = 1.000000e+00 : f64, amplitude = 1.000000e+00 : f64>, scale = 2.500000e-01 : f64, value = 12 : i64} : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<24x32xf32>, tensor<24xf32>, tensor<56x24xf32>, tensor<22x32xf32>, tensor<16xf32>, tensor<80x16xf32>, tensor<32x48xf32>) -> tensor<2x5x32xf32>
func.func @example(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %q_a: tensor<24x32xf32>, %q_a_norm: tensor<24xf32>,
    %q_b: tensor<56x24xf32>, %kv_a: tensor<22x32xf32>,
    %kv_a_norm: tensor<16xf32>, %kv_b: tensor<80x16xf32>,
    %o: tensor<32x48xf32>) {
  %y = lm.mla %x, %positions q_a(%q_a, %q_a_norm) q_b(%q_b)
      kv_a(%kv_a, %kv_a_norm) kv_b(%kv_b) o(%o)
      {epsilon = 1.0e-6, heads = 4 : i64, nope = 8 : i64, rope = 6 : i64,
       rotary = #lm.yarn<theta = 1.0e4, factor = 4.0, original_positions = 16,
         beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>,
       scale = 0.25, value = 12 : i64}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<24x32xf32>, tensor<24xf32>,
         tensor<56x24xf32>, tensor<22x32xf32>, tensor<16xf32>, tensor<80x16xf32>,
         tensor<32x48xf32>) -> tensor<2x5x32xf32>
  return
}

// CHECK-LABEL: @variant
// CHECK: %{{.*}} = lm.mla %{{.*}}, %{{.*}} q_b(%{{.*}}) kv_a(%{{.*}}, %{{.*}}) kv_b(%{{.*}}) o(%{{.*}}) {epsilon = 9.9999999999999995E-7 : f64, heads = 4 : i64, interleaved = false, nope = 8 : i64, rope = 6 : i64, rotary = #lm.yarn<theta = 1.000000e+04 : f64, factor = 1.000000e+00 : f64, original_positions = 1, beta_fast = 3.200000e+01 : f64, beta_slow = 1.000000e+00 : f64, amplitude = 1.000000e+00 : f64>, scale = 2.500000e-01 : f64, value = 12 : i64} : (tensor<?x?x32xbf16>, tensor<?x?xi32>, tensor<56x32xbf16>, tensor<22x32xbf16>, tensor<16xf32>, tensor<80x16xbf16>, tensor<32x48xbf16>) -> tensor<?x?x32xbf16>
func.func @variant(
    %x: tensor<?x?x32xbf16>, %positions: tensor<?x?xi32>,
    %q_b: tensor<56x32xbf16>, %kv_a: tensor<22x32xbf16>,
    %kv_a_norm: tensor<16xf32>, %kv_b: tensor<80x16xbf16>,
    %o: tensor<32x48xbf16>) {
  %y = lm.mla %x, %positions q_b(%q_b) kv_a(%kv_a, %kv_a_norm) kv_b(%kv_b) o(%o)
      {epsilon = 1.0e-6, heads = 4 : i64, interleaved = false, nope = 8 : i64,
       rope = 6 : i64, rotary = #lm.yarn<theta = 1.0e4, factor = 1.0,
         original_positions = 1, beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>,
       scale = 0.25, value = 12 : i64}
      : (tensor<?x?x32xbf16>, tensor<?x?xi32>, tensor<56x32xbf16>,
         tensor<22x32xbf16>, tensor<16xf32>, tensor<80x16xbf16>,
         tensor<32x48xbf16>) -> tensor<?x?x32xbf16>
  return
}
