// lm.route: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}}, %{{.*}}, %{{.*}} = lm.route %{{.*}} bias(%{{.*}}) positions(%{{.*}}) {group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true, scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64, weight_scale = 2.500000e+00 : f64} : (tensor<10x8xf32>, tensor<8xf32>, tensor<10xi32>) -> (tensor<10x3xi32>, tensor<10x3xf32>, tensor<10x8xf32>)
func.func @example(
    %logits: tensor<10x8xf32>, %bias: tensor<8xf32>,
    %positions: tensor<10xi32>) {
  %indices, %weights, %scores = lm.route %logits bias(%bias)
      positions(%positions)
      {group_score = #lm.group_score<top2>, groups = 4 : i64,
       normalize = true, scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64,
       top_k = 3 : i64, weight_scale = 2.5 : f64}
      : (tensor<10x8xf32>, tensor<8xf32>, tensor<10xi32>)
      -> (tensor<10x3xi32>, tensor<10x3xf32>, tensor<10x8xf32>)
  return
}

// CHECK-LABEL: @variant
// CHECK: %{{.*}}, %{{.*}}, %{{.*}} = lm.route %{{.*}} {group_score = #lm.group_score<max>, groups = 1 : i64, normalize = false, scoring = #lm.scoring<softmax>, top_groups = 1 : i64, top_k = 2 : i64, weight_scale = 1.000000e+00 : f64} : (tensor<?x8xf32>) -> (tensor<?x2xi32>, tensor<?x2xf32>, tensor<?x8xf32>)
func.func @variant(%logits: tensor<?x8xf32>) {
  %indices, %weights, %scores = lm.route %logits
      {group_score = #lm.group_score<max>, groups = 1 : i64,
       normalize = false, scoring = #lm.scoring<softmax>, top_groups = 1 : i64,
       top_k = 2 : i64, weight_scale = 1.0 : f64}
      : (tensor<?x8xf32>) -> (tensor<?x2xi32>, tensor<?x2xf32>, tensor<?x8xf32>)
  return
}
