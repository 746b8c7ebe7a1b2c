// RUN: tresse-opt %s --split-input-file --tresse-build-plan | FileCheck %s

// A projection is a matrix product; shape ops are views of its buffer; the
// norm is a kernel whose body is the op.
// CHECK-LABEL: plan.model cpu
// CHECK: plan.build_record "model_type" = "tiny"
// CHECK: plan.kernel @k0_rms_norm code 0 attributes {layouts = [memref<2x4x4x4xf32>, memref<4xf32>, memref<2x4x4x4xf32>]}
// CHECK: lm.rms_norm
// CHECK: plan.yield
// CHECK: %[[W:.*]] = plan.view %{{.*}}[0] f32 [16, 8]
// CHECK: %[[FLAT:.*]] = plan.view %[[B:b.linear]][0] f32 [8, 16]
// CHECK: %[[HEADS:.*]] = plan.view %[[B]][0] f32 [2, 4, 4, 4]
// CHECK: plan.global weight @w f32 [16, 8]
// CHECK-SAME: pieces = [#plan.piece<pattern = "w"
// CHECK: plan.entry "prepare" attributes {flags = 2 : i32}
// CHECK: plan.entry "logits"
// CHECK: plan.input "x" %[[X:.*]]
// CHECK: plan.output "y"
// CHECK: plan.gemm "linear w" %[[X2:.*]], %[[W]] transposed to %[[FLAT]] in f32 by library cost [2048, 768, 512]
// CHECK: plan.launch "rms_norm n" @k0_rms_norm(read %[[HEADS]]
module attributes {lm.records = {model_type = "tiny"}} {
  lm.global weight @w : tensor<16x8xf32> {pieces = [#lm.piece<"w", 0 to 1 step 1, [16, 8] -> [0, 0] [16, 8]>]}
  lm.global weight @n : tensor<4xf32>
  func.func @prepare() attributes {lm.entry = "prepare"} {
    return
  }
  func.func @logits(%x: tensor<2x4x8xf32> {lm.name = "x"}) -> (tensor<2x4x4x4xf32> {lm.name = "y"}) attributes {lm.entry = "logits"} {
    %w = lm.load @w : tensor<16x8xf32>
    %n = lm.load @n : tensor<4xf32>
    %0 = lm.linear %x, %w : (tensor<2x4x8xf32>, tensor<16x8xf32>) -> tensor<2x4x16xf32>
    %1 = tensor.expand_shape %0 [[0], [1], [2, 3]] output_shape [2, 4, 4, 4] : tensor<2x4x16xf32> into tensor<2x4x4x4xf32>
    %2 = lm.rms_norm %1, %n {epsilon = 1.0e-6 : f64} : (tensor<2x4x4x4xf32>, tensor<4xf32>) -> tensor<2x4x4x4xf32>
    return %2 : tensor<2x4x4x4xf32>
  }
}

// -----

// The parts of a split are views with gaps; equal bodies on equal layouts are
// one kernel, on other layouts another one.
// CHECK-LABEL: plan.model cpu
// CHECK: plan.kernel @k0_addf code 0 attributes {layouts = [memref<4x8xf32, strided<[16, 1]>>, memref<4x8xf32, strided<[16, 1]>>, memref<4x8xf32>]}
// CHECK: plan.kernel @k1_addf code 1 attributes {layouts = [memref<4x8xf32>, memref<4x8xf32>, memref<4x8xf32>]}
// CHECK-NOT: plan.kernel
// CHECK: %[[LEFT:.*]] = plan.view %[[X:.*]][0] f32 [4, 8] strides [16, 1]
// CHECK: %[[RIGHT:.*]] = plan.view %[[X]][32] f32 [4, 8] strides [16, 1]
// CHECK: plan.launch "addf" @k0_addf(read %[[LEFT]], read %[[RIGHT]], write %[[SUM:.*]])
// CHECK: plan.launch "addf" @k1_addf(read %[[SUM]], read %[[SUM]], update %[[SUM]])
// CHECK: plan.launch "addf" @k1_addf(read %[[SUM]], read %[[SUM]], update %[[SUM]])
func.func @logits(%x: tensor<4x16xf32> {lm.name = "x"}) -> (tensor<4x8xf32> {lm.name = "y"}) attributes {lm.entry = "logits"} {
  %0:2 = lm.split %x : (tensor<4x16xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>)
  %1 = arith.addf %0#0, %0#1 : tensor<4x8xf32>
  %2 = arith.addf %1, %1 : tensor<4x8xf32>
  %3 = arith.addf %2, %2 : tensor<4x8xf32>
  return %3 : tensor<4x8xf32>
}

// -----

// A tied result lives in the global; its store is no step.
// CHECK-LABEL: plan.model cpu
// CHECK: plan.entry "gradients"
// CHECK-NEXT: plan.input "dy" %[[DY:.*]]
// CHECK-NEXT: plan.input "x" %[[X:.*]]
// CHECK-NEXT: plan.gemm "linear_grad_weight g" %[[DY]] transposed, %[[X]] plus %[[G:.*]] to %[[G]] in f32 by library {{.*}} {beta = 1.000000e+00 : f64}
// CHECK-NEXT: }
lm.global weight @w : tensor<16x8xf32>
lm.global gradient @g : tensor<16x8xf32> {of = @w}
func.func @gradients(%dy: tensor<4x16xf32> {lm.name = "dy"}, %x: tensor<4x8xf32> {lm.name = "x"}) attributes {lm.entry = "gradients"} {
  %g = lm.load @g : tensor<16x8xf32>
  %0 = lm.linear_grad_weight %dy, %x, %g : (tensor<4x16xf32>, tensor<4x8xf32>, tensor<16x8xf32>) -> tensor<16x8xf32>
  lm.store %0, @g : tensor<16x8xf32>
  return
}

// -----

// A stored value is computed into the global; clearing is a fill.
// CHECK-LABEL: plan.model cpu
// CHECK: %[[BC:.*]] = plan.buffer "copy" persistent
// CHECK: %[[C:.*]] = plan.view %[[BC]][0] bf16 [8]
// CHECK: plan.entry "prepare"
// CHECK-NEXT: plan.launch "truncf w" @{{.*}}(read %{{.*}}, write %[[C]])
// CHECK-NEXT: plan.fill "clear g" %{{.*}} width 4 bits 0
// CHECK-NEXT: }
lm.global weight @w : tensor<8xf32>
lm.global derived @copy : tensor<8xbf16> {of = @w}
lm.global gradient @g : tensor<8xf32> {of = @w}
func.func @prepare() attributes {lm.entry = "prepare"} {
  %w = lm.load @w : tensor<8xf32>
  %g = lm.load @g : tensor<8xf32>
  %0 = arith.truncf %w : tensor<8xf32> to tensor<8xbf16>
  lm.store %0, @copy : tensor<8xbf16>
  %1 = lm.clear %g : (tensor<8xf32>) -> tensor<8xf32>
  lm.store %1, @g : tensor<8xf32>
  return
}

// -----

// In the arena a tie whose operand is still read gets a copy; an output with
// gaps too.
// CHECK-LABEL: plan.model cpu
// CHECK: plan.entry "logits"
// CHECK: plan.output "sum" %[[COPY:.*]]
// CHECK: plan.output "part" %[[PART:.*]]
// CHECK: plan.fill "fill" %[[ZERO:.*]] width 4 bits 0
// CHECK-NEXT: plan.copy "copy" %[[ZERO]] to %[[COPY]] cost
// CHECK-NEXT: plan.launch "square_sum" @{{.*}}(read %{{.*}}, read %[[COPY]], update %[[COPY]])
// CHECK-NEXT: plan.launch "addf" @{{.*}}(read %[[COPY]], read %[[ZERO]], update %[[COPY]])
// CHECK-NEXT: plan.copy "copy" %{{.*}} to %[[PART]]
func.func @logits(%x: tensor<4x16xf32> {lm.name = "x"}) -> (tensor<2xf32> {lm.name = "sum"}, tensor<4x8xf32> {lm.name = "part"}) attributes {lm.entry = "logits"} {
  %0 = lm.fill {value = 0.0 : f64} : () -> tensor<2xf32>
  %1 = lm.square_sum %x, %0 : (tensor<4x16xf32>, tensor<2xf32>) -> tensor<2xf32>
  %2 = arith.addf %1, %0 : tensor<2xf32>
  %3:2 = lm.split %x : (tensor<4x16xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>)
  return %2, %3#1 : tensor<2xf32>, tensor<4x8xf32>
}

// -----

// Groups of rows, one matrix per head.
// CHECK-LABEL: plan.model cpu
// CHECK-DAG: %[[Q:.*]] = plan.view %{{.*}}[0] f32 [3, 8, 4] strides [4, 12, 1]
// CHECK-DAG: %[[O:.*]] = plan.view %{{.*}}[0] f32 [3, 8, 5] strides [5, 15, 1]
// CHECK: plan.grouped_gemm "grouped_linear e" %[[X:.*]], %{{.*}} transposed to %[[Y:.*]] ends %[[ENDS:.*]] varying m groups 3 rows 8 in f32
// CHECK: plan.grouped_gemm "grouped_linear_grad_weight" %[[Y]], %[[X]] to %{{.*}} ends %[[ENDS]] varying k groups 3 rows 8 in f32
// CHECK: plan.gemm "head_linear" %[[Q]], %{{.*}} transposed to %[[O]] in f32 by library
lm.global weight @e : tensor<3x4x8xf32>
func.func @logits(%x: tensor<8x8xf32> {lm.name = "x"}, %ends: tensor<3xi32> {lm.name = "ends"}, %q: tensor<8x12xf32> {lm.name = "q"}, %h: tensor<3x5x4xf32> {lm.name = "h"})
    -> (tensor<3x4x8xf32> {lm.name = "dw"}, tensor<8x3x5xf32> {lm.name = "heads"}) attributes {lm.entry = "logits"} {
  %w = lm.load @e : tensor<3x4x8xf32>
  %0 = lm.grouped_linear %x, %w, %ends : (tensor<8x8xf32>, tensor<3x4x8xf32>, tensor<3xi32>) -> tensor<8x4xf32>
  %1 = lm.grouped_linear_grad_weight %0, %x, %ends : (tensor<8x4xf32>, tensor<8x8xf32>, tensor<3xi32>) -> tensor<3x4x8xf32>
  %2 = tensor.expand_shape %q [[0], [1, 2]] output_shape [8, 3, 4] : tensor<8x12xf32> into tensor<8x3x4xf32>
  %3 = lm.head_linear %2, %h : (tensor<8x3x4xf32>, tensor<3x5x4xf32>) -> tensor<8x3x5xf32>
  return %1, %3 : tensor<3x4x8xf32>, tensor<8x3x5xf32>
}
