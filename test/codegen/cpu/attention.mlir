// RUN: tresse-opt %s --tresse-emit-cpu-kernels --canonicalize --cse | FileCheck %s

// 64 queries of 2 heads of 2 sequences, 32 in the lanes of two vectors: 8
// tiles. Scores: eight accumulators stay in registers, the key's channel is a
// broadcast number. Keys behind the last visible one are not read.
// CHECK-LABEL: func.func @attention(
// CHECK-SAME: tiles = 8 : i64
// CHECK: scf.for
// CHECK: iter_args({{.*}}) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK: vector.broadcast %{{.*}} : f32 to vector<16xf32>
// CHECK: math.fma {{.*}} : vector<16xf32>
// CHECK: math.exp {{.*}} : vector<16xf32>
// CHECK: math.log {{.*}} : vector<16xf32>
func.func @attention(%q: tensor<2x64x2x24xf32>, %kv: tensor<2x64x2x32xf32>, %k: tensor<2x64x8xf32>, %p: tensor<2x64xi32>) -> (tensor<2x64x2x16xf32>, tensor<2x64x2xf32>) {
  %0:2 = lm.attention %q, %kv, %k, %p {scale = 0.2 : f64} : (tensor<2x64x2x24xf32>, tensor<2x64x2x32xf32>, tensor<2x64x8xf32>, tensor<2x64xi32>) -> (tensor<2x64x2x16xf32>, tensor<2x64x2xf32>)
  return %0#0, %0#1 : tensor<2x64x2x16xf32>, tensor<2x64x2xf32>
}

// A tile of the keys' gradient is 32 keys with all their heads: dk_rope is the
// heads' sum.
// CHECK-LABEL: func.func @grad_key(
// CHECK-SAME: tiles = 4 : i64
// CHECK: math.fma {{.*}} : vector<16xf32>
func.func @grad_key(%q: tensor<2x64x2x24xf32>, %kv: tensor<2x64x2x32xf32>, %k: tensor<2x64x8xf32>, %p: tensor<2x64xi32>, %lse: tensor<2x64x2xf32>, %delta: tensor<2x64x2xf32>, %dout: tensor<2x64x2x16xf32>) -> (tensor<2x64x2x32xf32>, tensor<2x64x8xf32>) {
  %0:2 = lm.attention_grad_key %q, %kv, %k, %p, %lse, %delta, %dout {scale = 0.2 : f64} : (tensor<2x64x2x24xf32>, tensor<2x64x2x32xf32>, tensor<2x64x8xf32>, tensor<2x64xi32>, tensor<2x64x2xf32>, tensor<2x64x2xf32>, tensor<2x64x2x16xf32>) -> (tensor<2x64x2x32xf32>, tensor<2x64x8xf32>)
  return %0#0, %0#1 : tensor<2x64x2x32xf32>, tensor<2x64x8xf32>
}

// One query and four heads: absorbed attention fills lanes with heads, one
// vector of them.
// CHECK-LABEL: func.func @decode(
// CHECK-SAME: tiles = 3 : i64
// CHECK: math.fma {{.*}} : vector<16xf32>
func.func @decode(%q: tensor<3x1x4x16xf32>, %r: tensor<3x1x4x8xf32>, %c: tensor<3x64x16xf32>, %k: tensor<3x64x8xf32>, %p: tensor<3x1xi32>) -> tensor<3x1x4x16xf32> {
  %0 = lm.latent_attention %q, %r, %c, %k, %p {scale = 0.2 : f64} : (tensor<3x1x4x16xf32>, tensor<3x1x4x8xf32>, tensor<3x64x16xf32>, tensor<3x64x8xf32>, tensor<3x1xi32>) -> tensor<3x1x4x16xf32>
  return %0 : tensor<3x1x4x16xf32>
}
