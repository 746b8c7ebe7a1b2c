// Storage.cpp - buffers, views and globals: verifiers, names and sizes.
#include "dialects/plan/Plan.h"

#include "runtime/core/plan_bytes.h"

using namespace mlir;
using namespace tresse::plan;

/// ` [16, 32]`, and ` strides [64, 1]` unless they are row-major.
static ParseResult parseStrides(OpAsmParser &parser, DenseI64ArrayAttr &sizes,
                                DenseI64ArrayAttr &strides) {
  sizes = dyn_cast_if_present<DenseI64ArrayAttr>(
      DenseI64ArrayAttr::parse(parser, Type()));
  if (!sizes)
    return failure();
  if (failed(parser.parseOptionalKeyword("strides"))) {
    strides = parser.getBuilder().getDenseI64ArrayAttr(
        rowMajorStrides(sizes.asArrayRef()));
    return success();
  }
  strides = dyn_cast_if_present<DenseI64ArrayAttr>(
      DenseI64ArrayAttr::parse(parser, Type()));
  return success(static_cast<bool>(strides));
}

static void printStrides(OpAsmPrinter &printer, Operation *,
                         DenseI64ArrayAttr sizes, DenseI64ArrayAttr strides) {
  sizes.print(printer);
  if (ArrayRef<int64_t>(rowMajorStrides(sizes)) == strides.asArrayRef())
    return;
  printer << " strides ";
  strides.print(printer);
}

#define GET_OP_CLASSES
#include "dialects/plan/Storage.cpp.inc"

void BufferOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  setName(getResult(), ("b." + getName()).str());
}

LogicalResult BufferOp::verify() {
  if (static_cast<int64_t>(getOffset()) < 0 ||
      static_cast<int64_t>(getSize()) < 0) // C1
    return emitOpError("expects 'offset' and 'size' of at least 0, but got ")
           << static_cast<int64_t>(getOffset()) << " and "
           << static_cast<int64_t>(getSize());
  auto live = getLive();
  if (live && (live->size() != 2 || (*live)[0] < 0 || (*live)[1] < (*live)[0] ||
               (*live)[1] >= TRESSE_NONE)) // C2
    return emitOpError("expects 'live' to be a first and a last step, but got ")
           << getLiveAttr();
  return success();
}

void ViewOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  auto buffer = getBuffer().getDefiningOp<BufferOp>();
  setName(getResult(), buffer ? buffer.getName() : "t");
}

LogicalResult ViewOp::verify() {
  if (getSizes().size() != getStrides().size() ||
      getSizes().size() > TRESSE_MAXIMUM_RANK) // C1
    return emitOpError("expects as many 'strides' as 'sizes', at most ")
           << TRESSE_MAXIMUM_RANK << ", but got " << getStrides().size()
           << " and " << getSizes().size();
  for (int64_t value : llvm::concat<const int64_t>(getSizes(), getStrides()))
    if (value < 0) // C2
      return emitOpError("expects sizes and strides of at least 0, but got ")
             << value;
  if (!encodeType(getDtype())) // C3
    return emitOpError("expects an element type of a plan, but got ")
           << getDtype();
  return success();
}

int64_t ViewOp::getElementCount() {
  int64_t count = 1;
  for (int64_t size : getSizes())
    if (__builtin_mul_overflow(count, size, &count))
      return INT64_MAX;
  return count;
}

int64_t ViewOp::getExtent() {
  int64_t last = 0;
  for (auto [size, stride] : llvm::zip_equal(getSizes(), getStrides())) {
    if (size == 0)
      return 0;
    int64_t step;
    if (__builtin_mul_overflow(size - 1, stride, &step) ||
        __builtin_add_overflow(last, step, &last))
      return INT64_MAX;
  }
  if (__builtin_add_overflow(last, 1, &last) ||
      __builtin_mul_overflow(last, bytesOfElement(getDtype()), &last))
    return INT64_MAX;
  return last;
}

bool ViewOp::isContiguous() {
  SmallVector<int64_t> expected = rowMajorStrides(getSizes());
  for (auto [size, stride, wanted] :
       llvm::zip_equal(getSizes(), getStrides(), expected))
    if (size != 1 && stride != wanted)
      return false;
  return true;
}

LogicalResult GlobalOp::verifySymbolUses(SymbolTableCollection &tables) {
  auto of = getOfAttr();
  if (!of || isa_and_nonnull<GlobalOp>(
                 tables.lookupNearestSymbolFrom(getOperation(), of))) // C1
    return success();
  return emitOpError("expects 'of' to name a global, but got ") << of;
}

LogicalResult GlobalOp::verify() {
  if (ArrayAttr pieces = getPiecesAttr())
    for (Attribute piece : pieces) // C2
      if (!isa<PieceAttr>(piece))
        return emitOpError("expects '#plan.piece' in 'pieces', but got ")
               << piece;
  if (getShape().size() > TRESSE_MAXIMUM_RANK ||
      llvm::any_of(getShape(), [](int64_t size) { return size < 0; })) // C3
    return emitOpError("expects at most ")
           << TRESSE_MAXIMUM_RANK << " dimensions of at least 0, but got "
           << getShapeAttr();
  if (!encodeType(getDtype()))
    return emitOpError("expects an element type of a plan, but got ")
           << getDtype();
  return success();
}
