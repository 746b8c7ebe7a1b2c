// lm.token_log_prob: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @token_log_prob_c1(
    %logits: tensor<2x5x64xf32>, %targets: tensor<2x4xi32>) {
  // expected-error @+1 {{'lm.token_log_prob' op expects 'logits' of shape [R.. = 2x4, V], but got [2, 5, 64]}}
  %logp, %lse = lm.token_log_prob %logits, %targets
      : (tensor<2x5x64xf32>, tensor<2x4xi32>) -> (tensor<2x5xf32>, tensor<2x5xf32>)
  return
}

// -----

func.func @token_log_prob_c2(
    %logits: tensor<2x5x64xf32>, %targets: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.token_log_prob' op expects 'logp' of shape [R.. = 2x5], but got [2, 4]}}
  %logp, %lse = lm.token_log_prob %logits, %targets
      : (tensor<2x5x64xf32>, tensor<2x5xi32>) -> (tensor<2x4xf32>, tensor<2x5xf32>)
  return
}

// -----

func.func @token_log_prob_c3(
    %logits: tensor<2x5x64xf32>, %targets: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.token_log_prob' op expects 'lse' of shape [R.. = 2x5], but got [10]}}
  %logp, %lse = lm.token_log_prob %logits, %targets
      : (tensor<2x5x64xf32>, tensor<2x5xi32>) -> (tensor<2x5xf32>, tensor<10xf32>)
  return
}
