// RUN: tresse-opt %s --tresse-emit-cuda-kernels=stage=order | FileCheck %s
// RUN: tresse-opt %s --tresse-emit-cuda-kernels=stage=threads | FileCheck %s --check-prefix=THREADS
// Barriers stand where one lane meets what another wrote, and only there.

// A row in scratch that is read by the lanes that wrote it.
// CHECK-LABEL: func.func @same_lanes(
// CHECK-NOT: nvvm.bar.warp.sync
// CHECK: return
// THREADS-LABEL: memref.global @tresse_shared : memref<0xi8, 3>
func.func @same_lanes(%a: tensor<8x4x32xf32>, %b: tensor<8x4x32xf32>) -> tensor<8x32xf32> {
  %0 = arith.addf %a, %b : tensor<8x4x32xf32>
  %1 = lm.mhc_expand_grad %0 : (tensor<8x4x32xf32>) -> tensor<8x32xf32>
  return %1 : tensor<8x32xf32>
}

// Rows of 24 channels: lane 24 of one stream is lane 0 of the next.
// CHECK-LABEL: func.func @other_lanes(
// CHECK: vector.store
// CHECK: nvvm.bar.warp.sync
// CHECK: vector.{{.*}}load
// CHECK: return
func.func @other_lanes(%a: tensor<8x4x24xf32>, %b: tensor<8x4x24xf32>) -> tensor<8x24xf32> {
  %0 = arith.addf %a, %b : tensor<8x4x24xf32>
  %1 = lm.mhc_expand_grad %0 : (tensor<8x4x24xf32>) -> tensor<8x24xf32>
  return %1 : tensor<8x24xf32>
}

// A counter that every lane reads and lane 0 raises: a barrier before the branch
// that reads it, and one before the write.
// CHECK-LABEL: func.func @counter(
// CHECK: scf.for
// CHECK: scf.for
// CHECK: nvvm.bar.warp.sync
// CHECK: scf.if
// CHECK: memref.load
// CHECK: nvvm.bar.warp.sync
// CHECK: memref.store
func.func @counter(%indices: tensor<8x2xi32>) -> tensor<4xi32> {
  %0 = lm.expert_load %indices : (tensor<8x2xi32>) -> tensor<4xi32>
  return %0 : tensor<4xi32>
}
