// lm.moe: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @moe_c1(
    %x: tensor<5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'input' of shape [B, S, d], but got [5, 32]}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64,
       weight_scale = 2.5}
      : (tensor<5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x3xi32>)
  return
}

// -----

func.func @moe_c2(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x4xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'positions' of shape [B = 2, S = 5], but got [2, 4]}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x4xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x3xi32>)
  return
}

// -----

func.func @moe_c3(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x31xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'gate' of shape [E, d = 32], but got [8, 31]}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x31xf32>, tensor<8xf32>,
         tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x3xi32>)
  return
}

// -----

func.func @moe_c4(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<7xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'bias' of shape [E = 8], but got [7]}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<7xf32>,
         tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x3xi32>)
  return
}

// -----

func.func @moe_c5(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<7x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'gate_up' of shape [E = 8, W, d = 32], but got [7, 28, 32]}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<7x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x3xi32>)
  return
}

// -----

func.func @moe_c6(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x27x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'W' to be a multiple of 2, the gate and the up projection, but got 27}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<8x27x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x3xi32>)
  return
}

// -----

func.func @moe_c7(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x13xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'down' of shape [E = 8, d = 32, I = 14], but got [8, 32, 13]}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<8x28x32xf32>, tensor<8x32x13xf32>, tensor<40x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x3xi32>)
  return
}

// -----

func.func @moe_c8(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x31xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'shared_gate_up' of shape [V, d = 32], but got [40, 31]}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x31xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x3xi32>)
  return
}

// -----

func.func @moe_c9(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<41x32xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'V' to be a multiple of 2, the gate and the up projection, but got 41}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<41x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x3xi32>)
  return
}

// -----

func.func @moe_c10(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x40xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'shared_down' of shape [d = 32, J = 20], but got [32, 40]}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
         tensor<32x40xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x3xi32>)
  return
}

// -----

func.func @moe_c11(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'top_k' to be at least 1, but got 0}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 0 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x3xi32>)
  return
}

// -----

func.func @moe_c12(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'E' to be a multiple of 3, groups of one size, but got 8}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 3 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x3xi32>)
  return
}

// -----

func.func @moe_c13(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'top_groups' to be at least 1, but got 0}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 0 : i64, top_k = 3 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x3xi32>)
  return
}

// -----

func.func @moe_c14(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'top_groups' to be at most 4, the groups, but got 5}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 5 : i64, top_k = 3 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x3xi32>)
  return
}

// -----

func.func @moe_c15(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'top_k' to be at most 4, the experts of the groups that stay, but got 5}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 5 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x3xi32>)
  return
}

// -----

func.func @moe_c16(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'weight_scale' to be greater than 0, but got 0}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64,
       weight_scale = 0.0}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x3xi32>)
  return
}

// -----

func.func @moe_c17(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'result' of shape [B = 2, S = 5, d = 32], but got [2, 5, 31]}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x31xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x3xi32>)
  return
}

// -----

func.func @moe_c18(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'balance' of shape [1], but got [2]}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<2xf32>, tensor<8xi32>, tensor<10x3xi32>)
  return
}

// -----

func.func @moe_c19(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'load' of shape [E = 8], but got [7]}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<7xi32>, tensor<10x3xi32>)
  return
}

// -----

func.func @moe_c20(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'indices' of shape [T, K = 3], but got [10, 2]}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x2xi32>)
  return
}

// -----

func.func @moe_c21(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 'T' to be 10, batch times sequence, but got 9}}
  %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<9x3xi32>)
  return
}

// -----

func.func @moe_c22(
    %x: tensor<2x5x32xf32>, %positions: tensor<2x5xi32>,
    %gate: tensor<8x32xf32>, %bias: tensor<8xf32>,
    %gate_up: tensor<8x28x32xf32>, %down: tensor<8x32x14xf32>,
    %shared_gate_up: tensor<40x32xf32>, %shared_down: tensor<32x20xf32>) {
  // expected-error @+1 {{'lm.moe' op expects 1 or 3 'balance' results, but got 2}}
  %y, %balance:2, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
      experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
      {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
       group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
       scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64,
       weight_scale = 2.5}
      : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
         tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
         tensor<32x20xf32>)
      -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<1xf32>, tensor<8xi32>,
          tensor<10x3xi32>)
  return
}
