// RUN: tresse-opt %s --tresse-emit-cpu-kernels --canonicalize --cse | FileCheck %s

// Adjacent pairs are taken apart by shuffles and put together again; channels
// before the rotated ones are copied.
// CHECK-LABEL: func.func @interleaved(
// CHECK-SAME: tiles = 6 : i64
// CHECK: vector.shuffle {{.*}} [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30]
// CHECK: vector.shuffle {{.*}} [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31]
// CHECK: arith.subf {{.*}} : vector<16xf32>
// CHECK: vector.shuffle {{.*}} [0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23]
func.func @interleaved(%x: tensor<2x3x2x48xf32>, %t: tensor<2x3x32xf32>) -> tensor<2x3x2x48xf32> {
  %0 = lm.rope %x, %t {interleaved = true, offset = 16 : i64} : (tensor<2x3x2x48xf32>, tensor<2x3x32xf32>) -> tensor<2x3x2x48xf32>
  return %0 : tensor<2x3x2x48xf32>
}

// Pairs of halves need no shuffle.
// CHECK-LABEL: func.func @half(
// CHECK-NOT: vector.shuffle
// CHECK: arith.mulf {{.*}} : vector<16xf32>
// CHECK: return
func.func @half(%x: tensor<6x32xf32>, %t: tensor<6x32xf32>) -> tensor<6x32xf32> {
  %0 = lm.rope %x, %t {interleaved = false, offset = 0 : i64} : (tensor<6x32xf32>, tensor<6x32xf32>) -> tensor<6x32xf32>
  return %0 : tensor<6x32xf32>
}

// Frequencies are constants; angles are reduced in f64.
// CHECK-LABEL: func.func @rotary(
// CHECK-DAG: arith.constant dense<[1.000000e+00,
// CHECK: math.roundeven {{.*}} : vector<16xf64>
// CHECK: math.fma {{.*}} : vector<16xf64>
// CHECK: arith.truncf {{.*}} : vector<16xf64> to vector<16xf32>
func.func @rotary(%p: tensor<6xi32>) -> tensor<6x32xf32> {
  %0 = lm.rotary %p {theta = 1.0e4 : f64, factor = 1.0 : f64, original_positions = 4096 : i64, beta_fast = 32.0 : f64, beta_slow = 1.0 : f64, amplitude = 1.0 : f64} : (tensor<6xi32>) -> tensor<6x32xf32>
  return %0 : tensor<6x32xf32>
}
