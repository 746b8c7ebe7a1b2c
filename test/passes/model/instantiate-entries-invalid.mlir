// RUN: tresse-opt %s --split-input-file --verify-diagnostics --tresse-instantiate-entries="entries=logits"

// expected-error @below {{expects one function marked 'lm.forward' with arguments tokens and positions, but got none}}
module {
  func.func @f(%x: tensor<?x?xi32>) { return }
}

// -----

// expected-error @below {{expects one function marked 'lm.forward' with arguments tokens and positions, but got other arguments}}
module {
  func.func @f(%x: tensor<?x?xi32>) attributes {lm.forward} { return }
}
