// Kernel.cpp - the loop over tiles of a kernel, and rows that stay in scratch.
#include "codegen/tile/Kernel.h"

#include "codegen/tile/Families.h"

using namespace mlir;

#include "codegen/tile/TileOpInterface.cpp.inc"

namespace tresse::tile {

/// Elements of one tile of a flat elementwise kernel.
static constexpr int64_t flatTile = 4096;

static ArrayRef<int64_t> shapeOf(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getShape();
}

static int64_t product(ArrayRef<int64_t> sizes) {
  int64_t result = 1;
  for (int64_t size : sizes)
    result *= size;
  return result;
}

/// The `row`-th of the rows that the leading `rank` dimensions count.
View rowAt(const View &view, int64_t rank, Num row) {
  View part = view;
  // Dimensions that follow each other without gaps count as one.
  for (int64_t dim = rank - 1; dim >= 0;) {
    int64_t stride = view.strides[dim], extent = view.sizes[dim];
    int64_t next = dim - 1;
    while (next >= 0 &&
           (view.sizes[next] == 1 || view.strides[next] == extent * stride))
      extent *= view.sizes[next--];
    Num within = next >= 0 ? row % extent : row;
    part.offset = part.offset + within * stride;
    row = next >= 0 ? row / extent : row;
    dim = next;
  }
  part.sizes.erase(part.sizes.begin(), part.sizes.begin() + rank);
  part.strides.erase(part.strides.begin(), part.strides.begin() + rank);
  return part;
}

View Rows::row(Value tensor, Num r) const {
  if (auto found = local.find(tensor); found != local.end())
    return found->second.at(r);
  return rowAt(operands[tensor], rowRank, global(r));
}

void Rows::forEach(Num count, TileBuilder::Body body) const {
  if (getConstantIntValue(count.value()) == 1)
    body(tile.index(0));
  else
    tile.loop(tile.index(0), count, 1, body);
}

void Rows::forEachBefore(Value ends, TileBuilder::Body body) const {
  if (!ends)
    return forEach(body);
  const View &view = whole(ends);
  Num total = tile.toIndex(tile.loadAt(view, tile.index(view.count() - 1)));
  Num limit = max(min(total - first, rowsInBlock), tile.index(0));
  tile.loop(tile.index(0), limit, 1, body);
}

/// The ops of a kernel; a fusion's ops in its place.
static SmallVector<Operation *> opsOf(Block &block) {
  SmallVector<Operation *> ops;
  for (Operation &op : block.without_terminator())
    ops.push_back(&op);
  return ops;
}

FailureOr<KernelBody> KernelBody::analyse(Block &block,
                                          ArrayRef<MemRefType> layouts,
                                          int64_t laneCount) {
  KernelBody body;
  body.block = &block;
  body.lanes = laneCount;
  body.wideType = Float32Type::get(block.getTerminator()->getContext());
  for (MemRefType layout : layouts)
    if (layout.getElementType().isF64()) {
      body.wideType = layout.getElementType();
      body.lanes = std::max<int64_t>(laneCount / 2, 1);
      break;
    }
  Operation *where = block.getTerminator();
  if (layouts.size() != block.getNumArguments() + where->getNumOperands())
    return where->emitError("kernel expects one layout for each of its ")
           << block.getNumArguments() + where->getNumOperands()
           << " tensors, but got " << layouts.size();
  for (MemRefType layout : layouts) {
    auto [strides, offset] = layout.getStridesAndOffset();
    if (layout.getRank() > 0 && strides.back() != 1 &&
        layout.getShape().back() != 1)
      return where->emitError("kernel expects tensors of inner stride 1, but "
                              "got ")
             << layout;
  }
  SmallVector<Operation *> ops = opsOf(block);
  if (ops.size() == 1)
    if (auto tiled = dyn_cast<TileOpInterface>(ops[0])) {
      body.kind = Kind::Tiles;
      body.tiles = tiled.getTileCount(body.lanes);
      return body;
    }
  if (failed(body.analyseRows(layouts)))
    return failure();
  return body;
}

/// Elementwise ops take a row as one line: it must lie without gaps.
LogicalResult KernelBody::checkRows(ArrayRef<Operation *> elementwise,
                                    ArrayRef<MemRefType> layouts) const {
  auto check = [&](Operation *op, MemRefType layout) -> LogicalResult {
    auto [strides, offset] = layout.getStridesAndOffset();
    int64_t expected = 1;
    for (int64_t d = layout.getRank() - 1; d >= rowRankOf(op); --d) {
      if (layout.getDimSize(d) != 1 && strides[d] != expected)
        return op->emitOpError("expects rows without gaps, but got ") << layout;
      expected *= layout.getDimSize(d);
    }
    return success();
  };
  for (Operation *op : elementwise) {
    for (Value operand : op->getOperands())
      if (auto argument = dyn_cast<BlockArgument>(operand))
        if (failed(check(op, layouts[argument.getArgNumber()])))
          return failure();
    for (OpOperand &use : op->getResult(0).getUses())
      if (use.getOwner() == block->getTerminator() &&
          failed(check(
              op, layouts[block->getNumArguments() + use.getOperandNumber()])))
        return failure();
  }
  return success();
}

LogicalResult KernelBody::analyseRows(ArrayRef<MemRefType> layouts) {
  Operation *rowOp = nullptr;
  SmallVector<Operation *> elementwise;
  Value whole;
  for (Operation *op : opsOf(*block)) {
    if (auto rows = dyn_cast<RowTileOpInterface>(op)) {
      rowsPerTile = std::max(rowsPerTile, rows.getRowsPerTile(lanes));
      if (!rowOp)
        rowOp = op;
    } else if (isElementwise(op)) {
      whole = op->getResult(0);
      elementwise.push_back(op);
    } else if (!isa<arith::ConstantOp>(op)) {
      return op->emitOpError("has no kernel of its own, or none that joins "
                             "row-wise ones");
    }
  }
  if (rowOp) {
    auto rowwise = cast<lm::RowwiseOpInterface>(rowOp);
    for (OpOperand &operand : rowOp->getOpOperands())
      if (rowwise.isRowOperand(operand.getOperandNumber()))
        whole = operand.get();
    rowRank = rowwise.getRowRank();
    rowCount = product(shapeOf(whole).take_front(rowRank));
    tiles = (rowCount + rowsPerTile - 1) / rowsPerTile;
    kind = Kind::Rows;
    return checkRows(elementwise, layouts);
  }
  if (!whole)
    return block->getTerminator()->emitError("kernel computes nothing");
  int64_t count = product(shapeOf(whole));
  bool flat = llvm::all_of(layouts, [&](MemRefType layout) {
    return layout.getNumElements() == count && layout.getLayout().isIdentity();
  });
  kind = flat ? Kind::Flat : Kind::Rows;
  if (flat) {
    rowCount = count;
    tiles = (count + flatTile - 1) / flatTile;
  } else {
    rowRank = shapeOf(whole).size() - 1;
    rowCount = tiles = product(shapeOf(whole).drop_back());
  }
  return success();
}

void KernelBody::emit(TileBuilder &tile, ArrayRef<View> views, Num begin,
                      Num end) const {
  Operands operands;
  for (BlockArgument argument : block->getArguments())
    operands.set(argument, views[argument.getArgNumber()]);
  for (auto [i, value] : llvm::enumerate(block->getTerminator()->getOperands()))
    operands.set(value, views[block->getNumArguments() + i]);
  tile.loop(begin, end, 1, [&](Num index) {
    if (kind == Kind::Tiles) {
      Operation *op = &block->front();
      tile.setLoc(op->getLoc());
      cast<TileOpInterface>(op).emitTile(tile, operands, index);
    } else if (kind == Kind::Flat) {
      emitFlat(tile, operands, index);
    } else {
      emitRows(tile, operands, index);
    }
  });
}

/// Loads what a run reads, computes it in registers, stores what is seen
/// outside it. `rowOf` gives a tensor's row as one dimension.
static void emitRun(TileBuilder &tile, ArrayRef<Operation *> ops, Num n,
                    function_ref<View(Value)> rowOf,
                    function_ref<bool(Value)> isStored) {
  llvm::SmallPtrSet<Operation *, 8> inside(ops.begin(), ops.end());
  tile.forLanes(n, [&](Lanes lanes) {
    llvm::DenseMap<Value, Num> values;
    for (Operation *op : ops)
      for (Value operand : op->getOperands()) {
        Operation *definition = operand.getDefiningOp();
        if (inside.contains(definition) || values.contains(operand))
          continue;
        if (auto constant = dyn_cast_or_null<arith::ConstantOp>(definition))
          emitElementwise(tile, constant, values);
        else
          values[operand] = tile.loadNative(rowOf(operand), lanes);
      }
    for (Operation *op : ops) {
      tile.setLoc(op->getLoc());
      emitElementwise(tile, op, values);
    }
    for (Operation *op : ops)
      for (Value result : op->getResults())
        if (isStored(result))
          tile.store(rowOf(result), lanes, values[result]);
  });
}

void KernelBody::emitFlat(TileBuilder &tile, const Operands &operands,
                          Num index) const {
  Num first = index * flatTile;
  int64_t single = std::min(flatTile, rowCount);
  Num count = rowCount % flatTile == 0 || tiles == 1
                  ? tile.index(single)
                  : min(tile.index(rowCount) - first, tile.index(flatTile));
  SmallVector<Operation *> ops;
  for (Operation *op : opsOf(*block))
    if (isElementwise(op))
      ops.push_back(op);
  emitRun(
      tile, ops, count,
      [&](Value value) {
        return operands[value].flat().slice(first, flatTile);
      },
      [&](Value value) { return operands.has(value); });
}

/// Leading dimensions of the op's tensors that index rows. Elementwise ops have
/// those of the row-wise ones where these count the rows, else the fewest.
int64_t KernelBody::rowRankOf(Operation *op) const {
  if (auto rowwise = dyn_cast<lm::RowwiseOpInterface>(op))
    return rowwise.getRowRank();
  ArrayRef<int64_t> shape = shapeOf(op->getResult(0));
  int64_t rank = std::min<int64_t>(rowRank, shape.size());
  if (product(shape.take_front(rank)) == rowCount)
    return rank;
  for (rank = 0; product(shape.take_front(rank)) != rowCount; ++rank)
    if (rank == static_cast<int64_t>(shape.size()))
      break;
  return rank;
}

void KernelBody::emitRows(TileBuilder &tile, const Operands &operands,
                          Num index) const {
  Num first = index * rowsPerTile;
  Num count = tile.index(rowsPerTile);
  if (rowCount % rowsPerTile != 0)
    count = min(tile.index(rowCount) - first, count);
  Rows rows(tile, operands, first, count, rowRank, rowsPerTile);
  SmallVector<Operation *> ops = opsOf(*block);
  auto addScratch = [&](Value value) {
    if (operands.has(value))
      return;
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<int64_t> sizes = {rowsPerTile};
    int64_t rank = rowRankOf(value.getDefiningOp());
    llvm::append_range(sizes, type.getShape().drop_front(rank));
    rows.setLocal(value, tile.scratch(sizes, type.getElementType()));
  };
  for (size_t i = 0; i < ops.size(); ++i) {
    tile.setLoc(ops[i]->getLoc());
    rows.setRowRank(rowRankOf(ops[i]));
    if (auto rowOp = dyn_cast<RowTileOpInterface>(ops[i])) {
      for (Value result : ops[i]->getResults())
        addScratch(result);
      rowOp.emitRows(tile, rows);
      continue;
    }
    if (isa<arith::ConstantOp>(ops[i]))
      continue;
    SmallVector<Operation *> run;
    ArrayRef<int64_t> shape = shapeOf(ops[i]->getResult(0));
    while (i < ops.size() && isElementwise(ops[i]) &&
           shapeOf(ops[i]->getResult(0)) == shape)
      run.push_back(ops[i++]);
    --i;
    llvm::SmallPtrSet<Operation *, 8> inside(run.begin(), run.end());
    auto isStored = [&](Value value) {
      return operands.has(value) ||
             llvm::any_of(value.getUsers(), [&](Operation *user) {
               return !inside.contains(user);
             });
    };
    for (Operation *op : run)
      if (isStored(op->getResult(0)))
        addScratch(op->getResult(0));
    int64_t size = product(shape) / rowCount;
    rows.forEach([&](Num r) {
      emitRun(
          tile, run, tile.index(size),
          [&](Value value) { return rows.row(value, r).flat(); }, isStored);
    });
  }
}

} // namespace tresse::tile
