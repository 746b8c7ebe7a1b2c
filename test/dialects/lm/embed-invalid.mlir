// lm.embed: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @embed_c1(%tokens: tensor<2x5xi32>, %table: tensor<64xf32>) {
  // expected-error @+1 {{'lm.embed' op expects 'table' of shape [V, d], but got [64]}}
  %e = lm.embed %tokens, %table
      : (tensor<2x5xi32>, tensor<64xf32>) -> tensor<2x5x32xf32>
  return
}

// -----

func.func @embed_c2(%tokens: tensor<2x5xi32>, %table: tensor<64x32xf32>) {
  // expected-error @+1 {{'lm.embed' op expects 'result' of shape [R.. = 2x5, d = 32], but got [2, 5, 30]}}
  %e = lm.embed %tokens, %table
      : (tensor<2x5xi32>, tensor<64x32xf32>) -> tensor<2x5x30xf32>
  return
}
