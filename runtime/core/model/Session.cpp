//===- Session.cpp - a compiled model, loaded and ready to run ------------===//
#include "runtime/core/model/Session.h"

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

Session::Session(const tresse_model &model, int threads)
    : thePlan(model), engine(makeEngine(thePlan, model, threads)) {}

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
  return {engine->argument(index), record.dtype, thePlan.numbers(record.sizes)};
}

TensorView Session::global(uint32_t index) const {
  const tresse_global &record = thePlan.globals[index];
  return {engine->global(index), record.dtype, thePlan.numbers(record.shape)};
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
  engine->globalsChanged();
  if (hasEntry("prepare"))
    engine->run(entryIndex("prepare"));
}

void Session::run(std::string_view entry) { engine->run(entryIndex(entry)); }

void Session::profile(std::string_view entry, std::vector<StepTime> &times) {
  engine->profile(entryIndex(entry), times);
}

} // namespace tresse::runtime
