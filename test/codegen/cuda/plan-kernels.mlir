// RUN: tresse-opt %s "--tresse-cuda-kernels=chip=sm_80 lower=false" | FileCheck %s
// RUN: tresse-opt %s "--tresse-cuda-kernels=chip=sm_80" | FileCheck %s --check-prefix=LLVM
// RUN: not tresse-opt %s "--tresse-cuda-kernels=chip=sm_70" 2>&1 | FileCheck %s --check-prefix=CHIP

// Kernels are functions of the module @device; launches know their grid. A copy
// with gaps is a launch, one without stays the driver's.
// CHECK: plan.model cuda "80"
// CHECK: plan.kernel @exp code 0 in %code
// CHECK: plan.kernel @copy_0 code 1 in %code
// CHECK: plan.launch "exp" @exp({{.*}}) tiles 3 {block = array<i32: 96, 1, 1>}
// CHECK: plan.launch "gaps" @copy_0(read %{{.*}}, write %{{.*}}) tiles 100 {{.*}}grid = array<i32: 25, 1, 1>
// CHECK: plan.copy "plain"
// CHECK: module @device
// CHECK: func.func @exp(%{{.*}}: memref<10000xf32, 1>, %{{.*}}: memref<10000xf32, 1>)
// CHECK: math.exp %{{.*}} : f32
// CHECK: func.func @copy_0(
// LLVM: llvm.func @exp(%{{.*}}: !llvm.ptr<1>, %{{.*}}: !llvm.ptr<1>) attributes {{.*}}nvvm.kernel, nvvm.reqntid = array<i32: 96>
// CHIP: expected the target cuda:sm_80 or cuda:sm_90a, but got 'cuda:sm_70'
plan.model cuda "0" ranks [@main] {
  %x = plan.buffer "x" arena offset 0 size 40000 live [0, 0]
  %y = plan.buffer "y" arena offset 40000 size 40000 live [0, 0]
  %0 = plan.view %x[0] f32 [100, 100]
  %1 = plan.view %y[0] f32 [100, 100]
  %2 = plan.view %x[0] f32 [100, 50] strides [100, 1]
  %3 = plan.view %y[0] f32 [100, 50]
  plan.kernel @exp code 0 attributes {layouts = [memref<100x100xf32>, memref<100x100xf32>]} {
  ^bb0(%a: tensor<100x100xf32>):
    %e = math.exp %a : tensor<100x100xf32>
    plan.yield %e : tensor<100x100xf32>
  }
  plan.program @main streams 1 events 0 arena 80000 persistent 0 pinned 0 alignment 64 {
    plan.entry "logits" {
      plan.input "x" %0
      plan.output "y" %1
      plan.launch "exp" @exp(read %0, write %1)
      plan.copy "gaps" %2 to %3
      plan.copy "plain" %0 to %1
    }
  }
}
