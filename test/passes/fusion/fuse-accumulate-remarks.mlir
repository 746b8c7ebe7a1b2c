// RUN: tresse-opt %s --tresse-fuse-accumulate --verify-diagnostics --remarks-filter=fusion --remark-policy=final

lm.global gradient @w.grad : tensor<4x8xf32> {of = @w}
lm.global weight @w : tensor<4x8xf32>

func.func @in_place(%dy: tensor<2x4xf32>, %x: tensor<2x8xf32>) {
  %dw = lm.linear_grad_weight %dy, %x : (tensor<2x4xf32>, tensor<2x8xf32>) -> tensor<4x8xf32>
  %old = lm.load @w.grad : tensor<4x8xf32>
  %sum = arith.addf %old, %dw : tensor<4x8xf32>
  // expected-remark @+1 {{[Passed] FuseAccumulate | Category:fusion | bytes-saved=256}}
  lm.store %sum, @w.grad : tensor<4x8xf32>
  return
}

func.func @sum_read_elsewhere(%dy: tensor<2x4xf32>, %x: tensor<2x8xf32>) -> tensor<4x8xf32> {
  %dw = lm.linear_grad_weight %dy, %x : (tensor<2x4xf32>, tensor<2x8xf32>) -> tensor<4x8xf32>
  %old = lm.load @w.grad : tensor<4x8xf32>
  %sum = arith.addf %old, %dw : tensor<4x8xf32>
  // expected-remark @+1 {{Reason="the sum is read elsewhere"}}
  lm.store %sum, @w.grad : tensor<4x8xf32>
  return %sum : tensor<4x8xf32>
}

func.func @old_value_read_elsewhere(%dy: tensor<2x4xf32>, %x: tensor<2x8xf32>) -> tensor<4x8xf32> {
  %dw = lm.linear_grad_weight %dy, %x : (tensor<2x4xf32>, tensor<2x8xf32>) -> tensor<4x8xf32>
  %old = lm.load @w.grad : tensor<4x8xf32>
  %sum = arith.addf %old, %dw : tensor<4x8xf32>
  // expected-remark @+1 {{Reason="the old value of the global is read elsewhere"}}
  lm.store %sum, @w.grad : tensor<4x8xf32>
  return %old : tensor<4x8xf32>
}

func.func @no_old_value(%dy: tensor<2x4xf32>, %x: tensor<2x8xf32>, %other: tensor<4x8xf32>) {
  %dw = lm.linear_grad_weight %dy, %x : (tensor<2x4xf32>, tensor<2x8xf32>) -> tensor<4x8xf32>
  %sum = arith.addf %other, %dw : tensor<4x8xf32>
  // expected-remark @+1 {{Reason="the sum does not hold the old value of its global"}}
  lm.store %sum, @w.grad : tensor<4x8xf32>
  return
}

func.func @summand_read_elsewhere(%dy: tensor<2x4xf32>, %x: tensor<2x8xf32>) -> tensor<4x8xf32> {
  %dw = lm.linear_grad_weight %dy, %x : (tensor<2x4xf32>, tensor<2x8xf32>) -> tensor<4x8xf32>
  %old = lm.load @w.grad : tensor<4x8xf32>
  %sum = arith.addf %old, %dw : tensor<4x8xf32>
  // expected-remark @+1 {{Reason="the summands are read elsewhere"}}
  lm.store %sum, @w.grad : tensor<4x8xf32>
  return %dw : tensor<4x8xf32>
}

func.func @nothing_accumulates(%dw: tensor<4x8xf32>) {
  %old = lm.load @w.grad : tensor<4x8xf32>
  %sum = arith.addf %old, %dw : tensor<4x8xf32>
  // expected-remark @+1 {{Reason="no summand is an op that can accumulate"}}
  lm.store %sum, @w.grad : tensor<4x8xf32>
  return
}
