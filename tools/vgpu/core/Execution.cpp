// Execution.cpp - the interpreter's loop and the fragments of a warp.
//
// Lanes that went different ways are fragments. The one with the lowest
// program counter runs, so that others catch up and merge with it; a fragment
// that has run long while others wait hands over (forward progress).
#include "tools/vgpu/core/Execution.h"

#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Memory.h"
#include "tools/vgpu/core/Race.h"

#include <algorithm>

namespace vgpu {

namespace {

/// Instructions after which a diverged fragment lets another one run.
constexpr uint64_t fairnessTurn = 2000;

void saveCurrent(Warp &w) {
  if (w.current >= w.fragments.size())
    return;
  Fragment &f = w.fragments[w.current];
  f.pc = w.pc;
  f.mask = w.active;
  f.frame = w.frame;
}

void loadCurrent(Warp &w, uint32_t index) {
  w.current = index;
  Fragment &f = w.fragments[index];
  w.pc = f.pc;
  w.active = f.mask;
  w.frame = f.frame;
  w.bases[0] = f.frame->registers;
  w.bases[1] =
      w.worker->launch->program->functions[f.frame->function].constants;
  f.lastRun = w.instructions;
}

bool mergeable(Fragment::State state) {
  return state != Fragment::State::Barrier;
}

void mergeFragments(Warp &w) {
  auto &list = w.fragments;
  list.erase(std::remove_if(list.begin(), list.end(),
                            [](const Fragment &f) { return f.mask == 0; }),
             list.end());
  for (size_t i = 0; i < list.size(); ++i) {
    if (!mergeable(list[i].state))
      continue;
    for (size_t j = i + 1; j < list.size();) {
      Fragment &other = list[j];
      if (other.pc == list[i].pc && other.frame == list[i].frame &&
          mergeable(other.state)) {
        list[i].mask |= other.mask;
        // Either both try their instruction anew, or both poll.
        if (list[i].state != other.state ||
            list[i].state == Fragment::State::WarpSync)
          list[i].state = Fragment::State::Ready;
        list.erase(list.begin() + ptrdiff_t(j));
      } else {
        ++j;
      }
    }
  }
}

/// True when `a` is behind `b` in the program: the pcs of the calls that they
/// are in are compared from the outermost inwards.
bool behind(const Fragment &a, const Fragment &b) {
  if (a.frame == b.frame)
    return a.pc < b.pc;
  auto path = [](const Fragment &f) {
    std::vector<uint32_t> pcs{f.pc};
    for (const Frame *frame = f.frame; frame->caller; frame = frame->caller)
      pcs.push_back(frame->returnPc - 1);
    std::reverse(pcs.begin(), pcs.end());
    return pcs;
  };
  std::vector<uint32_t> x = path(a), y = path(b);
  if (x == y)
    return a.frame < b.frame;
  // In a callee: behind the caller's own position at the call.
  size_t n = std::min(x.size(), y.size());
  if (std::equal(x.begin(), x.begin() + ptrdiff_t(n), y.begin()))
    return x.size() > y.size();
  return x < y;
}

/// Lets fragments go on whose missing lanes have ended or which wait at
/// bar.warp.sync, each at its own.
void releaseWarpSyncs(Warp &w) {
  uint32_t joined = 0;
  bool any = false;
  for (Fragment &f : w.fragments) {
    if (f.state != Fragment::State::WarpSync)
      continue;
    if ((f.wanted & w.live & ~f.mask) == 0)
      f.state = Fragment::State::Ready;
    else if (w.insnAt(f.pc).flags & FlagWarpBarrier) {
      joined |= f.mask;
      any = true;
    }
  }
  if (!any)
    return;
  for (Fragment &f : w.fragments)
    if (f.state == Fragment::State::WarpSync &&
        (w.insnAt(f.pc).flags & FlagWarpBarrier) &&
        (f.wanted & w.live & ~joined) != 0)
      return;
  onWarpSync(w, joined);
  for (Fragment &f : w.fragments)
    if (f.state == Fragment::State::WarpSync &&
        (w.insnAt(f.pc).flags & FlagWarpBarrier)) {
      f.state = Fragment::State::Ready;
      ++f.pc;
    }
}

/// The fragment to run next, or -1.
int pickFragment(Warp &w) {
  int best = -1;
  unsigned ready = 0;
  for (size_t i = 0; i < w.fragments.size(); ++i) {
    if (w.fragments[i].state != Fragment::State::Ready)
      continue;
    ++ready;
    if (best < 0 || behind(w.fragments[i], w.fragments[size_t(best)]))
      best = int(i);
  }
  if (ready < 2) {
    w.rotating = false;
    return best;
  }
  if (w.worker->random && (w.worker->rng() & 15) == 0) {
    w.rotating = true;
    w.fragmentStart = w.instructions;
    uint64_t pick = w.worker->rng() % ready;
    for (size_t i = 0; i < w.fragments.size(); ++i)
      if (w.fragments[i].state == Fragment::State::Ready && pick-- == 0)
        return int(i);
  }
  bool turnOver = w.instructions - w.fragmentStart > fairnessTurn;
  if (!turnOver && !w.rotating && !w.yielded)
    return best;
  if (!turnOver && !w.yielded && w.current < w.fragments.size() &&
      w.fragments[w.current].state == Fragment::State::Ready)
    return int(w.current);
  // Hand over to the one that has waited longest.
  w.rotating = true;
  w.fragmentStart = w.instructions;
  int longest = -1;
  for (size_t i = 0; i < w.fragments.size(); ++i)
    if (w.fragments[i].state == Fragment::State::Ready && i != w.current &&
        (longest < 0 ||
         w.fragments[i].lastRun < w.fragments[size_t(longest)].lastRun))
      longest = int(i);
  return longest < 0 ? best : longest;
}

void setNextPc(Warp &w) {
  w.nextPc = 0xffffffffu;
  if (w.fragments.size() < 2)
    return;
  for (size_t i = 0; i < w.fragments.size(); ++i) {
    const Fragment &f = w.fragments[i];
    if (i != w.current && f.frame == w.frame && mergeable(f.state) &&
        f.pc > w.pc)
      w.nextPc = std::min(w.nextPc, f.pc);
  }
}

/// Chooses the fragment to go on with; false when the warp's turn ends.
bool reselect(Warp &w) {
  if (stopping(w))
    return false;
  saveCurrent(w);
  // Fast: one fragment that only took a branch.
  if (w.fragments.size() == 1 && w.current == 0 &&
      w.fragments[0].state == Fragment::State::Ready && w.active != 0 &&
      !w.yielded) {
    w.nextPc = 0xffffffffu;
    w.bases[0] = w.frame->registers;
    w.bases[1] =
        w.worker->launch->program->functions[w.frame->function].constants;
    return true;
  }
  size_t before = w.fragments.size();
  mergeFragments(w);
  if (w.frames.size() > 1 && w.fragments.size() != before)
    collectFrames(w);
  if (w.fragments.empty()) {
    w.done = true;
    return false;
  }
  if (w.fragments.size() != before)
    w.current = 0xffffffffu;
  int pick = pickFragment(w);
  if (pick < 0) {
    releaseWarpSyncs(w);
    mergeFragments(w);
    w.current = 0xffffffffu;
    pick = pickFragment(w);
  }
  if (pick < 0) {
    w.blocked = true;
    return false;
  }
  bool endTurn = w.yielded && w.fragments.size() < 2;
  w.yielded = false;
  loadCurrent(w, uint32_t(pick));
  setNextPc(w);
  return !endTurn;
}

template <bool Checked> uint32_t runLoop(Warp &w, uint32_t budget) {
  const Insn *code = w.worker->code;
  uint32_t left = budget;
  while (left > 0) {
    uint32_t chunk =
        w.fragments.size() > 1 ? std::min<uint32_t>(left, fairnessTurn) : left;
    uint32_t steps = chunk;
    bool more = true;
    do {
      uint32_t pc = w.pc;
      const Insn &insn = code[pc];
      uint32_t mask = w.active;
      if (insn.guard != noRef) {
        uint32_t guard = w.predicate(insn.guard);
        mask &= insn.guardNegated ? ~guard : guard;
      }
      w.pc = pc + 1;
      if (Checked && w.active)
        beforeInstruction(w, insn, pc, mask);
      if (mask)
        insn.run(w, insn, mask);
      if (Checked && mask && w.pc != pc)
        afterInstruction(w, insn, pc, mask);
      --steps;
      if (w.pc >= w.nextPc) {
        w.instructions += chunk - steps;
        left -= chunk - steps;
        chunk = steps;
        more = reselect(w);
        if (!more || (w.fragments.size() > 1 && steps > fairnessTurn))
          break;
      }
    } while (steps);
    w.instructions += chunk - steps;
    left -= chunk - steps;
    if (!more)
      break;
    if (left > 0 && w.fragments.size() > 1 && !reselect(w))
      break;
  }
  return budget - left;
}

} // namespace

uint32_t runWarp(Warp &w, uint32_t budget) {
  w.blocked = w.yieldedTurn = false;
  w.retried = 0;
  if (!reselect(w))
    return 0;
  uint32_t count = w.worker->instrumented ? runLoop<true>(w, budget)
                                          : runLoop<false>(w, budget);
  saveCurrent(w);
  return count > w.retried ? count - w.retried : 0;
}

bool wakePolling(Warp &w) {
  bool ready = false;
  for (Fragment &f : w.fragments) {
    if (f.state == Fragment::State::Polling)
      f.state = Fragment::State::Ready;
    ready |= f.state == Fragment::State::Ready;
  }
  return ready;
}

void splitFragment(Warp &w, uint32_t mask, uint32_t otherPc) {
  uint32_t rest = w.active & ~mask;
  if (rest == 0)
    return;
  Fragment other;
  other.pc = otherPc;
  other.mask = rest;
  other.frame = w.frame;
  w.active = mask;
  saveCurrent(w);
  w.fragments.push_back(other);
  w.fragmentStart = w.instructions;
  w.reschedule();
}

bool gatherLanes(Warp &w, uint32_t mask, uint32_t wanted) {
  splitFragment(w, mask, w.pc);
  uint32_t missing = wanted & w.live & ~mask;
  if (missing == 0)
    return true;
  Fragment &f = w.fragments[w.current];
  f.state = Fragment::State::WarpSync;
  f.wanted = wanted;
  --w.pc;
  ++w.retried;
  w.reschedule();
  return false;
}

void parkAtBarrier(Warp &w, uint32_t barrier) {
  saveCurrent(w);
  Fragment &f = w.fragments[w.current];
  f.state = Fragment::State::Barrier;
  f.wanted = barrier;
  w.reschedule();
}

void wakeFromBarrier(Warp &w, uint32_t barrier) {
  for (Fragment &f : w.fragments)
    if (f.state == Fragment::State::Barrier && f.wanted == barrier) {
      f.state = Fragment::State::Ready;
      w.blocked = false;
    }
  w.reschedule();
}

void retryLater(Warp &w) {
  w.fragments[w.current].state = Fragment::State::Polling;
  --w.pc;
  ++w.retried;
  w.reschedule();
}

void exitLanes(Warp &w, uint32_t mask) {
  w.active &= ~mask;
  w.live &= ~mask;
  Block &block = *w.block;
  block.liveThreads -= uint32_t(std::popcount(mask));
  ++block.cluster->events;
  if (w.live == 0) {
    --block.liveWarps;
    if (block.liveWarps == 0) {
      --block.cluster->liveBlocks;
      onBlockEnd(block);
    }
  }
  recheckBarriers(block);
  w.reschedule();
}

namespace {
Frame *newFrame(Warp &w, uint32_t function) {
  const DecodedFunction &decoded =
      w.worker->launch->program->functions[function];
  auto frame = std::make_unique<Frame>();
  frame->function = function;
  frame->registerBytes = decoded.registerBytes;
  frame->storage.reset(new uint8_t[decoded.registerBytes + 128]());
  auto at = reinterpret_cast<uintptr_t>(frame->storage.get());
  frame->registers = frame->storage.get() + ((64 - at % 64) % 64);
  w.frames.push_back(std::move(frame));
  return w.frames.back().get();
}

void resetShadows(Warp &w, Frame &frame) {
  size_t slots = frame.registerBytes / 64 + 1;
  if (w.worker->checkUninitialised) {
    frame.undefined.assign(slots, allLanes);
    frame.origin.assign(slots, 0xffffffffu);
  }
  if (w.worker->launch->program->usesWgmma) {
    frame.pending.assign(slots, 0);
    if (w.worker->checkRaces)
      frame.writtenAt.assign(slots, 0);
  }
}
} // namespace

Frame *enterFrame(Warp &w, uint32_t function, uint32_t site,
                  uint32_t returnPc) {
  for (auto &frame : w.frames)
    if (frame->caller == w.frame && frame->callSite == site &&
        frame->function == function && frame->returnPc == returnPc)
      return frame.get();
  const Program &program = *w.worker->launch->program;
  Frame *caller = w.frame;
  Frame *frame = newFrame(w, function);
  frame->caller = caller;
  frame->callSite = site;
  frame->returnPc = returnPc;
  frame->depth = caller->depth + 1;
  frame->localBase = (caller->localBase +
                      program.functions[caller->function].frameBytes + 15) &
                     ~15u;
  resetShadows(w, *frame);
  reserveLocal(w, frame->localBase + program.functions[function].frameBytes);
  return frame;
}

void collectFrames(Warp &w) {
  for (auto &frame : w.frames)
    frame->users = 0;
  for (const Fragment &f : w.fragments)
    for (Frame *frame = f.frame; frame; frame = frame->caller)
      ++frame->users;
  w.frames.erase(std::remove_if(w.frames.begin() + 1, w.frames.end(),
                                [](const std::unique_ptr<Frame> &frame) {
                                  return frame->users == 0;
                                }),
                 w.frames.end());
}

void startWarp(Warp &w, Block &block, Worker &worker, uint32_t index) {
  const LaunchState &launch = *worker.launch;
  const Program &program = *launch.program;
  uint32_t function = launch.kernel->function;
  w.worker = &worker;
  w.block = &block;
  w.index = index;
  if (w.frames.empty())
    newFrame(w, function);
  w.frames.resize(1);
  w.frame = w.frames[0].get();
  resetShadows(w, *w.frame);
  reserveLocal(w, program.functions[function].frameBytes);
  if (worker.checkUninitialised)
    std::fill(w.localInitialised.begin(), w.localInitialised.end(), 0);
  const Dim3 &size = launch.config.block;
  uint64_t threads = size.count();
  uint32_t first = index * 32;
  w.existing = threads - first >= 32 ? allLanes : (1u << (threads - first)) - 1;
  for (unsigned l = 0; l < 32; ++l) {
    uint32_t t = first + l;
    w.tid[0][l] = t % size.x;
    w.tid[1][l] = t / size.x % size.y;
    w.tid[2][l] = t / size.x / size.y;
  }
  w.live = w.existing;
  w.carry = 0;
  w.done = w.blocked = w.yielded = w.rotating = w.yieldedTurn = false;
  w.instructions = w.fragmentStart = 0;
  w.pollRepeats = 0;
  w.clusterOpen = w.clusterWaits = 0;
  w.wgmmaPending = 0;
  w.wgmmaClock = 1;
  w.wgmmaFence = 0;
  w.wgmmaIssued = 0;
  w.openCopies.clear();
  w.openCopyClock = 0;
  w.copyGroups.clear();
  w.bulkGroups.clear();
  w.wgmmaOpen.clear();
  w.wgmmaGroups.clear();
  w.fragments.clear();
  Fragment f;
  f.pc = program.functions[function].begin;
  f.mask = w.live;
  f.frame = w.frame;
  w.fragments.push_back(f);
  w.current = 0;
  loadCurrent(w, 0);
  w.nextPc = 0xffffffffu;
}

} // namespace vgpu
