// lm.route_grad: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @route_grad_c1(
    %scores: tensor<2x5x8xf32>, %indices: tensor<10x3xi32>,
    %dweights: tensor<10x3xf32>, %dscores: tensor<10x8xf32>) {
  // expected-error @+1 {{'lm.route_grad' op expects 'scores' of shape [T, E], but got [2, 5, 8]}}
  %dlogits = lm.route_grad %scores, %indices, %dweights, %dscores
      {normalize = true, scoring = #lm.scoring<sigmoid>, top_k = 3 : i64,
       weight_scale = 2.5 : f64}
      : (tensor<2x5x8xf32>, tensor<10x3xi32>, tensor<10x3xf32>, tensor<10x8xf32>)
      -> tensor<10x8xf32>
  return
}

// -----

func.func @route_grad_c2(
    %scores: tensor<10x8xf32>, %indices: tensor<10x3xi32>,
    %dweights: tensor<10x3xf32>, %dscores: tensor<10x8xf32>) {
  // expected-error @+1 {{'lm.route_grad' op expects 'top_k' to be at least 1, but got 0}}
  %dlogits = lm.route_grad %scores, %indices, %dweights, %dscores
      {normalize = true, scoring = #lm.scoring<sigmoid>, top_k = 0 : i64,
       weight_scale = 2.5 : f64}
      : (tensor<10x8xf32>, tensor<10x3xi32>, tensor<10x3xf32>, tensor<10x8xf32>)
      -> tensor<10x8xf32>
  return
}

// -----

func.func @route_grad_c3(
    %scores: tensor<10x8xf32>, %indices: tensor<10x2xi32>,
    %dweights: tensor<10x3xf32>, %dscores: tensor<10x8xf32>) {
  // expected-error @+1 {{'lm.route_grad' op expects 'indices' of shape [T = 10, K = 3], but got [10, 2]}}
  %dlogits = lm.route_grad %scores, %indices, %dweights, %dscores
      {normalize = true, scoring = #lm.scoring<sigmoid>, top_k = 3 : i64,
       weight_scale = 2.5 : f64}
      : (tensor<10x8xf32>, tensor<10x2xi32>, tensor<10x3xf32>, tensor<10x8xf32>)
      -> tensor<10x8xf32>
  return
}

// -----

func.func @route_grad_c4(
    %scores: tensor<10x8xf32>, %indices: tensor<10x3xi32>,
    %dweights: tensor<9x3xf32>, %dscores: tensor<10x8xf32>) {
  // expected-error @+1 {{'lm.route_grad' op expects 'dweights' of shape [T = 10, K = 3], but got [9, 3]}}
  %dlogits = lm.route_grad %scores, %indices, %dweights, %dscores
      {normalize = true, scoring = #lm.scoring<sigmoid>, top_k = 3 : i64,
       weight_scale = 2.5 : f64}
      : (tensor<10x8xf32>, tensor<10x3xi32>, tensor<9x3xf32>, tensor<10x8xf32>)
      -> tensor<10x8xf32>
  return
}

// -----

func.func @route_grad_c5(
    %scores: tensor<10x8xf32>, %indices: tensor<10x3xi32>,
    %dweights: tensor<10x3xf32>, %dscores: tensor<10x7xf32>) {
  // expected-error @+1 {{'lm.route_grad' op expects 'dscores' of shape [T = 10, E = 8], but got [10, 7]}}
  %dlogits = lm.route_grad %scores, %indices, %dweights, %dscores
      {normalize = true, scoring = #lm.scoring<sigmoid>, top_k = 3 : i64,
       weight_scale = 2.5 : f64}
      : (tensor<10x8xf32>, tensor<10x3xi32>, tensor<10x3xf32>, tensor<10x7xf32>)
      -> tensor<10x8xf32>
  return
}

// -----

func.func @route_grad_c6(
    %scores: tensor<10x8xf32>, %indices: tensor<10x3xi32>,
    %dweights: tensor<10x3xf32>, %dscores: tensor<10x8xf32>) {
  // expected-error @+1 {{'lm.route_grad' op expects 'dlogits' of shape [T = 10, E = 8], but got [10, 9]}}
  %dlogits = lm.route_grad %scores, %indices, %dweights, %dscores
      {normalize = true, scoring = #lm.scoring<sigmoid>, top_k = 3 : i64,
       weight_scale = 2.5 : f64}
      : (tensor<10x8xf32>, tensor<10x3xi32>, tensor<10x3xf32>, tensor<10x8xf32>)
      -> tensor<10x9xf32>
  return
}

// -----

func.func @route_grad_c7(
    %scores: tensor<10x8xf32>, %indices: tensor<10x3xi32>,
    %dweights: tensor<10x3xf32>, %dscores: tensor<10x8xf32>) {
  // expected-error @+1 {{'lm.route_grad' op expects 'weight_scale' to be greater than 0, but got -2.5}}
  %dlogits = lm.route_grad %scores, %indices, %dweights, %dscores
      {normalize = true, scoring = #lm.scoring<sigmoid>, top_k = 3 : i64,
       weight_scale = -2.5 : f64}
      : (tensor<10x8xf32>, tensor<10x3xi32>, tensor<10x3xf32>, tensor<10x8xf32>)
      -> tensor<10x8xf32>
  return
}
