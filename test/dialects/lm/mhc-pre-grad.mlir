// lm.mhc_pre_grad: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} = lm.mhc_pre_grad %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 9.9999999999999995E-7 : f64, form = #lm.mhc_form<v4>, iterations = 20 : i64, norm_epsilon = 9.9999999999999995E-7 : f64} : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>) -> (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<2x5x24xf32>, tensor<2x5x3xf32>)
func.func @example(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<24xf32>, %scale: tensor<3xf32>, %dh: tensor<2x5x64xf32>,
    %dpost: tensor<2x5x4xf32>, %dcomb: tensor<2x5x4x4xf32>) {
  %dx, %dmix, %dz, %dscale = lm.mhc_pre_grad %x, %mix, %base, %scale, %dh,
      %dpost, %dcomb
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>,
         tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<2x5x24xf32>,
          tensor<2x5x3xf32>)
  return
}
