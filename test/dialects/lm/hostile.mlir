// Text that a reader may be given: an error each time, no crash.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @empty_body(%x: tensor<2x4x8xf32>, %fn: tensor<24x32xf32>,
                      %base: tensor<24xf32>, %scale: tensor<3xf32>) {
  // expected-error @+1 {{expects a non-empty block}}
  %y = lm.mhc %x, %fn, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x4x8xf32>, tensor<24x32xf32>, tensor<24xf32>, tensor<3xf32>)
      -> tensor<2x4x8xf32> {
  ^bb0(%h: tensor<2x8xf32>):
  }
  return
}

// -----

func.func @empty_fusion(%a: tensor<4xf32>) {
  // expected-error @+1 {{expects a non-empty block}}
  %y = lm.fusion(%a) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%x: tensor<4xf32>):
  }
  return
}

// -----

func.func @more_streams_than_fit(%x: tensor<2x9223372036854775807x1xf32>,
                                 %fn: tensor<24x32xf32>, %base: tensor<24xf32>,
                                 %scale: tensor<1xf32>) {
  // expected-error @+1 {{expects 'fn' of shape [n = 9223372036854775807, nC = 9223372036854775807], but got [24, 32]}}
  %y = lm.hc_head %x, %fn, %base, %scale {epsilon = 0.0, norm_epsilon = 1.0}
      : (tensor<2x9223372036854775807x1xf32>, tensor<24x32xf32>,
         tensor<24xf32>, tensor<1xf32>) -> tensor<2x1xf32>
  return
}

// -----

func.func @not_a_number(%x: tensor<2x4xf32>, %w: tensor<4xf32>) {
  // expected-error @+1 {{expects 'epsilon' to be greater than 0, but got NaN}}
  %y = lm.rms_norm %x, %w {epsilon = 0x7FF8000000000000 : f64}
      : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  return
}

// -----

// expected-error @+1 {{to lie inside [4, 4], but got [4, 4] at [9223372036854775807, 0], 1 times}}
lm.global weight @w : tensor<4x4xf32> {pieces = [
  #lm.piece<"w", 0 to 1 step 1, [4, 4] -> [9223372036854775807, 0] [4, 4]>]}

// -----

// expected-error @+1 {{of 16 elements, the size of its box, but got [4294967296, 4294967296]}}
lm.global weight @w : tensor<4x4xf32> {pieces = [
  #lm.piece<"w", 0 to 1 step 1, [4294967296, 4294967296] -> [0, 0] [4, 4]>]}
