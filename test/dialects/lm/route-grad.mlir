// lm.route_grad: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.route_grad %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {normalize = true, scoring = #lm.scoring<sigmoid>, top_k = 3 : i64, weight_scale = 2.500000e+00 : f64} : (tensor<10x8xf32>, tensor<10x3xi32>, tensor<10x3xf32>, tensor<10x8xf32>) -> tensor<10x8xf32>
func.func @example(
    %scores: tensor<10x8xf32>, %indices: tensor<10x3xi32>,
    %dweights: tensor<10x3xf32>, %dscores: tensor<10x8xf32>) {
  %dlogits = lm.route_grad %scores, %indices, %dweights, %dscores
      {normalize = true, scoring = #lm.scoring<sigmoid>, top_k = 3 : i64,
       weight_scale = 2.5 : f64}
      : (tensor<10x8xf32>, tensor<10x3xi32>, tensor<10x3xf32>, tensor<10x8xf32>)
      -> tensor<10x8xf32>
  return
}

// CHECK-LABEL: @variant
// CHECK: %{{.*}} = lm.route_grad %{{.*}}, %{{.*}}, %{{.*}} {normalize = false, scoring = #lm.scoring<softmax>, top_k = 3 : i64, weight_scale = 1.000000e+00 : f64} : (tensor<10x8xf32>, tensor<10x3xi32>, tensor<10x3xf32>) -> tensor<10x8xf32>
func.func @variant(
    %scores: tensor<10x8xf32>, %indices: tensor<10x3xi32>,
    %dweights: tensor<10x3xf32>) {
  %dlogits = lm.route_grad %scores, %indices, %dweights
      {normalize = false, scoring = #lm.scoring<softmax>, top_k = 3 : i64,
       weight_scale = 1.0 : f64}
      : (tensor<10x8xf32>, tensor<10x3xi32>, tensor<10x3xf32>)
      -> tensor<10x8xf32>
  return
}
