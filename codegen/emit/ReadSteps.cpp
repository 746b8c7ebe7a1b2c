// ReadSteps.cpp - the steps of a plan to plan ops.
#include "codegen/emit/PlanReader.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace tresse::plan {

template <typename Properties>
void PlanReader::placeStep(Properties &p, const tresse_step &step) {
  p.step_name = string(step.name);
  unlessDefault(p.stream, i32(step.stream), !step.stream);
  unlessDefault(p.flops, i64(step.flops), !step.flops);
  unlessDefault(p.bytes_read, i64(step.bytes_read), !step.bytes_read);
  unlessDefault(p.bytes_written, i64(step.bytes_written), !step.bytes_written);
}

NamedAttribute PlanReader::readAttribute(const tresse_attribute &attribute) {
  Attribute value;
  switch (attribute.kind) {
  case TRESSE_ATTRIBUTE_INT:
    value = builder.getI64IntegerAttr(attribute.value.i);
    break;
  case TRESSE_ATTRIBUTE_FLOAT:
    value = f64(attribute.value.f);
    break;
  case TRESSE_ATTRIBUTE_LIST:
    value = list(attribute.value.list);
    break;
  default:
    value = string(static_cast<uint32_t>(attribute.value.string));
  }
  return {string(attribute.name), value};
}

/// Appends the present tensors; `segments[i]` is 1 where tensor i is present.
static void addSegments(ArrayRef<Value> values,
                        SmallVectorImpl<Value> &operands,
                        MutableArrayRef<int32_t> segments) {
  for (auto [value, segment] : llvm::zip_equal(values, segments)) {
    segment = value ? 1 : 0;
    if (value)
      operands.push_back(value);
  }
}

StepInterface PlanReader::readLaunch(const tresse_step &step) {
  const auto &launch = at<tresse_launch>(plan->launches, step.index);
  SmallVector<Value> values;
  SmallVector<int32_t> access;
  SmallVector<int64_t> bits;
  for (uint32_t i = 0; i < step.operands.count; ++i) {
    const auto &operand =
        at<tresse_operand>(plan->operands, step.operands.first + i);
    if (operand.kind == TRESSE_OPERAND_BITS) {
      access.push_back(512);
      bits.push_back(static_cast<int64_t>(operand.bits));
    } else if (operand.index == TRESSE_NONE) {
      access.push_back(256);
    } else {
      access.push_back(operand.access);
      values.push_back(operand.kind == TRESSE_OPERAND_TENSOR
                           ? tensors[operand.index]
                           : maps[operand.index]);
    }
  }
  int32_t tensorCount = values.size();
  if (launch.tile_count_from != TRESSE_NONE)
    values.push_back(tensors[launch.tile_count_from]);
  auto triple = [&](const uint32_t (&extent)[3]) {
    return builder.getDenseI32ArrayAttr({static_cast<int32_t>(extent[0]),
                                         static_cast<int32_t>(extent[1]),
                                         static_cast<int32_t>(extent[2])});
  };
  auto isOnes = [](const uint32_t (&extent)[3]) {
    return extent[0] == 1 && extent[1] == 1 && extent[2] == 1;
  };
  SmallVector<NamedAttribute> parameters;
  for (uint32_t i = 0; i < launch.attributes.count; ++i)
    parameters.push_back(readAttribute(
        at<tresse_attribute>(plan->attributes, launch.attributes.first + i)));
  return build<LaunchOp>({}, values, [&](auto &p) {
    placeStep(p, step);
    p.operandSegmentSizes = {tensorCount,
                             static_cast<int32_t>(values.size()) - tensorCount};
    p.kernel = kernel(launch.kernel);
    p.access = builder.getDenseI32ArrayAttr(access);
    p.bits = builder.getDenseI64ArrayAttr(bits);
    unlessDefault(p.tile_count, i64(launch.tile_count), launch.tile_count == 1);
    unlessDefault(p.grid, triple(launch.grid), isOnes(launch.grid));
    unlessDefault(p.block, triple(launch.block), isOnes(launch.block));
    unlessDefault(p.cluster, triple(launch.cluster), isOnes(launch.cluster));
    unlessDefault(p.shared_bytes, i32(launch.shared_bytes),
                  !launch.shared_bytes);
    if (!parameters.empty())
      p.parameters = builder.getDictionaryAttr(parameters);
  });
}

/// What dense and grouped products have in common.
template <typename Properties, typename Record>
void PlanReader::readProduct(Properties &p, const Record &gemm) {
  if (gemm.transpose & 1)
    p.transpose_a = builder.getUnitAttr();
  if (gemm.transpose & 2)
    p.transpose_b = builder.getUnitAttr();
  p.compute = type(gemm.compute);
  unlessDefault(p.epilogue, i32(gemm.epilogue), !gemm.epilogue);
  unlessDefault(p.scale_mode, i32(gemm.scale_mode), !gemm.scale_mode);
  p.kernel = kernel(gemm.kernel);
  unlessDefault(p.alpha, f64(gemm.alpha), is(gemm.alpha, 1));
  unlessDefault(p.beta, f64(gemm.beta), is(gemm.beta, 0));
}

StepInterface PlanReader::readGemm(const tresse_step &step) {
  const auto &gemm = at<tresse_gemm>(plan->gemms, step.index);
  SmallVector<Value> operands;
  std::array<int32_t, 12> segments;
  addSegments({tensor(gemm.a), tensor(gemm.b), tensor(gemm.c), tensor(gemm.d),
               tensor(gemm.bias), tensor(gemm.auxiliary), tensor(gemm.a_scale),
               tensor(gemm.b_scale), tensor(gemm.c_scale), tensor(gemm.d_scale),
               tensor(gemm.workspace), tensor(gemm.rows_from)},
              operands, segments);
  SmallVector<int64_t> algorithm(gemm.algorithm, gemm.algorithm + 8);
  return build<GemmOp>({}, operands, [&](auto &p) {
    placeStep(p, step);
    p.operandSegmentSizes = segments;
    readProduct(p, gemm);
    p.provider = ProviderAttr::get(builder.getContext(),
                                   static_cast<Provider>(gemm.provider));
    if (llvm::any_of(algorithm, [](int64_t word) { return word; }))
      p.algorithm = builder.getDenseI64ArrayAttr(algorithm);
  });
}

StepInterface PlanReader::readGroupedGemm(const tresse_step &step) {
  const auto &gemm = at<tresse_grouped_gemm>(plan->grouped_gemms, step.index);
  SmallVector<Value> operands;
  std::array<int32_t, 9> segments;
  addSegments({tensor(gemm.a), tensor(gemm.b), tensor(gemm.c), tensor(gemm.d),
               tensor(gemm.a_scale), tensor(gemm.b_scale), tensor(gemm.d_scale),
               tensor(gemm.row_weight), tensor(gemm.ends)},
              operands, segments);
  SmallVector<int32_t> tile(gemm.tile, gemm.tile + 3);
  return build<GroupedGemmOp>({}, operands, [&](auto &p) {
    placeStep(p, step);
    p.operandSegmentSizes = segments;
    p.varying = VaryingAttr::get(builder.getContext(),
                                 static_cast<Varying>(gemm.varying));
    readProduct(p, gemm);
    p.group_count = i32(gemm.group_count);
    p.maximum_rows = i64(gemm.maximum_rows);
    unlessDefault(p.tile, builder.getDenseI32ArrayAttr(tile),
                  llvm::all_of(tile, [](int32_t size) { return !size; }));
    unlessDefault(p.row_alignment, i32(gemm.row_alignment),
                  gemm.row_alignment == 1);
  });
}

/// Collectives, copies, fills and events.
StepInterface PlanReader::readMove(const tresse_step &step) {
  switch (step.kind) {
  case TRESSE_COLLECTIVE: {
    const auto &record = at<tresse_collective>(plan->collectives, step.index);
    SmallVector<Value> operands;
    std::array<int32_t, 3> segments;
    addSegments(
        {tensor(record.input), tensor(record.output), tensor(record.counts)},
        operands, segments);
    return build<CollectiveOp>({}, operands, [&](auto &p) {
      placeStep(p, step);
      p.operandSegmentSizes = segments;
      p.kind = i32(record.kind);
      p.communicator = FlatSymbolRefAttr::get(string(
          at<tresse_communicator>(plan->communicators, record.communicator)
              .name));
      unlessDefault(p.reduction, i32(record.operation), !record.operation);
      unlessDefault(p.peer, i32(record.peer), !record.peer);
      unlessDefault(p.group, i32(record.group), !record.group);
      unlessDefault(p.maximum_bytes, i64(record.maximum_bytes),
                    !record.maximum_bytes);
    });
  }
  case TRESSE_COPY: {
    const auto &record = at<tresse_copy>(plan->copies, step.index);
    return build<CopyOp>(
        {}, {tensors[record.from], tensors[record.to]}, [&](auto &p) {
          placeStep(p, step);
          unlessDefault(p.direction, i32(record.direction), !record.direction);
        });
  }
  case TRESSE_FILL: {
    const auto &record = at<tresse_fill>(plan->fills, step.index);
    return build<FillOp>({}, tensors[record.to], [&](auto &p) {
      placeStep(p, step);
      p.width = i32(record.width);
      unlessDefault(p.bits, i64(record.bits), !record.bits);
    });
  }
  case TRESSE_RECORD:
    return build<RecordOp>({}, {}, [&](auto &p) {
      placeStep(p, step);
      p.event = i32(step.index);
    });
  default:
    return build<WaitOp>({}, {}, [&](auto &p) {
      placeStep(p, step);
      p.event = i32(step.index);
    });
  }
}

/// A gemm, copy, fill or collective lists the operands of its record.
LogicalResult PlanReader::checkOperands(StepInterface step, uint32_t index,
                                        tresse_span span) {
  SmallVector<StepOperand> expected = step.getStepOperands();
  auto agrees = [&](uint32_t i) {
    const auto &operand = at<tresse_operand>(plan->operands, span.first + i);
    switch (expected[i].kind) {
    case StepOperand::Tensor:
      return operand.kind == TRESSE_OPERAND_TENSOR &&
             operand.index != TRESSE_NONE &&
             tensors[operand.index] == expected[i].value &&
             operand.access == expected[i].access;
    case StepOperand::TensorMap:
      return operand.access == expected[i].access;
    default:
      return operand.access == 0;
    }
  };
  if (span.count == expected.size() &&
      llvm::all_of(llvm::seq<uint32_t>(0, span.count), agrees))
    return success();
  return emitError(loc) << "plan: step " << index << ": expected the "
                        << expected.size()
                        << " operands of its record, but got other ones";
}

/// Parameters become a dictionary: their names differ and are not empty.
LogicalResult PlanReader::checkParameters(const tresse_launch &launch) {
  llvm::StringSet<> names;
  for (uint32_t i = 0; i < launch.attributes.count; ++i) {
    StringRef name = tresse_plan_string(
        plan,
        at<tresse_attribute>(plan->attributes, launch.attributes.first + i)
            .name);
    if (name.empty() || !names.insert(name).second)
      return emitError(loc) << "plan: expected the attributes of a launch to "
                               "have names that differ, but got '"
                            << name << "'";
  }
  return success();
}

LogicalResult PlanReader::readStep(uint32_t index) {
  const auto &step = at<tresse_step>(plan->steps, index);
  if (step.kind == TRESSE_LAUNCH &&
      failed(checkParameters(at<tresse_launch>(plan->launches, step.index))))
    return failure();
  StepInterface op = step.kind == TRESSE_LAUNCH         ? readLaunch(step)
                     : step.kind == TRESSE_GEMM         ? readGemm(step)
                     : step.kind == TRESSE_GROUPED_GEMM ? readGroupedGemm(step)
                                                        : readMove(step);
  return checkOperands(op, index, step.operands);
}

} // namespace tresse::plan
