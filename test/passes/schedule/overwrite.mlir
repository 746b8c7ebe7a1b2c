// RUN: tresse-opt %s --split-input-file --tresse-build-plan | FileCheck %s
// RUN: tresse-opt %s --split-input-file --tresse-build-plan=overwrite=false | FileCheck %s --check-prefix=APART

// The region's sum lies where %1 lay, which only its first op reads; its last
// result cannot lie where the input x lies, which is not the arena's to give.
// CHECK-LABEL: plan.model cpu
// CHECK: plan.launch "exp" @{{.*}}(read %[[X:.*]], write %[[A:.*]])
// CHECK-NEXT: plan.launch "fusion n" @{{.*}}(read %[[A]], read %[[X]], read %{{.*}}, update %[[A]], write %[[N:.*]])
// CHECK-NEXT: plan.launch "addf" @{{.*}}(read %[[A]], read %[[N]], update %[[A]])
// APART-LABEL: plan.model cpu
// APART-NOT: update
lm.global weight @n : tensor<8xf32>
func.func @logits(%x: tensor<4x8xf32> {lm.name = "x"}) -> (tensor<4x8xf32> {lm.name = "y"}) attributes {lm.entry = "logits"} {
  %w = lm.load @n : tensor<8xf32>
  %1 = math.exp %x : tensor<4x8xf32>
  %2:2 = lm.fusion(%1, %x, %w) : (tensor<4x8xf32>, tensor<4x8xf32>, tensor<8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  ^bb0(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>, %n: tensor<8xf32>):
    %s = arith.addf %a, %b : tensor<4x8xf32>
    %h = lm.rms_norm %s, %n {epsilon = 1.0e-6 : f64} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
    lm.yield %s, %h : tensor<4x8xf32>, tensor<4x8xf32>
  }
  %3 = arith.addf %2#0, %2#1 : tensor<4x8xf32>
  return %3 : tensor<4x8xf32>
}

// -----

// A later op of the region still reads %1 when the sum is written.
// CHECK-LABEL: plan.model cpu
// CHECK: plan.launch "exp" @{{.*}}(read %{{.*}}, write %[[A:.*]])
// CHECK-NEXT: plan.launch "fusion n" @{{.*}}(read %[[A]], read %{{.*}}, write %[[S:.*]], update %[[A]])
lm.global weight @n : tensor<8xf32>
func.func @logits(%x: tensor<4x8xf32> {lm.name = "x"}) -> (tensor<4x8xf32> {lm.name = "s"}, tensor<4x8xf32> {lm.name = "y"}) attributes {lm.entry = "logits"} {
  %w = lm.load @n : tensor<8xf32>
  %1 = math.exp %x : tensor<4x8xf32>
  %2:2 = lm.fusion(%1, %w) : (tensor<4x8xf32>, tensor<8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  ^bb0(%a: tensor<4x8xf32>, %n: tensor<8xf32>):
    %s = lm.rms_norm %a, %n {epsilon = 1.0e-6 : f64} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
    %h = arith.addf %s, %a : tensor<4x8xf32>
    lm.yield %s, %h : tensor<4x8xf32>, tensor<4x8xf32>
  }
  return %2#0, %2#1 : tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// Nor is written over: what others read later, what every row reads whole,
// what has other bytes per row, and a part of a larger buffer.
// CHECK-LABEL: plan.model cpu
// CHECK-NOT: update
func.func @logits(%x: tensor<8x8xf32> {lm.name = "x"}) -> (tensor<8x8xf32> {lm.name = "later"}, tensor<8x8xf32> {lm.name = "whole"},
    tensor<8x8xbf16> {lm.name = "narrow"}, tensor<8x4xf32> {lm.name = "part"}) attributes {lm.entry = "logits"} {
  %0 = math.exp %x : tensor<8x8xf32>
  %1 = math.log %0 : tensor<8x8xf32>
  %2 = lm.linear %1, %0 : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %3 = arith.truncf %2 : tensor<8x8xf32> to tensor<8x8xbf16>
  %4 = math.sqrt %x : tensor<8x8xf32>
  %5:2 = lm.split %4 : (tensor<8x8xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>)
  %6 = math.exp %5#1 : tensor<8x4xf32>
  return %1, %2, %3, %6 : tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xbf16>, tensor<8x4xf32>
}
