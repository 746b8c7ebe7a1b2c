// Liveness.cpp - which steps of a plan touch which buffers.
#include "passes/schedule/Liveness.h"

#include "llvm/Support/MathExtras.h"

#include <map>

using namespace mlir;

namespace tresse {

SmallVector<TensorAccess> accessesOf(plan::StepInterface step) {
  SmallVector<TensorAccess> list;
  auto add = [&](Value value, uint32_t access) {
    auto view = value ? value.getDefiningOp<plan::ViewOp>() : plan::ViewOp();
    if (!view)
      return;
    list.push_back({view, access});
    if (Value rows = view.getRows())
      if (auto count = rows.getDefiningOp<plan::ViewOp>())
        list.push_back({count, TRESSE_READ});
  };
  for (const plan::StepOperand &operand : step.getStepOperands()) {
    if (operand.kind == plan::StepOperand::Tensor)
      add(operand.value, operand.access);
    if (operand.kind == plan::StepOperand::TensorMap)
      if (auto map = operand.value.getDefiningOp<plan::TensorMapOp>())
        add(map.getTensor(), operand.access);
  }
  if (auto launch = dyn_cast<plan::LaunchOp>(step.getOperation()))
    add(launch.getTileCountFrom(), TRESSE_READ);
  return list;
}

llvm::MapVector<plan::BufferOp, LiveRange>
computeLiveness(plan::ModelOp model) {
  llvm::MapVector<plan::BufferOp, LiveRange> liveness;
  auto touch = [&](Value tensor, uint32_t step) {
    auto view = tensor.getDefiningOp<plan::ViewOp>();
    auto buffer = view ? view.getBuffer().getDefiningOp<plan::BufferOp>()
                       : plan::BufferOp();
    if (!buffer)
      return;
    auto [place, isNew] = liveness.try_emplace(buffer, LiveRange{step, step});
    place->second.first = std::min(place->second.first, step);
    place->second.last = std::max(place->second.last, step);
  };
  uint32_t next = 0;
  for (auto program : model.getOps<plan::ProgramOp>())
    for (auto entry : program.getBody().getOps<plan::EntryOp>()) {
      uint32_t first = next;
      for (auto input : entry.getBody().getOps<plan::InputOp>())
        touch(input.getTensor(), first);
      for (auto step : entry.getBody().getOps<plan::StepInterface>()) {
        for (TensorAccess access : accessesOf(step))
          touch(access.tensor.getResult(), next);
        ++next;
      }
      uint32_t last = next > first ? next - 1 : first;
      for (auto output : entry.getBody().getOps<plan::OutputOp>())
        touch(output.getTensor(), last);
      if (entry.getStatus())
        touch(entry.getStatus(), last);
    }
  return liveness;
}

uint64_t
peakLiveBytes(const llvm::MapVector<plan::BufferOp, LiveRange> &liveness,
              uint64_t alignment) {
  std::map<uint32_t, int64_t> change;
  for (auto &[buffer, range] : liveness) {
    plan::BufferOp op = buffer;
    if (op.getSpace() != plan::Space::Arena)
      continue;
    int64_t size =
        llvm::alignTo(op.getSize(), std::max<uint64_t>(alignment, 1));
    change[range.first] += size;
    change[range.last + 1] -= size;
  }
  int64_t live = 0, peak = 0;
  for (auto [step, bytes] : change)
    peak = std::max(peak, live += bytes);
  return peak;
}

} // namespace tresse
