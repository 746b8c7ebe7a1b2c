// lm.adamw: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @adamw_c1(
    %p: tensor<48x64xf32>, %g: tensor<48x63xf32>, %m: tensor<48x64xf32>,
    %v: tensor<48x64xf32>, %norm: tensor<1xf32>, %hyper: tensor<16xf32>) {
  // expected-error @+1 {{'lm.adamw' op expects 'gradient' of shape [R.. = 48x64], but got [48, 63]}}
  %p1, %m1, %v1 = lm.adamw %p, %g, %m, %v, %norm, %hyper
      : (tensor<48x64xf32>, tensor<48x63xf32>, tensor<48x64xf32>,
         tensor<48x64xf32>, tensor<1xf32>, tensor<16xf32>)
      -> (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x64xf32>)
  return
}

// -----

func.func @adamw_c2(
    %p: tensor<48x64xf32>, %g: tensor<48x64xf32>, %m: tensor<48x64xf32>,
    %v: tensor<48x64xf32>, %norm: tensor<2xf32>, %hyper: tensor<16xf32>) {
  // expected-error @+1 {{'lm.adamw' op expects 'norm' of shape [1], but got [2]}}
  %p1, %m1, %v1 = lm.adamw %p, %g, %m, %v, %norm, %hyper
      : (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x64xf32>,
         tensor<48x64xf32>, tensor<2xf32>, tensor<16xf32>)
      -> (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x64xf32>)
  return
}

// -----

func.func @adamw_c3(
    %p: tensor<48x64xf32>, %g: tensor<48x64xf32>, %m: tensor<48x64xf32>,
    %v: tensor<48x64xf32>, %norm: tensor<1xf32>, %hyper: tensor<8xf32>) {
  // expected-error @+1 {{'lm.adamw' op expects 'hyper' of shape [16], but got [8]}}
  %p1, %m1, %v1 = lm.adamw %p, %g, %m, %v, %norm, %hyper
      : (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x64xf32>,
         tensor<48x64xf32>, tensor<1xf32>, tensor<8xf32>)
      -> (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x64xf32>)
  return
}

// -----

func.func @adamw_c4(
    %p: tensor<48x64xf32>, %g: tensor<48x64xf32>, %m: tensor<48x63xf32>,
    %v: tensor<48x64xf32>, %norm: tensor<1xf32>, %hyper: tensor<16xf32>) {
  // expected-error @+1 {{'lm.adamw' op expects 'm' of type 'tensor<48x64xf32>', the type of 'parameter', but got 'tensor<48x63xf32>'}}
  %p1, %m1, %v1 = lm.adamw %p, %g, %m, %v, %norm, %hyper
      : (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x63xf32>,
         tensor<48x64xf32>, tensor<1xf32>, tensor<16xf32>)
      -> (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x64xf32>)
  return
}

// -----

func.func @adamw_c5(
    %p: tensor<48x64xf32>, %g: tensor<48x64xf32>, %m: tensor<48x64xf32>,
    %v: tensor<48x63xf32>, %norm: tensor<1xf32>, %hyper: tensor<16xf32>) {
  // expected-error @+1 {{'lm.adamw' op expects 'v' of type 'tensor<48x64xf32>', the type of 'parameter', but got 'tensor<48x63xf32>'}}
  %p1, %m1, %v1 = lm.adamw %p, %g, %m, %v, %norm, %hyper
      : (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x64xf32>,
         tensor<48x63xf32>, tensor<1xf32>, tensor<16xf32>)
      -> (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x64xf32>)
  return
}

// -----

func.func @adamw_c6(
    %p: tensor<48x64xf32>, %g: tensor<48x64xf32>, %m: tensor<48x64xf32>,
    %v: tensor<48x64xf32>, %norm: tensor<1xf32>, %hyper: tensor<16xf32>) {
  // expected-error @+1 {{'lm.adamw' op expects 'new_parameter' of type 'tensor<48x64xf32>', the type of 'parameter', but got 'tensor<48x63xf32>'}}
  %p1, %m1, %v1 = lm.adamw %p, %g, %m, %v, %norm, %hyper
      : (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x64xf32>,
         tensor<48x64xf32>, tensor<1xf32>, tensor<16xf32>)
      -> (tensor<48x63xf32>, tensor<48x64xf32>, tensor<48x64xf32>)
  return
}

// -----

func.func @adamw_c7(
    %p: tensor<48x64xf32>, %g: tensor<48x64xf32>, %m: tensor<48x64xf32>,
    %v: tensor<48x64xf32>, %norm: tensor<1xf32>, %hyper: tensor<16xf32>) {
  // expected-error @+1 {{'lm.adamw' op expects 'new_m' of type 'tensor<48x64xf32>', the type of 'parameter', but got 'tensor<48x63xf32>'}}
  %p1, %m1, %v1 = lm.adamw %p, %g, %m, %v, %norm, %hyper
      : (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x64xf32>,
         tensor<48x64xf32>, tensor<1xf32>, tensor<16xf32>)
      -> (tensor<48x64xf32>, tensor<48x63xf32>, tensor<48x64xf32>)
  return
}

// -----

func.func @adamw_c8(
    %p: tensor<48x64xf32>, %g: tensor<48x64xf32>, %m: tensor<48x64xf32>,
    %v: tensor<48x64xf32>, %norm: tensor<1xf32>, %hyper: tensor<16xf32>) {
  // expected-error @+1 {{'lm.adamw' op expects 'new_v' of type 'tensor<48x64xf32>', the type of 'parameter', but got 'tensor<48x63xf32>'}}
  %p1, %m1, %v1 = lm.adamw %p, %g, %m, %v, %norm, %hyper
      : (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x64xf32>,
         tensor<48x64xf32>, tensor<1xf32>, tensor<16xf32>)
      -> (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x63xf32>)
  return
}
