// Kernel.cpp - from a body of lm ops to the code of a thread.
#include "codegen/cuda/Kernel.h"

#include "dialects/lm/LM.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace tresse::cuda {

using Ties = SmallVector<std::pair<unsigned, unsigned>>;

/// Pairs of a kernel's tensors that lie at one address: tied results and their
/// operands.
static Ties tiesOf(Block &body) {
  Ties ties;
  for (auto [i, value] : llvm::enumerate(body.getTerminator()->getOperands())) {
    auto tied = value.getDefiningOp<lm::TiedOperandInterface>();
    OpOperand *operand =
        tied ? tied.getTiedOperand(cast<OpResult>(value).getResultNumber())
             : nullptr;
    if (!operand)
      continue;
    if (auto argument = dyn_cast<BlockArgument>(operand->get()))
      ties.push_back({argument.getArgNumber(), body.getNumArguments() + i});
  }
  return ties;
}

/// Elements of one step: kernels with f64 halve them, but a warp stays a warp.
static int64_t lanesFor(ArrayRef<MemRefType> layouts) {
  bool hasF64 = llvm::any_of(layouts, [](MemRefType layout) {
    return layout.getElementType().isF64();
  });
  return hasF64 ? 2 * warpLanes : warpLanes;
}

/// Folds and merges what the body's verbs repeated: equal addresses are equal
/// values afterwards.
static LogicalResult simplify(func::FuncOp function) {
  PassManager manager(function.getContext(), func::FuncOp::getOperationName());
  manager.enableVerifier(false);
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  return manager.run(function);
}

static FailureOr<KernelShape> finish(const tile::KernelFunction &kernel,
                                     const Ties &ties, const Target &target,
                                     Step step) {
  if (failed(simplify(kernel.function)))
    return failure();
  if (step != Step::Tiles)
    orderLanes(kernel.function, ties);
  if (step == Step::Threads)
    return distributeLanes(kernel, target);
  KernelShape shape;
  shape.tileCount = kernel.tileCount;
  return shape;
}

FailureOr<KernelShape> emitKernel(ModuleOp module, StringRef name, Block &body,
                                  ArrayRef<MemRefType> layouts,
                                  const Target &target, Step step) {
  auto kernel = tile::emitFunction(
      module, name, body, layouts, lanesFor(layouts),
      [](tile::TileBuilder &tile) { tile.leaveReductionsToTarget(); });
  if (failed(kernel))
    return failure();
  return finish(*kernel, tiesOf(body), target, step);
}

/// A kernel of one tile per row of `layouts.back()`: `row` emits one.
static KernelShape emitRowKernel(
    ModuleOp module, StringRef name, Location loc, ArrayRef<MemRefType> layouts,
    const Target &target,
    function_ref<void(tile::TileBuilder &, ArrayRef<tile::View>)> row) {
  MemRefType shape = layouts.back();
  int64_t rank = std::max<int64_t>(shape.getRank() - 1, 0);
  int64_t rows = 1;
  for (int64_t size : shape.getShape().take_front(rank))
    rows *= size;
  Type wide = Float32Type::get(module.getContext());
  auto kernel = tile::emitFunction(
      module, name, loc, layouts, rows, wide, warpLanes,
      [&](tile::TileBuilder &tile, ArrayRef<tile::View> views, tile::Num begin,
          tile::Num end) {
        tile.loop(begin, end, 1, [&](tile::Num index) {
          SmallVector<tile::View> parts;
          for (const tile::View &view : views) {
            SmallVector<tile::Num> at(rank);
            tile::Num rest = index;
            for (int64_t d = rank - 1; d >= 0; --d) {
              at[d] = rest % view.sizes[d];
              rest = rest / view.sizes[d];
            }
            parts.push_back(view.at(at));
          }
          row(tile, parts);
        });
      });
  return *finish(kernel, {}, target, Step::Threads);
}

/// Calls `body` for every element of a row, by lanes where it lies side by
/// side.
static void forRow(tile::TileBuilder &tile, ArrayRef<tile::View> rows,
                   function_ref<void()> byLanes,
                   function_ref<void(ArrayRef<tile::Num>)> one) {
  const tile::View &last = rows.back();
  if (last.rank() == 0)
    return one({});
  if (llvm::all_of(rows,
                   [](const tile::View &row) { return row.strides[0] == 1; }))
    return byLanes();
  tile.loop(0, last.size(), 1, [&](tile::Num i) { one(i); });
}

KernelShape emitCopy(ModuleOp module, StringRef name, Location loc,
                     MemRefType from, MemRefType to, const Target &target) {
  return emitRowKernel(
      module, name, loc, {from, to}, target,
      [&](tile::TileBuilder &tile, ArrayRef<tile::View> rows) {
        forRow(
            tile, rows, [&] { tile.copyRow(rows[0], rows[1]); },
            [&](ArrayRef<tile::Num> at) {
              tile.storeAt(rows[1], at, tile.loadNativeAt(rows[0], at));
            });
      });
}

KernelShape emitFill(ModuleOp module, StringRef name, Location loc,
                     MemRefType to, TypedAttr value, const Target &target) {
  return emitRowKernel(
      module, name, loc, {to}, target,
      [&](tile::TileBuilder &tile, ArrayRef<tile::View> rows) {
        Type type = value.getType();
        double number =
            isa<FloatType>(type)
                ? cast<FloatAttr>(value).getValueAsDouble()
                : static_cast<double>(
                      cast<IntegerAttr>(value).getValue().getSExtValue());
        if (type.isBF16())
          type = tile.wide();
        tile::Num one = tile.constant(type, number);
        forRow(
            tile, rows, [&] { tile.fillRow(rows[0], one); },
            [&](ArrayRef<tile::Num> at) { tile.storeAt(rows[0], at, one); });
      });
}

} // namespace tresse::cuda
