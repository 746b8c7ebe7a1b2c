// RUN: tresse-opt %s --tresse-expand-composites | FileCheck %s

// The norm covers the latent only; keys are expanded by one linear op.
// CHECK-LABEL: func.func @mla
// CHECK: %[[TABLE:.*]] = lm.rotary %{{.*}} : (tensor<2x8xi32>) -> tensor<2x8x4xf32>
// CHECK: lm.linear %{{.*}} -> tensor<2x8x5xf32>
// CHECK: lm.rms_norm
// CHECK: lm.linear %{{.*}} -> tensor<2x8x20xf32>
// CHECK: tensor.expand_shape %{{.*}} into tensor<2x8x2x10xf32>
// CHECK: %[[Q:.*]] = lm.rope %{{.*}}, %[[TABLE]] {interleaved = true, offset = 6 : i64}
// CHECK: %[[PARTS:.*]]:2 = lm.split %{{.*}} -> (tensor<2x8x3xf32>, tensor<2x8x4xf32>)
// CHECK: %[[LATENT:.*]] = lm.rms_norm %[[PARTS]]#0
// CHECK: %[[KR:.*]] = lm.rope %[[PARTS]]#1, %[[TABLE]] {interleaved = true, offset = 0 : i64}
// CHECK: %[[KV:.*]] = tensor.expand_shape %{{.*}} into tensor<2x8x2x13xf32>
// CHECK: lm.attention %[[Q]], %[[KV]], %[[KR]], %{{.*}} -> (tensor<2x8x2x7xf32>, tensor<2x8x2xf32>)
// CHECK: lm.linear %{{.*}} -> tensor<2x8x8xf32>
func.func @mla(%x: tensor<2x8x8xf32>, %p: tensor<2x8xi32>, %qa: tensor<5x8xf32>, %qn: tensor<5xf32>,
    %qb: tensor<20x5xf32>, %kva: tensor<7x8xf32>, %kvn: tensor<3xf32>, %kvb: tensor<26x3xf32>,
    %o: tensor<8x14xf32>) -> tensor<2x8x8xf32> {
  %0 = lm.mla %x, %p q_a(%qa, %qn) q_b(%qb) kv_a(%kva, %kvn) kv_b(%kvb) o(%o)
    {heads = 2, nope = 6, rope = 4, value = 7, scale = 0.5, epsilon = 1.0e-6,
     rotary = #lm.yarn<theta = 1.0e4, factor = 1.0, original_positions = 64, beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>}
    : (tensor<2x8x8xf32>, tensor<2x8xi32>, tensor<5x8xf32>, tensor<5xf32>, tensor<20x5xf32>,
       tensor<7x8xf32>, tensor<3xf32>, tensor<26x3xf32>, tensor<8x14xf32>) -> tensor<2x8x8xf32>
  return %0 : tensor<2x8x8xf32>
}

// CHECK-LABEL: func.func @moe
// CHECK: %[[LOGITS:.*]] = lm.linear %{{.*}} : (tensor<6x4xbf16>, tensor<8x4xf32>) -> tensor<6x8xf32>
// CHECK: %[[I:.*]], %[[W:.*]], %[[S:.*]] = lm.route %[[LOGITS]] bias(%{{.*}}) positions(%{{.*}})
// CHECK: %[[ROW:.*]], %[[SLOT:.*]], %[[ENDS:.*]] = lm.group_rows %[[I]]
// CHECK: lm.permute %{{.*}}, %[[SLOT]], %[[ROW]], %[[ENDS]] {{.*}} -> tensor<12x4xbf16>
// CHECK: lm.grouped_linear
// CHECK: lm.swiglu %{{.*}}, %[[ENDS]]
// CHECK: lm.grouped_linear
// CHECK: lm.unpermute %{{.*}}, %[[ROW]] weights(%[[W]])
// CHECK: lm.swiglu %{{.*}} -> tensor<6x5xbf16>
// CHECK: arith.addf
// CHECK: lm.balance_fraction %[[S]], %[[I]] {{.*}} -> tensor<2x8xf32>
// CHECK: lm.expert_load %[[I]]
func.func @moe(%x: tensor<2x3x4xbf16>, %p: tensor<2x3xi32>, %gate: tensor<8x4xf32>, %bias: tensor<8xf32>,
    %up: tensor<8x6x4xbf16>, %down: tensor<8x4x3xbf16>, %sup: tensor<10x4xbf16>, %sdown: tensor<4x5xbf16>)
    -> (tensor<2x3x4xbf16>, tensor<1xf32>, tensor<8xi32>, tensor<6x2xi32>) {
  %0:4 = lm.moe %x, %p gate(%gate, %bias) experts(%up, %down) shared(%sup, %sdown)
    {scoring = #lm.scoring<sigmoid>, top_k = 2, groups = 4, top_groups = 2, group_score = #lm.group_score<top2>,
     normalize = true, weight_scale = 2.5, balance_form = #lm.balance_form<unbiased>, balance_normalize = true}
    : (tensor<2x3x4xbf16>, tensor<2x3xi32>, tensor<8x4xf32>, tensor<8xf32>, tensor<8x6x4xbf16>, tensor<8x4x3xbf16>,
       tensor<10x4xbf16>, tensor<4x5xbf16>) -> (tensor<2x3x4xbf16>, tensor<1xf32>, tensor<8xi32>, tensor<6x2xi32>)
  return %0#0, %0#1, %0#2, %0#3 : tensor<2x3x4xbf16>, tensor<1xf32>, tensor<8xi32>, tensor<6x2xi32>
}

// The maps come from all streams of x; extra results pass through.
// CHECK-LABEL: func.func @mhc
// CHECK-SAME: %[[X:.*]]: tensor<2x3x4x5xbf16>
// CHECK: %[[MIX:.*]] = lm.linear %{{.*}} : (tensor<2x3x20xbf16>, tensor<24x20xf32>) -> tensor<2x3x24xf32>
// CHECK: %[[H:.*]], %[[POST:.*]], %[[COMB:.*]] = lm.mhc_pre %[[X]], %[[MIX]]
// CHECK: %[[F:.*]] = arith.negf %[[H]]
// CHECK: %[[Y:.*]] = lm.mhc_post %[[X]], %[[F]], %[[POST]], %[[COMB]]
// CHECK: return %[[Y]], %[[H]]
func.func @mhc(%x: tensor<2x3x4x5xbf16>, %fn: tensor<24x20xf32>, %base: tensor<24xf32>, %scale: tensor<3xf32>)
    -> (tensor<2x3x4x5xbf16>, tensor<2x3x5xbf16>) {
  %0:2 = lm.mhc %x, %fn, %base, %scale {form = #lm.mhc_form<v4>, iterations = 20, epsilon = 1.0e-6, norm_epsilon = 1.0e-6}
    : (tensor<2x3x4x5xbf16>, tensor<24x20xf32>, tensor<24xf32>, tensor<3xf32>) -> (tensor<2x3x4x5xbf16>, tensor<2x3x5xbf16>) {
  ^bb0(%h: tensor<2x3x5xbf16>):
    %f = arith.negf %h : tensor<2x3x5xbf16>
    lm.yield %f, %h : tensor<2x3x5xbf16>, tensor<2x3x5xbf16>
  }
  return %0#0, %0#1 : tensor<2x3x4x5xbf16>, tensor<2x3x5xbf16>
}
