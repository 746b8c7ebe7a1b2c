// lm.moe: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} = lm.moe %{{.*}}, %{{.*}} gate(%{{.*}}, %{{.*}}) experts(%{{.*}}, %{{.*}}) shared(%{{.*}}, %{{.*}}) {balance_form = #lm.balance_form<unbiased>, balance_normalize = true, group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true, scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64, weight_scale = 2.500000e+00 : f64} : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>, tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>, tensor<32x20xf32>) -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x3xi32>)
func.func @example(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x20xf32>) {
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x3xi32>)
  return
}

// CHECK-LABEL: @variant
// CHECK: %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} = lm.moe %{{.*}}, %{{.*}} gate(%{{.*}}) experts(%{{.*}}, %{{.*}}) {balance_form = #lm.balance_form<chosen>, balance_normalize = false, group_score = #lm.group_score<max>, groups = 1 : i64, normalize = false, scoring = #lm.scoring<softmax>, top_groups = 1 : i64, top_k = 2 : i64, weight_scale = 1.000000e+00 : f64} : (tensor<?x?x32xbf16>, tensor<?x?xi32>, tensor<8x32xf32>, tensor<8x28x32xbf16>, tensor<8x32x14xbf16>) -> (tensor<?x?x32xbf16>, tensor<1xf32>, tensor<8xi32>, tensor<?x2xi32>)
func.func @variant(
    %x: tensor<?x?x32xbf16>, %positions: tensor<?x?xi32>,
    %gate: tensor<8x32xf32>, %gate_up: tensor<8x28x32xbf16>,
    %down: tensor<8x32x14xbf16>) {
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate)
      experts(%gate_up, %down)
      {balance_form = #lm.balance_form<chosen>, balance_normalize = false,
       group_score = #lm.group_score<max>, groups = 1 : i64, normalize = false,
       scoring = #lm.scoring<softmax>, top_groups = 1 : i64, top_k = 2 : i64,
       weight_scale = 1.0}
      : (tensor<?x?x32xbf16>, tensor<?x?xi32>, tensor<8x32xf32>,
         tensor<8x28x32xbf16>, tensor<8x32x14xbf16>)
      -> (tensor<?x?x32xbf16>, tensor<1xf32>, tensor<8xi32>, tensor<?x2xi32>)
  return
}

// The three losses of DeepSeek-V2, counted over the batch.
// CHECK-LABEL: @levels
// CHECK: lm.moe {{.*}} {balance_batch, balance_form = {{.*}} -> (tensor<?x?x32xbf16>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<8xi32>, tensor<?x2xi32>)
func.func @levels(
    %x: tensor<?x?x32xbf16>, %positions: tensor<?x?xi32>,
    %gate: tensor<8x32xf32>, %gate_up: tensor<8x28x32xbf16>,
    %down: tensor<8x32x14xbf16>) {
  %y, %balance:3, %load, %indices = lm.moe %x, %positions gate(%gate)
      experts(%gate_up, %down)
      {balance_batch, balance_form = #lm.balance_form<chosen>,
       balance_normalize = false, group_score = #lm.group_score<max>,
       groups = 4 : i64, normalize = false, scoring = #lm.scoring<softmax>,
       top_groups = 2 : i64, top_k = 2 : i64, weight_scale = 1.0}
      : (tensor<?x?x32xbf16>, tensor<?x?xi32>, tensor<8x32xf32>,
         tensor<8x28x32xbf16>, tensor<8x32x14xbf16>)
      -> (tensor<?x?x32xbf16>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>,
          tensor<8xi32>, tensor<?x2xi32>)
  return
}
