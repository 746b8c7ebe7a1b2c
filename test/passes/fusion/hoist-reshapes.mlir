// RUN: tresse-opt %s --tresse-hoist-reshapes | FileCheck %s

// A chain of elementwise ops on tokens takes the rows of its reader.
// CHECK-LABEL: func.func @chain(
// CHECK-SAME: %[[A:.*]]: tensor<6x4xf32>, %[[B:.*]]: tensor<6x4xf32>)
// CHECK-DAG: %[[EA:.*]] = tensor.expand_shape %[[A]]
// CHECK-DAG: %[[EB:.*]] = tensor.expand_shape %[[B]]
// CHECK: %[[SUM:.*]] = arith.addf %[[EA]], %[[EB]] : tensor<2x3x4xf32>
// CHECK-NEXT: %[[CAST:.*]] = arith.truncf %[[SUM]] : tensor<2x3x4xf32> to tensor<2x3x4xbf16>
// CHECK-NEXT: return %[[CAST]]
func.func @chain(%a: tensor<6x4xf32>, %b: tensor<6x4xf32>) -> tensor<2x3x4xbf16> {
  %sum = arith.addf %a, %b : tensor<6x4xf32>
  %cast = arith.truncf %sum : tensor<6x4xf32> to tensor<6x4xbf16>
  %rows = tensor.expand_shape %cast [[0, 1], [2]] output_shape [2, 3, 4] : tensor<6x4xbf16> into tensor<2x3x4xbf16>
  return %rows : tensor<2x3x4xbf16>
}

// Splitting channels is left where it is: it does not change the rows.
// CHECK-LABEL: func.func @channels(
// CHECK: arith.addf %{{.*}} : tensor<6x4xf32>
// CHECK: tensor.expand_shape
func.func @channels(%a: tensor<6x4xf32>, %b: tensor<6x4xf32>) -> tensor<6x2x2xf32> {
  %sum = arith.addf %a, %b : tensor<6x4xf32>
  %split = tensor.expand_shape %sum [[0], [1, 2]] output_shape [6, 2, 2] : tensor<6x4xf32> into tensor<6x2x2xf32>
  return %split : tensor<6x2x2xf32>
}

// A reader of the tokens themselves keeps them as they are.
// CHECK-LABEL: func.func @both_shapes(
// CHECK: arith.addf %{{.*}} : tensor<6x4xf32>
// CHECK: tensor.expand_shape
func.func @both_shapes(%a: tensor<6x4xf32>, %b: tensor<6x4xf32>) -> (tensor<6x4xf32>, tensor<2x3x4xf32>) {
  %sum = arith.addf %a, %b : tensor<6x4xf32>
  %rows = tensor.expand_shape %sum [[0, 1], [2]] output_shape [2, 3, 4] : tensor<6x4xf32> into tensor<2x3x4xf32>
  return %sum, %rows : tensor<6x4xf32>, tensor<2x3x4xf32>
}
