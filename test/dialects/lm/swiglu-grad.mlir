// lm.swiglu_grad: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.swiglu_grad %{{.*}}, %{{.*}}, %{{.*}} : (tensor<30x48xf32>, tensor<30x24xf32>, tensor<8xi32>) -> tensor<30x48xf32>
func.func @example(
    %gate_up: tensor<30x48xf32>, %dh: tensor<30x24xf32>,
    %ends: tensor<8xi32>) {
  %d = lm.swiglu_grad %gate_up, %dh, %ends
      : (tensor<30x48xf32>, tensor<30x24xf32>, tensor<8xi32>)
      -> tensor<30x48xf32>
  return
}

// CHECK-LABEL: @variant
// CHECK: %{{.*}} = lm.swiglu_grad %{{.*}}, %{{.*}} : (tensor<2x5x48xf32>, tensor<2x5x24xf32>) -> tensor<2x5x48xf32>
func.func @variant(%gate_up: tensor<2x5x48xf32>, %dh: tensor<2x5x24xf32>) {
  %d = lm.swiglu_grad %gate_up, %dh
      : (tensor<2x5x48xf32>, tensor<2x5x24xf32>) -> tensor<2x5x48xf32>
  return
}
