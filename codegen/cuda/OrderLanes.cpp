// OrderLanes.cpp - barriers between the lanes of a warp.
//
// Kernels are written as if one worker did everything in order. Threads of a
// warp do not: what one lane stores, another may load too early, or overwrite
// what another still has to load. Where the accesses say that this can happen,
// a barrier of the warp stands between them.
//
//   vector.load m[a]      lane l meets element a + l
//   vector.store m[b]     lane l meets element b + l: the same elements in the
//                         same lanes when a = b modulo the number of lanes
//   memref.load m[i]      every lane reads it
//   memref.store m[i]     lane 0 writes it
#include "codegen/cuda/Kernel.h"
#include "codegen/cuda/Warp.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/EquivalenceClasses.h"

using namespace mlir;

namespace tresse::cuda {
namespace {

/// The part of an address that decides which lane meets which element: the sum
/// of `terms` and `rest`, modulo the number of lanes.
struct LaneStart {
  SmallVector<void *> terms;
  int64_t rest = 0;

  bool operator==(const LaneStart &other) const {
    return terms == other.terms && rest == other.rest;
  }
};

bool isMultiple(Value value, int64_t of) {
  if (auto constant = getConstantIntValue(value))
    return *constant % of == 0;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    return loop && argument == loop.getInductionVar() &&
           isMultiple(loop.getLowerBound(), of) &&
           isMultiple(loop.getStep(), of);
  }
  if (auto product = value.getDefiningOp<arith::MulIOp>())
    return isMultiple(product.getLhs(), of) || isMultiple(product.getRhs(), of);
  if (auto sum = value.getDefiningOp<arith::AddIOp>())
    return isMultiple(sum.getLhs(), of) && isMultiple(sum.getRhs(), of);
  return false;
}

void addTerms(Value value, int64_t lanes, LaneStart &start) {
  if (isMultiple(value, lanes))
    return;
  if (auto constant = getConstantIntValue(value)) {
    start.rest = (start.rest + *constant) % lanes;
    return;
  }
  if (auto sum = value.getDefiningOp<arith::AddIOp>()) {
    addTerms(sum.getLhs(), lanes, start);
    addTerms(sum.getRhs(), lanes, start);
    return;
  }
  start.terms.push_back(value.getAsOpaquePointer());
}

/// What an op does to memory.
struct Access {
  void *memory = nullptr; ///< the leader of what shares the memory
  bool isWrite = false, byLanes = false;
  LaneStart start;

  bool operator==(const Access &other) const {
    return memory == other.memory && isWrite == other.isWrite &&
           byLanes == other.byLanes && start == other.start;
  }
  bool conflictsWith(const Access &other) const {
    if (memory != other.memory || (!isWrite && !other.isWrite))
      return false;
    if (byLanes && other.byLanes)
      return !(start == other.start);
    // Lane 0 alone writes single elements.
    return byLanes || other.byLanes || !isWrite || !other.isWrite;
  }
};

/// Accesses since the last barrier.
using Pending = SmallVector<Access>;

void remember(Pending &pending, const Access &access) {
  if (!llvm::is_contained(pending, access))
    pending.push_back(access);
}

class Orderer {
public:
  Orderer(func::FuncOp function, ArrayRef<std::pair<unsigned, unsigned>> tied) {
    for (auto [a, b] : tied)
      shared.unionSets(function.getArgument(a).getAsOpaquePointer(),
                       function.getArgument(b).getAsOpaquePointer());
    Pending pending;
    walk(function.getBody().front(), pending);
  }

private:
  std::optional<Access> accessOf(Operation *op) {
    auto access = [&](Value memory, bool isWrite, Value first) {
      Access result;
      void *name = memory.getAsOpaquePointer();
      auto leader = shared.findLeader(name);
      result.memory = leader == shared.member_end() ? name : *leader;
      result.isWrite = isWrite;
      if (first) {
        result.byLanes = true;
        addTerms(first, warpLanes, result.start);
        llvm::sort(result.start.terms);
      }
      return result;
    };
    if (auto load = dyn_cast<vector::LoadOp>(op))
      return access(load.getBase(), false, load.getIndices()[0]);
    if (auto load = dyn_cast<vector::MaskedLoadOp>(op))
      return access(load.getBase(), false, load.getIndices()[0]);
    if (auto store = dyn_cast<vector::StoreOp>(op))
      return access(store.getBase(), true, store.getIndices()[0]);
    if (auto store = dyn_cast<vector::MaskedStoreOp>(op))
      return access(store.getBase(), true, store.getIndices()[0]);
    if (auto load = dyn_cast<memref::LoadOp>(op))
      return access(load.getMemRef(), false, {});
    if (auto store = dyn_cast<memref::StoreOp>(op))
      return access(store.getMemRef(), true, {});
    return std::nullopt;
  }

  void barrier(Operation *before, Pending &pending) {
    OpBuilder builder(before);
    createWarpBarrier(builder, before->getLoc());
    pending.clear();
  }

  /// True when something inside `op` must not follow what is pending.
  bool conflictsInside(Operation *op, const Pending &pending) {
    if (pending.empty())
      return false;
    return op
        ->walk([&](Operation *inner) {
          auto access = accessOf(inner);
          bool conflict =
              access && llvm::any_of(pending, [&](const Access &before) {
                return access->conflictsWith(before);
              });
          return conflict ? WalkResult::interrupt() : WalkResult::advance();
        })
        .wasInterrupted();
  }

  void walk(Block &block, Pending &pending) {
    for (Operation &op : llvm::make_early_inc_range(block)) {
      if (isWarpBarrier(&op)) {
        pending.clear();
      } else if (auto access = accessOf(&op)) {
        if (llvm::any_of(pending, [&](const Access &before) {
              return access->conflictsWith(before);
            }))
          barrier(&op, pending);
        remember(pending, *access);
      } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
        if (conflictsInside(&op, pending))
          barrier(&op, pending);
        // Twice: the second time behind what the body itself leaves pending.
        Pending first = pending;
        walk(*loop.getBody(), first);
        for (const Access &access : first)
          remember(pending, access);
        Pending second = pending;
        walk(*loop.getBody(), second);
        for (const Access &access : second)
          remember(pending, access);
      } else if (auto branch = dyn_cast<scf::IfOp>(op)) {
        if (conflictsInside(&op, pending))
          barrier(&op, pending);
        Pending otherwise = pending;
        walk(*branch.thenBlock(), pending);
        if (branch.elseBlock())
          walk(*branch.elseBlock(), otherwise);
        for (const Access &access : otherwise)
          remember(pending, access);
      }
    }
  }

  llvm::EquivalenceClasses<void *> shared;
};

} // namespace

void orderLanes(func::FuncOp function,
                ArrayRef<std::pair<unsigned, unsigned>> tied) {
  Orderer(function, tied);
}

} // namespace tresse::cuda
