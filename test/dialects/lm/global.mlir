// lm.global: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK: lm.global  weight @experts : tensor<3x4x4xf32> {initializer = #lm.init<normal, 0.000000e+00 : f64, 6.000000e-03 : f64>, pieces = [#lm.piece<"experts.{e}.gate.weight", 0 to 3 step 1, [2, 4] -> [0, 0, 0] [1, 2, 4]>, #lm.piece<"experts.{e}.up.weight", 0 to 3 step 1, [2, 4] -> [0, 2, 0] [1, 2, 4]>]}
lm.global weight @experts : tensor<3x4x4xf32>
    {initializer = #lm.init<normal, 0.0, 6.0e-3>, pieces = [
     #lm.piece<"experts.{e}.gate.weight", 0 to 3 step 1, [2, 4] -> [0, 0, 0] [1, 2, 4]>,
     #lm.piece<"experts.{e}.up.weight", 0 to 3 step 1, [2, 4] -> [0, 2, 0] [1, 2, 4]>]}

// CHECK: lm.global  moment @w.exp_avg : tensor<4xf32> {of = @experts}
lm.global moment @w.exp_avg : tensor<4xf32> {of = @experts}

// CHECK: lm.global  state @bias : tensor<8xf32> {pieces = [#lm.piece<"bias", 0 to 1 step 1, [8] -> [0] [8]>]}
lm.global state @bias : tensor<8xf32> {pieces = [#lm.piece<"bias", 0 to 1 step 1, [8] -> [0] [8]>]}
