// TileBuilder.cpp - constants, conversions, control and row loops of kernels.
#include "codegen/tile/Tile.h"

#include <limits>

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tresse::tile {

// Constants and conversions.

Num TileBuilder::constant(Type type, double number) {
  Type element = getElementTypeOrSelf(type);
  TypedAttr one;
  if (isa<FloatType>(element))
    one = builder.getFloatAttr(element, number);
  else
    one = builder.getIntegerAttr(element, static_cast<int64_t>(number));
  if (auto vector = dyn_cast<VectorType>(type))
    one = DenseElementsAttr::get(vector, static_cast<Attribute>(one));
  return {*this, arith::ConstantOp::create(builder, location, one)};
}

Num TileBuilder::index(int64_t number) {
  return {*this, arith::ConstantIndexOp::create(builder, location, number)};
}

Num TileBuilder::i32(int64_t number) {
  return constant(builder.getI32Type(), number);
}

Num TileBuilder::truth(bool value) {
  return constant(builder.getI1Type(), value);
}

Num TileBuilder::broadcast(Num number) {
  if (number.hasLanes())
    return number;
  auto type = VectorType::get({laneCount}, number.type());
  return {*this, builder.createOrFold<vector::BroadcastOp>(location, type,
                                                           number.value())};
}

Num TileBuilder::firstLanes(Num count) {
  auto type = VectorType::get({laneCount}, builder.getI1Type());
  return {*this, vector::CreateMaskOp::create(builder, location, type,
                                              ValueRange{count.value()})};
}

Num TileBuilder::laneNumbers() {
  SmallVector<double> values;
  for (int64_t i = 0; i < laneCount; ++i)
    values.push_back(i);
  return laneTable(values, builder.getI32Type());
}

Num TileBuilder::laneTable(ArrayRef<double> values, Type element) {
  SmallVector<Attribute> attributes;
  for (double value : values)
    if (isa<FloatType>(element))
      attributes.push_back(builder.getFloatAttr(element, value));
    else
      attributes.push_back(
          builder.getIntegerAttr(element, static_cast<int64_t>(value)));
  auto type = VectorType::get({static_cast<int64_t>(values.size())}, element);
  return {*this,
          arith::ConstantOp::create(builder, location,
                                    DenseElementsAttr::get(type, attributes))};
}

/// `type` with the lanes of `number`.
static Type withLanes(Num number, Type type) {
  if (auto vector = dyn_cast<VectorType>(number.type()))
    return VectorType::get(vector.getShape(), type);
  return type;
}

Num TileBuilder::toIndex(Num integer) {
  Type type = withLanes(integer, builder.getIndexType());
  return {*this, builder.createOrFold<arith::IndexCastOp>(location, type,
                                                          integer.value())};
}

Num TileBuilder::toInteger(Num number, unsigned bits) {
  Type type = withLanes(number, builder.getIntegerType(bits));
  Type from = number.element();
  if (from == getElementTypeOrSelf(type))
    return number;
  if (isa<FloatType>(from))
    return {*this,
            arith::FPToSIOp::create(builder, location, type, number.value())};
  if (isa<IndexType>(from))
    return {*this, builder.createOrFold<arith::IndexCastOp>(location, type,
                                                            number.value())};
  if (from.isInteger(1))
    return {*this,
            arith::ExtUIOp::create(builder, location, type, number.value())};
  if (from.getIntOrFloatBitWidth() < bits)
    return {*this,
            arith::ExtSIOp::create(builder, location, type, number.value())};
  return {*this,
          arith::TruncIOp::create(builder, location, type, number.value())};
}

Num TileBuilder::toFloat(Num number, Type to) {
  Type type = withLanes(number, to ? to : wideType);
  Type from = number.element(), element = getElementTypeOrSelf(type);
  if (from == element)
    return number;
  if (isa<IndexType>(from))
    return toFloat(toInteger(number, 64), to);
  if (isa<IntegerType>(from))
    return {*this,
            arith::SIToFPOp::create(builder, location, type, number.value())};
  if (from.getIntOrFloatBitWidth() < element.getIntOrFloatBitWidth())
    return {*this,
            arith::ExtFOp::create(builder, location, type, number.value())};
  return {*this,
          arith::TruncFOp::create(builder, location, type, number.value())};
}

Num TileBuilder::bitcast(Num number, Type element) {
  return {*this,
          arith::BitcastOp::create(builder, location,
                                   withLanes(number, element), number.value())};
}

Num TileBuilder::roundTo(Num number, Type storage) {
  Type own = number.element();
  if (own == storage || !isa<FloatType>(own))
    return number;
  if (storage.isBF16())
    return toFloat(fromStorage(toStorage(number, storage), storage), own);
  return toFloat(toFloat(number, storage), own);
}

Num TileBuilder::shuffle(Num a, Num b, ArrayRef<int64_t> positions) {
  return {*this, vector::ShuffleOp::create(builder, location, a.value(),
                                           b.value(), positions)};
}

static Num combineTwo(Num a, Num b, Combine how) {
  switch (how) {
  case Combine::Sum:
    return a + b;
  case Combine::Max:
    return max(a, b);
  case Combine::Min:
    return min(a, b);
  }
}

/// The reduction of vector lanes that combines two by `how`.
static vector::CombiningKind reductionOf(Combine how, bool isFloat) {
  switch (how) {
  case Combine::Sum:
    return vector::CombiningKind::ADD;
  case Combine::Max:
    return isFloat ? vector::CombiningKind::MAXNUMF
                   : vector::CombiningKind::MAXSI;
  case Combine::Min:
    return isFloat ? vector::CombiningKind::MINNUMF
                   : vector::CombiningKind::MINSI;
  }
}

Num TileBuilder::combine(Num lanes, Combine how) {
  if (targetReduces)
    return {*this, vector::ReductionOp::create(
                       builder, location, reductionOf(how, lanes.isFloat()),
                       lanes.value())};
  int64_t count = cast<VectorType>(lanes.type()).getNumElements();
  while (count > 1) {
    int64_t half = count / 2;
    SmallVector<int64_t> low, high;
    for (int64_t i = 0; i < half; ++i) {
      low.push_back(i);
      high.push_back(i + half);
    }
    lanes = combineTwo(shuffle(lanes, lanes, low), shuffle(lanes, lanes, high),
                       how);
    count = half;
  }
  return {*this,
          vector::ExtractOp::create(builder, location, lanes.value(), 0)};
}

// Control.

static SmallVector<Value> valuesOf(ArrayRef<Num> numbers) {
  SmallVector<Value> values;
  for (Num number : numbers)
    values.push_back(number.value());
  return values;
}

static SmallVector<Num> numbersOf(TileBuilder &tile, ValueRange values) {
  SmallVector<Num> numbers;
  for (Value value : values)
    numbers.push_back({tile, value});
  return numbers;
}

TileBuilder::Nums TileBuilder::loop(Num from, Num to, int64_t step,
                                    ArrayRef<Num> start, CarryBody body) {
  auto loop = scf::ForOp::create(builder, location, from.value(), to.value(),
                                 index(step).value(), valuesOf(start));
  OpBuilder::InsertionGuard guard(builder);
  Block *block = loop.getBody();
  if (block->mightHaveTerminator())
    block->back().erase();
  builder.setInsertionPointToEnd(block);
  Nums carried = numbersOf(*this, loop.getRegionIterArgs());
  Nums next = body(Num(*this, loop.getInductionVar()), carried);
  scf::YieldOp::create(builder, location, valuesOf(next));
  return numbersOf(*this, loop.getResults());
}

void TileBuilder::loop(Num from, Num to, int64_t step, Body body) {
  loop(from, to, step, {}, [&](Num i, ArrayRef<Num>) -> Nums {
    body(i);
    return {};
  });
}

void TileBuilder::when(Num condition, function_ref<void()> then,
                       function_ref<void()> otherwise) {
  auto branch = scf::IfOp::create(builder, location, condition.value(),
                                  static_cast<bool>(otherwise));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  then();
  if (otherwise) {
    builder.setInsertionPointToStart(branch.elseBlock());
    otherwise();
  }
}

TileBuilder::Nums TileBuilder::choose(Num condition, function_ref<Nums()> then,
                                      function_ref<Nums()> otherwise) {
  Nums results;
  auto fill = [&](function_ref<Nums()> values) {
    return [&, values](OpBuilder &, Location) {
      results = values();
      scf::YieldOp::create(builder, location, valuesOf(results));
    };
  };
  // scf.if's builder moves its own builder; ours must follow it.
  OpBuilder::InsertionGuard guard(builder);
  auto thenFill = fill(then), elseFill = fill(otherwise);
  auto branch = scf::IfOp::create(builder, location, condition.value(),
                                  thenFill, elseFill);
  return numbersOf(*this, branch.getResults());
}

// Rows.

/// The known value of an index, or nothing.
static std::optional<int64_t> known(Num number) {
  return getConstantIntValue(number.value());
}

void TileBuilder::forLanes(Num n, LanesBody body) {
  reduce(n, {}, {}, [&](Lanes lanes, ArrayRef<Num>) -> Nums {
    body(lanes);
    return {};
  });
}

/// Steps that run side by side, each with accumulators of its own: the chain
/// of dependent additions is as much shorter.
static constexpr int64_t unrolled = 4;

TileBuilder::Nums TileBuilder::reduce(Num n, ArrayRef<Combine> how,
                                      ArrayRef<Num> start,
                                      LanesCarryBody body) {
  Nums accumulators;
  for (Num number : start)
    accumulators.push_back(broadcast(number));
  std::optional<int64_t> size = known(n);
  Num done = index(0);
  size_t count = how.size();
  if (size && count > 0 && *size >= 2 * unrolled * laneCount) {
    Nums wideStart;
    for (int64_t u = 0; u < unrolled; ++u)
      llvm::append_range(wideStart, accumulators);
    int64_t block = unrolled * laneCount;
    Num end = index(*size / block * block);
    Nums all =
        loop(done, end, block, wideStart, [&](Num i, ArrayRef<Num> carried) {
          Nums next;
          for (int64_t u = 0; u < unrolled; ++u)
            llvm::append_range(next, body({i + u * laneCount, {}},
                                          carried.slice(u * count, count)));
          return next;
        });
    for (size_t a = 0; a < count; ++a) {
      Num low = combineTwo(all[a], all[count + a], how[a]);
      Num high = combineTwo(all[2 * count + a], all[3 * count + a], how[a]);
      accumulators[a] = combineTwo(low, high, how[a]);
    }
    done = end;
  }
  Num full = n / laneCount * laneCount;
  if (!size || *size / laneCount * laneCount > *known(done))
    accumulators = loop(
        done, full, laneCount, accumulators,
        [&](Num i, ArrayRef<Num> carried) { return body({i, {}}, carried); });
  auto tail = [&]() {
    Lanes lanes{full, firstLanes(n - full)};
    Nums next = body(lanes, accumulators);
    for (size_t a = 0; a < count; ++a)
      next[a] = select(lanes.mask, next[a], accumulators[a]);
    return next;
  };
  if (size && *size % laneCount != 0)
    accumulators = tail();
  else if (!size && count == 0)
    when(full < n, [&] { tail(); });
  else if (!size)
    accumulators = choose(full < n, tail, [&] { return accumulators; });
  for (size_t a = 0; a < count; ++a)
    accumulators[a] = combine(accumulators[a], how[a]);
  return accumulators;
}

Num TileBuilder::sum(Num n, function_ref<Num(Lanes)> term) {
  return reduce(n, Combine::Sum, number(0),
                [&](Lanes lanes, ArrayRef<Num> carried) -> Nums {
                  return {carried[0] + term(lanes)};
                })[0];
}

Num TileBuilder::maximum(Num n, function_ref<Num(Lanes)> term) {
  return reduce(n, Combine::Max,
                number(-std::numeric_limits<double>::infinity()),
                [&](Lanes lanes, ArrayRef<Num> carried) -> Nums {
                  return {max(carried[0], term(lanes))};
                })[0];
}

Num TileBuilder::dot(const View &a, const View &b) {
  return reduce(index(a.size()), Combine::Sum, number(0),
                [&](Lanes lanes, ArrayRef<Num> carried) -> Nums {
                  return {fma(load(a, lanes), load(b, lanes), carried[0])};
                })[0];
}

} // namespace tresse::tile
