// RUN: tresse-opt %s --tresse-emit-cpu-kernels --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func.func @cross_entropy(
// CHECK: arith.maxnumf {{.*}} : vector<16xf32>
// CHECK: math.exp {{.*}} : vector<16xf32>
// CHECK: math.log {{.*}} : f32
func.func @cross_entropy(%x: tensor<9x256xf32>, %t: tensor<9xi32>) -> (tensor<9xf32>, tensor<9xf32>) {
  %0:2 = lm.cross_entropy %x, %t : (tensor<9x256xf32>, tensor<9xi32>) -> (tensor<9xf32>, tensor<9xf32>)
  return %0#0, %0#1 : tensor<9xf32>, tensor<9xf32>
}

// A tile is 4096 elements of the parameter; the last one is shorter.
// CHECK-LABEL: func.func @adamw(
// CHECK-SAME: tiles = 3 : i64
// CHECK: arith.minsi
// CHECK: math.sqrt {{.*}} : vector<16xf32>
// CHECK: vector.maskedstore
func.func @adamw(%p: tensor<100x100xf32>, %g: tensor<100x100xf32>, %m: tensor<100x100xf32>, %v: tensor<100x100xf32>, %n: tensor<1xf32>, %h: tensor<16xf32>) -> (tensor<100x100xf32>, tensor<100x100xf32>, tensor<100x100xf32>) {
  %0:3 = lm.adamw %p, %g, %m, %v, %n, %h : (tensor<100x100xf32>, tensor<100x100xf32>, tensor<100x100xf32>, tensor<100x100xf32>, tensor<1xf32>, tensor<16xf32>) -> (tensor<100x100xf32>, tensor<100x100xf32>, tensor<100x100xf32>)
  return %0#0, %0#1, %0#2 : tensor<100x100xf32>, tensor<100x100xf32>, tensor<100x100xf32>
}

// Nothing is sorted: thresholds by bisection on the bits of probabilities.
// CHECK-LABEL: func.func @sample(
// CHECK-SAME: tiles = 2 : i64
// CHECK: math.exp {{.*}} : vector<16xf32>
// CHECK: arith.bitcast {{.*}} : i32 to f32
func.func @sample(%x: tensor<2x256xf32>, %s: tensor<2x8xf32>) -> tensor<2xi32> {
  %0 = lm.sample %x, %s : (tensor<2x256xf32>, tensor<2x8xf32>) -> tensor<2xi32>
  return %0 : tensor<2xi32>
}

// CHECK-LABEL: func.func @cache_write(
// CHECK: scf.if
// CHECK: vector.store
func.func @cache_write(%c: tensor<2x64x16xf32>, %x: tensor<2x4x16xf32>, %p: tensor<2x4xi32>) -> tensor<2x64x16xf32> {
  %0 = lm.cache_write %c, %x, %p : (tensor<2x64x16xf32>, tensor<2x4x16xf32>, tensor<2x4xi32>) -> tensor<2x64x16xf32>
  return %0 : tensor<2x64x16xf32>
}
