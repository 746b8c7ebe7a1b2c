// RUN: tresse-opt %s --split-input-file --verify-diagnostics

// One plan per constraint of the dialect; the name says which.

// @model_c1
// expected-error @+1 {{expects 'ranks' to name programs, but got @none}}
plan.model cpu "" ranks [@none] {
}

// -----

// @model_c2
// expected-error @+1 {{expects the number of an architecture, but got 'sm_90a'}}
plan.model cuda "sm_90a" ranks [] {
}

// -----

// @program_c1
plan.model cpu "" ranks [] {
  // expected-error @+1 {{expects only 'plan.entry' in its body, but got 'plan.build_record'}}
  plan.program @main streams 1 events 0 arena 0 persistent 0 pinned 0 alignment 64 {
    plan.build_record "a" = "b"
  }
}

// -----

// @program_c1_names
plan.model cpu "" ranks [] {
  plan.program @main streams 1 events 0 arena 0 persistent 0 pinned 0 alignment 64 {
    plan.entry "logits" {
    }
    // expected-error @+1 {{expects a name of its own, but 'logits' is taken}}
    plan.entry "logits" {
    }
  }
}

// -----

// @program_c2
plan.model cpu "" ranks [] {
  plan.program @main streams 2 events 1 arena 0 persistent 0 pinned 0 alignment 64 {
    plan.entry "logits" {
      // expected-error @+1 {{expects a stream below 2, but got 2}}
      plan.record "r" event 0 stream 2
    }
  }
}

// -----

// @program_c3
plan.model cpu "" ranks [] {
  plan.program @main streams 1 events 1 arena 0 persistent 0 pinned 0 alignment 64 {
    plan.entry "logits" {
      // expected-error @+1 {{expects an event below 1, but got 1}}
      plan.wait "w" event 1
    }
  }
}

// -----

// @entry_c1
plan.model cpu "" ranks [] {
  %b = plan.buffer "x" arena offset 0 size 64
  %x = plan.view %b[0] f32 [16]
  plan.program @main streams 1 events 0 arena 64 persistent 0 pinned 0 alignment 64 {
    plan.entry "logits" {
      plan.output "x" %x
      // expected-error @+1 {{expects to come before the outputs of its entry}}
      plan.input "x" %x
    }
  }
}

// -----

// @buffer_c1
plan.model cpu "" ranks [] {
  // expected-error @+1 {{expects 'offset' and 'size' of at least 0, but got 0 and -4}}
  %b = plan.buffer "x" arena offset 0 size -4
}

// -----

// @buffer_c2
plan.model cpu "" ranks [] {
  // expected-error @+1 {{expects 'live' to be a first and a last step, but got array<i64: 3, 2>}}
  %b = plan.buffer "x" arena offset 0 size 4 live [3, 2]
}

// -----

// @view_c1
plan.model cpu "" ranks [] {
  %b = plan.buffer "x" arena offset 0 size 64
  // expected-error @+1 {{expects as many 'strides' as 'sizes', at most 8, but got 2 and 1}}
  %x = plan.view %b[0] f32 [16] strides [1, 1]
}

// -----

// @view_c2
plan.model cpu "" ranks [] {
  %b = plan.buffer "x" arena offset 0 size 64
  // expected-error @+1 {{expects sizes and strides of at least 0, but got -1}}
  %x = plan.view %b[0] f32 [16] strides [-1]
}

// -----

// @view_c3
plan.model cpu "" ranks [] {
  %b = plan.buffer "x" arena offset 0 size 64
  // expected-error @+1 {{expects an element type of a plan, but got 'i16'}}
  %x = plan.view %b[0] i16 [16]
}

// -----

// @global_c1
plan.model cpu "" ranks [] {
  %b = plan.buffer "x" persistent offset 0 size 64
  // expected-error @+1 {{expects 'of' to name a global, but got @w}}
  plan.global gradient @g f32 [16] in %b of @w initial zeros
}

// -----

// @global_c2
plan.model cpu "" ranks [] {
  %b = plan.buffer "x" persistent offset 0 size 64
  // expected-error @+1 {{expects '#plan.piece' in 'pieces', but got "w"}}
  plan.global weight @w f32 [16] in %b initial zeros {pieces = ["w"]}
}

// -----

// @global_c3
plan.model cpu "" ranks [] {
  %b = plan.buffer "x" persistent offset 0 size 64
  // expected-error @+1 {{expects at most 8 dimensions of at least 0, but got array<i64: -1>}}
  plan.global weight @w f32 [-1] in %b initial zeros
}

// -----

// @launch_c1
plan.model cpu "" ranks [] {
  plan.program @main streams 1 events 0 arena 0 persistent 0 pinned 0 alignment 64 {
    plan.entry "logits" {
      // expected-error @+1 {{expects the name of a kernel, but got @none}}
      plan.launch "x" @none()
    }
  }
}

// -----

// @launch_c2
plan.model cpu "" ranks [] {
  plan.kernel @k code 0
  plan.program @main streams 1 events 0 arena 0 persistent 0 pinned 0 alignment 64 {
    plan.entry "logits" {
      // expected-error @+1 {{expects 3 elements in 'grid', 'block' and 'cluster', but got 2}}
      plan.launch "x" @k() {grid = array<i32: 1, 1>}
    }
  }
}

// -----

// @launch_c3
plan.model cpu "" ranks [] {
  plan.kernel @k code 0
  plan.program @main streams 1 events 0 arena 0 persistent 0 pinned 0 alignment 64 {
    plan.entry "logits" {
      // expected-error @+1 {{expects integers, floats, strings or at most 64 integers in 'parameters', but got "a" = [1]}}
      plan.launch "x" @k() with {a = [1]}
    }
  }
}

// -----

// @launch_c4
plan.model cpu "" ranks [] {
  plan.kernel @k code 0
  %b = plan.buffer "x" arena offset 0 size 64
  %x = plan.view %b[0] f32 [16]
  plan.program @main streams 1 events 0 arena 64 persistent 0 pinned 0 alignment 64 {
    plan.entry "logits" {
      // expected-error @+1 {{expects a slot for each of 1 operands, but got 0}}
      "plan.launch"(%x) <{access = array<i32>, bits = array<i64>, kernel = @k, operandSegmentSizes = array<i32: 1, 0>, step_name = "x"}> : (!plan.tensor) -> ()
    }
  }
}

// -----

// @gemm_c1
plan.model cpu "" ranks [] {
  %b = plan.buffer "x" arena offset 0 size 64
  %x = plan.view %b[0] f32 [4, 4]
  plan.program @main streams 1 events 0 arena 64 persistent 0 pinned 0 alignment 64 {
    plan.entry "logits" {
      // expected-error @+1 {{expects a kernel exactly when it is the provider, but the provider is 'kernel'}}
      plan.gemm "x" %x, %x to %x in f32 by kernel
    }
  }
}

// -----

// @gemm_c2
plan.model cpu "" ranks [] {
  %b = plan.buffer "x" arena offset 0 size 64
  %x = plan.view %b[0] f32 [4, 4]
  plan.program @main streams 1 events 0 arena 64 persistent 0 pinned 0 alignment 64 {
    plan.entry "logits" {
      // expected-error @+1 {{expects an element type of a plan, but got 'i16'}}
      plan.gemm "x" %x, %x to %x in i16 by library
    }
  }
}

// -----

// @gemm_c3
plan.model cpu "" ranks [] {
  %b = plan.buffer "x" arena offset 0 size 64
  %x = plan.view %b[0] f32 [4, 4]
  plan.program @main streams 1 events 0 arena 64 persistent 0 pinned 0 alignment 64 {
    plan.entry "logits" {
      // expected-error @+1 {{expects 8 elements in 'algorithm', but got 1}}
      plan.gemm "x" %x, %x to %x in f32 by library {algorithm = array<i64: 1>}
    }
  }
}

// -----

// @grouped_gemm_c1
plan.model cpu "" ranks [] {
  %b = plan.buffer "x" arena offset 0 size 64
  %x = plan.view %b[0] f32 [4, 4]
  plan.program @main streams 1 events 0 arena 64 persistent 0 pinned 0 alignment 64 {
    plan.entry "logits" {
      // expected-error @+1 {{expects the name of a kernel, but got @none}}
      plan.grouped_gemm "x" %x, %x to %x ends %x varying m groups 1 rows 4 in f32 by @none
    }
  }
}

// -----

// @grouped_gemm_c2
plan.model cpu "" ranks [] {
  %b = plan.buffer "x" arena offset 0 size 64
  %x = plan.view %b[0] f32 [4, 4]
  plan.program @main streams 1 events 0 arena 64 persistent 0 pinned 0 alignment 64 {
    plan.entry "logits" {
      // expected-error @+1 {{expects an element type of a plan, but got 'i16'}}
      plan.grouped_gemm "x" %x, %x to %x ends %x varying m groups 1 rows 4 in i16
    }
  }
}

// -----

// @grouped_gemm_c3
plan.model cpu "" ranks [] {
  %b = plan.buffer "x" arena offset 0 size 64
  %x = plan.view %b[0] f32 [4, 4]
  plan.program @main streams 1 events 0 arena 64 persistent 0 pinned 0 alignment 64 {
    plan.entry "logits" {
      // expected-error @+1 {{expects 3 elements in 'tile', but got 1}}
      plan.grouped_gemm "x" %x, %x to %x ends %x varying m groups 1 rows 4 in f32 {tile = array<i32: 1>}
    }
  }
}

// -----

// @collective_c1
plan.model cpu "" ranks [] {
  plan.program @main streams 1 events 0 arena 0 persistent 0 pinned 0 alignment 64 {
    plan.entry "logits" {
      // expected-error @+1 {{expects the name of a communicator, but got @none}}
      plan.collective "x" 1 @none
    }
  }
}

// -----

// @fill_c1
plan.model cpu "" ranks [] {
  %b = plan.buffer "x" arena offset 0 size 64
  %x = plan.view %b[0] f32 [4, 4]
  plan.program @main streams 1 events 0 arena 64 persistent 0 pinned 0 alignment 64 {
    plan.entry "logits" {
      // expected-error @+1 {{expects a 'width' of 1, 2, 4 or 8 bytes, but got 3}}
      plan.fill "x" %x width 3 bits 0
    }
  }
}

// -----

// @kernel_c1
plan.model cpu "" ranks [] {
  // expected-error @+1 {{expects a memref type for each of 2 arguments and results in 'layouts', but got 1}}
  plan.kernel @k code 0 attributes {layouts = [memref<4xf32>]} {
  ^bb0(%x: tensor<4xf32>):
    plan.yield %x : tensor<4xf32>
  }
}
