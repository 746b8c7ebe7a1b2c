// RUN: tresse-opt %s --tresse-emit-cpu-kernels --canonicalize --cse | FileCheck %s

// Sums over rows cut columns, never rows: any number of threads gives the same
// bits.
// CHECK-LABEL: func.func @row_sum(
// CHECK-SAME: tiles = 3 : i64
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<16xf32>)
// CHECK: arith.addf {{.*}} : vector<16xf32>
func.func @row_sum(%x: tensor<100x40xf32>, %sum: tensor<40xf32>) -> tensor<40xf32> {
  %0 = lm.row_sum %x, %sum : (tensor<100x40xf32>, tensor<40xf32>) -> tensor<40xf32>
  return %0 : tensor<40xf32>
}

// CHECK-LABEL: func.func @embed_grad(
// CHECK-SAME: tiles = 2 : i64
// CHECK: scf.if
// CHECK: arith.addf {{.*}} : vector<16xf32>
func.func @embed_grad(%t: tensor<9xi32>, %dy: tensor<9x64xf32>, %sum: tensor<50x64xf32>) -> tensor<50x64xf32> {
  %0 = lm.embed_grad %t, %dy, %sum : (tensor<9xi32>, tensor<9x64xf32>, tensor<50x64xf32>) -> tensor<50x64xf32>
  return %0 : tensor<50x64xf32>
}

// CHECK-LABEL: func.func @square_sum(
// CHECK-SAME: tiles = 16 : i64
// CHECK: math.fma {{.*}} : vector<16xf32>
func.func @square_sum(%x: tensor<100x40xf32>, %sum: tensor<16xf32>) -> tensor<16xf32> {
  %0 = lm.square_sum %x, %sum : (tensor<100x40xf32>, tensor<16xf32>) -> tensor<16xf32>
  return %0 : tensor<16xf32>
}
