// Distribute.cpp - from vectors of a warp's lanes to the code of one thread.
//
//   vector<32xT>           T
//   vector.load m[i]       memref.load m[i + lane]
//   mask                   a truth value; a masked access is a branch
//   vector.reduction       five butterfly exchanges: the same bits in each lane
//   vector.shuffle         exchanges by lane number
//   memref.store           lane 0
#include "codegen/cuda/Kernel.h"
#include "codegen/cuda/Warp.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tresse::cuda {
namespace {

constexpr unsigned globalSpace = 1, sharedSpace = 3;
constexpr const char *sharedName = "tresse_shared";
/// Warps of a block, where scratch does not limit them.
constexpr int64_t mostWarps = 4;
/// Shared memory per block up to which blocks get more warps.
constexpr int64_t comfortableShared = 48 * 1024;
/// Workers of a kernel whose scratch lies in global memory.
constexpr int64_t mostGlobalWorkers = 512;

/// How tiles are shared out.
struct TileShares {
  int64_t tiles, warps = mostWarps, workers, tilesPerWorker = 1;
  int64_t sharedBytes = 0, globalBytes = 0;

  TileShares(int64_t tiles, int64_t scratch, const Target &target)
      : tiles(tiles), workers(tiles) {
    if (scratch > target.sharedBytes) {
      workers = std::min(tiles, mostGlobalWorkers);
      tilesPerWorker = (tiles + workers - 1) / workers;
      workers = (tiles + tilesPerWorker - 1) / tilesPerWorker;
    }
    if (scratch > 0)
      warps = std::clamp<int64_t>(comfortableShared / scratch, 1, mostWarps);
    warps = std::max<int64_t>(std::min(warps, workers), 1);
    if (scratch > target.sharedBytes)
      globalBytes = blocks() * warps * scratch;
    else
      sharedBytes = warps * scratch;
  }
  int64_t blocks() const { return (workers + warps - 1) / warps; }
};

class Distributor {
public:
  Distributor(func::FuncOp from, const TileShares &shares, int64_t scratch)
      : from(from), shares(shares), scratch(scratch), builder(from) {}

  void run();

private:
  Location loc() const { return location; }
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc(), value);
  }
  Value i32(int64_t value) {
    return arith::ConstantOp::create(builder, loc(),
                                     builder.getI32IntegerAttr(value));
  }
  Value at(Value value) { return map.lookup(value); }
  Type ofThread(Type type) {
    if (auto vector = dyn_cast<VectorType>(type)) {
      assert(vector.getNumElements() == warpLanes && "one element a lane");
      return vector.getElementType();
    }
    return type;
  }
  Value plus(Value a, Value b) {
    return builder.createOrFold<arith::AddIOp>(loc(), a, b);
  }

  func::FuncOp signature();
  void prologue(func::FuncOp to);
  Value sharedMemory();

  void block(Block &block);
  void op(Operation *op);
  void constant(arith::ConstantOp op);
  void loop(scf::ForOp op);
  void branch(scf::IfOp op);
  void view(memref::ViewOp op);
  void shuffle(vector::ShuffleOp op);
  void reduction(vector::ReductionOp op);
  Value load(Value memory, Value first, Type type);
  void store(Value memory, Value first, Value value);
  Value perLane(DenseElementsAttr values);
  Value exchange(Value value, Value lane, Exchange kind);

  func::FuncOp from;
  const TileShares &shares;
  int64_t scratch;
  OpBuilder builder;
  Location location = from.getLoc();
  IRMapping map;
  Value lane, laneNumber; // index, i32
  Value scratchMemory, scratchStart;
  int64_t tables = 0;
};

/// The kernel: tensors in global memory, then scratch where it lies there.
func::FuncOp Distributor::signature() {
  SmallVector<Type> types;
  unsigned count = from.getNumArguments() - 3;
  auto inGlobal = [&](MemRefType type) {
    return MemRefType::get(type.getShape(), type.getElementType(),
                           MemRefLayoutAttrInterface(),
                           builder.getI64IntegerAttr(globalSpace));
  };
  for (unsigned i = 0; i < count; ++i)
    types.push_back(inGlobal(cast<MemRefType>(from.getArgument(i).getType())));
  if (shares.globalBytes > 0)
    types.push_back(
        inGlobal(MemRefType::get({shares.globalBytes}, builder.getI8Type())));
  std::string name = from.getName().str();
  from.setName(name + ".tiles");
  auto to = func::FuncOp::create(builder, loc(), name,
                                 builder.getFunctionType(types, {}));
  to->setAttr("block", builder.getI64IntegerAttr(shares.warps * warpLanes));
  return to;
}

/// The dynamic shared memory of the block, declared once per module. Public: it
/// is not defined here, so that nobody takes its size for 0.
Value Distributor::sharedMemory() {
  auto module = from->getParentOfType<ModuleOp>();
  auto type =
      MemRefType::get({0}, builder.getI8Type(), MemRefLayoutAttrInterface(),
                      builder.getI64IntegerAttr(sharedSpace));
  if (!module.lookupSymbol(sharedName)) {
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    memref::GlobalOp::create(top, loc(), sharedName, StringAttr(), type,
                             Attribute(), /*constant=*/false,
                             builder.getI64IntegerAttr(128));
  }
  return memref::GetGlobalOp::create(builder, loc(), type, sharedName);
}

/// Which tiles this warp computes, and where its scratch lies.
void Distributor::prologue(func::FuncOp to) {
  Type i32Type = builder.getI32Type(), indexType = builder.getIndexType();
  auto toIndex = [&](Value value) {
    return arith::IndexCastUIOp::create(builder, loc(), indexType, value)
        .getResult();
  };
  Value thread = createThreadNumber(builder, loc());
  Value blockNumber = toIndex(createBlockNumber(builder, loc()));
  laneNumber =
      builder.createOrFold<arith::AndIOp>(loc(), thread, i32(warpLanes - 1));
  lane = toIndex(laneNumber);
  Value warp =
      toIndex(builder.createOrFold<arith::ShRUIOp>(loc(), thread, i32(5)));
  Value worker = plus(builder.createOrFold<arith::MulIOp>(loc(), blockNumber,
                                                          index(shares.warps)),
                      warp);
  auto least = [&](Value a, int64_t b) {
    return arith::MinUIOp::create(builder, loc(), a, index(b)).getResult();
  };
  Value begin = builder.createOrFold<arith::MulIOp>(
      loc(), worker, index(shares.tilesPerWorker));
  Value end = plus(begin, index(shares.tilesPerWorker));
  unsigned count = from.getNumArguments() - 3;
  for (unsigned i = 0; i < count; ++i)
    map.map(from.getArgument(i), to.getArgument(i));
  map.map(from.getArgument(count), least(begin, shares.tiles));
  map.map(from.getArgument(count + 1), least(end, shares.tiles));
  if (scratch == 0)
    return;
  bool isGlobal = shares.globalBytes > 0;
  scratchMemory = isGlobal ? Value(to.getArgument(count)) : sharedMemory();
  scratchStart = builder.createOrFold<arith::MulIOp>(
      loc(), isGlobal ? worker : warp, index(scratch));
}

void Distributor::run() {
  func::FuncOp to = signature();
  builder.setInsertionPointToStart(to.addEntryBlock());
  prologue(to);
  block(from.getBody().front());
  func::ReturnOp::create(builder, loc());
  from.erase();
}

void Distributor::block(Block &block) {
  for (Operation &each : block.without_terminator()) {
    location = each.getLoc();
    op(&each);
  }
}

void Distributor::op(Operation *op) {
  if (auto constantOp = dyn_cast<arith::ConstantOp>(op))
    return constant(constantOp);
  if (auto forOp = dyn_cast<scf::ForOp>(op))
    return loop(forOp);
  if (auto ifOp = dyn_cast<scf::IfOp>(op))
    return branch(ifOp);
  if (auto viewOp = dyn_cast<memref::ViewOp>(op))
    return view(viewOp);
  if (auto shuffleOp = dyn_cast<vector::ShuffleOp>(op))
    return shuffle(shuffleOp);
  if (auto reductionOp = dyn_cast<vector::ReductionOp>(op))
    return reduction(reductionOp);
  if (auto broadcast = dyn_cast<vector::BroadcastOp>(op))
    return map.map(broadcast.getResult(), at(broadcast.getSource()));
  auto below = [&](Value count) {
    return arith::CmpIOp::create(builder, loc(), arith::CmpIPredicate::slt,
                                 lane, count)
        .getResult();
  };
  if (auto mask = dyn_cast<vector::CreateMaskOp>(op))
    return map.map(mask.getResult(), below(at(mask.getOperands()[0])));
  if (auto mask = dyn_cast<vector::ConstantMaskOp>(op))
    return map.map(mask.getResult(), below(index(mask.getMaskDimSizes()[0])));
  if (auto read = dyn_cast<vector::LoadOp>(op))
    return map.map(read.getResult(),
                   load(at(read.getBase()), at(read.getIndices()[0]),
                        ofThread(read.getType())));
  if (auto read = dyn_cast<vector::MaskedLoadOp>(op)) {
    Type type = ofThread(read.getType());
    auto some = scf::IfOp::create(builder, loc(), TypeRange{type},
                                  at(read.getMask()), true);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(some.thenBlock());
    Value value = load(at(read.getBase()), at(read.getIndices()[0]), type);
    scf::YieldOp::create(builder, loc(), value);
    builder.setInsertionPointToStart(some.elseBlock());
    scf::YieldOp::create(builder, loc(), at(read.getPassThru()));
    return map.map(read.getResult(), some.getResult(0));
  }
  if (auto write = dyn_cast<vector::StoreOp>(op))
    return store(at(write.getBase()), at(write.getIndices()[0]),
                 at(write.getValueToStore()));
  // A store that not every lane does.
  auto guarded = [&](Value condition, function_ref<void()> body) {
    auto some = scf::IfOp::create(builder, loc(), condition, false);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(some.thenBlock());
    body();
  };
  if (auto write = dyn_cast<vector::MaskedStoreOp>(op))
    return guarded(at(write.getMask()), [&] {
      store(at(write.getBase()), at(write.getIndices()[0]),
            at(write.getValueToStore()));
    });
  if (auto write = dyn_cast<memref::StoreOp>(op))
    return guarded(below(index(1)), [&] { builder.clone(*write, map); });
  Operation *copy = builder.clone(*op, map);
  for (OpResult result : copy->getResults())
    result.setType(ofThread(result.getType()));
}

Value Distributor::load(Value memory, Value first, Type) {
  return memref::LoadOp::create(builder, loc(), memory, plus(first, lane));
}

void Distributor::store(Value memory, Value first, Value value) {
  memref::StoreOp::create(builder, loc(), value, memory, plus(first, lane));
}

/// The lane's element of a constant vector: computed where the elements are
/// evenly spaced integers, else from a table in memory.
Value Distributor::perLane(DenseElementsAttr values) {
  Type element = values.getElementType();
  if (values.isSplat())
    return arith::ConstantOp::create(builder, loc(),
                                     values.getSplatValue<TypedAttr>());
  if (element.isInteger(32)) {
    auto all = llvm::to_vector(values.getValues<int32_t>());
    int32_t step = all[1] - all[0];
    bool even = true;
    for (size_t i = 1; i < all.size(); ++i)
      even &= all[i] - all[i - 1] == step;
    if (even) {
      Value scaled =
          builder.createOrFold<arith::MulIOp>(loc(), laneNumber, i32(step));
      return plus(scaled, i32(all[0]));
    }
  }
  auto module = from->getParentOfType<ModuleOp>();
  auto type = MemRefType::get({warpLanes}, element, MemRefLayoutAttrInterface(),
                              builder.getI64IntegerAttr(globalSpace));
  OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
  std::string name = (from.getName() + "." + Twine(tables++)).str();
  llvm::replace(name, '.', '_');
  memref::GlobalOp::create(
      top, loc(), name, builder.getStringAttr("private"), type,
      values.reshape(RankedTensorType::get({warpLanes}, element)),
      /*constant=*/true, IntegerAttr());
  Value table = memref::GetGlobalOp::create(builder, loc(), type, name);
  return memref::LoadOp::create(builder, loc(), table, lane);
}

void Distributor::constant(arith::ConstantOp op) {
  auto dense = dyn_cast<DenseElementsAttr>(op.getValue());
  if (dense && isa<VectorType>(op.getType()))
    return map.map(op.getResult(), perLane(dense));
  builder.clone(*op, map);
}

void Distributor::loop(scf::ForOp op) {
  SmallVector<Value> start;
  for (Value value : op.getInitArgs())
    start.push_back(at(value));
  auto to = scf::ForOp::create(builder, loc(), at(op.getLowerBound()),
                               at(op.getUpperBound()), at(op.getStep()), start);
  map.map(op.getInductionVar(), to.getInductionVar());
  map.map(op.getRegionIterArgs(), to.getRegionIterArgs());
  map.map(op.getResults(), to.getResults());
  OpBuilder::InsertionGuard guard(builder);
  Block *body = to.getBody();
  if (body->mightHaveTerminator())
    body->back().erase();
  builder.setInsertionPointToEnd(body);
  block(*op.getBody());
  SmallVector<Value> next;
  for (Value value : op.getBody()->getTerminator()->getOperands())
    next.push_back(at(value));
  scf::YieldOp::create(builder, loc(), next);
}

void Distributor::branch(scf::IfOp op) {
  SmallVector<Type> types;
  for (Type type : op.getResultTypes())
    types.push_back(ofThread(type));
  bool hasElse = op.elseBlock() != nullptr;
  auto to =
      scf::IfOp::create(builder, loc(), types, at(op.getCondition()), hasElse);
  map.map(op.getResults(), to.getResults());
  OpBuilder::InsertionGuard guard(builder);
  auto fill = [&](Block &old, Block *made) {
    if (made->mightHaveTerminator())
      made->back().erase();
    builder.setInsertionPointToEnd(made);
    block(old);
    SmallVector<Value> values;
    for (Value value : old.getTerminator()->getOperands())
      values.push_back(at(value));
    scf::YieldOp::create(builder, loc(), values);
  };
  fill(*op.thenBlock(), to.thenBlock());
  if (hasElse)
    fill(*op.elseBlock(), to.elseBlock());
}

void Distributor::view(memref::ViewOp op) {
  auto type = op.getType();
  auto space = cast<MemRefType>(scratchMemory.getType()).getMemorySpace();
  auto placed = MemRefType::get(type.getShape(), type.getElementType(),
                                MemRefLayoutAttrInterface(), space);
  Value start = plus(scratchStart, at(op.getByteShift()));
  map.map(op.getResult(),
          memref::ViewOp::create(builder, loc(), placed, scratchMemory, start,
                                 ValueRange{})
              .getResult());
}

/// The value of another lane; 64-bit values in two halves.
Value Distributor::exchange(Value value, Value from, Exchange kind) {
  Type type = value.getType(), i32Type = builder.getI32Type();
  auto cast = [&](auto op, Type to, Value operand) {
    return decltype(op)::create(builder, loc(), to, operand).getResult();
  };
  if (isa<IndexType>(type)) {
    Value wide = cast(arith::IndexCastOp(), builder.getI64Type(), value);
    return cast(arith::IndexCastOp(), type, exchange(wide, from, kind));
  }
  if (type.isF64()) {
    Value bits = cast(arith::BitcastOp(), builder.getI64Type(), value);
    return cast(arith::BitcastOp(), type, exchange(bits, from, kind));
  }
  if (type.isInteger(64)) {
    Value shift = arith::ConstantOp::create(builder, loc(),
                                            builder.getI64IntegerAttr(32));
    Value low = cast(arith::TruncIOp(), i32Type, value);
    Value upper = arith::ShRUIOp::create(builder, loc(), value, shift);
    Value high = cast(arith::TruncIOp(), i32Type, upper);
    low = cast(arith::ExtUIOp(), type, exchange(low, from, kind));
    high = cast(arith::ExtUIOp(), type, exchange(high, from, kind));
    high = arith::ShLIOp::create(builder, loc(), high, shift);
    return arith::OrIOp::create(builder, loc(), low, high);
  }
  if (type.isInteger() && type.getIntOrFloatBitWidth() < 32) {
    Value wide = cast(arith::ExtUIOp(), i32Type, value);
    return cast(arith::TruncIOp(), type, exchange(wide, from, kind));
  }
  return createExchange(builder, loc(), value, from, kind);
}

/// result[l] = (a|b)[positions[l]]
void Distributor::shuffle(vector::ShuffleOp op) {
  SmallVector<int32_t> positions(op.getMask());
  auto type = VectorType::get({warpLanes}, builder.getI32Type());
  Value position =
      perLane(DenseElementsAttr::get(type, ArrayRef<int32_t>(positions)));
  Value source =
      builder.createOrFold<arith::AndIOp>(loc(), position, i32(warpLanes - 1));
  Value first = exchange(at(op.getV1()), source, Exchange::Lane);
  Value second = op.getV1() == op.getV2()
                     ? first
                     : exchange(at(op.getV2()), source, Exchange::Lane);
  Value fromFirst = arith::CmpIOp::create(
      builder, loc(), arith::CmpIPredicate::ult, position, i32(warpLanes));
  map.map(op.getResult(),
          arith::SelectOp::create(builder, loc(), fromFirst, first, second)
              .getResult());
}

void Distributor::reduction(vector::ReductionOp op) {
  Value value = at(op.getVector());
  auto two = [&](Value a, Value b) -> Value {
    bool isFloat = isa<FloatType>(a.getType());
    switch (op.getKind()) {
    case vector::CombiningKind::ADD:
      if (isFloat)
        return arith::AddFOp::create(builder, loc(), a, b);
      return arith::AddIOp::create(builder, loc(), a, b);
    case vector::CombiningKind::MAXNUMF:
      return arith::MaxNumFOp::create(builder, loc(), a, b);
    case vector::CombiningKind::MINNUMF:
      return arith::MinNumFOp::create(builder, loc(), a, b);
    case vector::CombiningKind::MAXSI:
      return arith::MaxSIOp::create(builder, loc(), a, b);
    case vector::CombiningKind::MINSI:
      return arith::MinSIOp::create(builder, loc(), a, b);
    default:
      llvm_unreachable("bodies combine by sums, maxima and minima");
    }
  };
  for (int64_t distance = warpLanes / 2; distance > 0; distance /= 2)
    value = two(value, exchange(value, i32(distance), Exchange::Butterfly));
  map.map(op.getResult(), value);
}

} // namespace

KernelShape distributeLanes(const tile::KernelFunction &kernel,
                            const Target &target) {
  TileShares shares(kernel.tileCount, kernel.scratchBytes, target);
  Distributor(kernel.function, shares, kernel.scratchBytes).run();
  KernelShape shape;
  shape.tileCount = kernel.tileCount;
  shape.blocks = shares.blocks();
  shape.threads = shares.warps * warpLanes;
  shape.sharedBytes = shares.sharedBytes;
  shape.scratchBytes = shares.globalBytes;
  return shape;
}

} // namespace tresse::cuda
