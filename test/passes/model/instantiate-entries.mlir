// RUN: tresse-opt %s --tresse-instantiate-entries="entries=logits,train,generate batch=2 sequence=8 slots=3 chunk=4 context=16 dtype=f64" | FileCheck %s
// RUN: tresse-opt %s --tresse-instantiate-entries="entries=logits,train,generate batch=2 sequence=8 slots=3 chunk=4 context=16 dtype=f64" | FileCheck %s --check-prefix=LAYER
// RUN: tresse-opt %s --tresse-instantiate-entries="entries=logits batch=2 sequence=8 dtype=bf16" | FileCheck %s --check-prefix=BF16

// Storage and wide type are both f64; a counter belongs to the routing bias.
// CHECK: lm.global gradient @bias.load : tensor<4xi32> {of = @bias}
// CHECK: lm.global weight @w : tensor<6x4xf64>
// BF16: lm.global weight @w : tensor<6x4xbf16>
// BF16: lm.global weight @norm : tensor<4xf32>
lm.global weight @w : tensor<6x4xbf16>
lm.global weight @norm : tensor<4xf32>
lm.global state @bias : tensor<4xf32>

// One copy of the layer per shape: the whole batch, a chunk, one token.
// LAYER-DAG: func.func private @layer.batch(%{{.*}}: tensor<2x8x4xf64>
// LAYER-DAG: func.func private @layer.prefill(%{{.*}}: tensor<3x4x4xf64>
// LAYER-DAG: func.func private @layer.decode(%{{.*}}: tensor<3x1x4xf64>
func.func @layer(%x: tensor<?x?x4xbf16>, %norm: tensor<4xf32>) -> tensor<?x?x4xbf16> {
  %0 = lm.rms_norm %x, %norm {epsilon = 1.0e-6} : (tensor<?x?x4xbf16>, tensor<4xf32>) -> tensor<?x?x4xbf16>
  return %0 : tensor<?x?x4xbf16>
}

func.func @forward(%tokens: tensor<?x?xi32>, %positions: tensor<?x?xi32>)
    -> (tensor<?x?x6xf32> {lm.name = "logits"}, tensor<1xf32> {lm.name = "balance_loss"},
        tensor<4xi32> {lm.name = "load.0", lm.of = @bias}, tensor<?x2xi32> {lm.name = "routes.0"})
    attributes {lm.forward} {
  %w = lm.load @w : tensor<6x4xbf16>
  %norm = lm.load @norm : tensor<4xf32>
  %x = lm.embed %tokens, %w : (tensor<?x?xi32>, tensor<6x4xbf16>) -> tensor<?x?x4xbf16>
  %y = call @layer(%x, %norm) : (tensor<?x?x4xbf16>, tensor<4xf32>) -> tensor<?x?x4xbf16>
  %logits = lm.linear %y, %w : (tensor<?x?x4xbf16>, tensor<6x4xbf16>) -> tensor<?x?x6xf32>
  %balance = lm.fill {value = 0.0} : () -> tensor<1xf32>
  %routes = "lm.iota"() : () -> tensor<?x2xi32>
  %load = lm.expert_load %routes : (tensor<?x2xi32>) -> tensor<4xi32>
  return %logits, %balance, %load, %routes : tensor<?x?x6xf32>, tensor<1xf32>, tensor<4xi32>, tensor<?x2xi32>
}

// CHECK-LABEL: func.func @prepare()
// CHECK-SAME: lm.entry = "prepare"

// CHECK-LABEL: func.func @logits(
// CHECK-SAME: tensor<2x8xi32> {lm.name = "tokens"}) -> (tensor<2x8x6xf64> {lm.name = "logits"}, tensor<16x2xi32> {lm.name = "routes.0"})
// CHECK: lm.iota
// CHECK: call @layer.batch
// BF16-LABEL: func.func @logits(
// BF16: -> tensor<2x8x6xf32>

// CHECK-LABEL: func.func @gradients(
// CHECK-SAME: {lm.name = "targets"}
// CHECK-SAME: tensor<4xf64> {lm.name = "loss_weights"}
// CHECK-SAME: {lm.name = "loss"}
// CHECK-SAME: {lm.name = "balance_loss"}
// CHECK-SAME: {lm.name = "objective"}
// CHECK: call @layer.batch
// CHECK: lm.cross_entropy
// CHECK: lm.mean_valid
// CHECK: lm.store %{{.*}}, @bias.load

// CHECK-LABEL: func.func @evaluate(
// CHECK-NOT: loss_weights
// CHECK: return %{{.*}} : tensor<1xf64>

// CHECK-LABEL: func.func @prefill(
// CHECK-SAME: tensor<3x4xi32> {lm.name = "positions"}
// CHECK-SAME: lm.context = 16
// CHECK: lm.last_row
// CHECK: lm.sample

// CHECK-LABEL: func.func @decode(
// CHECK-SAME: tensor<3x1xi32> {lm.name = "tokens"}
