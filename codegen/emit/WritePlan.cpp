// WritePlan.cpp - plan ops to the bytes of plan.h: all but the steps.
#include "codegen/emit/PlanWriter.h"
#include "passes/common/ModuleError.h"
#include "runtime/core/plan_bytes.h"

using namespace mlir;

namespace tresse::plan {

uint32_t PlanWriter::addString(StringRef text) {
  // A NUL inside a name would end it early; what follows is dropped.
  text = text.take_until([](char c) { return c == 0; });
  auto [place, isNew] = stringOffsets.try_emplace(text, strings.size());
  if (isNew)
    strings.append(text.data(), text.size()).push_back('\0');
  return place->second;
}

tresse_span PlanWriter::addNumbers(ArrayRef<int64_t> list) {
  if (list.empty())
    return {0, 0};
  auto [place, isNew] = numberOffsets.try_emplace(list.vec(), numbers.size());
  if (isNew)
    llvm::append_range(numbers, list);
  return {place->second, static_cast<uint32_t>(list.size())};
}

/// Gives every op that others refer to its index, before anything is encoded.
void PlanWriter::numberRecords() {
  for (Operation &op : model.getBody().front()) {
    if (isa<BufferOp>(op))
      bufferIndices.try_emplace(op.getResult(0), bufferIndices.size());
    else if (isa<ViewOp>(op))
      tensorIndices.try_emplace(op.getResult(0), tensorIndices.size());
    else if (isa<TensorMapOp>(op))
      mapIndices.try_emplace(op.getResult(0), mapIndices.size());
    else if (isa<DeviceModuleOp>(op))
      moduleIndices.try_emplace(op.getResult(0), moduleIndices.size());
    else if (auto kernel = dyn_cast<KernelOp>(op))
      kernelIndices.try_emplace(kernel.getSymName(), kernelIndices.size());
    else if (auto global = dyn_cast<GlobalOp>(op))
      globalIndices.try_emplace(global.getSymName(), globalIndices.size());
    else if (auto program = dyn_cast<ProgramOp>(op))
      programIndices.try_emplace(program.getSymName(), programIndices.size());
    else if (auto group = dyn_cast<CommunicatorOp>(op))
      communicatorIndices.try_emplace(group.getSymName(),
                                      communicatorIndices.size());
  }
}

void PlanWriter::addMesh() {
  for (auto op : model.getOps<BuildRecordOp>())
    records.push_back({addString(op.getName()), addString(op.getValue())});
  for (auto op : model.getOps<AxisOp>())
    axes.push_back(
        {addString(op.getSymName()), op.getSize(), op.getStride(), 0});
  for (auto op : model.getOps<CommunicatorOp>())
    communicators.push_back({addString(op.getSymName()), op.getAxisMask(),
                             op.getSize(), op.getFlags()});
  for (Attribute rank : model.getRanks())
    programOfRank.push_back(
        {programIndices.lookup(cast<FlatSymbolRefAttr>(rank).getValue()), 0});
}

void PlanWriter::addStorage() {
  for (auto op : model.getOps<BufferOp>()) {
    uint32_t first = 0, last = TRESSE_NONE;
    if (auto live = op.getLive()) {
      first = static_cast<uint32_t>((*live)[0]);
      last = static_cast<uint32_t>((*live)[1]);
    }
    buffers.push_back({addString(op.getName()),
                       static_cast<uint32_t>(op.getSpace()), op.getOffset(),
                       op.getSize(), first, last});
  }
  for (auto op : model.getOps<ViewOp>())
    tensors.push_back({indexOf(bufferIndices, op.getBuffer()),
                       *encodeType(op.getDtype()), op.getOffset(),
                       addNumbers(op.getSizes()), addNumbers(op.getStrides()),
                       tensorIndex(op.getRows()), 0});
  for (auto op : model.getOps<TensorMapOp>())
    tensorMaps.push_back({tensorIndex(op.getTensor()), op.getSwizzle(),
                          op.getInterleave(), op.getPromotion(), op.getFill(),
                          0, addNumbers(op.getBox()),
                          addNumbers(op.getElementStrides())});
  for (auto op : model.getOps<GlobalOp>())
    addGlobal(op);
}

tresse_piece PlanWriter::encodePiece(PieceAttr piece) {
  auto list = [&](DenseI64ArrayAttr numbers) {
    return numbers ? addNumbers(numbers.asArrayRef()) : tresse_span{0, 0};
  };
  tresse_piece record = {};
  record.pattern = addString(piece.getPattern());
  record.dtype =
      piece.getDtype() ? encodeType(piece.getDtype()).value_or(0) : 0;
  record.first = piece.getFirst();
  record.last = piece.getLast();
  record.step = piece.getStep();
  record.source_shape = list(piece.getSourceShape());
  record.source_start = list(piece.getSourceStart());
  record.target_start = list(piece.getTargetStart());
  record.target_shape = list(piece.getTargetShape());
  record.permutation = list(piece.getPermutation());
  record.scale_pattern = piece.getScalePattern()
                             ? addString(piece.getScalePattern())
                             : TRESSE_NONE;
  record.flags = piece.getFlags();
  return record;
}

void PlanWriter::addGlobal(GlobalOp global) {
  tresse_global record = {};
  record.name = addString(global.getSymName());
  record.role = static_cast<uint32_t>(global.getRole());
  record.dtype = *encodeType(global.getDtype());
  record.buffer = indexOf(bufferIndices, global.getBuffer());
  record.of =
      global.getOfAttr() ? globalIndices.lookup(*global.getOf()) : TRESSE_NONE;
  record.initializer = static_cast<uint32_t>(global.getInitializer());
  record.flags = global.getFlags();
  record.shape = addNumbers(global.getShape());
  record.shard = addNumbers(global.getShard().value_or(ArrayRef<int64_t>()));
  record.pieces.first = pieces.size();
  if (ArrayAttr list = global.getPiecesAttr())
    for (auto piece : list.getAsRange<PieceAttr>())
      pieces.push_back(encodePiece(piece));
  record.pieces.count = pieces.size() - record.pieces.first;
  record.initial[0] = global.getInitial0().convertToDouble();
  record.initial[1] = global.getInitial1().convertToDouble();
  globals.push_back(record);
}

void PlanWriter::addCode() {
  for (auto op : model.getOps<DeviceModuleOp>())
    modules.push_back(
        {op.getArchitecture(), op.getFormat(), op.getOffset(), op.getSize()});
  for (auto op : model.getOps<KernelOp>())
    kernels.push_back(
        {addString(op.getSymName()),
         op.getModule() ? indexOf(moduleIndices, op.getModule()) : TRESSE_NONE,
         op.getCode(), op.getRegisters(), op.getScratchBytes(),
         op.getStaticSharedBytes(), op.getFlags()});
}

void PlanWriter::addProgram(ProgramOp program) {
  tresse_program record = {};
  record.name = addString(program.getSymName());
  record.stream_count = program.getStreams();
  record.event_count = program.getEvents();
  record.entries.first = entries.size();
  for (auto entry : program.getBody().getOps<EntryOp>())
    addEntry(entry);
  record.entries.count = entries.size() - record.entries.first;
  record.arena_size = program.getArena();
  record.persistent_size = program.getPersistent();
  record.pinned_size = program.getPinned();
  record.alignment = program.getAlignment();
  programs.push_back(record);
}

void PlanWriter::addArgument(StringRef name, Value tensor, APFloat minimum,
                             APFloat maximum, APFloat fallback) {
  arguments.push_back({addString(name), tensorIndex(tensor),
                       minimum.convertToDouble(), maximum.convertToDouble(),
                       fallback.convertToDouble()});
}

void PlanWriter::addEntry(EntryOp entry) {
  tresse_entry record = {};
  record.name = addString(entry.getName());
  record.flags = entry.getFlags();
  record.status = tensorIndex(entry.getStatus());
  record.repeat = entry.getRepeat();
  record.inputs.first = arguments.size();
  for (auto op : entry.getBody().getOps<InputOp>())
    addArgument(op.getName(), op.getTensor(), op.getMinimum(), op.getMaximum(),
                op.getFallback());
  record.inputs.count = arguments.size() - record.inputs.first;
  record.outputs.first = arguments.size();
  for (auto op : entry.getBody().getOps<OutputOp>())
    addArgument(op.getName(), op.getTensor(), op.getMinimum(), op.getMaximum(),
                op.getFallback());
  record.outputs.count = arguments.size() - record.outputs.first;
  record.steps.first = steps.size();
  for (auto step : entry.getBody().getOps<StepInterface>())
    addStep(step);
  record.steps.count = steps.size() - record.steps.first;
  entries.push_back(record);
}

FailureOr<PlanBytes> PlanWriter::layOut() {
  tresse_plan header = {};
  uint64_t size = sizeof(header);
  std::vector<std::pair<const void *, uint64_t>> chunks;
  auto place = [&](tresse_table &table, const auto &list) {
    using Record = std::decay_t<decltype(list[0])>;
    table = {static_cast<uint32_t>(size), static_cast<uint32_t>(list.size()),
             sizeof(Record), 0};
    chunks.push_back({list.data(), list.size() * sizeof(Record)});
    size += llvm::alignTo(list.size() * sizeof(Record), 8);
  };
  place(header.strings, strings);
  place(header.numbers, numbers);
  place(header.records, records);
  place(header.axes, axes);
  place(header.communicators, communicators);
  place(header.programs, programs);
  place(header.program_of_rank, programOfRank);
  place(header.globals, globals);
  place(header.pieces, pieces);
  place(header.buffers, buffers);
  place(header.tensors, tensors);
  place(header.entries, entries);
  place(header.arguments, arguments);
  place(header.steps, steps);
  place(header.operands, operands);
  place(header.launches, launches);
  place(header.gemms, gemms);
  place(header.grouped_gemms, groupedGemms);
  place(header.collectives, collectives);
  place(header.copies, copies);
  place(header.fills, fills);
  place(header.kernels, kernels);
  place(header.modules, modules);
  place(header.tensor_maps, tensorMaps);
  place(header.attributes, attributes);
  if (size > UINT32_MAX)
    return emitError(model.getLoc(), "expected a plan below 4 GiB, but got ")
           << size << " bytes";

  std::memcpy(header.magic, "TRESSE\0\0", 8);
  header.version = model.getVersion();
  header.minimum_runtime = model.getMinimumRuntime();
  header.byte_size = size;
  header.target = static_cast<uint32_t>(model.getTarget());
  if (model.getTarget() == Target::Cuda)
    (void)model.getArchitecture().getAsInteger(10, header.architecture);
  else
    header.architecture = stringOffsets.lookup(model.getArchitecture());
  header.rank_count = programOfRank.size();

  PlanBytes bytes(size / 8, 0);
  char *at = reinterpret_cast<char *>(bytes.data());
  std::memcpy(at, &header, sizeof(header));
  uint64_t offset = sizeof(header);
  for (auto [data, length] : chunks) {
    if (length)
      std::memcpy(at + offset, data, length);
    offset += llvm::alignTo(length, 8);
  }
  auto *written = reinterpret_cast<tresse_plan *>(at);
  written->checksum = tresse_plan_checksum(at, size);
  return bytes;
}

FailureOr<PlanBytes> PlanWriter::write() {
  addString(model.getArchitecture());
  numberRecords();
  addMesh();
  addStorage();
  addCode();
  for (auto program : model.getOps<ProgramOp>())
    addProgram(program);
  return layOut();
}

ModelOp findModel(ModuleOp module) {
  ModelOp found;
  for (auto model : module.getOps<ModelOp>()) {
    if (found) {
      emitError(model.getLoc(), "expected one 'plan.model', but got another");
      return nullptr;
    }
    found = model;
  }
  if (!found)
    emitModuleError(module) << "expected one 'plan.model', but got none";
  return found;
}

FailureOr<PlanBytes> writePlan(ModelOp model) {
  return PlanWriter(model).write();
}

} // namespace tresse::plan
