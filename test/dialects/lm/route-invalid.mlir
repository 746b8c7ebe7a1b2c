// lm.route: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @route_c1(
    %logits: tensor<2x5x8xf32>, %bias: tensor<8xf32>,
    %positions: tensor<10xi32>) {
  // expected-error @+1 {{'lm.route' op expects 'logits' of shape [T, E], but got [2, 5, 8]}}
  %indices, %weights, %scores = lm.route %logits bias(%bias)
      positions(%positions)
      {group_score = #lm.group_score<top2>, groups = 4 : i64,
       normalize = true, scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64,
       top_k = 3 : i64, weight_scale = 2.5 : f64}
      : (tensor<2x5x8xf32>, tensor<8xf32>, tensor<10xi32>)
      -> (tensor<10x3xi32>, tensor<10x3xf32>, tensor<10x8xf32>)
  return
}

// -----

func.func @route_c2(
    %logits: tensor<10x8xf32>, %bias: tensor<7xf32>,
    %positions: tensor<10xi32>) {
  // expected-error @+1 {{'lm.route' op expects 'bias' of shape [E = 8], but got [7]}}
  %indices, %weights, %scores = lm.route %logits bias(%bias)
      positions(%positions)
      {group_score = #lm.group_score<top2>, groups = 4 : i64,
       normalize = true, scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64,
       top_k = 3 : i64, weight_scale = 2.5 : f64}
      : (tensor<10x8xf32>, tensor<7xf32>, tensor<10xi32>)
      -> (tensor<10x3xi32>, tensor<10x3xf32>, tensor<10x8xf32>)
  return
}

// -----

func.func @route_c3(
    %logits: tensor<10x8xf32>, %bias: tensor<8xf32>,
    %positions: tensor<9xi32>) {
  // expected-error @+1 {{'lm.route' op expects 'positions' of shape [T = 10], but got [9]}}
  %indices, %weights, %scores = lm.route %logits bias(%bias)
      positions(%positions)
      {group_score = #lm.group_score<top2>, groups = 4 : i64,
       normalize = true, scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64,
       top_k = 3 : i64, weight_scale = 2.5 : f64}
      : (tensor<10x8xf32>, tensor<8xf32>, tensor<9xi32>)
      -> (tensor<10x3xi32>, tensor<10x3xf32>, tensor<10x8xf32>)
  return
}

// -----

func.func @route_c4(
    %logits: tensor<10x8xf32>, %bias: tensor<8xf32>,
    %positions: tensor<10xi32>) {
  // expected-error @+1 {{'lm.route' op expects 'top_k' to be at least 1, but got 0}}
  %indices, %weights, %scores = lm.route %logits bias(%bias)
      positions(%positions)
      {group_score = #lm.group_score<top2>, groups = 4 : i64,
       normalize = true, scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64,
       top_k = 0 : i64, weight_scale = 2.5 : f64}
      : (tensor<10x8xf32>, tensor<8xf32>, tensor<10xi32>)
      -> (tensor<10x3xi32>, tensor<10x3xf32>, tensor<10x8xf32>)
  return
}

// -----

func.func @route_c5(
    %logits: tensor<10x8xf32>, %bias: tensor<8xf32>,
    %positions: tensor<10xi32>) {
  // expected-error @+1 {{'lm.route' op expects 'indices' of shape [T = 10, K = 3], but got [10, 2]}}
  %indices, %weights, %scores = lm.route %logits bias(%bias)
      positions(%positions)
      {group_score = #lm.group_score<top2>, groups = 4 : i64,
       normalize = true, scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64,
       top_k = 3 : i64, weight_scale = 2.5 : f64}
      : (tensor<10x8xf32>, tensor<8xf32>, tensor<10xi32>)
      -> (tensor<10x2xi32>, tensor<10x3xf32>, tensor<10x8xf32>)
  return
}

// -----

func.func @route_c6(
    %logits: tensor<10x8xf32>, %bias: tensor<8xf32>,
    %positions: tensor<10xi32>) {
  // expected-error @+1 {{'lm.route' op expects 'weights' of shape [T = 10, K = 3], but got [10, 4]}}
  %indices, %weights, %scores = lm.route %logits bias(%bias)
      positions(%positions)
      {group_score = #lm.group_score<top2>, groups = 4 : i64,
       normalize = true, scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64,
       top_k = 3 : i64, weight_scale = 2.5 : f64}
      : (tensor<10x8xf32>, tensor<8xf32>, tensor<10xi32>)
      -> (tensor<10x3xi32>, tensor<10x4xf32>, tensor<10x8xf32>)
  return
}

// -----

func.func @route_c7(
    %logits: tensor<10x8xf32>, %bias: tensor<8xf32>,
    %positions: tensor<10xi32>) {
  // expected-error @+1 {{'lm.route' op expects 'scores' of shape [T = 10, E = 8], but got [10, 7]}}
  %indices, %weights, %scores = lm.route %logits bias(%bias)
      positions(%positions)
      {group_score = #lm.group_score<top2>, groups = 4 : i64,
       normalize = true, scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64,
       top_k = 3 : i64, weight_scale = 2.5 : f64}
      : (tensor<10x8xf32>, tensor<8xf32>, tensor<10xi32>)
      -> (tensor<10x3xi32>, tensor<10x3xf32>, tensor<10x7xf32>)
  return
}

// -----

func.func @route_c8(
    %logits: tensor<10x8xf32>, %bias: tensor<8xf32>,
    %positions: tensor<10xi32>) {
  // expected-error @+1 {{'lm.route' op expects 'E' to be a multiple of 3, groups of one size, but got 8}}
  %indices, %weights, %scores = lm.route %logits bias(%bias)
      positions(%positions)
      {group_score = #lm.group_score<top2>, groups = 3 : i64,
       normalize = true, scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64,
       top_k = 3 : i64, weight_scale = 2.5 : f64}
      : (tensor<10x8xf32>, tensor<8xf32>, tensor<10xi32>)
      -> (tensor<10x3xi32>, tensor<10x3xf32>, tensor<10x8xf32>)
  return
}

// -----

func.func @route_c9(
    %logits: tensor<10x8xf32>, %bias: tensor<8xf32>,
    %positions: tensor<10xi32>) {
  // expected-error @+1 {{'lm.route' op expects 'top_groups' to be at least 1, but got 0}}
  %indices, %weights, %scores = lm.route %logits bias(%bias)
      positions(%positions)
      {group_score = #lm.group_score<top2>, groups = 4 : i64,
       normalize = true, scoring = #lm.scoring<sigmoid>, top_groups = 0 : i64,
       top_k = 3 : i64, weight_scale = 2.5 : f64}
      : (tensor<10x8xf32>, tensor<8xf32>, tensor<10xi32>)
      -> (tensor<10x3xi32>, tensor<10x3xf32>, tensor<10x8xf32>)
  return
}

// -----

func.func @route_c10(
    %logits: tensor<10x8xf32>, %bias: tensor<8xf32>,
    %positions: tensor<10xi32>) {
  // expected-error @+1 {{'lm.route' op expects 'top_groups' to be at most 4, the groups, but got 5}}
  %indices, %weights, %scores = lm.route %logits bias(%bias)
      positions(%positions)
      {group_score = #lm.group_score<top2>, groups = 4 : i64,
       normalize = true, scoring = #lm.scoring<sigmoid>, top_groups = 5 : i64,
       top_k = 3 : i64, weight_scale = 2.5 : f64}
      : (tensor<10x8xf32>, tensor<8xf32>, tensor<10xi32>)
      -> (tensor<10x3xi32>, tensor<10x3xf32>, tensor<10x8xf32>)
  return
}

// -----

func.func @route_c11(
    %logits: tensor<10x8xf32>, %bias: tensor<8xf32>,
    %positions: tensor<10xi32>) {
  // expected-error @+1 {{'lm.route' op expects 'top_k' to be at most 4, the experts of the groups that stay, but got 5}}
  %indices, %weights, %scores = lm.route %logits bias(%bias)
      positions(%positions)
      {group_score = #lm.group_score<top2>, groups = 4 : i64,
       normalize = true, scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64,
       top_k = 5 : i64, weight_scale = 2.5 : f64}
      : (tensor<10x8xf32>, tensor<8xf32>, tensor<10xi32>)
      -> (tensor<10x5xi32>, tensor<10x5xf32>, tensor<10x8xf32>)
  return
}

// -----

func.func @route_c12(
    %logits: tensor<10x8xf32>, %bias: tensor<8xf32>,
    %positions: tensor<10xi32>) {
  // expected-error @+1 {{'lm.route' op expects 'weight_scale' to be greater than 0, but got 0}}
  %indices, %weights, %scores = lm.route %logits bias(%bias)
      positions(%positions)
      {group_score = #lm.group_score<top2>, groups = 4 : i64,
       normalize = true, scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64,
       top_k = 3 : i64, weight_scale = 0.0 : f64}
      : (tensor<10x8xf32>, tensor<8xf32>, tensor<10xi32>)
      -> (tensor<10x3xi32>, tensor<10x3xf32>, tensor<10x8xf32>)
  return
}
