// WriteSteps.cpp - the steps of plan ops to records.
#include "codegen/emit/PlanWriter.h"

using namespace mlir;

namespace tresse::plan {

void PlanWriter::addStep(StepInterface step) {
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

uint32_t PlanWriter::addRecord(StepInterface step, uint32_t &kind) {
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

tresse_attribute PlanWriter::encodeAttribute(NamedAttribute named) {
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

uint32_t PlanWriter::addLaunch(LaunchOp launch) {
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

/// What dense and grouped products have in common.
template <typename Record, typename Op>
void PlanWriter::encodeProduct(Record &record, Op gemm) {
  record.a = tensorIndex(gemm.getA());
  record.b = tensorIndex(gemm.getB());
  record.c = tensorIndex(gemm.getC());
  record.d = tensorIndex(gemm.getD());
  record.a_scale = tensorIndex(gemm.getAScale());
  record.b_scale = tensorIndex(gemm.getBScale());
  record.d_scale = tensorIndex(gemm.getDScale());
  record.transpose =
      (gemm.getTransposeA() ? 1 : 0) | (gemm.getTransposeB() ? 2 : 0);
  record.compute = *encodeType(gemm.getCompute());
  record.epilogue = gemm.getEpilogue();
  record.scale_mode = gemm.getScaleMode();
  record.kernel = kernelIndex(gemm.getKernelAttr());
  record.alpha = gemm.getAlpha().convertToDouble();
  record.beta = gemm.getBeta().convertToDouble();
}

uint32_t PlanWriter::addGemm(GemmOp gemm) {
  tresse_gemm record = {};
  encodeProduct(record, gemm);
  record.bias = tensorIndex(gemm.getBias());
  record.auxiliary = tensorIndex(gemm.getAuxiliary());
  record.c_scale = tensorIndex(gemm.getCScale());
  record.workspace = tensorIndex(gemm.getWorkspace());
  record.rows_from = tensorIndex(gemm.getRowsFrom());
  record.provider = static_cast<uint32_t>(gemm.getProvider());
  if (auto algorithm = gemm.getAlgorithm())
    llvm::copy(*algorithm, record.algorithm);
  gemms.push_back(record);
  return gemms.size() - 1;
}

uint32_t PlanWriter::addGroupedGemm(GroupedGemmOp gemm) {
  tresse_grouped_gemm record = {};
  encodeProduct(record, gemm);
  record.row_weight = tensorIndex(gemm.getRowWeight());
  record.ends = tensorIndex(gemm.getEnds());
  record.varying = static_cast<uint32_t>(gemm.getVarying());
  record.group_count = gemm.getGroupCount();
  record.maximum_rows = gemm.getMaximumRows();
  llvm::copy(gemm.getTile(), record.tile);
  record.row_alignment = gemm.getRowAlignment();
  groupedGemms.push_back(record);
  return groupedGemms.size() - 1;
}

} // namespace tresse::plan
