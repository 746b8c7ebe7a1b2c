// lm.global: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{'lm.global' op expects a ranked tensor of static shape, but got 'tensor<?x4x4xf32>'}}
lm.global weight @global_c1 : tensor<?x4x4xf32>
    {initializer = #lm.init<normal, 0.0, 6.0e-3>, pieces = [
     #lm.piece<"experts.{e}.gate.weight", 0 to 3 step 1, [2, 4] -> [0, 0, 0] [1, 2, 4]>,
     #lm.piece<"experts.{e}.up.weight", 0 to 3 step 1, [2, 4] -> [0, 2, 0] [1, 2, 4]>]}

// -----

// expected-error @+1 {{'lm.global' op expects 'of' of a moment, but got none}}
lm.global moment @global_c2 : tensor<3x4x4xf32>
    {initializer = #lm.init<normal, 0.0, 6.0e-3>, pieces = [
     #lm.piece<"experts.{e}.gate.weight", 0 to 3 step 1, [2, 4] -> [0, 0, 0] [1, 2, 4]>,
     #lm.piece<"experts.{e}.up.weight", 0 to 3 step 1, [2, 4] -> [0, 2, 0] [1, 2, 4]>]}

// -----

// expected-error @+1 {{'lm.global' op expects @nothing to name an lm.global, but got none}}
lm.global gradient @global_c3 : tensor<4xf32> {of = @nothing}

// -----

// expected-error @+1 {{'lm.global' op expects #lm.piece in 'pieces', but got 1 : i64}}
lm.global weight @global_c4 : tensor<3x4x4xf32>
    {initializer = #lm.init<normal, 0.0, 6.0e-3>, pieces = [1,
     #lm.piece<"experts.{e}.gate.weight", 0 to 3 step 1, [2, 4] -> [0, 0, 0] [1, 2, 4]>,
     #lm.piece<"experts.{e}.up.weight", 0 to 3 step 1, [2, 4] -> [0, 2, 0] [1, 2, 4]>]}

// -----

// expected-error @+1 {{'lm.global' op expects piece "experts.{e}.gate.weight" to run upwards from 0 or more, but got 3 to 3 step 1}}
lm.global weight @global_c5 : tensor<3x4x4xf32>
    {initializer = #lm.init<normal, 0.0, 6.0e-3>, pieces = [
     #lm.piece<"experts.{e}.gate.weight", 3 to 3 step 1, [2, 4] -> [0, 0, 0] [1, 2, 4]>,
     #lm.piece<"experts.{e}.up.weight", 0 to 3 step 1, [2, 4] -> [0, 2, 0] [1, 2, 4]>]}

// -----

// expected-error @+1 {{'lm.global' op expects piece "experts.gate.weight" to run from 0 to 1 step 1 without {e} in its name, but got 0 to 3 step 1}}
lm.global weight @global_c6 : tensor<3x4x4xf32>
    {initializer = #lm.init<normal, 0.0, 6.0e-3>, pieces = [
     #lm.piece<"experts.gate.weight", 0 to 3 step 1, [2, 4] -> [0, 0, 0] [1, 2, 4]>,
     #lm.piece<"experts.{e}.up.weight", 0 to 3 step 1, [2, 4] -> [0, 2, 0] [1, 2, 4]>]}

// -----

// expected-error @+1 {{'lm.global' op expects piece "experts.{e}.up.weight" to have a box of rank 3, but got [2, 0] [2, 4]}}
lm.global weight @global_c7 : tensor<3x4x4xf32>
    {initializer = #lm.init<normal, 0.0, 6.0e-3>, pieces = [
     #lm.piece<"experts.{e}.gate.weight", 0 to 3 step 1, [2, 4] -> [0, 0, 0] [1, 2, 4]>,
     #lm.piece<"experts.{e}.up.weight", 0 to 3 step 1, [2, 4] -> [2, 0] [2, 4]>]}

// -----

// expected-error @+1 {{'lm.global' op expects piece "experts.{e}.up.weight" to lie inside [3, 4, 4], but got [1, 2, 4] at [0, 3, 0], 3 times}}
lm.global weight @global_c8 : tensor<3x4x4xf32>
    {initializer = #lm.init<normal, 0.0, 6.0e-3>, pieces = [
     #lm.piece<"experts.{e}.gate.weight", 0 to 3 step 1, [2, 4] -> [0, 0, 0] [1, 2, 4]>,
     #lm.piece<"experts.{e}.up.weight", 0 to 3 step 1, [2, 4] -> [0, 3, 0] [1, 2, 4]>]}

// -----

// expected-error @+1 {{'lm.global' op expects piece "experts.{e}.up.weight" of 8 elements, the size of its box, but got [2, 5]}}
lm.global weight @global_c9 : tensor<3x4x4xf32>
    {initializer = #lm.init<normal, 0.0, 6.0e-3>, pieces = [
     #lm.piece<"experts.{e}.gate.weight", 0 to 3 step 1, [2, 4] -> [0, 0, 0] [1, 2, 4]>,
     #lm.piece<"experts.{e}.up.weight", 0 to 3 step 1, [2, 5] -> [0, 2, 0] [1, 2, 4]>]}
