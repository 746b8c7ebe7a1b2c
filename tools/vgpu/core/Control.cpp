// Control.cpp - branches, calls, returns, and what device code calls outside.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/Execution.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/SystemCalls.h"

namespace vgpu {

namespace {

void runBranch(Warp &w, const Insn &i, uint32_t mask) {
  if (mask == w.active) {
    w.pc = uint32_t(i.imm);
    // Others may be waiting in between.
    if (w.fragments.size() > 1)
      w.reschedule();
    return;
  }
  ++w.worker->stats.divergentBranches;
  uint32_t next = w.pc;
  w.pc = uint32_t(i.imm);
  splitFragment(w, mask, next);
}

/// brx.idx: aux32 targets in ext.
void runBranchTable(Warp &w, const Insn &i, uint32_t mask) {
  const uint32_t *targets = &w.worker->launch->program->ext[i.ext];
  const uint32_t *index = w.read<uint32_t>(i.a);
  if (mask != w.active)
    splitFragment(w, mask, w.pc);
  uint32_t left = mask;
  while (left) {
    unsigned lane = unsigned(std::countr_zero(left));
    uint32_t value = index[lane];
    if (value >= i.aux32) {
      report(w, ReportKind::InvalidOperand, int(lane), 0,
             "brx.idx expects an index below " + std::to_string(i.aux32) +
                 ", but got " + std::to_string(value));
      return;
    }
    uint32_t same = 0;
    forEachLane(left, [&](unsigned l) {
      if (index[l] == value)
        same |= 1u << l;
    });
    left &= ~same;
    if (left == 0) {
      w.pc = targets[value];
    } else {
      uint32_t keep = w.active & ~same;
      uint32_t active = w.active;
      (void)active;
      splitFragment(w, keep, targets[value]);
      ++w.worker->stats.divergentBranches;
    }
  }
  if (w.fragments.size() > 1)
    w.reschedule();
}

void runExit(Warp &w, const Insn &, uint32_t mask) { exitLanes(w, mask); }

void runTrap(Warp &w, const Insn &, uint32_t mask) {
  report(w, ReportKind::Trap, std::countr_zero(mask), 0,
         "the kernel executed trap");
}

void runNanosleep(Warp &w, const Insn &i, uint32_t) {
  const uint32_t *a = w.read<uint32_t>(i.a);
  w.worker->ticks += a[std::countr_zero(w.active)];
  w.yielded = w.yieldedTurn = true;
  w.reschedule();
}

void runNothing(Warp &, const Insn &, uint32_t) {}

/// Copies bytes of the local memory of the lanes in `mask`.
void copyLocal(Warp &w, uint32_t mask, uint32_t target, uint32_t source,
               uint32_t bytes) {
  forEachLane(mask, [&](unsigned l) {
    auto at = [&](std::vector<uint8_t> &memory, uint32_t offset) -> uint8_t & {
      return memory[size_t(offset >> 2) * 128 + l * 4 + (offset & 3)];
    };
    for (uint32_t b = 0; b < bytes; ++b) {
      at(w.local, target + b) = at(w.local, source + b);
      if (!w.localInitialised.empty())
        at(w.localInitialised, target + b) = at(w.localInitialised, source + b);
    }
  });
}

/// Enters `function` with the lanes in `mask`, which are all that run.
bool enter(Warp &w, const Insn &i, uint32_t function, uint32_t mask) {
  const Program &program = *w.worker->launch->program;
  const CallSite &site = program.calls[size_t(i.imm)];
  const DecodedFunction &callee = program.functions[function];
  constexpr uint32_t maxDepth = 1024, maxLocal = 512 << 10;
  size_t registers = callee.registerBytes;
  for (const auto &frame : w.frames)
    registers += frame->registerBytes;
  if (w.frame->depth >= maxDepth || registers > (128u << 20) ||
      w.frame->localBase + program.functions[w.frame->function].frameBytes +
              callee.frameBytes >
          maxLocal) {
    report(w, ReportKind::OutOfBounds, std::countr_zero(mask), 0,
           "the call stack is deeper than a thread's 512 KiB of local memory");
    return false;
  }
  if (callee.parameters.size() != site.arguments.size() ||
      callee.results.size() != site.results.size()) {
    report(w, ReportKind::InvalidOperand, std::countr_zero(mask), 0,
           "call of '" + callee.name + "' expects " +
               std::to_string(callee.parameters.size()) +
               " arguments, but got " + std::to_string(site.arguments.size()));
    return false;
  }
  Frame *caller = w.frame;
  Frame *frame = enterFrame(w, function, uint32_t(i.imm), w.pc);
  for (size_t k = 0; k < site.arguments.size(); ++k)
    copyLocal(w, mask, frame->localBase + callee.parameters[k].offset,
              caller->localBase + site.arguments[k].offset,
              std::min(site.arguments[k].bytes, callee.parameters[k].bytes));
  if (w.worker->checkUninitialised)
    for (uint32_t &lanes : frame->undefined)
      lanes |= mask;
  w.frame = frame;
  w.pc = callee.begin;
  w.bases[0] = frame->registers;
  w.bases[1] = callee.constants;
  w.reschedule();
  return true;
}

void runCall(Warp &w, const Insn &i, uint32_t mask) {
  splitFragment(w, mask, w.pc);
  enter(w, i, i.aux32, mask);
}

void runSystemCall(Warp &w, const Insn &i, uint32_t mask) {
  const CallSite &site = w.worker->launch->program->calls[size_t(i.imm)];
  systemCall(w, SystemFunction(i.aux), site, mask);
}

/// A call by address: lanes with different targets part.
void runIndirectCall(Warp &w, const Insn &i, uint32_t mask) {
  const uint64_t *target = w.read<uint64_t>(i.a);
  const Program &program = *w.worker->launch->program;
  splitFragment(w, mask, w.pc);
  unsigned first = unsigned(std::countr_zero(mask));
  uint64_t address = target[first];
  uint64_t index = address - functionWindow;
  if (index >= program.functions.size() || !program.functions[index].defined ||
      program.functions[index].entry) {
    report(w, ReportKind::OutOfBounds, int(first), address,
           "a call expects the address of a function");
    return;
  }
  uint32_t same = 0;
  forEachLane(mask, [&](unsigned l) {
    if (target[l] == address)
      same |= 1u << l;
  });
  // The others try the call again by themselves.
  splitFragment(w, same, w.pc - 1);
  enter(w, i, uint32_t(index), same);
}

const char *systemNames[] = {"vprintf", "__assertfail", "malloc", "free"};

bool callCopies(Builder &b, const Operand &list,
                std::vector<CallSite::Copy> &copies) {
  for (uint32_t k = 0; k < list.count; ++k) {
    const Operand &one = b.child(list, k);
    if (one.kind != Operand::Kind::Symbol ||
        b.symbol(one.index).kind != Symbol::Kind::FrameParam)
      return b.fail("call expects .param variables");
    const Symbol &param = b.symbol(one.index);
    copies.push_back({uint32_t(param.offset), uint32_t(param.bytes)});
  }
  return true;
}

bool decodeCall(Builder &b) {
  b.take("uni");
  unsigned count = b.operandCount(), at = 0;
  CallSite site;
  Insn insn;
  if (at < count && b.operand(at).kind == Operand::Kind::Vector)
    if (!callCopies(b, b.operand(at++), site.results))
      return false;
  if (at >= count)
    return b.fail("call expects a function");
  const Operand target = b.operand(at++);
  if (at < count && b.operand(at).kind == Operand::Kind::Vector)
    if (!callCopies(b, b.operand(at++), site.arguments))
      return false;
  // What may follow is the prototype or the list of targets.
  insn.imm = int64_t(b.program.calls.size());
  insn.flags = FlagOwnUndefined;
  if (target.kind == Operand::Kind::Register) {
    insn.run = runIndirectCall;
    if (!b.source(target, Type::B64, insn.a))
      return false;
    b.noteIndirectCall();
  } else if (target.kind == Operand::Kind::Symbol &&
             b.symbol(target.index).kind == Symbol::Kind::Function) {
    uint32_t callee = uint32_t(b.symbol(target.index).offset);
    const ParsedFunction &function = b.module.functions[callee];
    insn.aux32 = callee;
    site.function = int32_t(callee);
    insn.run = runCall;
    if (!function.defined) {
      insn.run = nullptr;
      for (unsigned k = 0; k < std::size(systemNames); ++k)
        if (function.name == systemNames[k]) {
          insn.run = runSystemCall;
          insn.aux = uint8_t(k);
        }
      if (function.name == "_Znwm" || function.name == "_Znam") {
        insn.run = runSystemCall;
        insn.aux = uint8_t(SystemFunction::Malloc);
      }
      if (function.name == "_ZdlPv" || function.name == "_ZdaPv" ||
          function.name == "_ZdlPvm" || function.name == "_ZdaPvm") {
        insn.run = runSystemCall;
        insn.aux = uint8_t(SystemFunction::Free);
      }
      if (!insn.run)
        return b.fail("function '" + std::string(function.name) +
                          "' is declared but defined nowhere",
                      true);
    } else if (function.entry) {
      return b.fail("call expects a function, but got a kernel");
    }
    b.noteCallee(callee);
  } else {
    return b.fail("call expects a function");
  }
  b.program.calls.push_back(std::move(site));
  b.emit(insn, InstructionClass::Control);
  return true;
}

bool decodeBranchTable(Builder &b) {
  b.take("idx");
  b.take("uni");
  Insn insn;
  insn.run = runBranchTable;
  if (!b.expectOperands(2) || !b.source(0, Type::B32, insn.a))
    return false;
  if (b.operand(1).kind != Operand::Kind::Label)
    return b.fail("brx.idx expects a list of labels");
  const Label &list = b.resolveLabel(b.operand(1).index);
  if (list.kind != Label::Kind::Targets)
    return b.fail("brx.idx expects a list of labels");
  insn.aux32 = uint32_t(list.targets.size());
  for (size_t k = 0; k < list.targets.size(); ++k) {
    if (b.resolveLabel(list.targets[k]).kind != Label::Kind::Position)
      return b.fail("expected labels of instructions in the list");
    uint32_t at = b.addExt(0);
    if (k == 0)
      insn.ext = at;
    b.fixExt(at, list.targets[k]);
  }
  b.emit(insn, InstructionClass::Control);
  return true;
}

} // namespace

void runReturn(Warp &w, const Insn &, uint32_t mask) {
  Frame *frame = w.frame;
  if (!frame->caller)
    return exitLanes(w, mask);
  splitFragment(w, mask, w.pc);
  const Program &program = *w.worker->launch->program;
  const DecodedFunction &callee = program.functions[frame->function];
  const CallSite &site = program.calls[frame->callSite];
  Frame *caller = frame->caller;
  for (size_t k = 0; k < site.results.size() && k < callee.results.size(); ++k)
    copyLocal(w, mask, caller->localBase + site.results[k].offset,
              frame->localBase + callee.results[k].offset,
              std::min(site.results[k].bytes, callee.results[k].bytes));
  w.pc = frame->returnPc;
  w.frame = caller;
  w.bases[0] = caller->registers;
  w.bases[1] = program.functions[caller->function].constants;
  w.reschedule();
}

bool decodeControlInsn(Builder &b) {
  std::string_view name = b.mnemonic();
  Insn insn;
  if (name == "bra") {
    b.take("uni");
    uint32_t label;
    insn.run = runBranch;
    if (!b.expectOperands(1) || !b.labelTarget(b.operand(0), label))
      return false;
    b.fixBranch(label);
    b.emit(insn, InstructionClass::Control);
    return true;
  }
  if (name == "brx")
    return decodeBranchTable(b);
  if (name == "call")
    return decodeCall(b);
  if (name == "nanosleep") {
    b.takeType();
    insn.run = runNanosleep;
    if (!b.expectOperands(1) || !b.source(0, Type::B32, insn.a))
      return false;
    b.emit(insn, InstructionClass::Control);
    return true;
  }
  if (name == "griddepcontrol")
    b.takeOneOf({"wait", "launch_dependents"});
  if (name == "setmaxnreg") {
    b.takeOneOf({"inc", "dec"});
    b.take("sync");
    b.take("aligned");
    b.takeType();
    int64_t count;
    if (!b.expectOperands(1) || !b.integer(b.operand(0), count))
      return false;
    if (count < 24 || count > 256 || count % 8)
      return b.fail("setmaxnreg expects a multiple of 8 from 24 to 256");
  }
  b.take("uni");
  insn.run = name == "ret"    ? runReturn
             : name == "exit" ? runExit
             : name == "trap" ? runTrap
                              : runNothing;
  b.emit(insn, InstructionClass::Control);
  return true;
}

} // namespace vgpu
