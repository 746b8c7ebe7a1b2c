// RUN: tresse-opt %s "--tresse-cpu-kernels=cpu=x86-64-v3 lower=false" | FileCheck %s
// RUN: tresse-opt %s "--tresse-cpu-kernels=cpu=x86-64-v3" | FileCheck %s --check-prefix=LLVM

// The kernel is a function beside the plan; its launches know their tiles, the
// model the processor that it needs.
// CHECK: plan.model cpu "x86-64-v3"
// CHECK: plan.kernel @exp code 0
// CHECK-NOT: math.exp
// CHECK: plan.launch "exp" @exp({{.*}}) tiles 3
// CHECK: func.func @exp(
// CHECK: math.exp {{.*}} : vector<8xf32>
// LLVM: plan.model cpu "x86-64-v3"
// LLVM: llvm.func @exp(%{{.*}}: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64, %{{.*}}: !llvm.ptr)
plan.model cpu "" ranks [@main] {
  %x = plan.buffer "x" arena offset 0 size 40000 live [0, 0]
  %y = plan.buffer "y" arena offset 40000 size 40000 live [0, 0]
  %0 = plan.view %x[0] f32 [100, 100]
  %1 = plan.view %y[0] f32 [100, 100]
  plan.kernel @exp code 0 attributes {layouts = [memref<100x100xf32>, memref<100x100xf32>]} {
  ^bb0(%a: tensor<100x100xf32>):
    %2 = math.exp %a : tensor<100x100xf32>
    plan.yield %2 : tensor<100x100xf32>
  }
  plan.program @main streams 1 events 0 arena 80000 persistent 0 pinned 0 alignment 64 {
    plan.entry "logits" {
      plan.input "x" %0
      plan.output "y" %1
      plan.launch "exp" @exp(read %0, write %1)
    }
  }
}
