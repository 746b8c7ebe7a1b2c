// RUN: tresse-opt %s --tresse-build-plan=target=cpu | FileCheck %s
// RUN: tresse-opt %s --tresse-build-plan=target=reference \
// RUN:   | FileCheck %s --check-prefix=LOOPS

// On the cpu a fusion is one kernel, and equal bodies share it; the reference
// target runs op by op.
// CHECK-COUNT-1: plan.kernel
// CHECK-NOT: plan.kernel
// CHECK-COUNT-2: plan.launch
// CHECK-NOT: plan.launch
// LOOPS-COUNT-4: plan.launch
// LOOPS-NOT: plan.launch
func.func @logits(%x: tensor<4x8xf32> {lm.name = "x"})
    -> (tensor<4x8xf32> {lm.name = "y"}) attributes {lm.entry = "logits"} {
  %0 = lm.fusion(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%a: tensor<4x8xf32>):
    %n = arith.negf %a : tensor<4x8xf32>
    %s = arith.mulf %n, %a : tensor<4x8xf32>
    lm.yield %s : tensor<4x8xf32>
  }
  %1 = lm.fusion(%0) : (tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%a: tensor<4x8xf32>):
    %n = arith.negf %a : tensor<4x8xf32>
    %s = arith.mulf %n, %a : tensor<4x8xf32>
    lm.yield %s : tensor<4x8xf32>
  }
  return %1 : tensor<4x8xf32>
}
