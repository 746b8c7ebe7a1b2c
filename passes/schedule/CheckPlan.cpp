// CheckPlan.cpp - whether a plan can be executed as it is written.
//
// Order between streams: every stream counts its steps. A step knows, per
// stream, the last step that surely ended before it; recording an event keeps
// that knowledge, and waiting for the event hands it to the waiting stream.
#include "passes/schedule/CheckPlan.h"

#include "passes/schedule/CheckOperands.h"
#include "passes/schedule/Liveness.h"
#include "llvm/ADT/StringSet.h"

#include <map>

using namespace mlir;

namespace tresse {
namespace {

/// Bytes of one of the plan's blocks of memory.
struct Range {
  plan::Space space;
  uint64_t begin, end;

  bool overlaps(const Range &other) const {
    return space == other.space && begin < other.end && other.begin < end;
  }
  bool operator==(const Range &other) const {
    return space == other.space && begin == other.begin && end == other.end;
  }
};

plan::BufferOp bufferOf(plan::ViewOp tensor) {
  return tensor.getBuffer().getDefiningOp<plan::BufferOp>();
}

Range rangeOf(plan::ViewOp tensor) {
  plan::BufferOp buffer = bufferOf(tensor);
  uint64_t begin = buffer.getOffset() + tensor.getOffset();
  return {buffer.getSpace(), begin,
          begin + static_cast<uint64_t>(tensor.getExtent())};
}

Range rangeOf(plan::BufferOp buffer) {
  return {buffer.getSpace(), buffer.getOffset(),
          buffer.getOffset() + buffer.getSize()};
}

/// A step while its entry is being walked.
struct Step {
  mutable plan::StepInterface op; // interfaces have no const methods
  uint32_t number, stream;
  /// Position in its stream, from 1.
  uint64_t position;
  /// Per stream: the position up to which its steps ended before this one.
  std::vector<uint64_t> before;
  SmallVector<TensorAccess> accesses;

  bool follows(const Step &other) const {
    return before[other.stream] >= other.position;
  }
};

class Checker {
public:
  explicit Checker(plan::ModelOp model) : model(model) {}
  PlanCheck run();

private:
  void find(const Twine &text) { result.findings.push_back(text.str()); }
  static std::string nameOf(const Step &step) {
    return "step " + std::to_string(step.number) + " '" +
           step.op.getStepName().str() + "'";
  }

  void checkMemory();
  void checkLiveness();
  void checkOverlap();
  void checkKernels();
  void checkEntry(plan::EntryOp entry, plan::ProgramOp program,
                  uint32_t &number);
  void orderSteps(plan::EntryOp entry, plan::ProgramOp program,
                  uint32_t &number);
  void checkReads(plan::EntryOp entry);
  void checkRaces();
  void checkAliases(const Step &step);
  void checkCopy(const Step &step);
  void checkArguments(plan::EntryOp entry);

  plan::ModelOp model;
  PlanCheck result;
  llvm::MapVector<plan::BufferOp, LiveRange> liveness;
  DenseMap<Value, plan::GlobalOp> globalOfBuffer;
  std::vector<Step> steps; // of the entry being checked
};

void Checker::checkMemory() {
  uint64_t alignment = 1;
  uint64_t persistent = 0;
  for (auto program : model.getOps<plan::ProgramOp>()) {
    result.arena = std::max(result.arena, program.getArena());
    persistent = std::max(persistent, program.getPersistent());
    alignment = std::max(alignment, program.getAlignment());
  }
  for (auto buffer : model.getOps<plan::BufferOp>()) {
    uint64_t room = buffer.getSpace() == plan::Space::Arena ? result.arena
                    : buffer.getSpace() == plan::Space::Persistent ? persistent
                                                                   : UINT64_MAX;
    if (buffer.getOffset() > room ||
        buffer.getSize() > room - buffer.getOffset())
      find("buffer '" + buffer.getName() + "': expected to end inside the " +
           plan::stringifySpace(buffer.getSpace()) + " of " + Twine(room) +
           " bytes, but got " + Twine(buffer.getOffset() + buffer.getSize()));
  }
  for (auto tensor : model.getOps<plan::ViewOp>()) {
    plan::BufferOp buffer = bufferOf(tensor);
    uint64_t extent = static_cast<uint64_t>(tensor.getExtent());
    if (tensor.getOffset() > buffer.getSize() ||
        extent > buffer.getSize() - tensor.getOffset())
      find("tensor " + tensorText(tensor) + " of buffer '" + buffer.getName() +
           "': expected to end inside its " + Twine(buffer.getSize()) +
           " bytes, but got " + Twine(tensor.getOffset() + extent));
    if (tensor.getOffset() % plan::bytesOfElement(tensor.getDtype()))
      find("tensor " + tensorText(tensor) + " of buffer '" + buffer.getName() +
           "': expected an aligned offset, but got " +
           Twine(tensor.getOffset()));
  }
  result.peak = peakLiveBytes(liveness, alignment);
  if (result.arena > result.peak + result.peak / 10)
    find("arena: expected at most 1.1 times the " + Twine(result.peak) +
         " bytes live at once, but got " + Twine(result.arena));
}

void Checker::checkLiveness() {
  for (auto &[key, range] : liveness) {
    plan::BufferOp buffer = key;
    auto live = buffer.getLive();
    if (!live || buffer.getSpace() != plan::Space::Arena)
      continue;
    if (range.first < (*live)[0] || range.last > (*live)[1])
      find("buffer '" + buffer.getName() + "': expected to be live from step " +
           Twine(range.first) + " to " + Twine(range.last) + ", but got " +
           Twine((*live)[0]) + " to " + Twine((*live)[1]));
  }
}

/// Buffers that are in use at the same time must not share bytes. Sorted by
/// offset, a buffer meets only those that begin before it ends.
void Checker::checkOverlap() {
  std::vector<std::pair<plan::BufferOp, LiveRange>> used;
  for (auto &[buffer, range] : liveness)
    used.push_back({buffer, range});
  for (auto global : model.getOps<plan::GlobalOp>()) {
    auto buffer = global.getBuffer().getDefiningOp<plan::BufferOp>();
    if (!liveness.contains(buffer))
      used.push_back({buffer, {0, UINT32_MAX}});
  }
  llvm::sort(used, [](auto &a, auto &b) {
    plan::BufferOp first = a.first, second = b.first;
    return std::make_tuple(first.getSpace(), first.getOffset(),
                           a.second.first) < std::make_tuple(second.getSpace(),
                                                             second.getOffset(),
                                                             b.second.first);
  });
  for (size_t i = 0; i < used.size(); ++i) {
    auto [buffer, range] = used[i];
    for (size_t k = i + 1; k < used.size(); ++k) {
      auto [other, otherRange] = used[k];
      if (!(rangeOf(other).space == rangeOf(buffer).space &&
            other.getOffset() < rangeOf(buffer).end))
        break;
      if (other == buffer || !rangeOf(buffer).overlaps(rangeOf(other)))
        continue;
      bool together =
          buffer.getSpace() != plan::Space::Arena ||
          (range.first <= otherRange.last && otherRange.first <= range.last);
      if (together)
        find("buffers '" + buffer.getName() + "' and '" + other.getName() +
             "': expected not to share bytes while both are live, but both "
             "hold byte " +
             Twine(other.getOffset()) + " of the " +
             plan::stringifySpace(buffer.getSpace()) + " at step " +
             Twine(std::max(range.first, otherRange.first)));
    }
  }
}

void Checker::checkKernels() {
  std::map<uint32_t, std::string> names;
  for (auto kernel : model.getOps<plan::KernelOp>()) {
    if (kernel.getModule())
      continue; // device code is found by name
    auto [place, isNew] =
        names.try_emplace(kernel.getCode(), kernel.getSymName().str());
    if (!isNew)
      find("kernel '" + kernel.getSymName() +
           "': expected a function of its own, but got that of '" +
           place->second + "'");
  }
}

/// Fills `steps` with the steps of an entry and what each one surely follows.
void Checker::orderSteps(plan::EntryOp entry, plan::ProgramOp program,
                         uint32_t &number) {
  steps.clear();
  size_t streams = std::max<uint32_t>(program.getStreams(), 1);
  std::vector<std::vector<uint64_t>> known(streams,
                                           std::vector<uint64_t>(streams, 0));
  std::vector<uint64_t> count(streams, 0);
  std::map<uint32_t, std::vector<uint64_t>> events;
  for (auto op : entry.getBody().getOps<plan::StepInterface>()) {
    Step step{op, number++, op.getStream(), 0, {}, accessesOf(op)};
    std::vector<uint64_t> &mine = known[step.stream];
    if (auto wait = dyn_cast<plan::WaitOp>(op.getOperation())) {
      auto event = events.find(wait.getEvent());
      if (event == events.end())
        find(nameOf(step) + ": expected event " + Twine(wait.getEvent()) +
             " to be recorded before, but it is not");
      else
        for (size_t i = 0; i < streams; ++i)
          mine[i] = std::max(mine[i], event->second[i]);
    }
    step.position = ++count[step.stream];
    step.before = mine;
    mine[step.stream] = step.position;
    if (auto record = dyn_cast<plan::RecordOp>(op.getOperation()))
      events[record.getEvent()] = mine;
    steps.push_back(std::move(step));
  }
}

/// A set of bytes of the arena, as disjoint ranges.
class ByteSet {
public:
  void add(Range range) {
    if (range.space != plan::Space::Arena || range.begin == range.end)
      return;
    auto at = ranges.upper_bound(range.begin);
    if (at != ranges.begin() && std::prev(at)->second >= range.begin)
      --at;
    while (at != ranges.end() && at->first <= range.end) {
      range.begin = std::min(range.begin, at->first);
      range.end = std::max(range.end, at->second);
      at = ranges.erase(at);
    }
    ranges[range.begin] = range.end;
  }

  void remove(const Range &range) {
    auto at = ranges.upper_bound(range.begin);
    if (at != ranges.begin())
      --at;
    while (at != ranges.end() && at->first < range.end) {
      auto [begin, end] = *at;
      if (end <= range.begin) {
        ++at;
        continue;
      }
      at = ranges.erase(at);
      if (begin < range.begin)
        ranges[begin] = range.begin;
      if (end > range.end)
        at = ranges.emplace(range.end, end).first;
    }
  }

  /// True when the set holds a byte of `range`.
  bool touches(const Range &range) const {
    auto at = ranges.upper_bound(range.begin);
    if (at != ranges.begin() && std::prev(at)->second > range.begin)
      return true;
    return at != ranges.end() && at->first < range.end;
  }

private:
  std::map<uint64_t, uint64_t> ranges; // begin -> end
};

/// Every read of the arena needs an input or an earlier write on its bytes. One
/// written byte is enough: rows beyond a row count stay unwritten.
void Checker::checkReads(plan::EntryOp entry) {
  ByteSet written;
  for (auto input : entry.getBody().getOps<plan::InputOp>())
    if (auto tensor = input.getTensor().getDefiningOp<plan::ViewOp>())
      written.add(rangeOf(tensor));
  for (const Step &step : steps) {
    for (TensorAccess access : step.accesses) {
      Range range = rangeOf(access.tensor);
      if (access.reads() && range.space == plan::Space::Arena &&
          range.begin != range.end && !written.touches(range))
        find(nameOf(step) + ": expected " + tensorText(access.tensor) +
             " of buffer '" + bufferOf(access.tensor).getName() +
             "' to be written before it is read, but nothing wrote it");
    }
    for (TensorAccess access : step.accesses)
      if (access.writes())
        written.add(rangeOf(access.tensor));
    // What a buffer held is gone when it dies: whoever takes its bytes next
    // finds them unwritten.
    for (TensorAccess access : step.accesses) {
      plan::BufferOp buffer = bufferOf(access.tensor);
      auto found = liveness.find(buffer);
      if (found != liveness.end() && found->second.last == step.number &&
          buffer.getSpace() == plan::Space::Arena)
        written.remove(rangeOf(buffer));
    }
  }
}

/// The pair of accesses that conflict, a read of what the other step writes
/// before others; nothing when the steps do not conflict.
std::optional<std::pair<TensorAccess, TensorAccess>>
conflictOf(const Step &first, const Step &second) {
  std::optional<std::pair<TensorAccess, TensorAccess>> conflict;
  for (TensorAccess a : first.accesses)
    for (TensorAccess b : second.accesses) {
      if (!(a.writes() || b.writes()) ||
          !rangeOf(a.tensor).overlaps(rangeOf(b.tensor)))
        continue;
      if (!conflict || (a.writes() && !conflict->first.writes()))
        conflict = {a, b};
    }
  return conflict;
}

/// Steps of different streams that touch the same bytes, one writing, need a
/// wait between them.
void Checker::checkRaces() {
  for (size_t k = 0; k < steps.size(); ++k)
    for (size_t i = 0; i < k; ++i) {
      const Step &first = steps[i], &second = steps[k];
      if (first.stream == second.stream || second.follows(first))
        continue;
      auto conflict = conflictOf(first, second);
      if (!conflict)
        continue;
      auto [a, b] = *conflict;
      find(nameOf(second) + " of stream " + Twine(second.stream) +
           ": expected to wait for " + nameOf(first) + " of stream " +
           Twine(first.stream) + ", which " +
           (a.writes() ? "writes" : "reads") + " the bytes of '" +
           bufferOf(b.tensor).getName() + "' that it " +
           (b.writes() ? "writes" : "reads") + ", but no wait orders them");
    }
}

/// True when a step may write exactly the bytes that it also reads: a launch
/// says so, a matrix product may write only its own c. No bytes are written
/// twice.
bool mayShare(const Step &step, const TensorAccess &read,
              const TensorAccess &write) {
  if (read.writes())
    return false;
  if (isa<plan::LaunchOp>(step.op.getOperation()))
    return write.reads();
  return !isa<plan::GemmOp, plan::GroupedGemmOp>(step.op.getOperation());
}

/// A step may write exactly what it reads, but not a part of it.
void Checker::checkAliases(const Step &step) {
  for (size_t i = 0; i < step.accesses.size(); ++i)
    for (size_t k = 0; k < step.accesses.size(); ++k) {
      TensorAccess read = step.accesses[i], write = step.accesses[k];
      if (i == k || !write.writes() || (read.writes() && i > k))
        continue;
      Range from = rangeOf(read.tensor), to = rangeOf(write.tensor);
      if (!from.overlaps(to) || (from == to && mayShare(step, read, write)))
        continue;
      find(nameOf(step) + ": expected not to write over its operand " +
           tensorText(read.tensor) + " of buffer '" +
           bufferOf(read.tensor).getName() + "', but " +
           tensorText(write.tensor) + " shares bytes with it");
    }
}

void Checker::checkCopy(const Step &step) {
  auto copy = dyn_cast<plan::CopyOp>(step.op.getOperation());
  if (!copy)
    return;
  auto from = copy.getFrom().getDefiningOp<plan::ViewOp>();
  auto to = copy.getTo().getDefiningOp<plan::ViewOp>();
  plan::GlobalOp global = globalOfBuffer.lookup(from.getBuffer());
  if (global && from.getDtype() == to.getDtype())
    find(nameOf(step) + ": expected no copy of a global, but got one of '" +
         global.getSymName() + "'");
}

void Checker::checkArguments(plan::EntryOp entry) {
  llvm::StringSet<> names;
  auto check = [&](StringRef kind, StringRef name, Value value) {
    auto tensor = value.getDefiningOp<plan::ViewOp>();
    if (!names.insert((kind + " " + name).str()).second)
      find("entry '" + entry.getName() + "': expected one " + kind + " '" +
           name + "', but got two");
    if (!tensor.isContiguous())
      find("entry '" + entry.getName() + "': expected " + kind + " '" + name +
           "' without gaps, but got strides with gaps");
  };
  for (auto input : entry.getBody().getOps<plan::InputOp>())
    check("input", input.getName(), input.getTensor());
  DenseSet<Value> touched;
  for (const Step &step : steps)
    for (TensorAccess access : step.accesses)
      if (access.writes())
        touched.insert(access.tensor.getBuffer());
  for (auto input : entry.getBody().getOps<plan::InputOp>())
    touched.insert(input.getTensor().getDefiningOp<plan::ViewOp>().getBuffer());
  for (auto output : entry.getBody().getOps<plan::OutputOp>()) {
    check("output", output.getName(), output.getTensor());
    auto tensor = output.getTensor().getDefiningOp<plan::ViewOp>();
    if (bufferOf(tensor).getSpace() == plan::Space::Arena &&
        !touched.contains(tensor.getBuffer()))
      find("entry '" + entry.getName() +
           "': expected a step to write output '" + output.getName() +
           "', but none does");
  }
}

void Checker::checkEntry(plan::EntryOp entry, plan::ProgramOp program,
                         uint32_t &number) {
  orderSteps(entry, program, number);
  for (const Step &step : steps) {
    for (const std::string &defect : checkOperands(step.op))
      find(nameOf(step) + ": " + defect);
    checkAliases(step);
    checkCopy(step);
  }
  checkReads(entry);
  if (program.getStreams() > 1)
    checkRaces();
  checkArguments(entry);
}

PlanCheck Checker::run() {
  liveness = computeLiveness(model);
  for (auto global : model.getOps<plan::GlobalOp>())
    globalOfBuffer[global.getBuffer()] = global;
  checkMemory();
  checkLiveness();
  checkOverlap();
  checkKernels();
  uint32_t number = 0;
  for (auto program : model.getOps<plan::ProgramOp>())
    for (auto entry : program.getBody().getOps<plan::EntryOp>())
      checkEntry(entry, program, number);
  return std::move(result);
}

} // namespace

PlanCheck checkPlan(plan::ModelOp model) { return Checker(model).run(); }

} // namespace tresse
