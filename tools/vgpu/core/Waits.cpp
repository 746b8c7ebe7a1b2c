// Waits.cpp - polling, and the text of deadlock reports.
#include "tools/vgpu/core/Execution.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Polling.h"

namespace vgpu {

void notePoll(Warp &w, uint64_t value) {
  uint32_t pc = w.pc - 1;
  if (w.pollPc == pc && w.pollValue == value) {
    if (++w.pollRepeats < 4)
      return;
    w.yielded = true;
    w.yieldedTurn = true;
    w.reschedule();
    return;
  }
  w.pollPc = pc;
  w.pollValue = value;
  w.pollRepeats = 0;
}

namespace {

std::string lineOf(const Program &program, uint32_t pc) {
  return std::to_string(program.info[pc].line);
}

/// What one fragment waits for.
std::string describeFragment(const Warp &w, const Fragment &f,
                             const Program &program) {
  std::string out = "warp " + std::to_string(w.index);
  if (w.block->cluster->blocks.size() > 1)
    out += " of block " + std::to_string(w.block->rank) + " of the cluster";
  if (f.mask != w.existing)
    out += " (" + std::to_string(std::popcount(f.mask)) + " lanes)";
  switch (f.state) {
  case Fragment::State::Barrier: {
    if (f.wanted == 16)
      return out + " waits at the cluster barrier of line " +
             lineOf(program, f.pc);
    const BlockBarrier &barrier = w.block->barriers[f.wanted];
    out += " waits at barrier " + std::to_string(f.wanted) + " of line " +
           lineOf(program, f.pc - 1);
    if (barrier.expected)
      out += " for " + std::to_string(barrier.expected) +
             " threads, of which " + std::to_string(barrier.arrived) +
             " arrived";
    return out;
  }
  case Fragment::State::WarpSync: {
    uint32_t missing = f.wanted & w.live & ~f.mask;
    return out + " waits at line " + lineOf(program, f.pc) + " for lane " +
           std::to_string(std::countr_zero(missing)) +
           (std::popcount(missing) > 1 ? " and others" : "");
  }
  case Fragment::State::Polling:
    return out + " waits for an mbarrier phase at line " +
           lineOf(program, f.pc);
  default:
    return out + " polls at line " + lineOf(program, f.pc);
  }
}

} // namespace

std::string describeWaits(Cluster &cluster, ReportKind &kind, Warp *&blame,
                          uint32_t &pc) {
  const Program &program = *cluster.launch->program;
  std::string text;
  unsigned listed = 0, total = 0;
  bool polling = false, barrier = false, sync = false;
  auto better = [&](Warp &w, const Fragment &f, bool &seen, uint32_t at) {
    // The first of the most telling kind: a phase, a member mask, a barrier.
    bool stronger = f.state == Fragment::State::Polling ? !polling
                    : f.state == Fragment::State::WarpSync
                        ? !polling && !sync
                        : !polling && !sync && !barrier;
    seen = true;
    if (!blame || stronger) {
      blame = &w;
      pc = at;
    }
  };
  for (auto &block : cluster.blocks)
    for (auto &warp : block->warps)
      for (const Fragment &f : warp->fragments) {
        if (warp->done || f.mask == 0)
          continue;
        ++total;
        if (f.state == Fragment::State::Polling)
          better(*warp, f, polling, f.pc);
        else if (f.state == Fragment::State::WarpSync)
          better(*warp, f, sync, f.pc);
        else if (f.state == Fragment::State::Barrier)
          better(*warp, f, barrier, f.wanted == 16 ? f.pc : f.pc - 1);
        else if (!blame) {
          blame = warp.get();
          pc = f.pc;
        }
        if (listed < 6) {
          text += (listed ? "; " : "") + describeFragment(*warp, f, program);
          ++listed;
        }
      }
  kind = polling ? ReportKind::MbarrierDeadlock
         : sync  ? ReportKind::ConvergenceDeadlock
                 : ReportKind::BarrierDeadlock;
  if (total > listed)
    text += "; and " + std::to_string(total - listed) + " more";
  return "nothing can go on: " + text;
}

} // namespace vgpu
