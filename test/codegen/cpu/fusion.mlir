// RUN: tresse-opt %s --tresse-emit-cpu-kernels --canonicalize --cse | FileCheck %s

// The sum is a result and is read back from there; the norm's row stays in
// scratch; the last two ops share one loop and its registers.
// CHECK-LABEL: func.func @residual(
// CHECK-SAME: scratch_bytes = 256 : i64, tiles = 6 : i64
// CHECK: arith.addf {{.*}} : vector<16xf32>
// CHECK: vector.store {{.*}} memref<384xf32>
// CHECK: math.fma
// CHECK: vector.store {{.*}} memref<64xf32>
// CHECK: %[[D:.*]] = arith.subf {{.*}} : vector<16xf32>
// CHECK-NEXT: math.exp %[[D]] : vector<16xf32>
func.func @residual(%a: tensor<6x64xf32>, %b: tensor<6x64xf32>, %w: tensor<64xf32>) -> (tensor<6x64xf32>, tensor<6x64xf32>) {
  %0 = arith.addf %a, %b : tensor<6x64xf32>
  %1 = lm.rms_norm %0, %w {epsilon = 1.0e-6 : f64} : (tensor<6x64xf32>, tensor<64xf32>) -> tensor<6x64xf32>
  %2 = arith.subf %1, %b : tensor<6x64xf32>
  %3 = math.exp %2 : tensor<6x64xf32>
  return %0, %3 : tensor<6x64xf32>, tensor<6x64xf32>
}

// Elementwise ops alone see no rows: tiles of 4096 elements.
// CHECK-LABEL: func.func @flat(
// CHECK-SAME: tiles = 3 : i64
// CHECK: vector.load
func.func @flat(%a: tensor<100x100xf32>) -> tensor<100x100xf32> {
  %c = arith.constant dense<2.0> : tensor<100x100xf32>
  %0 = arith.mulf %a, %c : tensor<100x100xf32>
  return %0 : tensor<100x100xf32>
}

// The maps of hyper-connections want 16 rows in the lanes; the norm takes
// the 16 rows one by one.
// CHECK-LABEL: func.func @pre_and_norm(
// CHECK-SAME: tiles = 2 : i64
// CHECK: scf.for {{.*}} iter_args
func.func @pre_and_norm(%x: tensor<32x4x64xf32>, %m: tensor<32x24xf32>, %b: tensor<24xf32>, %s: tensor<3xf32>, %w: tensor<64xf32>) -> (tensor<32x64xf32>, tensor<32x4xf32>, tensor<32x4x4xf32>) {
  %0:3 = lm.mhc_pre %x, %m, %b, %s {form = #lm.mhc_form<v4>, iterations = 20 : i64, epsilon = 1.0e-6 : f64, norm_epsilon = 1.0e-6 : f64} : (tensor<32x4x64xf32>, tensor<32x24xf32>, tensor<24xf32>, tensor<3xf32>) -> (tensor<32x64xf32>, tensor<32x4xf32>, tensor<32x4x4xf32>)
  %1 = lm.rms_norm %0#0, %w {epsilon = 1.0e-6 : f64} : (tensor<32x64xf32>, tensor<64xf32>) -> tensor<32x64xf32>
  return %1, %0#1, %0#2 : tensor<32x64xf32>, tensor<32x4xf32>, tensor<32x4x4xf32>
}
