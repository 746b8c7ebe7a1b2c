// UpstreamGradients.cpp - derivatives of arith and tensor ops, as external
// models of the differentiable-op interface.
#include "dialects/lm/LM.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tresse::lm;

namespace {
using Values = ArrayRef<Value>;
using Needed = ArrayRef<bool>;
using Outputs = MutableArrayRef<Value>;

template <typename Model, typename Op>
using Gradient = DifferentiableOpInterface::ExternalModel<Model, Op>;

struct AddGradient : Gradient<AddGradient, arith::AddFOp> {
  LogicalResult buildGradient(Operation *op, OpBuilder &builder,
                              Values gradients, Needed needed,
                              Outputs out) const {
    out[0] = out[1] = gradients[0];
    return success();
  }
};

struct SubGradient : Gradient<SubGradient, arith::SubFOp> {
  LogicalResult buildGradient(Operation *op, OpBuilder &builder,
                              Values gradients, Needed needed,
                              Outputs out) const {
    out[0] = gradients[0];
    if (needed[1])
      out[1] = arith::NegFOp::create(builder, op->getLoc(), gradients[0]);
    return success();
  }
};

struct MulGradient : Gradient<MulGradient, arith::MulFOp> {
  LogicalResult buildGradient(Operation *op, OpBuilder &builder,
                              Values gradients, Needed needed,
                              Outputs out) const {
    for (unsigned side : {0u, 1u})
      if (needed[side])
        out[side] = arith::MulFOp::create(builder, op->getLoc(), gradients[0],
                                          op->getOperand(1 - side));
    return success();
  }
};

struct NegGradient : Gradient<NegGradient, arith::NegFOp> {
  LogicalResult buildGradient(Operation *op, OpBuilder &builder,
                              Values gradients, Needed needed,
                              Outputs out) const {
    out[0] = arith::NegFOp::create(builder, op->getLoc(), gradients[0]);
    return success();
  }
};

/// Casts pass the gradient on. The gradient of a storage copy of a weight is
/// already wide, and stays so.
template <typename Cast>
struct CastGradient : Gradient<CastGradient<Cast>, Cast> {
  LogicalResult buildGradient(Operation *op, OpBuilder &builder,
                              Values gradients, Needed needed,
                              Outputs out) const {
    auto wanted = cast<RankedTensorType>(op->getOperand(0).getType());
    auto got = cast<RankedTensorType>(gradients[0].getType());
    unsigned wantedBits = wanted.getElementTypeBitWidth();
    unsigned gotBits = got.getElementTypeBitWidth();
    out[0] = gradients[0];
    if (gotBits < wantedBits)
      out[0] = arith::ExtFOp::create(builder, op->getLoc(), wanted, out[0]);
    else if (gotBits > wantedBits)
      out[0] = arith::TruncFOp::create(builder, op->getLoc(), wanted, out[0]);
    return success();
  }
};

/// The gradient of a reshape has the input's shape and the gradient's own
/// element type.
template <typename Reshape, typename Inverse>
struct ReshapeGradient : Gradient<ReshapeGradient<Reshape, Inverse>, Reshape> {
  LogicalResult buildGradient(Operation *op, OpBuilder &builder,
                              Values gradients, Needed needed,
                              Outputs out) const {
    auto input = cast<RankedTensorType>(op->getOperand(0).getType());
    auto got = cast<RankedTensorType>(gradients[0].getType());
    auto type = RankedTensorType::get(input.getShape(), got.getElementType());
    out[0] = Inverse::create(builder, op->getLoc(), type, gradients[0],
                             cast<Reshape>(op).getReassociationIndices());
    return success();
  }
};
} // namespace

void tresse::lm::registerUpstreamGradients(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, arith::ArithDialect *) {
    arith::AddFOp::attachInterface<AddGradient>(*context);
    arith::SubFOp::attachInterface<SubGradient>(*context);
    arith::MulFOp::attachInterface<MulGradient>(*context);
    arith::NegFOp::attachInterface<NegGradient>(*context);
    arith::ExtFOp::attachInterface<CastGradient<arith::ExtFOp>>(*context);
    arith::TruncFOp::attachInterface<CastGradient<arith::TruncFOp>>(*context);
  });
  registry.addExtension(+[](MLIRContext *context, tensor::TensorDialect *) {
    using Expand = tensor::ExpandShapeOp;
    using Collapse = tensor::CollapseShapeOp;
    Expand::attachInterface<ReshapeGradient<Expand, Collapse>>(*context);
    Collapse::attachInterface<ReshapeGradient<Collapse, Expand>>(*context);
  });
}
