// lm.store: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

lm.global weight @w : tensor<48x64xf32>

func.func @store_c1(%new: tensor<48x64xf32>) {
  // expected-error @+1 {{'lm.store' op expects @nothing to name an lm.global, but got none}}
  lm.store %new, @nothing : tensor<48x64xf32>
  return
}

// -----

lm.global weight @w : tensor<48x64xf32>

func.func @store_c2(%new: tensor<48x63xf32>) {
  // expected-error @+1 {{'lm.store' op expects type 'tensor<48x64xf32>' of @w, but got 'tensor<48x63xf32>'}}
  lm.store %new, @w : tensor<48x63xf32>
  return
}
