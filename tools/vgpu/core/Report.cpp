// Report.cpp - findings, their text, and stopping a launch.
#include "tools/vgpu/core/Report.h"

#include "tools/vgpu/core/Warp.h"

#include <algorithm>

namespace vgpu {

const char *reportKindName(ReportKind kind) {
  switch (kind) {
  case ReportKind::OutOfBounds:
    return "out-of-bounds";
  case ReportKind::Misaligned:
    return "misaligned";
  case ReportKind::Uninitialised:
    return "uninitialised";
  case ReportKind::Race:
    return "race";
  case ReportKind::MissingProxyFence:
    return "missing-proxy-fence";
  case ReportKind::UseBeforeWait:
    return "use-before-wait";
  case ReportKind::BarrierDeadlock:
    return "barrier-deadlock";
  case ReportKind::MbarrierDeadlock:
    return "mbarrier-deadlock";
  case ReportKind::ConvergenceDeadlock:
    return "convergence-deadlock";
  case ReportKind::BarrierMisuse:
    return "barrier-misuse";
  case ReportKind::InvalidOperand:
    return "invalid-operand";
  case ReportKind::Assert:
    return "assert";
  case ReportKind::Trap:
    return "trap";
  case ReportKind::Hang:
    return "hang";
  case ReportKind::Internal:
    return "internal";
  }
  return "unknown";
}

std::string Report::str() const {
  auto triple = [](const Dim3 &d) {
    return "(" + std::to_string(d.x) + ", " + std::to_string(d.y) + ", " +
           std::to_string(d.z) + ")";
  };
  std::string out = kernel + ":" + std::to_string(line) + ": " +
                    reportKindName(kind) + ": " + text + " [block " +
                    triple(block) + ", warp " + std::to_string(warp);
  if (lane >= 0)
    out += ", lane " + std::to_string(lane);
  out += "]";
  if (!source.empty())
    out += " at " + source;
  if (relatedLine)
    out += "; see also PTX line " + std::to_string(relatedLine);
  if (!instruction.empty())
    out += "; " + instruction;
  return out;
}

namespace {

/// How a launch ends after a report, or Ok when it can go on.
LaunchStatus fatalStatus(ReportKind kind) {
  switch (kind) {
  case ReportKind::OutOfBounds:
    return LaunchStatus::IllegalAddress;
  case ReportKind::Misaligned:
    return LaunchStatus::MisalignedAddress;
  case ReportKind::BarrierDeadlock:
  case ReportKind::MbarrierDeadlock:
  case ReportKind::ConvergenceDeadlock:
  case ReportKind::Hang:
    return LaunchStatus::Timeout;
  case ReportKind::BarrierMisuse:
  case ReportKind::InvalidOperand:
  case ReportKind::Internal:
    return LaunchStatus::IllegalInstruction;
  case ReportKind::Assert:
    return LaunchStatus::Assert;
  case ReportKind::Trap:
    return LaunchStatus::Trap;
  default:
    return LaunchStatus::Ok;
  }
}

std::string sourcePosition(const Program &program, const InsnInfo &info) {
  if (info.location < 0)
    return {};
  const SourceLocation &at =
      program.functions[info.function].locations[size_t(info.location)];
  std::string file = "?";
  for (const auto &[number, name] : program.files)
    if (number == at.file)
      file = name;
  return file + ":" + std::to_string(at.line);
}

std::string oneLine(std::string text) {
  std::string out;
  for (char c : text) {
    bool blank = c == '\n' || c == '\t' || c == ' ' || c == '\r';
    if (!blank)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  return out;
}

} // namespace

void reportAt(Warp &w, uint32_t pc, ReportKind kind, int lane, uint64_t address,
              std::string text, uint32_t relatedPc) {
  LaunchState &launch = *w.worker->launch;
  const Program &program = *launch.program;
  const InsnInfo &info =
      program.info[std::min<size_t>(pc, program.info.size() - 1)];
  LaunchStatus fatal = fatalStatus(kind);
  std::lock_guard<std::mutex> lock(launch.reportMutex);
  if (fatal != LaunchStatus::Ok) {
    if (launch.fatal == LaunchStatus::Ok)
      launch.fatal = fatal;
    launch.stop = true;
    w.reschedule();
  }
  // One report for each pair of lines and kind.
  uint64_t key = uint64_t(kind) << 60 ^ uint64_t(info.line) << 30 ^
                 (relatedPc == ~0u ? 0 : program.info[relatedPc].line);
  if (std::find(launch.reportKeys.begin(), launch.reportKeys.end(), key) !=
      launch.reportKeys.end())
    return;
  if (launch.reports.size() >= launch.options.maxReports) {
    launch.stop = true;
    w.reschedule();
    return;
  }
  launch.reportKeys.push_back(key);
  Report out;
  out.kind = kind;
  out.kernel = launch.kernel->name;
  out.line = info.line;
  if (relatedPc != ~0u)
    out.relatedLine = program.info[relatedPc].line;
  out.source = sourcePosition(program, info);
  out.block = w.block->index;
  out.warp = w.index;
  out.lane = lane;
  out.address = address;
  out.instruction = oneLine(
      program.text.substr(info.textBegin, std::min(info.textBytes, 300u)));
  out.text = std::move(text);
  launch.reports.push_back(std::move(out));
}

void report(Warp &w, ReportKind kind, int lane, uint64_t address,
            std::string text, uint32_t relatedPc) {
  reportAt(w, w.pc - 1, kind, lane, address, std::move(text), relatedPc);
}

} // namespace vgpu
