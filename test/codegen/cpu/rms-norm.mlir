// RUN: tresse-opt %s --tresse-emit-cpu-kernels=cpu=x86-64-v4 --canonicalize --cse | FileCheck %s
// RUN: tresse-opt %s --tresse-emit-cpu-kernels=cpu=x86-64-v3 --canonicalize --cse | FileCheck %s --check-prefix=V3
// RUN: tresse-opt %s "--tresse-emit-cpu-kernels=cpu=x86-64-v4 lower=true" | FileCheck %s --check-prefix=LLVM

// A tile is a row: a sum of squares over its channels, then a pass that scales
// them. 40 channels are two vectors of 16 and a masked one.
// CHECK-LABEL: func.func @rms_norm(
// CHECK-SAME: scratch_bytes = 0 : i64, tiles = 6 : i64
// CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}} step %c1
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<16xf32>)
// CHECK: math.fma {{.*}} : vector<16xf32>
// CHECK: vector.maskedload
// CHECK: vector.shuffle
// CHECK: math.sqrt {{.*}} : f32
// CHECK: vector.load
// CHECK: vector.store
// CHECK: vector.maskedstore
// V3-LABEL: func.func @rms_norm(
// V3: vector<8xf32>
// LLVM: llvm.func @rms_norm(%{{.*}}: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64, %{{.*}}: !llvm.ptr) attributes {target_cpu = "x86-64-v4", target_features = #llvm.target_features<["-prefer-256-bit"]>}
// LLVM: llvm.call @rms_norm.tiles
// LLVM: llvm.func internal @rms_norm.tiles
// LLVM: llvm.intr.fma({{.*}}) : (vector<16xf32>
// LLVM: llvm.intr.masked.load
func.func @rms_norm(%x: tensor<6x40xf32>, %w: tensor<40xf32>) -> tensor<6x40xf32> {
  %0 = lm.rms_norm %x, %w {epsilon = 1.0e-6 : f64} : (tensor<6x40xf32>, tensor<40xf32>) -> tensor<6x40xf32>
  return %0 : tensor<6x40xf32>
}

// bf16 is widened by a shift and rounded to nearest even on the way back.
// CHECK-LABEL: func.func @storage_bf16(
// CHECK: vector.load {{.*}} : memref<384xi16>, vector<16xi16>
// CHECK: arith.extui {{.*}} : vector<16xi16> to vector<16xi32>
// CHECK: arith.shli
// CHECK: math.fma {{.*}} : vector<16xf32>
// CHECK: arith.shrui
// CHECK: arith.trunci {{.*}} : vector<16xi32> to vector<16xi16>
// CHECK: vector.store
func.func @storage_bf16(%x: tensor<6x64xbf16>, %w: tensor<64xf32>) -> tensor<6x64xbf16> {
  %0 = lm.rms_norm %x, %w {epsilon = 1.0e-6 : f64} : (tensor<6x64xbf16>, tensor<64xf32>) -> tensor<6x64xbf16>
  return %0 : tensor<6x64xbf16>
}

// f64 has half as many lanes.
// CHECK-LABEL: func.func @f64(
// CHECK: math.fma {{.*}} : vector<8xf64>
func.func @f64(%x: tensor<6x64xf64>, %w: tensor<64xf64>) -> tensor<6x64xf64> {
  %0 = lm.rms_norm %x, %w {epsilon = 1.0e-6 : f64} : (tensor<6x64xf64>, tensor<64xf64>) -> tensor<6x64xf64>
  return %0 : tensor<6x64xf64>
}

// A row of a view lies further from the next than it is long.
// CHECK-LABEL: func.func @strided_rows(
// CHECK-SAME: memref<544xf32>
// CHECK: %[[AT:.*]] = arith.muli %{{.*}}, %c96 : index
func.func @strided_rows(%x: tensor<6x64xf32>, %w: tensor<64xf32>) -> tensor<6x64xf32> attributes {layouts = [memref<6x64xf32, strided<[96, 1]>>, memref<64xf32>, memref<6x64xf32>]} {
  %0 = lm.rms_norm %x, %w {epsilon = 1.0e-6 : f64} : (tensor<6x64xf32>, tensor<64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}
