// LM.cpp - the lm dialect's registration, attributes and type rules.
#include "dialects/lm/LM.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tresse::lm;

#include "dialects/lm/LMBaseDialect.cpp.inc"
#include "dialects/lm/LMBaseEnums.cpp.inc"

#include "dialects/lm/Interfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/lm/LMBaseAttributes.cpp.inc"

void LMDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/lm/LMBaseAttributes.cpp.inc"
      >();
  addProgramOps();
  addCompositeOps();
  addEmbeddingOps();
  addLinearOps();
  addNormOps();
  addRopeOps();
  addAttentionOps();
  addMoeOps();
  addHyperConnectionOps();
  addLossOps();
  addOptimizerOps();
  addSamplingOps();
}

Type tresse::lm::wideOf(Type element) {
  return element.isF64() ? element : Float32Type::get(element.getContext());
}

RankedTensorType tresse::lm::wideOf(RankedTensorType type) {
  return RankedTensorType::get(type.getShape(), wideOf(type.getElementType()));
}

Value tresse::lm::valueOrZeros(OpBuilder &builder, Location loc, Value value,
                               Type type) {
  if (value)
    return value;
  return FillOp::create(builder, loc, type, builder.getF64FloatAttr(0.0));
}
