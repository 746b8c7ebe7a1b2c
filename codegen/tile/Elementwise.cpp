// Elementwise.cpp - arith and math ops on tensors, lane by lane.
#include "codegen/tile/Kernel.h"

#include "mlir/Interfaces/CastInterfaces.h"

using namespace mlir;

namespace tresse::tile {

bool isElementwise(Operation *op) {
  return OpTrait::hasElementwiseMappableTraits(op) &&
         op->getNumResults() == 1 &&
         isa<RankedTensorType>(op->getResult(0).getType());
}

/// The type in which elements of a storage type compute.
static Type computeType(Type element) {
  return element.isBF16() ? Float32Type::get(element.getContext()) : element;
}

void emitElementwise(TileBuilder &tile, Operation *op,
                     llvm::DenseMap<Value, Num> &values) {
  OpBuilder &builder = tile.ops();
  Value result = op->getResult(0);
  Type element = cast<RankedTensorType>(result.getType()).getElementType();
  auto lanes = VectorType::get({tile.lanes()}, computeType(element));
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    auto dense = cast<SplatElementsAttr>(constant.getValue());
    Num one =
        isa<FloatType>(element)
            ? tile.constant(lanes.getElementType(),
                            dense.getSplatValue<APFloat>().convertToDouble())
            : tile.constant(lanes.getElementType(),
                            dense.getSplatValue<APInt>().getSExtValue());
    values[result] = tile.broadcast(one);
    return;
  }
  Num first = values.lookup(op->getOperand(0));
  // A cast between types that compute alike only rounds.
  if (isa<CastOpInterface>(op) && first.type() == lanes) {
    values[result] = tile.roundTo(first, element);
    return;
  }
  IRMapping mapping;
  for (Value operand : op->getOperands())
    mapping.map(operand, values.lookup(operand).value());
  Operation *onLanes = op->cloneWithoutRegions(mapping);
  onLanes->getResult(0).setType(lanes);
  builder.insert(onLanes);
  values[result] = tile.roundTo({tile, onLanes->getResult(0)}, element);
}

} // namespace tresse::tile
