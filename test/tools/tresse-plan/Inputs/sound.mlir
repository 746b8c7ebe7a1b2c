// A sound plan of two streams: norm, product on the other stream, activation.
plan.model cpu "" ranks [@main] {
  plan.kernel @norm code 0
  plan.kernel @silu code 1
  %b.x = plan.buffer "x" arena offset 0 size 256 live [0, 0]
  %b.h = plan.buffer "h" arena offset 256 size 256 live [0, 3]
  %b.y = plan.buffer "y" arena offset 0 size 256 live [3, 6]
  %b.z = plan.buffer "z" arena offset 256 size 256 live [6, 7]
  %b.w = plan.buffer "w" persistent offset 0 size 256
  %b.g = plan.buffer "g" persistent offset 256 size 256
  %x = plan.view %b.x[0] f32 [8, 8]
  %h = plan.view %b.h[0] f32 [8, 8]
  %y = plan.view %b.y[0] f32 [8, 8]
  %z = plan.view %b.z[0] f32 [8, 8]
  %w = plan.view %b.w[0] f32 [8, 8]
  %g = plan.view %b.g[0] f32 [8, 8]
  plan.global weight @w f32 [8, 8] in %b.w initial zeros
  plan.global gradient @g f32 [8, 8] in %b.g of @w initial zeros
  plan.program @main streams 2 events 2 arena 512 persistent 512 pinned 0 alignment 64 {
    plan.entry "logits" {
      plan.input "x" %x
      plan.output "z" %z
      plan.launch "norm" @norm(read %x, write %h) tiles 4
      plan.record "normed" event 0
      plan.wait "for norm" event 0 stream 1
      plan.gemm "project" %h, %w transposed to %y in f32 by library stream 1
      plan.record "projected" event 1 stream 1
      plan.wait "for project" event 1
      plan.launch "silu" @silu(read %y, write %z)
      plan.fill "clear" %g width 4 bits 0
    }
  }
}
