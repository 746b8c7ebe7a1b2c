// Register.cpp - every dialect a Tresse program may hold.
#include "dialects/Register.h"

#include "dialects/lm/LM.h"
#include "dialects/lm/Overwrite.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/Extensions/InlinerExtension.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

void tresse::registerDialects(DialectRegistry &registry) {
  registry
      .insert<lm::LMDialect, arith::ArithDialect, func::FuncDialect,
              math::MathDialect, plan::PlanDialect, tensor::TensorDialect>();
  lm::registerOverwrites(registry);
  lm::registerUpstreamGradients(registry);
  func::registerInlinerExtension(registry);
}
