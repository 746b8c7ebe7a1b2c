// lm.mhc: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @mhc_c1(
    %x: tensor<64xf32>, %fn: tensor<24x256xf32>, %base: tensor<24xf32>,
    %scale: tensor<3xf32>) {
  // expected-error @+1 {{'lm.mhc' op expects 'input' of shape [R.., n, C], but got [64]}}
  %new = lm.mhc %x, %fn, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<64xf32>, tensor<24x256xf32>, tensor<24xf32>, tensor<3xf32>)
      -> tensor<2x5x4x64xf32> {
  ^bb0(%h: tensor<2x5x64xf32>):
    %f = arith.negf %h : tensor<2x5x64xf32>
    lm.yield %f : tensor<2x5x64xf32>
  }
  return
}

// -----

func.func @mhc_c2(
    %x: tensor<2x5x4x64xf32>, %fn: tensor<20x256xf32>, %base: tensor<24xf32>,
    %scale: tensor<3xf32>) {
  // expected-error @+1 {{'lm.mhc' op expects 'fn' of shape [k = 24, nC = 256], but got [20, 256]}}
  %new = lm.mhc %x, %fn, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<20x256xf32>, tensor<24xf32>, tensor<3xf32>)
      -> tensor<2x5x4x64xf32> {
  ^bb0(%h: tensor<2x5x64xf32>):
    %f = arith.negf %h : tensor<2x5x64xf32>
    lm.yield %f : tensor<2x5x64xf32>
  }
  return
}

// -----

func.func @mhc_c3(
    %x: tensor<2x5x4x64xf32>, %fn: tensor<24x256xf32>, %base: tensor<20xf32>,
    %scale: tensor<3xf32>) {
  // expected-error @+1 {{'lm.mhc' op expects 'base' of shape [k = 24], but got [20]}}
  %new = lm.mhc %x, %fn, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<24x256xf32>, tensor<20xf32>, tensor<3xf32>)
      -> tensor<2x5x4x64xf32> {
  ^bb0(%h: tensor<2x5x64xf32>):
    %f = arith.negf %h : tensor<2x5x64xf32>
    lm.yield %f : tensor<2x5x64xf32>
  }
  return
}

// -----

func.func @mhc_c4(
    %x: tensor<2x5x4x64xf32>, %fn: tensor<24x256xf32>, %base: tensor<24xf32>,
    %scale: tensor<1xf32>) {
  // expected-error @+1 {{'lm.mhc' op expects 'scale' of shape [3], but got [1]}}
  %new = lm.mhc %x, %fn, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<24x256xf32>, tensor<24xf32>, tensor<1xf32>)
      -> tensor<2x5x4x64xf32> {
  ^bb0(%h: tensor<2x5x64xf32>):
    %f = arith.negf %h : tensor<2x5x64xf32>
    lm.yield %f : tensor<2x5x64xf32>
  }
  return
}

// -----

func.func @mhc_c5(
    %x: tensor<2x5x4x64xf32>, %fn: tensor<24x256xf32>, %base: tensor<24xf32>,
    %scale: tensor<3xf32>) {
  // expected-error @+1 {{'lm.mhc' op expects 'result' of type 'tensor<2x5x4x64xf32>', the type of 'input', but got 'tensor<2x5x3x64xf32>'}}
  %new = lm.mhc %x, %fn, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<24x256xf32>, tensor<24xf32>, tensor<3xf32>)
      -> tensor<2x5x3x64xf32> {
  ^bb0(%h: tensor<2x5x64xf32>):
    %f = arith.negf %h : tensor<2x5x64xf32>
    lm.yield %f : tensor<2x5x64xf32>
  }
  return
}

// -----

func.func @mhc_c6(
    %x: tensor<2x5x4x64xf32>, %fn: tensor<24x256xf32>, %base: tensor<24xf32>,
    %scale: tensor<3xf32>) {
  // expected-error @+1 {{'lm.mhc' op expects 'body argument' of shape [R.. = 2x5, C = 64], but got [2, 5, 63]}}
  %new = lm.mhc %x, %fn, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<24x256xf32>, tensor<24xf32>, tensor<3xf32>)
      -> tensor<2x5x4x64xf32> {
  ^bb0(%h: tensor<2x5x63xf32>):
    %f = arith.negf %h : tensor<2x5x63xf32>
    lm.yield %f : tensor<2x5x63xf32>
  }
  return
}

// -----

func.func @mhc_c7(
    %x: tensor<2x5x4x64xf32>, %fn: tensor<24x256xf32>, %base: tensor<24xf32>,
    %scale: tensor<3xf32>) {
  // expected-error @+1 {{'lm.mhc' op expects a body that yields 'tensor<2x5x64xf32>' first, but got (tensor<2x5x4x64xf32>)}}
  %new = lm.mhc %x, %fn, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<24x256xf32>, tensor<24xf32>, tensor<3xf32>)
      -> tensor<2x5x4x64xf32> {
  ^bb0(%h: tensor<2x5x64xf32>):
    %f = arith.negf %h : tensor<2x5x64xf32>
    lm.yield %x : tensor<2x5x4x64xf32>
  }
  return
}

// -----

func.func @mhc_c8(
    %x: tensor<2x5x4x64xf32>, %fn: tensor<24x256xf32>, %base: tensor<24xf32>,
    %scale: tensor<3xf32>) {
  // expected-error @+1 {{'lm.mhc' op expects a body that yields () after its output, but got (tensor<2x5x64xf32>)}}
  %new = lm.mhc %x, %fn, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<24x256xf32>, tensor<24xf32>, tensor<3xf32>)
      -> tensor<2x5x4x64xf32> {
  ^bb0(%h: tensor<2x5x64xf32>):
    %f = arith.negf %h : tensor<2x5x64xf32>
    lm.yield %f, %h : tensor<2x5x64xf32>, tensor<2x5x64xf32>
  }
  return
}

// -----

func.func @mhc_c9(
    %x: tensor<2x5x4x64xf32>, %fn: tensor<24x256xf32>, %base: tensor<24xf32>,
    %scale: tensor<3xf32>) {
  // expected-error @+1 {{'lm.mhc' op expects 'iterations' to be at least 1, but got 0}}
  %new = lm.mhc %x, %fn, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 0 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<24x256xf32>, tensor<24xf32>, tensor<3xf32>)
      -> tensor<2x5x4x64xf32> {
  ^bb0(%h: tensor<2x5x64xf32>):
    %f = arith.negf %h : tensor<2x5x64xf32>
    lm.yield %f : tensor<2x5x64xf32>
  }
  return
}

// -----

func.func @mhc_c10(
    %x: tensor<2x5x4x64xf32>, %fn: tensor<24x256xf32>, %base: tensor<24xf32>,
    %scale: tensor<3xf32>) {
  // expected-error @+1 {{'lm.mhc' op expects 'epsilon' to be 0 or greater, but got -1}}
  %new = lm.mhc %x, %fn, %base, %scale
      {epsilon = -1.0, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<24x256xf32>, tensor<24xf32>, tensor<3xf32>)
      -> tensor<2x5x4x64xf32> {
  ^bb0(%h: tensor<2x5x64xf32>):
    %f = arith.negf %h : tensor<2x5x64xf32>
    lm.yield %f : tensor<2x5x64xf32>
  }
  return
}

// -----

func.func @mhc_c11(
    %x: tensor<2x5x4x64xf32>, %fn: tensor<24x256xf32>, %base: tensor<24xf32>,
    %scale: tensor<3xf32>) {
  // expected-error @+1 {{'lm.mhc' op expects 'norm_epsilon' to be greater than 0, but got 0}}
  %new = lm.mhc %x, %fn, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 0.0}
      : (tensor<2x5x4x64xf32>, tensor<24x256xf32>, tensor<24xf32>, tensor<3xf32>)
      -> tensor<2x5x4x64xf32> {
  ^bb0(%h: tensor<2x5x64xf32>):
    %f = arith.negf %h : tensor<2x5x64xf32>
    lm.yield %f : tensor<2x5x64xf32>
  }
  return
}
