// AssignArena.cpp - liveness and offsets of a plan's buffers.
#include "passes/schedule/Liveness.h"
#include "passes/schedule/Passes.h"

#include "mlir/IR/Builders.h"

#include <map>

using namespace mlir;

namespace tresse {
#define GEN_PASS_DEF_ASSIGNARENAPASS
#include "passes/schedule/Passes.h.inc"

namespace {

// Every buffer begins on a cache line, which is also what vectors want.
constexpr uint64_t kAlignment = 64;

struct Placed {
  plan::BufferOp buffer;
  LiveRange range;
  uint64_t size;
  size_t number;
  uint64_t offset = 0;

  bool overlapsInTime(const Placed &other) const {
    return range.first <= other.range.last && other.range.first <= range.last;
  }
};

/// The offset of the tightest gap of at least `size` bytes between `busy`
/// ranges, which are sorted by offset; the end of the last one when none fits.
uint64_t bestGap(ArrayRef<std::pair<uint64_t, uint64_t>> busy, uint64_t size) {
  uint64_t end = 0, best = 0, bestRoom = UINT64_MAX;
  for (auto [first, last] : busy) {
    if (first > end && first - end >= size && first - end < bestRoom) {
      best = end;
      bestRoom = first - end;
    }
    end = std::max(end, last);
  }
  return bestRoom == UINT64_MAX ? end : best;
}

/// Places `buffers` in their order; returns the bytes of the arena.
uint64_t place(MutableArrayRef<Placed> buffers) {
  uint64_t arena = 0;
  SmallVector<std::pair<uint64_t, uint64_t>> busy;
  for (size_t i = 0; i < buffers.size(); ++i) {
    busy.clear();
    for (const Placed &other : buffers.take_front(i))
      if (buffers[i].overlapsInTime(other))
        busy.push_back({other.offset, other.offset + other.size});
    llvm::sort(busy);
    buffers[i].offset = bestGap(busy, buffers[i].size);
    arena = std::max(arena, buffers[i].offset + buffers[i].size);
  }
  return arena;
}

/// The largest sum of sizes that are live at once: no arena is smaller.
uint64_t liveBytes(ArrayRef<Placed> buffers) {
  std::map<uint32_t, int64_t> change;
  for (const Placed &buffer : buffers) {
    change[buffer.range.first] += static_cast<int64_t>(buffer.size);
    change[buffer.range.last + 1] -= static_cast<int64_t>(buffer.size);
  }
  int64_t live = 0, peak = 0;
  for (auto [step, bytes] : change)
    peak = std::max(peak, live += bytes);
  return peak;
}

/// Tries up to three orders and keeps the offsets of the smallest arena; one
/// within a fiftieth of what is live is good enough.
uint64_t placeBest(SmallVectorImpl<Placed> &buffers) {
  auto bySize = [](const Placed &a, const Placed &b) {
    return std::make_tuple(b.size, a.range.first, a.range.last) <
           std::make_tuple(a.size, b.range.first, b.range.last);
  };
  auto byArea = [](const Placed &a, const Placed &b) {
    auto area = [](const Placed &p) {
      return p.size * (uint64_t(p.range.last) - p.range.first + 1);
    };
    return area(a) > area(b);
  };
  auto byDuration = [](const Placed &a, const Placed &b) {
    auto duration = [](const Placed &p) {
      return p.range.last - p.range.first;
    };
    return std::make_tuple(duration(b), b.size) <
           std::make_tuple(duration(a), a.size);
  };
  uint64_t smallest = UINT64_MAX, live = liveBytes(buffers);
  SmallVector<Placed> best;
  auto attempt = [&](auto before) {
    if (smallest <= live + live / 50)
      return;
    SmallVector<Placed> order(buffers.begin(), buffers.end());
    llvm::sort(order, [&](const Placed &a, const Placed &b) {
      // Equal buffers keep their order, so that plans do not vary.
      return before(a, b) || (!before(b, a) && a.number < b.number);
    });
    uint64_t arena = place(order);
    if (arena < smallest) {
      smallest = arena;
      best = std::move(order);
    }
  };
  attempt(bySize);
  attempt(byArea);
  attempt(byDuration);
  buffers = std::move(best);
  return smallest == UINT64_MAX ? 0 : smallest;
}

/// Entries follow each other in time, so their buffers never meet: every run of
/// buffers that a moment without live ones ends is placed by itself.
uint64_t placeRuns(SmallVectorImpl<Placed> &buffers) {
  llvm::sort(buffers, [](const Placed &a, const Placed &b) {
    return std::make_tuple(a.range.first, a.number) <
           std::make_tuple(b.range.first, b.number);
  });
  uint64_t arena = 0;
  SmallVector<Placed> done, run;
  auto finish = [&] {
    arena = std::max(arena, placeBest(run));
    llvm::append_range(done, run);
    run.clear();
  };
  uint32_t end = 0;
  for (const Placed &buffer : buffers) {
    if (!run.empty() && buffer.range.first > end)
      finish();
    end = run.empty() ? buffer.range.last : std::max(end, buffer.range.last);
    run.push_back(buffer);
  }
  if (!run.empty())
    finish();
  buffers = std::move(done);
  return arena;
}

struct AssignArenaPass : impl::AssignArenaPassBase<AssignArenaPass> {
  using AssignArenaPassBase::AssignArenaPassBase;

  void runOnOperation() override {
    for (auto model : getOperation().getOps<plan::ModelOp>())
      assign(model);
  }

  void assign(plan::ModelOp model) {
    Builder builder(&getContext());
    auto i64 = [&](uint64_t value) {
      return builder.getI64IntegerAttr(static_cast<int64_t>(value));
    };
    SmallVector<Placed> arena;
    for (auto &[buffer, range] : computeLiveness(model))
      if (plan::BufferOp(buffer).getSpace() == plan::Space::Arena)
        arena.push_back(
            {buffer, range,
             llvm::alignTo(plan::BufferOp(buffer).getSize(), kAlignment),
             arena.size()});
    uint64_t arenaSize = placeRuns(arena);
    for (Placed &placed : arena) {
      placed.buffer.setOffsetAttr(i64(placed.offset));
      placed.buffer.setLiveAttr(builder.getDenseI64ArrayAttr(
          {placed.range.first, placed.range.last}));
    }
    uint64_t persistent = 0;
    for (auto buffer : model.getOps<plan::BufferOp>()) {
      if (buffer.getSpace() != plan::Space::Persistent)
        continue;
      buffer.setOffsetAttr(i64(persistent));
      persistent += llvm::alignTo(buffer.getSize(), kAlignment);
    }
    for (auto program : model.getOps<plan::ProgramOp>()) {
      program.setArenaAttr(i64(arenaSize));
      program.setPersistentAttr(i64(persistent));
      program.setAlignmentAttr(i64(kAlignment));
    }
  }
};

} // namespace
} // namespace tresse
