// RUN: tresse-opt %s --tresse-emit-cuda-kernels=stage=threads --canonicalize --cse | FileCheck %s
// A warp computes a row: its lanes are channels, its sums meet by exchanges.

// CHECK-LABEL: func.func @norm(
// CHECK-SAME: memref<384xf32, 1>{{.*}}memref<48xf32, 1>{{.*}}memref<384xf32, 1>
// CHECK-SAME: attributes {block = 128 : i64, grid = 2 : i64
// CHECK-DAG: %[[TID:.*]] = nvvm.read.ptx.sreg.tid.x
// CHECK-DAG: %[[BLOCK:.*]] = nvvm.read.ptx.sreg.ctaid.x
// CHECK: scf.for
// A whole step of 32 channels, then 16 that a mask lets through.
// CHECK: memref.load
// CHECK: math.fma
// CHECK: scf.if
// CHECK: memref.load
// CHECK-COUNT-5: nvvm.shfl.sync bfly
// CHECK: math.sqrt
// CHECK-NOT: nvvm.bar
// CHECK: memref.store
func.func @norm(%x: tensor<8x48xf32>, %w: tensor<48xf32>) -> tensor<8x48xf32> {
  %y = lm.rms_norm %x, %w {epsilon = 1.0e-6 : f64} : (tensor<8x48xf32>, tensor<48xf32>) -> tensor<8x48xf32>
  return %y : tensor<8x48xf32>
}
