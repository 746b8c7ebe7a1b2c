// RUN: tresse-opt %s "--tresse-fuse-rows=max-tensors=4 max-row-bytes=64" --verify-diagnostics --remarks-filter=fusion --remark-policy=final

// 6 rows of 8 floats: the sum is neither written nor read again.
func.func @fused(%x: tensor<6x8xf32>, %y: tensor<6x8xf32>, %w: tensor<8xf32>) -> tensor<6x8xf32> {
  // expected-remark @+1 {{[Passed] FuseRows | Category:fusion | bytes-saved=384, ops=2}}
  %sum = arith.addf %x, %y : tensor<6x8xf32>
  %norm = lm.rms_norm %sum, %w {epsilon = 1.0e-6 : f64} : (tensor<6x8xf32>, tensor<8xf32>) -> tensor<6x8xf32>
  return %norm : tensor<6x8xf32>
}

func.func @path(%x: tensor<6x8xf32>, %w: tensor<8x8xf32>) -> tensor<6x8xf32> {
  %a = arith.negf %x : tensor<6x8xf32>
  %m = lm.linear %a, %w : (tensor<6x8xf32>, tensor<8x8xf32>) -> tensor<6x8xf32>
  // expected-remark @+1 {{Reason="another op lies on a path between the ops"}}
  %sum = arith.addf %a, %m : tensor<6x8xf32>
  return %sum : tensor<6x8xf32>
}

// Heads are rows to the concatenation, but not to the rotation.
func.func @rows(%x: tensor<6x4x2xf32>, %table: tensor<6x2xf32>) -> tensor<6x4x4xf32> {
  %a = lm.rope %x, %table {interleaved = true, offset = 0 : i64} : (tensor<6x4x2xf32>, tensor<6x2xf32>) -> tensor<6x4x2xf32>
  // expected-remark @+1 {{Reason="the rows are 6 here and 6x4 there"}}
  %b = lm.concat %a, %x : (tensor<6x4x2xf32>, tensor<6x4x2xf32>) -> tensor<6x4x4xf32>
  return %b : tensor<6x4x4xf32>
}

// A norm's weight is no row, even where it has the size of one.
func.func @broadcast(%x: tensor<8x8xf32>, %w: tensor<8xf32>) -> tensor<8x8xf32> {
  %a = arith.negf %w : tensor<8xf32>
  // expected-remark @+1 {{Reason="every row reads all of the value"}}
  %b = lm.rms_norm %x, %a {epsilon = 1.0e-6 : f64} : (tensor<8x8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
  return %b : tensor<8x8xf32>
}

func.func @rows_in_use(%x: tensor<6x8xf32>, %ends: tensor<3xi32>) -> tensor<6x4xf32> {
  %a = lm.swiglu %x, %ends : (tensor<6x8xf32>, tensor<3xi32>) -> tensor<6x4xf32>
  // expected-remark @+1 {{Reason="only one of the ops knows which rows are in use"}}
  %b = arith.negf %a : tensor<6x4xf32>
  return %b : tensor<6x4xf32>
}

func.func @tensors(%x: tensor<6x8xf32>, %y: tensor<6x8xf32>, %w: tensor<8xf32>) -> (tensor<6x8xf32>, tensor<6x8xf32>) {
  %sum = arith.addf %x, %y : tensor<6x8xf32>
  // expected-remark @+1 {{Reason="a region has at most 4 operands and results, but this one would have 5"}}
  %norm = lm.rms_norm %sum, %w {epsilon = 1.0e-6 : f64} : (tensor<6x8xf32>, tensor<8xf32>) -> tensor<6x8xf32>
  return %sum, %norm : tensor<6x8xf32>, tensor<6x8xf32>
}

func.func @scratch(%x: tensor<6x32xf32>, %y: tensor<6x32xf32>, %w: tensor<32xf32>) -> tensor<6x32xf32> {
  %sum = arith.addf %x, %y : tensor<6x32xf32>
  // expected-remark @+1 {{Reason="a row inside a region takes at most 64 bytes, but here it would take 128"}}
  %norm = lm.rms_norm %sum, %w {epsilon = 1.0e-6 : f64} : (tensor<6x32xf32>, tensor<32xf32>) -> tensor<6x32xf32>
  return %norm : tensor<6x32xf32>
}

// Heads of a part of a tensor do not follow each other in memory.
func.func @gaps(%x: tensor<6x4x4xf32>, %table: tensor<6x2xf32>) -> tensor<6x4x2xf32> {
  %p:2 = lm.split %x : (tensor<6x4x4xf32>) -> (tensor<6x4x2xf32>, tensor<6x4x2xf32>)
  %a = arith.negf %p#1 : tensor<6x4x2xf32>
  // expected-remark @+1 {{Reason="a row of an elementwise op would have gaps"}}
  %b = lm.rope %a, %table {interleaved = true, offset = 0 : i64} : (tensor<6x4x2xf32>, tensor<6x2xf32>) -> tensor<6x4x2xf32>
  return %b : tensor<6x4x2xf32>
}
