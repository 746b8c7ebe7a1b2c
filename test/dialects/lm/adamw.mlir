// lm.adamw: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}}, %{{.*}}, %{{.*}} = lm.adamw %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x64xf32>, tensor<1xf32>, tensor<16xf32>) -> (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x64xf32>)
func.func @example(
    %p: tensor<48x64xf32>, %g: tensor<48x64xf32>, %m: tensor<48x64xf32>,
    %v: tensor<48x64xf32>, %norm: tensor<1xf32>, %hyper: tensor<16xf32>) {
  %p1, %m1, %v1 = lm.adamw %p, %g, %m, %v, %norm, %hyper
      : (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x64xf32>,
         tensor<48x64xf32>, tensor<1xf32>, tensor<16xf32>)
      -> (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x64xf32>)
  return
}
