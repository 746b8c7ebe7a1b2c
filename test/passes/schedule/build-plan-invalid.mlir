// RUN: tresse-opt %s --split-input-file --verify-diagnostics --tresse-build-plan

// A global is never copied.
lm.global weight @a : tensor<8xf32>
lm.global weight @b : tensor<8xf32>
func.func @prepare() attributes {lm.entry = "prepare"} {
  %0 = lm.load @a : tensor<8xf32>
  // expected-error @+1 {{expects a value that is not another global's, but got that of 'a': a global is never copied}}
  lm.store %0, @b : tensor<8xf32>
  return
}

// -----

// Nor is a part of one.
lm.global weight @a : tensor<2x8xf32>
lm.global weight @b : tensor<2x4xf32>
func.func @prepare() attributes {lm.entry = "prepare"} {
  %0 = lm.load @a : tensor<2x8xf32>
  %1:2 = lm.split %0 : (tensor<2x8xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>)
  // expected-error @+1 {{expects a value that is not part of a global, but got a part of 'a': a global is never copied}}
  lm.store %1#1, @b : tensor<2x4xf32>
  return
}

// -----

// One value in two globals would be a copy too.
lm.global weight @a : tensor<8xf32>
lm.global weight @b : tensor<8xf32>
func.func @prepare(%x: tensor<8xf32> {lm.name = "x"}) attributes {lm.entry = "prepare"} {
  %0 = math.exp %x : tensor<8xf32>
  lm.store %0, @a : tensor<8xf32>
  // expected-error @+1 {{expects a value that no other global holds, but it is stored twice: a global is never copied}}
  lm.store %0, @b : tensor<8xf32>
  return
}

// -----

// A tie on a global whose old value is still read.
lm.global weight @w : tensor<8xf32>
lm.global gradient @g : tensor<8xf32> {of = @w}
func.func @update(%i: tensor<4x8xf32> {lm.name = "i"}) -> (tensor<8xf32> {lm.name = "old"}) attributes {lm.entry = "update"} {
  %0 = lm.load @g : tensor<8xf32>
  // expected-error @+1 {{writes over 'g', expected not to be read any more, but it is}}
  %1 = lm.row_sum %i, %0 : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<8xf32>
  lm.store %1, @g : tensor<8xf32>
  %2 = math.exp %0 : tensor<8xf32>
  return %2 : tensor<8xf32>
}

// -----

// A product cannot be computed into the global that it reads.
lm.global weight @w : tensor<8x8xf32>
func.func @update() attributes {lm.entry = "update"} {
  %0 = lm.load @w : tensor<8x8xf32>
  // expected-error @+1 {{writes over 'w', expected not to be read any more, but it is}}
  %1 = lm.linear %0, %0 : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  lm.store %1, @w : tensor<8x8xf32>
  return
}

// -----

// An op without a place in a plan.
func.func @logits(%x: tensor<8xf32> {lm.name = "x"}) -> (tensor<8xf32> {lm.name = "y"}) attributes {lm.entry = "logits"} {
  // expected-error @+1 {{has no place in a plan; supported: primitive ops of lm, elementwise arith and math, tensor.expand_shape, tensor.collapse_shape, tensor.extract_slice}}
  %0 = tensor.empty() : tensor<8xf32>
  %1 = arith.addf %x, %0 : tensor<8xf32>
  return %1 : tensor<8xf32>
}

// -----

// Results are named.
func.func @logits(%x: tensor<8xf32> {lm.name = "x"}) -> tensor<8xf32> attributes {lm.entry = "logits"} {
  %0 = math.exp %x : tensor<8xf32>
  // expected-error @+1 {{expects result 0 to have an 'lm.name'}}
  return %0 : tensor<8xf32>
}
