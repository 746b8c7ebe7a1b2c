// Program.cpp - globals, entry plumbing and structural ops: verifiers and interfaces.
#include "dialects/lm/LM.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tresse::lm;

#define GET_OP_CLASSES
#include "dialects/lm/Program.cpp.inc"

void LMDialect::addProgramOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/lm/Program.cpp.inc"
      >();
}

LogicalResult GlobalOp::verify() { return success(); }

static LogicalResult verifyGlobalUse(Operation *op, FlatSymbolRefAttr name,
                                     Type type, SymbolTableCollection &symbols) {
  auto global = symbols.lookupNearestSymbolFrom<GlobalOp>(op, name);
  if (!global)
    return op->emitOpError() << "expects " << name
                             << " to name an lm.global, but got none";
  if (global.getType() != type)
    return op->emitOpError() << "expects type " << global.getType() << " of "
                             << name << ", but got " << type;
  return success();
}

LogicalResult LoadOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyGlobalUse(*this, getGlobalAttr(), getResult().getType(), symbols);
}

void LoadOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  effects.emplace_back(MemoryEffects::Read::get(), getGlobalAttr());
}

LogicalResult StoreOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyGlobalUse(*this, getGlobalAttr(), getValue().getType(), symbols);
}

void StoreOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  effects.emplace_back(MemoryEffects::Write::get(), getGlobalAttr());
}

LogicalResult FusionOp::verify() { return success(); }

/// A fusion ties what the op behind the yielded value ties, when that op's
/// operand is an argument of the region.
OpOperand *FusionOp::getTiedOperand(unsigned result) {
  Value yielded = getBody().front().getTerminator()->getOperand(result);
  auto tied = yielded.getDefiningOp<TiedOperandInterface>();
  if (!tied)
    return nullptr;
  OpOperand *inner =
      tied.getTiedOperand(cast<OpResult>(yielded).getResultNumber());
  auto argument = inner ? dyn_cast<BlockArgument>(inner->get()) : nullptr;
  if (!argument || argument.getOwner() != &getBody().front())
    return nullptr;
  return &getOperation()->getOpOperand(argument.getArgNumber());
}

LogicalResult SplitOp::verify() { return success(); }

LogicalResult ConcatOp::verify() { return success(); }

int64_t ConcatOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 1;
}

bool ConcatOp::isRowOperand(unsigned index) { return true; }

OpOperand *ClearOp::getTiedOperand(unsigned result) {
  return &getInputMutable();
}
