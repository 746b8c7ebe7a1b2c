// RUN: tresse-opt %s --tresse-emit-cpu-kernels --canonicalize --cse | FileCheck %s

// 16 tokens are in the lanes: the 16 numbers of a 4 x 4 matrix are 16 vectors,
// and an iteration is a loop that keeps them in registers.
// CHECK-LABEL: func.func @sinkhorn(
// CHECK-SAME: tiles = 3 : i64
// CHECK: math.exp {{.*}} : vector<16xf32>
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
func.func @sinkhorn(%c: tensor<40x4x4xf32>) -> tensor<40x4x4xf32> {
  %0 = lm.sinkhorn %c {form = #lm.mhc_form<paper>, iterations = 20 : i64, epsilon = 0.0 : f64} : (tensor<40x4x4xf32>) -> tensor<40x4x4xf32>
  return %0 : tensor<40x4x4xf32>
}

// The streams are mixed with channels in the lanes: one pass reads every
// stream once.
// CHECK-LABEL: func.func @post(
// CHECK-SAME: tiles = 40 : i64
// CHECK-COUNT-16: math.fma {{.*}} : vector<16xf32>
func.func @post(%x: tensor<40x4x64xf32>, %y: tensor<40x64xf32>, %p: tensor<40x4xf32>, %c: tensor<40x4x4xf32>) -> tensor<40x4x64xf32> {
  %0 = lm.mhc_post %x, %y, %p, %c : (tensor<40x4x64xf32>, tensor<40x64xf32>, tensor<40x4xf32>, tensor<40x4x4xf32>) -> tensor<40x4x64xf32>
  return %0 : tensor<40x4x64xf32>
}

// CHECK-LABEL: func.func @pre_grad(
// CHECK-SAME: tiles = 3 : i64
// CHECK: vector<16xf32>
func.func @pre_grad(%x: tensor<40x4x64xf32>, %m: tensor<40x24xf32>, %b: tensor<24xf32>, %s: tensor<3xf32>, %dh: tensor<40x64xf32>, %dp: tensor<40x4xf32>, %dc: tensor<40x4x4xf32>) -> (tensor<40x4x64xf32>, tensor<40x24xf32>, tensor<40x24xf32>, tensor<40x3xf32>) {
  %0:4 = lm.mhc_pre_grad %x, %m, %b, %s, %dh, %dp, %dc {form = #lm.mhc_form<v4>, iterations = 20 : i64, epsilon = 1.0e-6 : f64, norm_epsilon = 1.0e-6 : f64} : (tensor<40x4x64xf32>, tensor<40x24xf32>, tensor<24xf32>, tensor<3xf32>, tensor<40x64xf32>, tensor<40x4xf32>, tensor<40x4x4xf32>) -> (tensor<40x4x64xf32>, tensor<40x24xf32>, tensor<40x24xf32>, tensor<40x3xf32>)
  return %0#0, %0#1, %0#2, %0#3 : tensor<40x4x64xf32>, tensor<40x24xf32>, tensor<40x24xf32>, tensor<40x3xf32>
}
