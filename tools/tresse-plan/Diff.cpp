// Diff.cpp - the differences of two plans, for people.
//
// Each plan becomes sections of lines that hold no index and no offset; equal
// sections are skipped, others compared by their longest common subsequence.
#include "tools/tresse-plan/Diff.h"

#include "passes/schedule/CheckOperands.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace tresse {
namespace {

using Lines = std::vector<std::string>;
using Sections = llvm::MapVector<std::string, Lines, llvm::StringMap<unsigned>>;

std::string operandText(const plan::StepOperand &operand) {
  switch (operand.kind) {
  case plan::StepOperand::Absent:
    return "none";
  case plan::StepOperand::Bits:
    return "bits " + llvm::utostr(operand.bits);
  case plan::StepOperand::TensorMap:
    return "tensor map";
  case plan::StepOperand::Tensor:
    break;
  }
  auto tensor = operand.value.getDefiningOp<plan::ViewOp>();
  auto buffer = tensor.getBuffer().getDefiningOp<plan::BufferOp>();
  StringRef access = operand.access == TRESSE_READ    ? "read "
                     : operand.access == TRESSE_WRITE ? "write "
                                                      : "update ";
  return access.str() + buffer.getName().str() + " " + tensorText(tensor);
}

std::string stepText(plan::StepInterface step) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << step->getName().stripDialect() << " '" << step.getStepName() << "'";
  if (auto launch = dyn_cast<plan::LaunchOp>(step.getOperation()))
    out << " " << launch.getKernel() << " tiles " << launch.getTileCount();
  if (step.getStream())
    out << " stream " << step.getStream();
  out << " (";
  llvm::interleaveComma(step.getStepOperands(), out,
                        [&](auto &operand) { out << operandText(operand); });
  out << ")";
  if (auto launch = dyn_cast<plan::LaunchOp>(step.getOperation()))
    if (DictionaryAttr parameters = launch.getParametersAttr())
      out << " " << parameters;
  return text;
}

std::string globalText(plan::GlobalOp global) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << plan::stringifyRole(global.getRole()) << " " << global.getSymName()
      << " " << global.getDtype() << "[";
  llvm::interleaveComma(global.getShape(), out);
  out << "] pieces "
      << (global.getPiecesAttr() ? global.getPiecesAttr().size() : 0);
  return text;
}

Sections sectionsOf(plan::ModelOp model) {
  Sections sections;
  Lines &records = sections["records"];
  records.push_back(("target " + plan::stringifyTarget(model.getTarget()) +
                     " " + model.getArchitecture())
                        .str());
  for (auto record : model.getOps<plan::BuildRecordOp>())
    records.push_back((record.getName() + " = " + record.getValue()).str());
  for (auto global : model.getOps<plan::GlobalOp>())
    sections["globals"].push_back(globalText(global));
  for (auto kernel : model.getOps<plan::KernelOp>())
    sections["kernels"].push_back(kernel.getSymName().str());
  for (auto program : model.getOps<plan::ProgramOp>()) {
    std::string name = "program " + program.getSymName().str();
    sections[name] = {"arena " + llvm::utostr(program.getArena()) + " bytes",
                      "persistent " + llvm::utostr(program.getPersistent()) +
                          " bytes",
                      "streams " + llvm::utostr(program.getStreams())};
    for (auto entry : program.getBody().getOps<plan::EntryOp>()) {
      Lines &lines = sections[name + " entry " + entry.getName().str()];
      for (auto input : entry.getBody().getOps<plan::InputOp>())
        lines.push_back(
            "input " + input.getName().str() + " " +
            tensorText(input.getTensor().getDefiningOp<plan::ViewOp>()));
      for (auto output : entry.getBody().getOps<plan::OutputOp>())
        lines.push_back(
            "output " + output.getName().str() + " " +
            tensorText(output.getTensor().getDefiningOp<plan::ViewOp>()));
      for (auto step : entry.getBody().getOps<plan::StepInterface>())
        lines.push_back(stepText(step));
    }
  }
  return sections;
}

/// Myers' comparison (An O(ND) Difference Algorithm, 1986, section 3): the
/// furthest points per diagonal, kept for every number of differences. Beyond
/// `most` differences the rest is printed as replaced.
class Comparison {
public:
  Comparison(const Lines &a, const Lines &b, llvm::raw_ostream &out)
      : a(a), b(b), out(out) {}

  void write() {
    size_t head = 0, tail = 0;
    while (head < a.size() && head < b.size() && a[head] == b[head])
      ++head;
    while (tail < a.size() - head && tail < b.size() - head &&
           a[a.size() - 1 - tail] == b[b.size() - 1 - tail])
      ++tail;
    compare(head, a.size() - tail, head, b.size() - tail);
  }

private:
  static constexpr int64_t most = 2000;

  void compare(size_t aBegin, size_t aEnd, size_t bBegin, size_t bEnd);
  void remove(size_t i) { out << "- " << a[i] << '\n'; }
  void insert(size_t i) { out << "+ " << b[i] << '\n'; }

  const Lines &a, &b;
  llvm::raw_ostream &out;
};

void Comparison::compare(size_t aBegin, size_t aEnd, size_t bBegin,
                         size_t bEnd) {
  int64_t n = aEnd - aBegin, m = bEnd - bBegin;
  int64_t limit = std::min<int64_t>(n + m, most);
  std::vector<std::vector<int64_t>> history;
  std::vector<int64_t> furthest(2 * limit + 3, 0);
  auto at = [&](std::vector<int64_t> &v, int64_t k) -> int64_t & {
    return v[k + limit + 1];
  };
  int64_t found = -1;
  for (int64_t d = 0; d <= limit && found < 0; ++d) {
    history.push_back(furthest);
    for (int64_t k = -d; k <= d; k += 2) {
      bool down =
          k == -d || (k != d && at(furthest, k - 1) < at(furthest, k + 1));
      int64_t x = down ? at(furthest, k + 1) : at(furthest, k - 1) + 1;
      int64_t y = x - k;
      while (x < n && y < m && a[aBegin + x] == b[bBegin + y])
        ++x, ++y;
      at(furthest, k) = x;
      if (x >= n && y >= m) {
        found = d;
        break;
      }
    }
  }
  if (found < 0) {
    for (size_t i = aBegin; i < aEnd; ++i)
      remove(i);
    for (size_t i = bBegin; i < bEnd; ++i)
      insert(i);
    return;
  }
  // Back along the path: which line each difference removed or inserted.
  std::vector<std::pair<bool, size_t>> edits;
  int64_t x = n, y = m;
  for (int64_t d = found; d > 0; --d) {
    std::vector<int64_t> &v = history[d];
    int64_t k = x - y;
    bool down = k == -d || (k != d && at(v, k - 1) < at(v, k + 1));
    int64_t fromX = down ? at(v, k + 1) : at(v, k - 1);
    int64_t fromY = fromX - (down ? k + 1 : k - 1);
    edits.push_back({down, down ? bBegin + fromY : aBegin + fromX});
    x = fromX;
    y = fromY;
  }
  for (auto [isInsert, line] : llvm::reverse(edits))
    isInsert ? insert(line) : remove(line);
}

} // namespace

bool writeDiff(plan::ModelOp first, plan::ModelOp second,
               llvm::raw_ostream &out) {
  Sections a = sectionsOf(first), b = sectionsOf(second);
  bool differs = false;
  for (auto &[name, lines] : b)
    a.insert({name, {}});
  for (auto &[name, lines] : a) {
    auto other = b.find(name);
    static const Lines none;
    const Lines &others = other == b.end() ? none : other->second;
    if (lines == others)
      continue;
    differs = true;
    out << name << ":\n";
    Comparison(lines, others, out).write();
  }
  return differs;
}

} // namespace tresse
