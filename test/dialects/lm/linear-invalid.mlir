// lm.linear: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @linear_c1(%x: tensor<f32>, %w: tensor<48x64xf32>) {
  // expected-error @+1 {{'lm.linear' op expects 'input' of shape [R.., in], but got []}}
  %y = lm.linear %x, %w
      : (tensor<f32>, tensor<48x64xf32>) -> tensor<2x5x48xf32>
  return
}

// -----

func.func @linear_c2(%x: tensor<2x5x64xf32>, %w: tensor<48x63xf32>) {
  // expected-error @+1 {{'lm.linear' op expects 'weight' of shape [out, in = 64], but got [48, 63]}}
  %y = lm.linear %x, %w
      : (tensor<2x5x64xf32>, tensor<48x63xf32>) -> tensor<2x5x48xf32>
  return
}

// -----

func.func @linear_c3(%x: tensor<2x5x64xf32>, %w: tensor<48x64xf32>) {
  // expected-error @+1 {{'lm.linear' op expects 'result' of shape [R.. = 2x5, out = 48], but got [2, 5, 47]}}
  %y = lm.linear %x, %w
      : (tensor<2x5x64xf32>, tensor<48x64xf32>) -> tensor<2x5x47xf32>
  return
}
