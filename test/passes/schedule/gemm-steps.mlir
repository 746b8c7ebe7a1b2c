// RUN: tresse-opt %s --tresse-build-plan | FileCheck %s

// Which matrix product a contraction is follows from its loops.
// CHECK: %h_{{[0-9]+}} = plan.view %b.h[0] f32 [4, 6, 8] strides [8, 32, 1]
// CHECK-LABEL: plan.entry "logits"
// CHECK: plan.gemm "linear" %x_{{[0-9]+}}, %w transposed to %{{.*}} cost [480,
// CHECK: plan.gemm "linear_grad_input" %dy_{{[0-9]+}}, %w to %{{.*}} cost [480,
// CHECK: plan.gemm "linear_grad_weight" %dy_{{[0-9]+}} transposed, %x_{{[0-9]+}} to %{{.*}} cost [480,
// CHECK: plan.gemm "head_linear" %h_{{[0-9]+}}, %hw transposed to %{{.*}} cost [2304,
// CHECK: plan.gemm "head_linear" %h_{{[0-9]+}}, %ht to %{{.*}} cost [2304,
// CHECK: plan.grouped_gemm "grouped_linear" %r, %e transposed to %{{.*}} ends %ends varying m groups 7 rows 9 in f32 cost [720,
// CHECK: plan.grouped_gemm "grouped_linear_grad_input" %dr, %e to %{{.*}} ends %ends varying m groups 7 rows 9 in f32 cost [720,
// CHECK: plan.grouped_gemm "grouped_linear_grad_weight" %dr, %r to %{{.*}} ends %ends varying k groups 7 rows 9 in f32 cost [720,

func.func @logits(%x: tensor<2x3x8xf32> {lm.name = "x"}, %w: tensor<5x8xf32> {lm.name = "w"},
                  %dy: tensor<2x3x5xf32> {lm.name = "dy"},
                  %h: tensor<2x3x4x8xf32> {lm.name = "h"}, %hw: tensor<4x6x8xf32> {lm.name = "hw"},
                  %ht: tensor<4x8x6xf32> {lm.name = "ht"},
                  %r: tensor<9x8xf32> {lm.name = "r"}, %e: tensor<7x5x8xf32> {lm.name = "e"},
                  %ends: tensor<7xi32> {lm.name = "ends"}, %dr: tensor<9x5xf32> {lm.name = "dr"})
    -> (tensor<2x3x5xf32> {lm.name = "a"}, tensor<2x3x8xf32> {lm.name = "b"}, tensor<5x8xf32> {lm.name = "c"},
        tensor<2x3x4x6xf32> {lm.name = "d"}, tensor<2x3x4x6xf32> {lm.name = "f"}, tensor<9x5xf32> {lm.name = "g"},
        tensor<9x8xf32> {lm.name = "i"}, tensor<7x5x8xf32> {lm.name = "j"}) attributes {lm.entry = "logits"} {
  %a = lm.linear %x, %w : (tensor<2x3x8xf32>, tensor<5x8xf32>) -> tensor<2x3x5xf32>
  %b = lm.linear_grad_input %dy, %w : (tensor<2x3x5xf32>, tensor<5x8xf32>) -> tensor<2x3x8xf32>
  %c = lm.linear_grad_weight %dy, %x : (tensor<2x3x5xf32>, tensor<2x3x8xf32>) -> tensor<5x8xf32>
  %d = lm.head_linear %h, %hw : (tensor<2x3x4x8xf32>, tensor<4x6x8xf32>) -> tensor<2x3x4x6xf32>
  %f = lm.head_linear %h, %ht {transposed = true} : (tensor<2x3x4x8xf32>, tensor<4x8x6xf32>) -> tensor<2x3x4x6xf32>
  %g = lm.grouped_linear %r, %e, %ends : (tensor<9x8xf32>, tensor<7x5x8xf32>, tensor<7xi32>) -> tensor<9x5xf32>
  %i = lm.grouped_linear_grad_input %dr, %e, %ends : (tensor<9x5xf32>, tensor<7x5x8xf32>, tensor<7xi32>) -> tensor<9x8xf32>
  %j = lm.grouped_linear_grad_weight %dr, %r, %ends : (tensor<9x5xf32>, tensor<9x8xf32>, tensor<7xi32>) -> tensor<7x5x8xf32>
  return %a, %b, %c, %d, %f, %g, %i, %j : tensor<2x3x5xf32>, tensor<2x3x8xf32>, tensor<5x8xf32>, tensor<2x3x4x6xf32>,
      tensor<2x3x4x6xf32>, tensor<9x5xf32>, tensor<9x8xf32>, tensor<7x5x8xf32>
}
