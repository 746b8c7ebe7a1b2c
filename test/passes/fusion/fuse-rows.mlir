// RUN: tresse-opt %s --tresse-fuse-rows | FileCheck %s

// Residual and norm: the sum is read elsewhere, too, and stays a result.
// CHECK-LABEL: func.func @residual_and_norm(
// CHECK-SAME: %[[X:.*]]: tensor<2x3x8xf32>, %[[Y:.*]]: tensor<2x3x8xf32>, %[[W:.*]]: tensor<8xf32>)
// CHECK-NEXT: %[[F:.*]]:2 = lm.fusion(%[[X]], %[[Y]], %[[W]])
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<2x3x8xf32>, %[[B:.*]]: tensor<2x3x8xf32>, %[[C:.*]]: tensor<8xf32>):
// CHECK-NEXT: %[[SUM:.*]] = arith.addf %[[A]], %[[B]]
// CHECK-NEXT: %[[NORM:.*]] = lm.rms_norm %[[SUM]], %[[C]] {epsilon
// CHECK-NEXT: lm.yield %[[SUM]], %[[NORM]]
// CHECK: return %[[F]]#0, %[[F]]#1
func.func @residual_and_norm(%x: tensor<2x3x8xf32>, %y: tensor<2x3x8xf32>, %w: tensor<8xf32>) -> (tensor<2x3x8xf32>, tensor<2x3x8xf32>) {
  %sum = arith.addf %x, %y : tensor<2x3x8xf32>
  %norm = lm.rms_norm %sum, %w {epsilon = 1.0e-6 : f64} : (tensor<2x3x8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
  return %sum, %norm : tensor<2x3x8xf32>, tensor<2x3x8xf32>
}

// Three ops of three shapes over the same rows; what only they read is inside.
// CHECK-LABEL: func.func @streams(
// CHECK-NEXT: %[[F:.*]] = lm.fusion(%arg0, %arg1, %arg2, %arg3, %arg4)
// CHECK: lm.mhc_expand_grad
// CHECK-NEXT: arith.addf %{{.*}} : tensor<2x3x8xf32>
// CHECK-NEXT: %[[POST:.*]] = lm.mhc_post
// CHECK-NEXT: lm.yield %[[POST]] : tensor<2x3x4x8xf32>
// CHECK: return %[[F]]
func.func @streams(%d: tensor<2x3x4x8xf32>, %y: tensor<2x3x8xf32>, %x: tensor<2x3x4x8xf32>, %post: tensor<2x3x4xf32>, %comb: tensor<2x3x4x4xf32>) -> tensor<2x3x4x8xf32> {
  %h = lm.mhc_expand_grad %d : (tensor<2x3x4x8xf32>) -> tensor<2x3x8xf32>
  %s = arith.addf %h, %y : tensor<2x3x8xf32>
  %r = lm.mhc_post %x, %s, %post, %comb : (tensor<2x3x4x8xf32>, tensor<2x3x8xf32>, tensor<2x3x4xf32>, tensor<2x3x4x4xf32>) -> tensor<2x3x4x8xf32>
  return %r : tensor<2x3x4x8xf32>
}

// Two producers join through their reader.
// CHECK-LABEL: func.func @two_producers(
// CHECK: lm.fusion
// CHECK: lm.rope
// CHECK-NEXT: lm.rms_norm
// CHECK-NEXT: lm.concat
// CHECK-NEXT: lm.yield
func.func @two_producers(%c: tensor<2x3x8xf32>, %w: tensor<8xf32>, %k: tensor<2x3x4xf32>, %table: tensor<2x3x4xf32>) -> tensor<2x3x12xf32> {
  %n = lm.rms_norm %c, %w {epsilon = 1.0e-6 : f64} : (tensor<2x3x8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
  %r = lm.rope %k, %table {interleaved = true, offset = 0 : i64} : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %j = lm.concat %n, %r : (tensor<2x3x8xf32>, tensor<2x3x4xf32>) -> tensor<2x3x12xf32>
  return %j : tensor<2x3x12xf32>
}

// The region stands before the linear that reads the sum, so the norm moves up.
// CHECK-LABEL: func.func @before_the_first_reader(
// CHECK: %[[F:.*]]:2 = lm.fusion
// CHECK: lm.linear %[[F]]#0
func.func @before_the_first_reader(%x: tensor<2x3x8xf32>, %y: tensor<2x3x8xf32>, %w: tensor<8xf32>, %l: tensor<5x8xf32>) -> (tensor<2x3x5xf32>, tensor<2x3x8xf32>) {
  %sum = arith.addf %x, %y : tensor<2x3x8xf32>
  %r = lm.linear %sum, %l : (tensor<2x3x8xf32>, tensor<5x8xf32>) -> tensor<2x3x5xf32>
  %norm = lm.rms_norm %sum, %w {epsilon = 1.0e-6 : f64} : (tensor<2x3x8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
  return %r, %norm : tensor<2x3x5xf32>, tensor<2x3x8xf32>
}

// A reader inside another region counts from where that region begins.
// CHECK-LABEL: func.func @between_regions(
// CHECK: lm.fusion
// CHECK: lm.fusion
// CHECK: return
func.func @between_regions(%x: tensor<6x8xf32>, %y: tensor<6x8xf32>, %w: tensor<8xf32>, %l: tensor<8x8xf32>) -> tensor<6x8xf32> {
  %a = arith.addf %x, %y : tensor<6x8xf32>
  %b = arith.mulf %a, %y : tensor<6x8xf32>
  %m = lm.linear %b, %l : (tensor<6x8xf32>, tensor<8x8xf32>) -> tensor<6x8xf32>
  %c = lm.rms_norm %m, %w {epsilon = 1.0e-6 : f64} : (tensor<6x8xf32>, tensor<8xf32>) -> tensor<6x8xf32>
  %d = arith.addf %c, %a : tensor<6x8xf32>
  return %d : tensor<6x8xf32>
}

// A constant is part of the region that computes with it.
// CHECK-LABEL: func.func @constant(
// CHECK: lm.fusion(%arg0, %arg1) : (tensor<6x8xf32>, tensor<8xf32>) -> tensor<6x8xf32>
// CHECK: arith.constant dense<2.000000e+00> : tensor<6x8xf32>
// CHECK-NEXT: arith.mulf
// CHECK-NEXT: lm.rms_norm
func.func @constant(%x: tensor<6x8xf32>, %w: tensor<8xf32>) -> tensor<6x8xf32> {
  %two = arith.constant dense<2.0> : tensor<6x8xf32>
  %a = arith.mulf %x, %two : tensor<6x8xf32>
  %b = lm.rms_norm %a, %w {epsilon = 1.0e-6 : f64} : (tensor<6x8xf32>, tensor<8xf32>) -> tensor<6x8xf32>
  return %b : tensor<6x8xf32>
}

// Gradients through the rows in use: both ops have the same row totals.
// CHECK-LABEL: func.func @rows_in_use(
// CHECK: lm.fusion
// CHECK: lm.swiglu
// CHECK-NEXT: lm.swiglu_grad
func.func @rows_in_use(%x: tensor<6x8xf32>, %g: tensor<6x8xf32>, %ends: tensor<3xi32>) -> tensor<6x8xf32> {
  %a = lm.swiglu %x, %ends : (tensor<6x8xf32>, tensor<3xi32>) -> tensor<6x4xf32>
  %b = lm.swiglu_grad %g, %a, %ends : (tensor<6x8xf32>, tensor<6x4xf32>, tensor<3xi32>) -> tensor<6x8xf32>
  return %b : tensor<6x8xf32>
}

// One op is not made a region.
// CHECK-LABEL: func.func @alone(
// CHECK-NOT: lm.fusion
func.func @alone(%x: tensor<6x8xf32>, %w: tensor<8xf32>) -> tensor<6x8xf32> {
  %b = lm.rms_norm %x, %w {epsilon = 1.0e-6 : f64} : (tensor<6x8xf32>, tensor<8xf32>) -> tensor<6x8xf32>
  return %b : tensor<6x8xf32>
}

// What is written to a global is computed there, by an op of its own.
lm.global weight @w : tensor<6x8xf32>
lm.global gradient @w.grad : tensor<6x8xf32> {of = @w}
// CHECK-LABEL: func.func @stored(
// CHECK-NOT: lm.fusion
func.func @stored(%x: tensor<6x8xf32>) {
  %old = lm.load @w.grad : tensor<6x8xf32>
  %a = arith.mulf %x, %x : tensor<6x8xf32>
  %sum = arith.addf %old, %a : tensor<6x8xf32>
  lm.store %sum, @w.grad : tensor<6x8xf32>
  return
}
