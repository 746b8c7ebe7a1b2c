// RUN: tresse-opt %s --tresse-build-plan="target=reference gemms=false" --tresse-assign-arena --tresse-reference-calls | FileCheck %s

// One kernel per function, whatever the shapes and attributes.
// CHECK: plan.kernel @tresse_ref_elementwise code 0{{$}}
// CHECK: plan.kernel @tresse_ref_rope code 1{{$}}
// CHECK: plan.kernel @tresse_ref_route code 2{{$}}
// CHECK: plan.kernel @tresse_ref_linear_grad_weight code 3{{$}}
// CHECK: plan.kernel @tresse_ref_swiglu code 4{{$}}
// CHECK-NOT: plan.kernel
// CHECK: plan.entry "logits"

// Elementwise ops are called by name.
// CHECK: plan.launch "addf" @tresse_ref_elementwise(read %{{.*}}, read %{{.*}}, write %{{.*}}) with {op = "arith.addf"}
// CHECK: plan.launch "cmpf" @tresse_ref_elementwise(read %{{.*}}, read %{{.*}}, write %{{.*}}) with {op = "arith.cmpf", predicate = 2 : i64}
// CHECK: plan.launch "constant" @tresse_ref_elementwise(write %{{.*}}) with {op = "arith.constant", value = array<i64: 1, 7>}

// Attributes become numbers; an absent operand in the middle is none.
// CHECK: plan.launch "rope" @tresse_ref_rope({{.*}}) with {interleaved = 1 : i64, {{.*}}offset = 2 : i64}
// CHECK: plan.launch "route" @tresse_ref_route(read %{{.*}}, none, read %[[P:.*]], write %{{.*}}, write %{{.*}}, write %{{.*}}) with {group_score = 1 : i64, groups = 1 : i64, normalize = 0 : i64, scoring = 1 : i64, top_groups = 1 : i64, top_k = 2 : i64, weight_scale = 1.000000e+00 : f64}

// An absent last operand too; a present one is not.
// CHECK: plan.launch "linear_grad_weight" @tresse_ref_linear_grad_weight(read %{{.*}}, read %{{.*}}, none, write %[[DW:.*]])
// CHECK: plan.launch "linear_grad_weight" @tresse_ref_linear_grad_weight(read %{{.*}}, read %{{.*}}, read %[[DW]], update %[[DW]])
// CHECK: plan.launch "swiglu" @tresse_ref_swiglu(read %{{.*}}, none, write %{{.*}})
func.func @logits(%x: tensor<4x8xf32> {lm.name = "x"}, %p: tensor<4xi32> {lm.name = "p"}, %table: tensor<4x4xf32> {lm.name = "t"})
    -> (tensor<4x8xi1> {lm.name = "less"}, tensor<2xi32> {lm.name = "constant"}, tensor<4x8xf32> {lm.name = "rope"},
        tensor<4x2xi32> {lm.name = "routes"}, tensor<8x8xf32> {lm.name = "dw"}, tensor<4x4xf32> {lm.name = "swiglu"}) attributes {lm.entry = "logits"} {
  %0 = arith.addf %x, %x : tensor<4x8xf32>
  %1 = arith.cmpf ogt, %0, %x : tensor<4x8xf32>
  %2 = arith.constant dense<[1, 7]> : tensor<2xi32>
  %3 = lm.rope %x, %table {interleaved = true, offset = 2 : i64} : (tensor<4x8xf32>, tensor<4x4xf32>) -> tensor<4x8xf32>
  %4:3 = lm.route %x positions(%p) {scoring = #lm.scoring<sigmoid>, top_k = 2 : i64, groups = 1 : i64, top_groups = 1 : i64, group_score = #lm.group_score<top2>, normalize = false, weight_scale = 1.0 : f64}
    : (tensor<4x8xf32>, tensor<4xi32>) -> (tensor<4x2xi32>, tensor<4x2xf32>, tensor<4x8xf32>)
  %5 = lm.linear_grad_weight %x, %x : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<8x8xf32>
  %6 = lm.linear_grad_weight %x, %x, %5 : (tensor<4x8xf32>, tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %7 = lm.swiglu %x : (tensor<4x8xf32>) -> tensor<4x4xf32>
  return %1, %2, %3, %4#0, %6, %7 : tensor<4x8xi1>, tensor<2xi32>, tensor<4x8xf32>, tensor<4x2xi32>, tensor<8x8xf32>, tensor<4x4xf32>
}
