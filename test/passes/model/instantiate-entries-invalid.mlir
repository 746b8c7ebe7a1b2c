// RUN: not tresse-opt %s --split-input-file --tresse-instantiate-entries="entries=logits" 2>&1 | FileCheck %s

// CHECK: error: expects one function marked 'lm.forward', but got none
module {
  func.func @f(%x: tensor<?x?xi32>) { return }
}

// -----

module {
  // CHECK: :[[#@LINE+1]]:3: error: expects the function marked 'lm.forward' to have 2 arguments, tokens and positions, but got 1
  func.func @f(%x: tensor<?x?xi32>) attributes {lm.forward} { return }
}
