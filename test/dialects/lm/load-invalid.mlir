// lm.load: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

lm.global weight @w : tensor<48x64xf32>

func.func @load_c1() {
  // expected-error @+1 {{'lm.load' op expects @nothing to name an lm.global, but got none}}
  %w = lm.load @nothing : tensor<48x64xf32>
  return
}

// -----

lm.global weight @w : tensor<48x64xf32>

func.func @load_c2() {
  // expected-error @+1 {{'lm.load' op expects type 'tensor<48x64xf32>' of @w, but got 'tensor<48x63xf32>'}}
  %w = lm.load @w : tensor<48x63xf32>
  return
}
