// RUN: tresse-opt %s --tresse-build-plan=overwrite=false --tresse-assign-arena | FileCheck %s

// Four values of 256 bytes in a chain and one that lives throughout: three lie
// in the arena at a time.
// Globals follow each other on cache lines.
// CHECK: plan.buffer "a" persistent offset 0 size 4{{$}}
// CHECK: plan.buffer "b" persistent offset 64 size 256{{$}}
// CHECK: plan.buffer "x" arena offset 256 size 256 live [0, 3]
// CHECK: plan.buffer "exp" arena offset 0 size 256 live [0, 1]
// CHECK: plan.buffer "log" arena offset 512 size 256 live [1, 2]
// CHECK: plan.buffer "sqrt" arena offset 0 size 256 live [2, 3]
// CHECK: plan.buffer "addf" arena offset 512 size 256 live [3, 3]
// Entries share the arena.
// CHECK: plan.buffer "x" arena offset 0 size 256 live [4, 4]
// CHECK: plan.buffer "exp" arena offset 256 size 256 live [4, 4]
// CHECK: plan.program @main streams 1 events 0 arena 768 persistent 320 pinned 0 alignment 64
lm.global weight @a : tensor<1xf32>
lm.global weight @b : tensor<64xf32>
func.func @logits(%x: tensor<64xf32> {lm.name = "x"}) -> (tensor<64xf32> {lm.name = "y"}) attributes {lm.entry = "logits"} {
  %0 = math.exp %x : tensor<64xf32>
  %1 = math.log %0 : tensor<64xf32>
  %2 = math.sqrt %1 : tensor<64xf32>
  %3 = arith.addf %2, %x : tensor<64xf32>
  return %3 : tensor<64xf32>
}

func.func @evaluate(%x: tensor<64xf32> {lm.name = "x"}) -> (tensor<64xf32> {lm.name = "y"}) attributes {lm.entry = "evaluate"} {
  %0 = math.exp %x : tensor<64xf32>
  return %0 : tensor<64xf32>
}
