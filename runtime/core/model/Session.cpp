//===- Session.cpp - a compiled model, loaded and ready to run ------------===//
#include "runtime/core/model/Session.h"

#include <omp.h>

namespace tresse::runtime {

int64_t TensorView::elements() const {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

double TensorView::number(int64_t index) const {
  return loadElement(dtype, static_cast<const char *>(data) +
                                index * int64_t(elementBytes(dtype)));
}

void TensorView::setNumber(int64_t index, double value) const {
  storeElement(dtype,
               static_cast<char *>(data) + index * int64_t(elementBytes(dtype)),
               value);
}

/// Whether this processor has what the plan calls `feature`: an x86-64 level,
/// or an instruction set by LLVM's name.
static bool processorHas(std::string_view feature) {
#if defined(__x86_64__)
  // The compiler's question takes literals only.
#define TRESSE_FEATURE(name) {name, __builtin_cpu_supports(name) != 0}
  const std::pair<std::string_view, bool> known[] = {
      TRESSE_FEATURE("x86-64-v2"),
      TRESSE_FEATURE("x86-64-v3"),
      TRESSE_FEATURE("x86-64-v4"),
      TRESSE_FEATURE("avx512bf16"),
      TRESSE_FEATURE("avx512bitalg"),
      TRESSE_FEATURE("avx512fp16"),
      TRESSE_FEATURE("avx512ifma"),
      TRESSE_FEATURE("avx512vbmi"),
      TRESSE_FEATURE("avx512vbmi2"),
      TRESSE_FEATURE("avx512vnni"),
      TRESSE_FEATURE("avx512vpopcntdq"),
      TRESSE_FEATURE("avxvnni"),
      TRESSE_FEATURE("gfni")};
#undef TRESSE_FEATURE
  for (auto [name, has] : known)
    if (name == feature)
      return has;
#endif
  return false;
}

/// The processor must have what the kernels were compiled for: a list with
/// commas. A feature without a known name is one that it lacks.
static Plan openPlan(const tresse_model &model) {
  Plan plan(model);
  if (plan.header().target != TRESSE_CPU)
    return plan;
  std::string_view needed = plan.string(plan.header().architecture);
  for (std::string_view rest = needed; !rest.empty();) {
    std::string_view feature = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(feature.size() + 1, rest.size()));
    if (!feature.empty() && !processorHas(feature))
      fail("model: it was compiled for ", inQuotes(needed),
           ", but this processor lacks ", inQuotes(feature));
  }
  return plan;
}

Session::Session(const tresse_model &model, int threads)
    : thePlan(openPlan(model)), theMemory(thePlan),
      executor(thePlan, model, theMemory,
               threads > 0 ? threads
               : thePlan.header().target == TRESSE_REFERENCE
                   ? 1
                   : omp_get_num_procs()) {}

bool Session::hasEntry(std::string_view name) const {
  tresse_span span = thePlan.program().entries;
  for (uint32_t i = 0; i < span.count; ++i)
    if (thePlan.string(thePlan.entries[span.first + i].name) == name)
      return true;
  return false;
}

size_t Session::entryIndex(std::string_view name) const {
  tresse_span span = thePlan.program().entries;
  std::string known;
  for (uint32_t i = 0; i < span.count; ++i) {
    auto entry = thePlan.string(thePlan.entries[span.first + i].name);
    if (entry == name)
      return i;
    known += (i ? ", " : "") + std::string(entry);
  }
  fail("model: expected entry ", inQuotes(name),
       ", but it was compiled with: ", known);
}

const tresse_entry &Session::entry(std::string_view name) const {
  return thePlan.entries[thePlan.program().entries.first +
                         static_cast<uint32_t>(entryIndex(name))];
}

TensorView Session::tensor(uint32_t index) const {
  const tresse_tensor &record = thePlan.tensors[index];
  return {theMemory.tensor(index), record.dtype, thePlan.numbers(record.sizes)};
}

TensorView Session::global(uint32_t index) const {
  const tresse_global &record = thePlan.globals[index];
  return {theMemory.buffer(record.buffer), record.dtype,
          thePlan.numbers(record.shape)};
}

/// The argument of that name, or nothing.
static TensorView findArgument(const Session &session, tresse_span span,
                               std::string_view name) {
  const Plan &plan = session.plan();
  for (uint32_t i = 0; i < span.count; ++i) {
    const tresse_argument &argument = plan.arguments[span.first + i];
    if (plan.string(argument.name) == name)
      return session.tensor(argument.tensor);
  }
  return {};
}

TensorView Session::input(std::string_view name, std::string_view of) const {
  TensorView found = findArgument(*this, entry(name).inputs, of);
  if (!found.data)
    fail("model: expected entry ", inQuotes(name), " to have an input ",
         inQuotes(of));
  return found;
}

TensorView Session::findOutput(std::string_view name,
                               std::string_view of) const {
  return findArgument(*this, entry(name).outputs, of);
}

TensorView Session::output(std::string_view name, std::string_view of) const {
  TensorView found = findOutput(name, of);
  if (!found.data)
    fail("model: expected entry ", inQuotes(name), " to have an output ",
         inQuotes(of));
  return found;
}

void Session::weightsChanged() {
  if (hasEntry("prepare"))
    executor.run(entryIndex("prepare"));
}

void Session::run(std::string_view entry) { executor.run(entryIndex(entry)); }

void Session::profile(std::string_view entry, std::vector<StepTime> &times) {
  executor.profile(entryIndex(entry), times);
}

} // namespace tresse::runtime
