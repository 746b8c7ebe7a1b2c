// RUN: tresse-opt %s --split-input-file --tresse-order-steps | FileCheck %s
// RUN: tresse-opt %s --split-input-file --tresse-order-steps=rounds=0 | FileCheck %s --check-prefix=GIVEN
// RUN: tresse-opt %s --split-input-file --tresse-order-steps --remarks-filter=schedule --remark-policy=final 2>&1 | FileCheck %s --check-prefix=REMARK

// Both halves are made before either is summed up: the second half can wait
// until the first is gone. The steps that add to %acc keep their order.
// REMARK: [Passed] OrderSteps | Category:schedule | peak=1152, peak-before=2112
// CHECK-LABEL: plan.entry "halves"
// CHECK: plan.launch "clear"
// CHECK-NEXT: plan.launch "left"
// CHECK-NEXT: plan.launch "sum left"
// CHECK-NEXT: plan.launch "right"
// CHECK-NEXT: plan.launch "sum right"
// CHECK-NEXT: }
// GIVEN-LABEL: plan.entry "halves"
// GIVEN: plan.launch "left"
// GIVEN-NEXT: plan.launch "right"
plan.model cpu "" ranks [@main] {
  plan.kernel @make code 0
  plan.kernel @sum code 1
  %b.x = plan.buffer "x" arena offset 0 size 64
  %b.l = plan.buffer "l" arena offset 0 size 1024
  %b.r = plan.buffer "r" arena offset 0 size 1024
  %b.a = plan.buffer "a" arena offset 0 size 64
  %x = plan.view %b.x[0] f32 [16]
  %l = plan.view %b.l[0] f32 [256]
  %r = plan.view %b.r[0] f32 [256]
  %acc = plan.view %b.a[0] f32 [16]
  plan.program @main streams 1 events 0 arena 0 persistent 0 pinned 0 alignment 64 {
    plan.entry "halves" {
      plan.input "x" %x
      plan.output "a" %acc
      plan.launch "left" @make(read %x, write %l)
      plan.launch "right" @make(read %x, write %r)
      plan.launch "clear" @make(write %acc)
      plan.launch "sum left" @sum(read %l, update %acc)
      plan.launch "sum right" @sum(read %r, update %acc)
    }
  }
}

// -----

// What is overwritten is read before; no order is better, so it stays.
// CHECK-LABEL: plan.entry "readers"
// CHECK: plan.launch "first"
// CHECK-NEXT: plan.launch "second"
// CHECK-NEXT: plan.launch "over"
// CHECK-NEXT: plan.launch "third"
plan.model cpu "" ranks [@main] {
  plan.kernel @one code 0
  %b.x = plan.buffer "x" arena offset 0 size 64
  %b.y = plan.buffer "y" arena offset 0 size 1024
  %b.z = plan.buffer "z" arena offset 0 size 1024
  %x = plan.view %b.x[0] f32 [16]
  %y = plan.view %b.y[0] f32 [256]
  %z = plan.view %b.z[0] f32 [256]
  plan.program @main streams 1 events 0 arena 0 persistent 0 pinned 0 alignment 64 {
    plan.entry "readers" {
      plan.input "x" %x
      plan.output "y" %y
      plan.output "z" %z
      plan.launch "first" @one(read %x, write %y)
      plan.launch "second" @one(read %x, write %z)
      plan.launch "over" @one(read %z, update %x)
      plan.launch "third" @one(read %x, update %y)
    }
  }
}

// -----

// Steps of several streams stay where they are.
// CHECK-LABEL: plan.entry "streams"
// CHECK: plan.launch "left"
// CHECK-NEXT: plan.launch "right" {{.*}} stream 1
plan.model cpu "" ranks [@main] {
  plan.kernel @make code 0
  plan.kernel @sum code 1
  %b.x = plan.buffer "x" arena offset 0 size 64
  %b.l = plan.buffer "l" arena offset 0 size 1024
  %b.r = plan.buffer "r" arena offset 0 size 1024
  %x = plan.view %b.x[0] f32 [16]
  %l = plan.view %b.l[0] f32 [256]
  %r = plan.view %b.r[0] f32 [256]
  plan.program @main streams 2 events 0 arena 0 persistent 0 pinned 0 alignment 64 {
    plan.entry "streams" {
      plan.input "x" %x
      plan.launch "left" @make(read %x, write %l)
      plan.launch "right" @make(read %x, write %r) stream 1
      plan.launch "sum left" @sum(update %l)
      plan.launch "sum right" @sum(update %r)
    }
  }
}
