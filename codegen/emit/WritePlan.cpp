// WritePlan.cpp - plan ops to the bytes of plan.h.
//
// One walk collects the records of each table in the order of the ops; indices
// are positions in that order. Strings and lists of numbers are stored once.
#include "codegen/emit/PlanBytes.h"

#include "runtime/core/plan_bytes.h"
#include "llvm/ADT/StringMap.h"

#include <map>

using namespace mlir;

namespace tresse::plan {
namespace {

uint32_t indexOf(const DenseMap<Value, uint32_t> &indices, Value value) {
  auto found = indices.find(value);
  return found == indices.end() ? TRESSE_NONE : found->second;
}

class Writer {
public:
  explicit Writer(ModelOp model) : model(model) { addString(""); }

  FailureOr<PlanBytes> write();

private:
  uint32_t addString(StringRef text);
  tresse_span addNumbers(ArrayRef<int64_t> list);
  uint32_t kernelIndex(FlatSymbolRefAttr name) {
    return name ? kernelIndices.lookup(name.getValue()) : TRESSE_NONE;
  }
  uint32_t tensorIndex(Value value) {
    return value ? indexOf(tensorIndices, value) : TRESSE_NONE;
  }

  void numberRecords();
  void addMesh();
  void addStorage();
  void addGlobal(GlobalOp global);
  tresse_piece encodePiece(PieceAttr piece);
  void addCode();
  void addProgram(ProgramOp program);
  void addEntry(EntryOp entry);
  void addArgument(StringRef name, Value tensor, APFloat minimum,
                   APFloat maximum, APFloat fallback);
  void addStep(StepInterface step);
  uint32_t addRecord(StepInterface step, uint32_t &kind);
  uint32_t addLaunch(LaunchOp launch);
  tresse_attribute encodeAttribute(NamedAttribute named);
  uint32_t addGemm(GemmOp gemm);
  uint32_t addGroupedGemm(GroupedGemmOp gemm);
  FailureOr<PlanBytes> layOut();

  ModelOp model;
  llvm::StringMap<uint32_t> stringOffsets, kernelIndices, globalIndices,
      programIndices, communicatorIndices;
  std::map<std::vector<int64_t>, uint32_t> numberOffsets;
  DenseMap<Value, uint32_t> bufferIndices, tensorIndices, mapIndices,
      moduleIndices;

  std::string strings;
  std::vector<int64_t> numbers;
  std::vector<tresse_record> records;
  std::vector<tresse_axis> axes;
  std::vector<tresse_communicator> communicators;
  std::vector<tresse_program> programs;
  std::vector<tresse_span> programOfRank;
  std::vector<tresse_global> globals;
  std::vector<tresse_piece> pieces;
  std::vector<tresse_buffer> buffers;
  std::vector<tresse_tensor> tensors;
  std::vector<tresse_entry> entries;
  std::vector<tresse_argument> arguments;
  std::vector<tresse_step> steps;
  std::vector<tresse_operand> operands;
  std::vector<tresse_launch> launches;
  std::vector<tresse_gemm> gemms;
  std::vector<tresse_grouped_gemm> groupedGemms;
  std::vector<tresse_collective> collectives;
  std::vector<tresse_copy> copies;
  std::vector<tresse_fill> fills;
  std::vector<tresse_kernel> kernels;
  std::vector<tresse_module> modules;
  std::vector<tresse_tensor_map> tensorMaps;
  std::vector<tresse_attribute> attributes;
};

uint32_t Writer::addString(StringRef text) {
  // A NUL inside a name would end it early; what follows is dropped.
  text = text.take_until([](char c) { return c == 0; });
  auto [place, isNew] = stringOffsets.try_emplace(text, strings.size());
  if (isNew)
    strings.append(text.data(), text.size()).push_back('\0');
  return place->second;
}

tresse_span Writer::addNumbers(ArrayRef<int64_t> list) {
  if (list.empty())
    return {0, 0};
  auto [place, isNew] = numberOffsets.try_emplace(list.vec(), numbers.size());
  if (isNew)
    llvm::append_range(numbers, list);
  return {place->second, static_cast<uint32_t>(list.size())};
}

/// Gives every op that others refer to its index, before anything is encoded.
void Writer::numberRecords() {
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

void Writer::addMesh() {
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

void Writer::addStorage() {
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

tresse_piece Writer::encodePiece(PieceAttr piece) {
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

void Writer::addGlobal(GlobalOp global) {
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

void Writer::addCode() {
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

void Writer::addProgram(ProgramOp program) {
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

void Writer::addArgument(StringRef name, Value tensor, APFloat minimum,
                         APFloat maximum, APFloat fallback) {
  arguments.push_back({addString(name), tensorIndex(tensor),
                       minimum.convertToDouble(), maximum.convertToDouble(),
                       fallback.convertToDouble()});
}

void Writer::addEntry(EntryOp entry) {
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

void Writer::addStep(StepInterface step) {
  tresse_step record = {};
  record.index = addRecord(step, record.kind);
  record.stream = step.getStream();
  record.name = addString(step.getStepName());
  record.operands.first = operands.size();
  for (const StepOperand &operand : step.getStepOperands()) {
    tresse_operand slot = {};
    slot.access = operand.access;
    slot.index = TRESSE_NONE;
    switch (operand.kind) {
    case StepOperand::Tensor:
      slot.index = tensorIndex(operand.value);
      break;
    case StepOperand::Absent:
      break;
    case StepOperand::TensorMap:
      slot.kind = TRESSE_OPERAND_TENSOR_MAP;
      slot.index = indexOf(mapIndices, operand.value);
      break;
    case StepOperand::Bits:
      slot.kind = TRESSE_OPERAND_BITS;
      slot.bits = operand.bits;
      break;
    }
    operands.push_back(slot);
  }
  record.operands.count = operands.size() - record.operands.first;
  record.flops = step.getFlops();
  record.bytes_read = step.getBytesRead();
  record.bytes_written = step.getBytesWritten();
  steps.push_back(record);
}

uint32_t Writer::addRecord(StepInterface step, uint32_t &kind) {
  Operation *op = step.getOperation();
  if (auto launch = dyn_cast<LaunchOp>(op)) {
    kind = TRESSE_LAUNCH;
    return addLaunch(launch);
  }
  if (auto gemm = dyn_cast<GemmOp>(op)) {
    kind = TRESSE_GEMM;
    return addGemm(gemm);
  }
  if (auto gemm = dyn_cast<GroupedGemmOp>(op)) {
    kind = TRESSE_GROUPED_GEMM;
    return addGroupedGemm(gemm);
  }
  if (auto collective = dyn_cast<CollectiveOp>(op)) {
    kind = TRESSE_COLLECTIVE;
    collectives.push_back(
        {collective.getKind(),
         communicatorIndices.lookup(collective.getCommunicator()),
         collective.getReduction(), collective.getPeer(),
         tensorIndex(collective.getInput()),
         tensorIndex(collective.getOutput()),
         tensorIndex(collective.getCounts()), collective.getGroup(),
         collective.getMaximumBytes()});
    return collectives.size() - 1;
  }
  if (auto copy = dyn_cast<CopyOp>(op)) {
    kind = TRESSE_COPY;
    copies.push_back({tensorIndex(copy.getFrom()), tensorIndex(copy.getTo()),
                      copy.getDirection(), 0});
    return copies.size() - 1;
  }
  if (auto fill = dyn_cast<FillOp>(op)) {
    kind = TRESSE_FILL;
    fills.push_back(
        {tensorIndex(fill.getTo()), fill.getWidth(), fill.getBits()});
    return fills.size() - 1;
  }
  if (auto record = dyn_cast<RecordOp>(op)) {
    kind = TRESSE_RECORD;
    return record.getEvent();
  }
  kind = TRESSE_WAIT;
  return cast<WaitOp>(op).getEvent();
}

tresse_attribute Writer::encodeAttribute(NamedAttribute named) {
  tresse_attribute record = {};
  record.name = addString(named.getName());
  Attribute value = named.getValue();
  if (auto integer = dyn_cast<IntegerAttr>(value)) {
    record.kind = TRESSE_ATTRIBUTE_INT;
    record.value.i = integer.getType().isInteger(1)
                         ? integer.getValue().getBoolValue()
                         : integer.getValue().sextOrTrunc(64).getSExtValue();
  } else if (auto number = dyn_cast<FloatAttr>(value)) {
    record.kind = TRESSE_ATTRIBUTE_FLOAT;
    record.value.f = number.getValueAsDouble();
  } else if (auto list = dyn_cast<DenseI64ArrayAttr>(value)) {
    record.kind = TRESSE_ATTRIBUTE_LIST;
    record.value.list = addNumbers(list.asArrayRef());
  } else {
    record.kind = TRESSE_ATTRIBUTE_STRING;
    record.value.string = addString(cast<StringAttr>(value));
  }
  return record;
}

uint32_t Writer::addLaunch(LaunchOp launch) {
  tresse_launch record = {};
  record.kernel = kernelIndex(launch.getKernelAttr());
  record.tile_count_from = tensorIndex(launch.getTileCountFrom());
  record.tile_count = launch.getTileCount();
  llvm::copy(launch.getGrid(), record.grid);
  llvm::copy(launch.getBlock(), record.block);
  llvm::copy(launch.getCluster(), record.cluster);
  record.shared_bytes = launch.getSharedBytes();
  record.attributes.first = attributes.size();
  if (DictionaryAttr parameters = launch.getParametersAttr())
    for (NamedAttribute named : parameters)
      attributes.push_back(encodeAttribute(named));
  record.attributes.count = attributes.size() - record.attributes.first;
  launches.push_back(record);
  return launches.size() - 1;
}

uint32_t transposeBits(bool a, bool b) { return (a ? 1 : 0) | (b ? 2 : 0); }

uint32_t Writer::addGemm(GemmOp gemm) {
  tresse_gemm record = {};
  record.a = tensorIndex(gemm.getA());
  record.b = tensorIndex(gemm.getB());
  record.c = tensorIndex(gemm.getC());
  record.d = tensorIndex(gemm.getD());
  record.bias = tensorIndex(gemm.getBias());
  record.auxiliary = tensorIndex(gemm.getAuxiliary());
  record.a_scale = tensorIndex(gemm.getAScale());
  record.b_scale = tensorIndex(gemm.getBScale());
  record.c_scale = tensorIndex(gemm.getCScale());
  record.d_scale = tensorIndex(gemm.getDScale());
  record.workspace = tensorIndex(gemm.getWorkspace());
  record.rows_from = tensorIndex(gemm.getRowsFrom());
  record.transpose = transposeBits(gemm.getTransposeA(), gemm.getTransposeB());
  record.compute = *encodeType(gemm.getCompute());
  record.epilogue = gemm.getEpilogue();
  record.scale_mode = gemm.getScaleMode();
  record.provider = static_cast<uint32_t>(gemm.getProvider());
  record.kernel = kernelIndex(gemm.getKernelAttr());
  record.alpha = gemm.getAlpha().convertToDouble();
  record.beta = gemm.getBeta().convertToDouble();
  if (auto algorithm = gemm.getAlgorithm())
    llvm::copy(*algorithm, record.algorithm);
  gemms.push_back(record);
  return gemms.size() - 1;
}

uint32_t Writer::addGroupedGemm(GroupedGemmOp gemm) {
  tresse_grouped_gemm record = {};
  record.a = tensorIndex(gemm.getA());
  record.b = tensorIndex(gemm.getB());
  record.c = tensorIndex(gemm.getC());
  record.d = tensorIndex(gemm.getD());
  record.a_scale = tensorIndex(gemm.getAScale());
  record.b_scale = tensorIndex(gemm.getBScale());
  record.d_scale = tensorIndex(gemm.getDScale());
  record.row_weight = tensorIndex(gemm.getRowWeight());
  record.ends = tensorIndex(gemm.getEnds());
  record.varying = static_cast<uint32_t>(gemm.getVarying());
  record.transpose = transposeBits(gemm.getTransposeA(), gemm.getTransposeB());
  record.compute = *encodeType(gemm.getCompute());
  record.epilogue = gemm.getEpilogue();
  record.scale_mode = gemm.getScaleMode();
  record.kernel = kernelIndex(gemm.getKernelAttr());
  record.group_count = gemm.getGroupCount();
  record.maximum_rows = gemm.getMaximumRows();
  llvm::copy(gemm.getTile(), record.tile);
  record.row_alignment = gemm.getRowAlignment();
  record.alpha = gemm.getAlpha().convertToDouble();
  record.beta = gemm.getBeta().convertToDouble();
  groupedGemms.push_back(record);
  return groupedGemms.size() - 1;
}

FailureOr<PlanBytes> Writer::layOut() {
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
    return model.emitOpError("expects a plan below 4 GiB, but got ")
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

FailureOr<PlanBytes> Writer::write() {
  addString(model.getArchitecture());
  numberRecords();
  addMesh();
  addStorage();
  addCode();
  for (auto program : model.getOps<ProgramOp>())
    addProgram(program);
  return layOut();
}

} // namespace

ModelOp findModel(ModuleOp module) {
  ModelOp found;
  for (auto model : module.getOps<ModelOp>()) {
    if (found) {
      model.emitOpError("expects to be the only model of the module");
      return nullptr;
    }
    found = model;
  }
  if (!found)
    module.emitError("expected one 'plan.model', but got none");
  return found;
}

FailureOr<PlanBytes> writePlan(ModelOp model) { return Writer(model).write(); }

} // namespace tresse::plan
