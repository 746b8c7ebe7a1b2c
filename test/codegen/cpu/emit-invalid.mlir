// RUN: tresse-opt %s --tresse-emit-cpu-kernels --split-input-file --verify-diagnostics

func.func @two_kernels(%dy: tensor<6x8xf32>, %w: tensor<8xf32>) -> (tensor<6x8xf32>, tensor<8xf32>) {
  %0 = lm.rms_norm %dy, %w {epsilon = 1.0e-6 : f64} : (tensor<6x8xf32>, tensor<8xf32>) -> tensor<6x8xf32>
  // expected-error @+1 {{'lm.row_sum' op has no kernel of its own, or none that joins row-wise ones}}
  %1 = lm.row_sum %0 : (tensor<6x8xf32>) -> tensor<8xf32>
  return %0, %1 : tensor<6x8xf32>, tensor<8xf32>
}

// -----

func.func @inner_stride(%x: tensor<6x8xf32>) -> tensor<6x8xf32> attributes {layouts = [memref<6x8xf32, strided<[1, 6]>>, memref<6x8xf32>]} {
  %0 = math.exp %x : tensor<6x8xf32>
  // expected-error @+1 {{kernel expects tensors of inner stride 1, but got 'memref<6x8xf32, strided<[1, 6]>>'}}
  return %0 : tensor<6x8xf32>
}

// -----

func.func @layouts(%x: tensor<6x8xf32>) -> tensor<6x8xf32> attributes {layouts = [memref<6x8xf32>]} {
  %0 = math.exp %x : tensor<6x8xf32>
  // expected-error @+1 {{kernel expects one layout for each of its 2 tensors, but got 1}}
  return %0 : tensor<6x8xf32>
}

// -----

func.func @gaps_in_rows(%x: tensor<6x2x8xf32>) -> tensor<6x8xf32> attributes {layouts = [memref<6x2x8xf32, strided<[32, 16, 1]>>, memref<6x8xf32>]} {
  // expected-error @+1 {{'math.exp' op expects rows without gaps, but got 'memref<6x2x8xf32, strided<[32, 16, 1]>>'}}
  %0 = math.exp %x : tensor<6x2x8xf32>
  %1 = lm.mhc_expand_grad %0 : (tensor<6x2x8xf32>) -> tensor<6x8xf32>
  return %1 : tensor<6x8xf32>
}
