// Model.cpp - verifiers of the model, its programs and entries.
#include "dialects/plan/Plan.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace tresse::plan;

#define GET_OP_CLASSES
#include "dialects/plan/Model.cpp.inc"

LogicalResult ModelOp::verify() {
  for (Attribute rank : getRanks()) { // C1
    auto name = dyn_cast<FlatSymbolRefAttr>(rank);
    if (!name || !isa_and_nonnull<ProgramOp>(mlir::SymbolTable::lookupSymbolIn(
                     getOperation(), name.getAttr())))
      return emitOpError("expects 'ranks' to name programs, but got ") << rank;
  }
  uint32_t number;
  if (getTarget() == Target::Cuda &&
      getArchitecture().getAsInteger(10, number)) // C2
    return emitOpError("expects the number of an architecture, but got '")
           << getArchitecture() << "'";
  return success();
}

LogicalResult ProgramOp::verify() {
  llvm::StringSet<> names;
  for (Operation &op : getBody().front()) { // C1
    auto entry = dyn_cast<EntryOp>(op);
    if (!entry)
      return emitOpError("expects only 'plan.entry' in its body, but got '")
             << op.getName() << "'";
    if (!names.insert(entry.getName()).second)
      return entry.emitOpError("expects a name of its own, but '")
             << entry.getName() << "' is taken";
  }
  for (auto entry : getBody().getOps<EntryOp>())
    for (auto step : entry.getBody().getOps<StepInterface>()) {
      if (step.getStream() >= getStreams()) // C2
        return step.emitOpError("expects a stream below ")
               << getStreams() << ", but got " << step.getStream();
      std::optional<uint32_t> event;
      if (auto record = dyn_cast<RecordOp>(step.getOperation()))
        event = record.getEvent();
      if (auto wait = dyn_cast<WaitOp>(step.getOperation()))
        event = wait.getEvent();
      if (event && *event >= getEvents()) // C3
        return step.emitOpError("expects an event below ")
               << getEvents() << ", but got " << *event;
    }
  return success();
}

LogicalResult EntryOp::verify() {
  int reached = 0;
  for (Operation &op : getBody().front()) { // C1
    int part = isa<InputOp>(op)         ? 0
               : isa<OutputOp>(op)      ? 1
               : isa<StepInterface>(op) ? 2
                                        : -1;
    if (part < 0)
      return emitOpError("expects inputs, outputs and steps, but got '")
             << op.getName() << "'";
    if (part < reached)
      return op.emitOpError("expects to come before the ")
             << (reached == 1 ? "outputs" : "steps") << " of its entry";
    reached = part;
  }
  return success();
}
