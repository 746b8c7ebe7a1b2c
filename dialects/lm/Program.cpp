// Program.cpp - globals, entry plumbing and structural ops: verifiers and
// interfaces.
#include "dialects/lm/LM.h"
#include "dialects/lm/Shapes.h"

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

/// Whether a global of this role belongs to another one.
static bool needsOwner(Role role) {
  return role == Role::moment || role == Role::gradient ||
         role == Role::derived;
}

/// C5 to C9 of one piece of a global of shape `sizes`.
static bool checkPiece(Operation *op, PieceAttr piece,
                       ArrayRef<int64_t> sizes) {
  auto error = [&] {
    return op->emitOpError("expects piece ") << piece.getName() << " ";
  };
  int64_t first = piece.getFirst(), last = piece.getLast(),
          step = piece.getStep();
  if (first < 0 || first >= last || step < 1) { // C5
    error() << "to run upwards from 0 or more, but got " << first << " to "
            << last << " step " << step;
    return false;
  }
  bool single = first == 0 && last == 1 && step == 1;
  if (!piece.getName().getValue().contains("{e}") && !single) { // C6
    error() << "to run from 0 to 1 step 1 without {e} in its name, but got "
            << first << " to " << last << " step " << step;
    return false;
  }
  ArrayRef<int64_t> start = piece.getTargetStart(),
                    box = piece.getTargetShape();
  if (start.size() != sizes.size() || box.size() != sizes.size()) { // C7
    error() << "to have a box of rank " << sizes.size() << ", but got "
            << drawShape(start) << " " << drawShape(box);
    return false;
  }
  int64_t copies = (last - 1 - first) / step;
  for (size_t d = 0; d < sizes.size(); ++d) {
    int64_t begin = start[d], end = 0;
    bool overflow = llvm::MulOverflow(d == 0 ? copies : 0, box[d], end);
    overflow |= llvm::AddOverflow(end, begin, end);
    overflow |= llvm::AddOverflow(end, box[d], end);
    if (overflow || begin < 0 || box[d] < 1 || end > sizes[d]) { // C8
      error() << "to lie inside " << drawShape(sizes) << ", but got "
              << drawShape(box) << " at " << drawShape(start) << ", "
              << copies + 1 << " times";
      return false;
    }
  }
  int64_t expected = 1, count = 1;
  bool overflow = false;
  for (int64_t size : box)
    overflow |= llvm::MulOverflow(expected, size, expected);
  for (int64_t size : piece.getSourceShape())
    overflow |= size < 1 || llvm::MulOverflow(count, size, count);
  if (!overflow && count == expected) // C9
    return true;
  error() << "of " << expected << " elements, the size of its box, but got "
          << drawShape(piece.getSourceShape());
  return false;
}

LogicalResult GlobalOp::verify() {
  auto type = dyn_cast<RankedTensorType>(getType());
  if (!type || !type.hasStaticShape()) // C1
    return emitOpError("expects a ranked tensor of static shape, but got ")
           << getType();
  if (needsOwner(getRole()) != getOf().has_value()) // C2
    return emitOpError("expects ")
           << (needsOwner(getRole()) ? "'of' of a " : "no 'of' of a ")
           << stringifyRole(getRole()) << ", but got "
           << (getOf() ? "@" + *getOf() : StringRef("none"));
  if (!getPieces())
    return success();
  for (Attribute attribute : getPiecesAttr()) {
    auto piece = dyn_cast<PieceAttr>(attribute);
    if (!piece) // C4
      return emitOpError("expects #lm.piece in 'pieces', but got ")
             << attribute;
    if (!checkPiece(*this, piece, type.getShape())) // C5 C6 C7 C8 C9
      return failure();
  }
  return success();
}

static LogicalResult verifyGlobalUse(Operation *op, FlatSymbolRefAttr name,
                                     Type type,
                                     SymbolTableCollection &symbols) {
  auto global = symbols.lookupNearestSymbolFrom<GlobalOp>(op, name);
  if (!global)
    return op->emitOpError()
           << "expects " << name << " to name an lm.global, but got none";
  if (global.getType() != type) // C2
    return op->emitOpError() << "expects type " << global.getType() << " of "
                             << name << ", but got " << type;
  return success();
}

LogicalResult LoadOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // C1 C2
  return verifyGlobalUse(*this, getGlobalAttr(), getResult().getType(),
                         symbols);
}

void LoadOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  effects.emplace_back(MemoryEffects::Read::get(), getGlobalAttr());
}

LogicalResult StoreOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // C1 C2
  return verifyGlobalUse(*this, getGlobalAttr(), getValue().getType(), symbols);
}

void StoreOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  effects.emplace_back(MemoryEffects::Write::get(), getGlobalAttr());
}

LogicalResult GlobalOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (!getOf() || symbols.lookupNearestSymbolFrom<GlobalOp>(*this, getOfAttr()))
    return success();
  return emitOpError("expects ") // C3
         << getOfAttr() << " to name an lm.global, but got none";
}

LogicalResult FusionOp::verify() {
  Block &block = getBody().front();
  if (block.getArgumentTypes() != getInputs().getTypes()) // C1
    return emitOpError("expects a body with arguments ")
           << drawTypes(getInputs().getTypes()) << ", but got "
           << drawTypes(block.getArgumentTypes());
  TypeRange yielded = yieldedTypes(block);
  if (yielded != getOutputs().getTypes()) // C2
    return emitOpError("expects a body that yields ")
           << drawTypes(getOutputs().getTypes()) << ", but got "
           << drawTypes(yielded);
  return success();
}

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

/// Matches `parts`, whose shapes differ in the last dimension only, and returns
/// the sum of their widths: none after an error, dynamic when one is.
static std::optional<int64_t> matchParts(ShapeCheck &check, ValueRange parts) {
  int64_t sum = 0;
  for (auto [index, part] : llvm::enumerate(parts)) {
    std::string symbol = "c" + std::to_string(index);
    if (!check.match("part " + std::to_string(index), part, "R.. " + symbol))
      return std::nullopt;
    int64_t width = check.size(symbol);
    if (ShapedType::isDynamic(width) || ShapedType::isDynamic(sum))
      sum = ShapedType::kDynamic;
    else
      sum = static_cast<int64_t>(static_cast<uint64_t>(sum) + width);
  }
  return sum;
}

LogicalResult SplitOp::verify() {
  ShapeCheck check(*this);
  if (!check.match("input", getInput(), "R.. C")) // C1
    return failure();
  std::optional<int64_t> sum = matchParts(check, getParts()); // C2
  return success(sum && checkSize(*this, "the widths of the parts together",
                                  *sum, check.size("C"),
                                  "the width of 'input'")); // C3
}

LogicalResult ConcatOp::verify() {
  ShapeCheck check(*this);
  std::optional<int64_t> sum = matchParts(check, getParts());          // C1
  return success(sum && check.match("result", getResult(), "R.. C") && // C2
                 checkSize(*this, "the widths of the parts together", *sum,
                           check.size("C"), "the width of 'result'")); // C3
}

OpOperand *ClearOp::getTiedOperand(unsigned result) {
  return &getInputMutable();
}

LogicalResult IotaOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("result", getResult(), "R.. S")); // C1
}
