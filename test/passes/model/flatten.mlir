// RUN: tresse-opt %s --tresse-flatten | FileCheck %s

// Calls inside callees are inlined too, and no other function remains.
func.func private @inner(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = arith.negf %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func private @outer(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = call @inner(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-NOT: func.func private
// CHECK-LABEL: func.func @logits(
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>)
// CHECK-NEXT: %[[A:.*]] = arith.negf %[[X]]
// CHECK-NEXT: %[[B:.*]] = arith.negf %[[A]]
// CHECK-NEXT: return %[[B]]
// CHECK-NOT: func.func
func.func @logits(%x: tensor<4xf32>) -> tensor<4xf32> attributes {lm.entry = "logits"} {
  %0 = call @outer(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = call @outer(%0) : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
