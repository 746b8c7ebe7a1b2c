// RUN: tresse-opt %s --tresse-annotate-indexing | FileCheck %s

// CHECK-DAG: #[[$X:map[0-9]*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-DAG: #[[$W:map[0-9]*]] = affine_map<(d0, d1, d2, d3) -> (d3, d2)>
// CHECK-DAG: #[[$Y:map[0-9]*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-DAG: #[[$ROW:map[0-9]*]] = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-DAG: #[[$CHANNEL:map[0-9]*]] = affine_map<(d0, d1, d2) -> (d2)>

// The sum over the channels of the input is a reduction.
// CHECK-LABEL: func.func @contraction
// CHECK: lm.linear
// CHECK-SAME: indexing_maps = [#[[$X]], #[[$W]], #[[$Y]]]
// CHECK-SAME: iterator_types = ["parallel", "parallel", "reduction", "parallel"]
func.func @contraction(%x: tensor<2x5x64xf32>, %w: tensor<48x64xf32>) -> tensor<2x5x48xf32> {
  %y = lm.linear %x, %w : (tensor<2x5x64xf32>, tensor<48x64xf32>) -> tensor<2x5x48xf32>
  return %y : tensor<2x5x48xf32>
}

// Every channel of a row needs the whole row.
// CHECK-LABEL: func.func @rows
// CHECK: lm.rms_norm
// CHECK-SAME: indexing_maps = [#[[$ROW]], #[[$CHANNEL]], #[[$ROW]]]
// CHECK-SAME: iterator_types = ["parallel", "parallel", "reduction"]
// CHECK-SAME: row_rank = 2
func.func @rows(%x: tensor<2x5x64xf32>, %w: tensor<64xf32>) -> tensor<2x5x64xf32> {
  %y = lm.rms_norm %x, %w {epsilon = 1.0e-6} : (tensor<2x5x64xf32>, tensor<64xf32>) -> tensor<2x5x64xf32>
  return %y : tensor<2x5x64xf32>
}

// The rows are those that the table has too; an absent operand has no map.
// CHECK-LABEL: func.func @heads_and_absent_operands
// CHECK: lm.rope
// CHECK-SAME: row_rank = 2
// CHECK: lm.linear_grad_weight
// CHECK-SAME: indexing_maps = [#{{[^,]*}}, #{{[^,]*}}, #{{[^,]*}}]
// CHECK-SAME: iterator_types = ["reduction", "reduction", "parallel", "parallel"]
func.func @heads_and_absent_operands(%x: tensor<2x5x4x8xf32>, %table: tensor<2x5x8xf32>, %dy: tensor<2x5x3xf32>)
    -> (tensor<2x5x4x8xf32>, tensor<3x8xf32>) {
  %y = lm.rope %x, %table {interleaved = true, offset = 0 : i64}
      : (tensor<2x5x4x8xf32>, tensor<2x5x8xf32>) -> tensor<2x5x4x8xf32>
  %dw = lm.linear_grad_weight %dy, %table
      : (tensor<2x5x3xf32>, tensor<2x5x8xf32>) -> tensor<3x8xf32>
  return %y, %dw : tensor<2x5x4x8xf32>, tensor<3x8xf32>
}
