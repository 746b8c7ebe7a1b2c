// Steps.cpp - the steps of a plan: assembly, verifiers, operand lists.
#include "dialects/plan/Plan.h"

#include "runtime/core/plan_bytes.h"

using namespace mlir;
using namespace tresse::plan;

// Slots of 'access' that hold no tensor.
static constexpr int32_t kAbsentSlot = 256;
static constexpr int32_t kBitsSlot = 512;

/// `(read %x, none, accumulate %y, bits 3)`
static ParseResult
parseSlots(OpAsmParser &parser,
           SmallVectorImpl<OpAsmParser::UnresolvedOperand> &operands,
           SmallVectorImpl<Type> &types, DenseI32ArrayAttr &access,
           DenseI64ArrayAttr &bits) {
  SmallVector<int32_t> accesses;
  SmallVector<int64_t> literals;
  auto parseSlot = [&]() -> ParseResult {
    StringRef word;
    SMLoc where = parser.getCurrentLocation();
    if (parser.parseKeyword(&word))
      return failure();
    if (word == "none") {
      accesses.push_back(kAbsentSlot);
      return success();
    }
    bool isMap = word == "map";
    if (isMap && parser.parseKeyword(&word))
      return failure();
    if (word == "bits") {
      accesses.push_back(kBitsSlot);
      return parser.parseInteger(literals.emplace_back());
    }
    int32_t value = llvm::StringSwitch<int32_t>(word)
                        .Case("read", TRESSE_READ)
                        .Case("write", TRESSE_WRITE)
                        .Case("update", TRESSE_READ | TRESSE_WRITE)
                        .Case("accumulate", TRESSE_ACCUMULATE)
                        .Default(0);
    if (!value)
      return parser.emitError(where,
                              "expected read, write, update, accumulate, "
                              "none or bits, but got '")
             << word << "'";
    accesses.push_back(value);
    MLIRContext *context = parser.getContext();
    types.push_back(isMap ? Type(TensorMapType::get(context))
                          : Type(ViewType::get(context)));
    return parser.parseOperand(operands.emplace_back());
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, parseSlot))
    return failure();
  access = parser.getBuilder().getDenseI32ArrayAttr(accesses);
  bits = parser.getBuilder().getDenseI64ArrayAttr(literals);
  return success();
}

static StringRef accessName(uint32_t access) {
  switch (access) {
  case TRESSE_READ:
    return "read";
  case TRESSE_WRITE:
    return "write";
  case TRESSE_READ | TRESSE_WRITE:
    return "update";
  default:
    return "accumulate";
  }
}

static void printSlots(OpAsmPrinter &printer, LaunchOp launch, OperandRange,
                       TypeRange, DenseI32ArrayAttr, DenseI64ArrayAttr) {
  auto print = [&](const StepOperand &operand) {
    switch (operand.kind) {
    case StepOperand::Absent:
      printer << "none";
      return;
    case StepOperand::Bits:
      printer << "bits " << static_cast<int64_t>(operand.bits);
      return;
    case StepOperand::TensorMap:
      printer << "map ";
      [[fallthrough]];
    case StepOperand::Tensor:
      printer << accessName(operand.access) << ' ' << operand.value;
    }
  };
  printer << '(';
  llvm::interleaveComma(launch.getStepOperands(), printer, print);
  printer << ')';
}

/// ` stream 1 cost [flops, bytes read, bytes written]`, each part when not 0.
static ParseResult parsePlacement(OpAsmParser &parser, IntegerAttr &stream,
                                  IntegerAttr &flops, IntegerAttr &bytesRead,
                                  IntegerAttr &bytesWritten) {
  Builder &builder = parser.getBuilder();
  if (succeeded(parser.parseOptionalKeyword("stream"))) {
    int32_t number;
    if (parser.parseInteger(number))
      return failure();
    stream = builder.getI32IntegerAttr(number);
  }
  if (failed(parser.parseOptionalKeyword("cost")))
    return success();
  int64_t f, r, w;
  if (parser.parseLSquare() || parser.parseInteger(f) || parser.parseComma() ||
      parser.parseInteger(r) || parser.parseComma() || parser.parseInteger(w) ||
      parser.parseRSquare())
    return failure();
  flops = builder.getI64IntegerAttr(f);
  bytesRead = builder.getI64IntegerAttr(r);
  bytesWritten = builder.getI64IntegerAttr(w);
  return success();
}

static void printPlacement(OpAsmPrinter &printer, Operation *,
                           IntegerAttr stream, IntegerAttr flops,
                           IntegerAttr bytesRead, IntegerAttr bytesWritten) {
  auto valueOf = [](IntegerAttr attribute) {
    return attribute ? attribute.getInt() : 0;
  };
  if (valueOf(stream))
    printer << " stream " << valueOf(stream);
  if (valueOf(flops) || valueOf(bytesRead) || valueOf(bytesWritten))
    printer << " cost [" << valueOf(flops) << ", " << valueOf(bytesRead) << ", "
            << valueOf(bytesWritten) << "]";
}

#define GET_OP_CLASSES
#include "dialects/plan/Steps.cpp.inc"

//===----------------------------------------------------------------------===//
// Operand lists
//===----------------------------------------------------------------------===//

namespace {
/// Collects tensors in plan order, leaving out absent ones.
struct Operands {
  SmallVector<StepOperand> list;

  Operands &add(Value tensor, uint32_t access) {
    if (tensor)
      list.push_back({StepOperand::Tensor, access, tensor, 0});
    return *this;
  }
  Operands &read(Value tensor) { return add(tensor, TRESSE_READ); }
  /// The result of a gemm that adds to `c`: accumulated when they are one.
  Operands &result(Value d, Value c) {
    if (c != d)
      read(c);
    return add(d, c == d ? TRESSE_ACCUMULATE : TRESSE_WRITE);
  }
};
} // namespace

SmallVector<StepOperand> LaunchOp::getStepOperands() {
  SmallVector<StepOperand> list;
  auto values = getTensors().begin();
  auto literals = getBits().begin();
  for (int32_t slot : getAccess()) {
    if (slot == kAbsentSlot) {
      list.push_back({StepOperand::Absent, 0, Value(), 0});
    } else if (slot == kBitsSlot) {
      uint64_t bits =
          literals == getBits().end() ? 0 : static_cast<uint64_t>(*literals++);
      list.push_back({StepOperand::Bits, 0, Value(), bits});
    } else if (values != getTensors().end()) {
      Value value = *values++;
      auto kind = isa<TensorMapType>(value.getType()) ? StepOperand::TensorMap
                                                      : StepOperand::Tensor;
      list.push_back({kind, static_cast<uint32_t>(slot), value, 0});
    }
  }
  return list;
}

SmallVector<StepOperand> GemmOp::getStepOperands() {
  return Operands()
      .read(getA())
      .read(getB())
      .read(getBias())
      .add(getAuxiliary(), TRESSE_READ | TRESSE_WRITE)
      .read(getAScale())
      .read(getBScale())
      .read(getCScale())
      .read(getDScale())
      .add(getWorkspace(), TRESSE_WRITE)
      .read(getRowsFrom())
      .result(getD(), getC())
      .list;
}

SmallVector<StepOperand> GroupedGemmOp::getStepOperands() {
  return Operands()
      .read(getA())
      .read(getB())
      .read(getAScale())
      .read(getBScale())
      .read(getDScale())
      .read(getRowWeight())
      .read(getEnds())
      .result(getD(), getC())
      .list;
}

SmallVector<StepOperand> CollectiveOp::getStepOperands() {
  Operands operands;
  operands.read(getInput()).read(getCounts());
  return operands.add(getOutput(), TRESSE_WRITE).list;
}

SmallVector<StepOperand> CopyOp::getStepOperands() {
  return Operands().read(getFrom()).add(getTo(), TRESSE_WRITE).list;
}

SmallVector<StepOperand> FillOp::getStepOperands() {
  return Operands().add(getTo(), TRESSE_WRITE).list;
}

SmallVector<StepOperand> RecordOp::getStepOperands() { return {}; }
SmallVector<StepOperand> WaitOp::getStepOperands() { return {}; }

//===----------------------------------------------------------------------===//
// Verifiers
//===----------------------------------------------------------------------===//

// Symbols are looked up through the collection, which keeps one table for all
// steps: a plan has thousands.

template <typename Named>
static LogicalResult verifySymbol(Operation *op, FlatSymbolRefAttr symbol,
                                  StringRef kind,
                                  SymbolTableCollection &tables) {
  if (!symbol ||
      isa_and_nonnull<Named>(tables.lookupNearestSymbolFrom(op, symbol)))
    return success();
  return op->emitOpError("expects the name of a ")
         << kind << ", but got " << symbol;
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &tables) {
  return verifySymbol<KernelOp>(*this, getKernelAttr(), "kernel",
                                tables); // C1
}

LogicalResult GemmOp::verifySymbolUses(SymbolTableCollection &tables) {
  return verifySymbol<KernelOp>(*this, getKernelAttr(), "kernel",
                                tables); // C1
}

LogicalResult GroupedGemmOp::verifySymbolUses(SymbolTableCollection &tables) {
  return verifySymbol<KernelOp>(*this, getKernelAttr(), "kernel",
                                tables); // C1
}

LogicalResult CollectiveOp::verifySymbolUses(SymbolTableCollection &tables) {
  return verifySymbol<CommunicatorOp>(*this, getCommunicatorAttr(),
                                      "communicator", tables); // C1
}

LogicalResult LaunchOp::verify() {
  for (ArrayRef<int32_t> extent : {getGrid(), getBlock(), getCluster()})
    if (extent.size() != 3) // C2
      return emitOpError("expects 3 elements in 'grid', 'block' and 'cluster', "
                         "but got ")
             << extent.size();
  auto parameters = getParametersAttr();
  for (NamedAttribute named :
       parameters ? parameters.getValue() : ArrayRef<NamedAttribute>()) { // C3
    Attribute value = named.getValue();
    auto list = dyn_cast<DenseI64ArrayAttr>(value);
    if (!isa<IntegerAttr, FloatAttr, StringAttr, DenseI64ArrayAttr>(value) ||
        (list && list.size() > TRESSE_MAXIMUM_LIST))
      return emitOpError("expects integers, floats, strings or at most ")
             << TRESSE_MAXIMUM_LIST << " integers in 'parameters', but got "
             << named.getName() << " = " << value;
  }
  size_t tensors = 0, literals = 0;
  for (int32_t slot : getAccess()) { // C4
    literals += slot == kBitsSlot;
    tensors += slot != kAbsentSlot && slot != kBitsSlot;
    if (slot != kAbsentSlot && slot != kBitsSlot && slot != TRESSE_READ &&
        slot != TRESSE_WRITE && slot != (TRESSE_READ | TRESSE_WRITE) &&
        slot != TRESSE_ACCUMULATE)
      return emitOpError("expects a kind of access, but got ") << slot;
  }
  if (tensors != getTensors().size() || literals != getBits().size())
    return emitOpError("expects a slot for each of ")
           << getTensors().size() << " operands, but got " << tensors;
  return success();
}

static LogicalResult verifyCompute(Operation *op, Type compute) {
  if (encodeType(compute))
    return success();
  return op->emitOpError("expects an element type of a plan, but got ")
         << compute;
}

LogicalResult GemmOp::verify() {
  if ((getProvider() == Provider::Kernel) != bool(getKernelAttr())) // C1
    return emitOpError("expects a kernel exactly when it is the provider, but "
                       "the provider is '")
           << stringifyProvider(getProvider()) << "'";
  if (getAlgorithm() && getAlgorithm()->size() != 8) // C3
    return emitOpError("expects 8 elements in 'algorithm', but got ")
           << getAlgorithm()->size();
  return verifyCompute(*this, getCompute()); // C2
}

LogicalResult GroupedGemmOp::verify() {
  if (getTile().size() != 3) // C3
    return emitOpError("expects 3 elements in 'tile', but got ")
           << getTile().size();
  return verifyCompute(*this, getCompute()); // C2
}

LogicalResult FillOp::verify() {
  uint32_t width = getWidth();
  if (width != 1 && width != 2 && width != 4 && width != 8) // C1
    return emitOpError("expects a 'width' of 1, 2, 4 or 8 bytes, but got ")
           << width;
  return success();
}
