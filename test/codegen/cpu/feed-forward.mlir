// RUN: tresse-opt %s --tresse-emit-cpu-kernels --canonicalize --cse | FileCheck %s

// Rows at or beyond the last of `ends` are passed over.
// CHECK-LABEL: func.func @swiglu(
// CHECK: memref.load %arg1[%c2] : memref<3xi32>
// CHECK: math.exp {{.*}} : vector<16xf32>
// CHECK: vector.store
func.func @swiglu(%x: tensor<9x64xf32>, %ends: tensor<3xi32>) -> tensor<9x32xf32> {
  %0 = lm.swiglu %x, %ends : (tensor<9x64xf32>, tensor<3xi32>) -> tensor<9x32xf32>
  return %0 : tensor<9x32xf32>
}

// CHECK-LABEL: func.func @swiglu_grad(
// CHECK: math.exp {{.*}} : vector<16xf32>
func.func @swiglu_grad(%x: tensor<9x64xf32>, %dy: tensor<9x32xf32>) -> tensor<9x64xf32> {
  %0 = lm.swiglu_grad %x, %dy : (tensor<9x64xf32>, tensor<9x32xf32>) -> tensor<9x64xf32>
  return %0 : tensor<9x64xf32>
}

// Choosing the largest is a maximum over vectors, then the least index that has
// it.
// CHECK-LABEL: func.func @route(
// CHECK: arith.maxnumf {{.*}} : vector<16xf32>
// CHECK: arith.minsi {{.*}} : vector<16xi32>
func.func @route(%x: tensor<9x32xf32>, %b: tensor<32xf32>) -> (tensor<9x2xi32>, tensor<9x2xf32>, tensor<9x32xf32>) {
  %0:3 = lm.route %x bias(%b) {group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true, scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 2 : i64, weight_scale = 2.5 : f64} : (tensor<9x32xf32>, tensor<32xf32>) -> (tensor<9x2xi32>, tensor<9x2xf32>, tensor<9x32xf32>)
  return %0#0, %0#1, %0#2 : tensor<9x2xi32>, tensor<9x2xf32>, tensor<9x32xf32>
}

// A counting sort is one tile: its result must not depend on threads.
// CHECK-LABEL: func.func @group_rows(
// CHECK-SAME: tiles = 1 : i64
// CHECK: vector.store
// CHECK: scf.if
func.func @group_rows(%i: tensor<16x2xi32>) -> (tensor<16x2xi32>, tensor<32xi32>, tensor<16xi32>) {
  %0:3 = lm.group_rows %i : (tensor<16x2xi32>) -> (tensor<16x2xi32>, tensor<32xi32>, tensor<16xi32>)
  return %0#0, %0#1, %0#2 : tensor<16x2xi32>, tensor<32xi32>, tensor<16xi32>
}

// A token's rows are summed in wide scratch, in the order of its slots.
// CHECK-LABEL: func.func @unpermute(
// CHECK-SAME: scratch_bytes = 128 : i64, tiles = 16 : i64
// CHECK: scf.if
// CHECK: math.fma {{.*}} : vector<16xf32>
func.func @unpermute(%y: tensor<32x32xf32>, %r: tensor<16x2xi32>, %w: tensor<16x2xf32>) -> tensor<16x32xf32> {
  %0 = lm.unpermute %y, %r weights(%w) : (tensor<32x32xf32>, tensor<16x2xi32>, tensor<16x2xf32>) -> tensor<16x32xf32>
  return %0 : tensor<16x32xf32>
}
