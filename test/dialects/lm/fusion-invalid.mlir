// lm.fusion: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @fusion_c1(%a: tensor<10x64xf32>, %b: tensor<10x64xf32>) {
  // expected-error @+1 {{'lm.fusion' op expects a body with arguments (tensor<10x64xf32>, tensor<10x64xf32>), but got (tensor<10x64xf32>)}}
  %y = lm.fusion(%a, %b) : (tensor<10x64xf32>, tensor<10x64xf32>)
      -> tensor<10x64xf32> {
  ^bb0(%x: tensor<10x64xf32>):
    %s = arith.addf %x, %x : tensor<10x64xf32>
    lm.yield %s : tensor<10x64xf32>
  }
  return
}

// -----

func.func @fusion_c2(%a: tensor<10x64xf32>, %b: tensor<10x64xf32>) {
  // expected-error @+1 {{'lm.fusion' op expects a body that yields (tensor<10x64xf32>), but got ()}}
  %y = lm.fusion(%a, %b) : (tensor<10x64xf32>, tensor<10x64xf32>)
      -> tensor<10x64xf32> {
  ^bb0(%x: tensor<10x64xf32>, %r: tensor<10x64xf32>):
    %s = arith.addf %x, %r : tensor<10x64xf32>
    lm.yield
  }
  return
}
