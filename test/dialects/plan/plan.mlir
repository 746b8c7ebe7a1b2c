// RUN: tresse-opt %s | FileCheck %s
// RUN: tresse-opt %s | tresse-opt | FileCheck %s
// RUN: tresse-plan assemble %s -o %t.plan
// RUN: tresse-plan dump %t.plan -o %t.mlir
// RUN: tresse-plan assemble %t.mlir -o %t.again
// RUN: cmp %t.plan %t.again
// RUN: FileCheck %s < %t.mlir

// Every op of the dialect, and every field of plan.h away from its default.

// CHECK: plan.model cpu "x86-64-v4" ranks [@main, @main]
plan.model cpu "x86-64-v4" ranks [@main, @main] attributes {minimum_runtime = 1 : i32} {
  // CHECK: plan.build_record "model_type" = "deepseek_v3"
  plan.build_record "model_type" = "deepseek_v3"
  // CHECK: plan.axis @data size 2 stride 1
  plan.axis @data size 2 stride 1
  // CHECK: plan.communicator @replicas axis_mask 1 size 2 {flags = 4 : i32}
  plan.communicator @replicas axis_mask 1 size 2 {flags = 4 : i32}

  // CHECK: %[[CODE:.*]] = plan.module architecture 90 format 1 offset 0 size 4096
  %code = plan.module architecture 90 format 1 offset 0 size 4096
  // CHECK: plan.kernel @norm code 0 in %[[CODE]] attributes {flags = 1 : i32, registers = 40 : i32, scratch_bytes = 128 : i64, static_shared_bytes = 64 : i32}
  plan.kernel @norm code 0 in %code attributes {registers = 40 : i32, scratch_bytes = 128 : i64, static_shared_bytes = 64 : i32, flags = 1 : i32}
  plan.kernel @matmul code 1

  // CHECK: %[[B:.*]] = plan.buffer "x" arena offset 0 size 4096 live [0, 8]
  %b.x = plan.buffer "x" arena offset 0 size 4096 live [0, 8]
  %b.y = plan.buffer "y" arena offset 4096 size 4096 live [0, 8]
  // CHECK: plan.buffer "w" persistent offset 0 size 1024{{$}}
  %b.w = plan.buffer "w" persistent offset 0 size 1024
  %b.n = plan.buffer "n" arena offset 8192 size 64 live [0, 8]

  // CHECK: %[[X:.*]] = plan.view %[[B]][0] f32 [16, 16] strides [64, 1] rows %[[N:.*]]
  %x = plan.view %b.x[0] f32 [16, 16] strides [64, 1] rows %n
  // CHECK: %[[Y:.*]] = plan.view %{{.*}}[128] f32 [16, 16]{{$}}
  %y = plan.view %b.y[128] f32 [16, 16]
  %w = plan.view %b.w[0] f32 [16, 16]
  %n = plan.view %b.n[0] i32 [1]
  %ends = plan.view %b.n[4] i32 [2]
  %w2 = plan.view %b.w[0] f32 [2, 8, 16]
  // CHECK: %[[MAP:.*]] = plan.tensor_map %[[X]] box [8, 8] element_strides [1, 1] {fill = 1 : i32, interleave = 1 : i32, promotion = 2 : i32, swizzle = 3 : i32}
  %map = plan.tensor_map %x box [8, 8] element_strides [1, 1] {swizzle = 3 : i32, interleave = 1 : i32, promotion = 2 : i32, fill = 1 : i32}

  // CHECK: plan.global weight @model.w f32 [16, 16] in %{{.*}} initial normal
  plan.global weight @model.w f32 [16, 16] in %b.w initial normal {initial1 = 0.02 : f64, shard = array<i64: 1, 0>,
    pieces = [#plan.piece<pattern = "model.{e}.w", dtype = f32, first = 0, last = 4, step = 2, source_shape = [8, 16],
      source_start = [0, 0], target_start = [0, 0], target_shape = [8, 16], permutation = [0, 1], scale_pattern = "model.{e}.s", flags = 1>]}
  // CHECK: plan.global gradient @model.w.grad f32 [16, 16] in %{{.*}} of @model.w initial zeros {flags = 2 : i32}
  plan.global gradient @model.w.grad f32 [16, 16] in %b.y of @model.w initial zeros {flags = 2 : i32}

  // CHECK: plan.program @main streams 2 events 1 arena 8256 persistent 1024 pinned 0 alignment 64
  plan.program @main streams 2 events 1 arena 8256 persistent 1024 pinned 0 alignment 64 {
    // CHECK: plan.entry "logits" status %[[N]] attributes {flags = 1 : i32, repeat = 2 : i32}
    plan.entry "logits" status %n attributes {flags = 1 : i32, repeat = 2 : i32} {
      // CHECK: plan.input "tokens" %[[N]] {fallback = 1.000000e+00 : f64, maximum = 2.550000e+02 : f64, minimum = -1.000000e+00 : f64}
      plan.input "tokens" %n {minimum = -1.0 : f64, maximum = 255.0 : f64, fallback = 1.0 : f64}
      // CHECK: plan.output "logits" %[[Y]]
      plan.output "logits" %y
      // CHECK: plan.launch "norm" @norm(read %[[X]], none, map read %[[MAP]], bits 7, update %[[Y]], accumulate %{{.*}}) tiles 4 tiles_from %[[N]] with {axes = array<i64: 0, 1>, count = 3 : i64, epsilon = {{.*}} : f64, kind = "plain"} cost [100, 20, 30] {block = array<i32: 32, 1, 1>, cluster = array<i32: 2, 1, 1>, grid = array<i32: 1, 2, 3>, shared_bytes = 16 : i32}
      plan.launch "norm" @norm(read %x, none, map read %map, bits 7, update %y, accumulate %w) tiles 4 tiles_from %n
        with {axes = array<i64: 0, 1>, count = 3 : i64, epsilon = 1.0e-6 : f64, kind = "plain"} cost [100, 20, 30]
        {grid = array<i32: 1, 2, 3>, block = array<i32: 32, 1, 1>, cluster = array<i32: 2, 1, 1>, shared_bytes = 16 : i32}
      // CHECK: plan.gemm "project" %[[X]] transposed, %{{.*}} transposed plus %[[Y]] to %[[Y]] bias %{{.*}} auxiliary %{{.*}} a_scale %{{.*}} b_scale %{{.*}} c_scale %{{.*}} d_scale %{{.*}} workspace %{{.*}} rows_from %{{.*}} in f32 by kernel @matmul stream 1 cost [1, 2, 3]
      plan.gemm "project" %x transposed, %w transposed plus %y to %y bias %w auxiliary %w a_scale %n b_scale %n c_scale %n d_scale %n workspace %w rows_from %n
        in f32 by kernel @matmul stream 1 cost [1, 2, 3] {alpha = 2.0 : f64, beta = 1.0 : f64, epilogue = 1 : i32, scale_mode = 1 : i32, algorithm = array<i64: 1, 0, 0, 0, 0, 0, 0, 9>}
      // CHECK: plan.gemm "plain" %[[X]], %{{.*}} to %[[Y]] in f64 by library{{$}}
      plan.gemm "plain" %x, %w to %y in f64 by library
      // CHECK: plan.grouped_gemm "experts" %[[X]] transposed, %{{.*}} transposed plus %{{.*}} to %[[Y]] a_scale %{{.*}} b_scale %{{.*}} d_scale %{{.*}} row_weight %{{.*}} ends %{{.*}} varying k groups 2 rows 16 in f32 by @matmul
      plan.grouped_gemm "experts" %x transposed, %w2 transposed plus %w to %y a_scale %n b_scale %n d_scale %n row_weight %w ends %ends varying k groups 2 rows 16 in f32 by @matmul
        {tile = array<i32: 1, 2, 3>, row_alignment = 8 : i32, alpha = 0.5 : f64, beta = 1.0 : f64, epilogue = 1 : i32, scale_mode = 2 : i32}
      // CHECK: plan.collective "sum" 1 @replicas from %{{.*}} to %{{.*}} counts %{{.*}} {group = 3 : i32, maximum_bytes = 64 : i64, peer = 1 : i32, reduction = 2 : i32}
      plan.collective "sum" 1 @replicas from %w to %w counts %n {reduction = 2 : i32, peer = 1 : i32, group = 3 : i32, maximum_bytes = 64 : i64}
      // CHECK: plan.copy "cast" %{{.*}} to %[[Y]] {direction = 1 : i32}
      plan.copy "cast" %w to %y {direction = 1 : i32}
      // CHECK: plan.fill "zero" %[[Y]] width 4 bits 1065353216
      plan.fill "zero" %y width 4 bits 1065353216
      // CHECK: plan.record "done" event 0
      plan.record "done" event 0
      // CHECK: plan.wait "until done" event 0 stream 1
      plan.wait "until done" event 0 stream 1
    }
  }
}
