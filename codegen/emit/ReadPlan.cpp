// ReadPlan.cpp - the bytes of plan.h to plan ops.
//
// tresse_plan_validate has checked every index before anything here runs; what
// is left to check are the rules that only the ops have: names are symbols, and
// the operands of a step other than a launch are those of its record.
#include "codegen/emit/PlanBytes.h"

#include "mlir/IR/Verifier.h"
#include "runtime/core/plan_bytes.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace tresse::plan {
namespace {

/// Equal bits: 0.0 and -0.0 are different plans.
bool is(double value, double wanted) {
  return llvm::bit_cast<uint64_t>(value) == llvm::bit_cast<uint64_t>(wanted);
}

class Reader {
public:
  Reader(const tresse_plan *plan, Location loc)
      : plan(plan), loc(loc), builder(loc.getContext()) {}

  OwningOpRef<ModuleOp> read();

private:
  template <typename Record>
  const Record &at(tresse_table table, uint32_t index) const {
    return *static_cast<const Record *>(tresse_plan_record(plan, table, index));
  }
  StringAttr string(uint32_t offset) {
    return builder.getStringAttr(tresse_plan_string(plan, offset));
  }
  ArrayRef<int64_t> numbers(tresse_span span) {
    return {tresse_plan_numbers(plan, span), span.count};
  }
  DenseI64ArrayAttr list(tresse_span span) {
    return builder.getDenseI64ArrayAttr(numbers(span));
  }
  DenseI64ArrayAttr optionalList(tresse_span span) {
    return span.count ? list(span) : DenseI64ArrayAttr();
  }
  TypeAttr type(uint32_t code) {
    return TypeAttr::get(decodeType(code, builder.getContext()));
  }
  IntegerAttr i32(uint32_t value) {
    return builder.getI32IntegerAttr(static_cast<int32_t>(value));
  }
  IntegerAttr i64(uint64_t value) {
    return builder.getI64IntegerAttr(static_cast<int64_t>(value));
  }
  FloatAttr f64(double value) { return builder.getF64FloatAttr(value); }
  Value tensor(uint32_t index) {
    return index == TRESSE_NONE ? Value() : tensors[index];
  }
  FlatSymbolRefAttr kernel(uint32_t index) {
    if (index == TRESSE_NONE)
      return {};
    return FlatSymbolRefAttr::get(
        string(at<tresse_kernel>(plan->kernels, index).name));
  }

  /// Builds an op from properties set by `set`.
  template <typename Op, typename Set>
  Op build(ArrayRef<Type> results, ValueRange operands, Set set,
           unsigned regions = 0);
  /// Sets the attribute unless it has its default value.
  template <typename Value>
  static void unlessDefault(Value &field, Value value, bool isDefault) {
    if (!isDefault)
      field = value;
  }

  LogicalResult checkNames();
  void readMesh();
  void readCode();
  void readBuffers();
  void readTensors();
  void readGlobals();
  PieceAttr readPiece(const tresse_piece &piece);
  LogicalResult readProgram(const tresse_program &program);
  LogicalResult readEntry(const tresse_entry &entry);
  void readArguments(tresse_span span, bool isInput);
  LogicalResult readStep(uint32_t index);
  StepInterface readMove(const tresse_step &step);
  StepInterface readLaunch(const tresse_step &step);
  NamedAttribute readAttribute(const tresse_attribute &attribute);
  StepInterface readGemm(const tresse_step &step);
  StepInterface readGroupedGemm(const tresse_step &step);
  template <typename Properties>
  void placeStep(Properties &properties, const tresse_step &step);
  LogicalResult checkOperands(StepInterface step, uint32_t index,
                              tresse_span span);
  LogicalResult checkParameters(const tresse_launch &launch);

  const tresse_plan *plan;
  Location loc;
  OpBuilder builder;
  SmallVector<Value> buffers, tensors, maps, modules;
};

template <typename Op, typename Set>
Op Reader::build(ArrayRef<Type> results, ValueRange operands, Set set,
                 unsigned regions) {
  OperationState state(loc, Op::getOperationName());
  state.addTypes(results);
  state.addOperands(operands);
  for (unsigned i = 0; i < regions; ++i)
    state.addRegion();
  set(state.getOrAddProperties<typename Op::Properties>());
  return cast<Op>(builder.create(state));
}

/// Symbols share one table: axes, communicators, programs, globals, kernels.
LogicalResult Reader::checkNames() {
  llvm::StringSet<> names;
  auto check = [&](const char *what, uint32_t offset) -> LogicalResult {
    StringRef name = tresse_plan_string(plan, offset);
    if (name.empty())
      return emitError(loc)
             << "plan: expected every " << what << " to have a name";
    if (!names.insert(name).second)
      return emitError(loc) << "plan: expected names to differ, but two "
                               "records are called '"
                            << name << "'";
    return success();
  };
  for (uint32_t i = 0; i < plan->axes.count; ++i)
    if (failed(check("axis", at<tresse_axis>(plan->axes, i).name)))
      return failure();
  for (uint32_t i = 0; i < plan->communicators.count; ++i)
    if (failed(check("communicator",
                     at<tresse_communicator>(plan->communicators, i).name)))
      return failure();
  for (uint32_t i = 0; i < plan->programs.count; ++i)
    if (failed(check("program", at<tresse_program>(plan->programs, i).name)))
      return failure();
  for (uint32_t i = 0; i < plan->globals.count; ++i)
    if (failed(check("global", at<tresse_global>(plan->globals, i).name)))
      return failure();
  for (uint32_t i = 0; i < plan->kernels.count; ++i)
    if (failed(check("kernel", at<tresse_kernel>(plan->kernels, i).name)))
      return failure();
  return success();
}

void Reader::readMesh() {
  for (uint32_t i = 0; i < plan->records.count; ++i) {
    const auto &record = at<tresse_record>(plan->records, i);
    build<BuildRecordOp>({}, {}, [&](auto &p) {
      p.name = string(record.name);
      p.value = string(record.value);
    });
  }
  for (uint32_t i = 0; i < plan->axes.count; ++i) {
    const auto &axis = at<tresse_axis>(plan->axes, i);
    build<AxisOp>({}, {}, [&](auto &p) {
      p.sym_name = string(axis.name);
      p.size = i32(axis.size);
      p.stride = i32(axis.stride);
    });
  }
  for (uint32_t i = 0; i < plan->communicators.count; ++i) {
    const auto &group = at<tresse_communicator>(plan->communicators, i);
    build<CommunicatorOp>({}, {}, [&](auto &p) {
      p.sym_name = string(group.name);
      p.axis_mask = i32(group.axis_mask);
      p.size = i32(group.size);
      unlessDefault(p.flags, i32(group.flags), !group.flags);
    });
  }
}

void Reader::readCode() {
  for (uint32_t i = 0; i < plan->modules.count; ++i) {
    const auto &module = at<tresse_module>(plan->modules, i);
    modules.push_back(
        build<DeviceModuleOp>(ModuleType::get(builder.getContext()), {},
                              [&](auto &p) {
                                p.architecture = i32(module.architecture);
                                p.format = i32(module.format);
                                p.offset = i64(module.offset);
                                p.size = i64(module.size);
                              })
            .getResult());
  }
  for (uint32_t i = 0; i < plan->kernels.count; ++i) {
    const auto &k = at<tresse_kernel>(plan->kernels, i);
    SmallVector<Value> operands;
    if (k.module != TRESSE_NONE)
      operands.push_back(modules[k.module]);
    build<KernelOp>(
        {}, operands,
        [&](auto &p) {
          p.sym_name = string(k.name);
          p.code = i32(k.code);
          unlessDefault(p.registers, i32(k.registers), !k.registers);
          unlessDefault(p.scratch_bytes, i64(k.scratch_bytes),
                        !k.scratch_bytes);
          unlessDefault(p.static_shared_bytes, i32(k.static_shared_bytes),
                        !k.static_shared_bytes);
          unlessDefault(p.flags, i32(k.flags), !k.flags);
        },
        /*regions=*/1);
  }
}

void Reader::readBuffers() {
  for (uint32_t i = 0; i < plan->buffers.count; ++i) {
    const auto &buffer = at<tresse_buffer>(plan->buffers, i);
    auto op = build<BufferOp>(
        BufferType::get(builder.getContext()), {}, [&](auto &p) {
          p.name = string(buffer.name);
          p.space = SpaceAttr::get(builder.getContext(),
                                   static_cast<Space>(buffer.space));
          p.offset = i64(buffer.offset);
          p.size = i64(buffer.size);
          if (buffer.first_step || buffer.last_step != TRESSE_NONE)
            p.live = builder.getDenseI64ArrayAttr(
                {buffer.first_step, buffer.last_step});
        });
    buffers.push_back(op.getResult());
  }
}

/// Views may name a later view as their rows: they are linked at the end.
void Reader::readTensors() {
  for (uint32_t i = 0; i < plan->tensors.count; ++i) {
    const auto &record = at<tresse_tensor>(plan->tensors, i);
    auto op = build<ViewOp>(ViewType::get(builder.getContext()),
                            buffers[record.buffer], [&](auto &p) {
                              p.offset = i64(record.offset);
                              p.dtype = type(record.dtype);
                              p.sizes = list(record.sizes);
                              p.strides = list(record.strides);
                            });
    tensors.push_back(op.getResult());
  }
  for (uint32_t i = 0; i < plan->tensors.count; ++i) {
    uint32_t rows = at<tresse_tensor>(plan->tensors, i).rows;
    if (rows != TRESSE_NONE)
      tensors[i].getDefiningOp<ViewOp>().getRowsMutable().assign(tensors[rows]);
  }
  for (uint32_t i = 0; i < plan->tensor_maps.count; ++i) {
    const auto &map = at<tresse_tensor_map>(plan->tensor_maps, i);
    auto op = build<TensorMapOp>(
        TensorMapType::get(builder.getContext()), tensors[map.tensor],
        [&](auto &p) {
          p.box = list(map.box);
          p.element_strides = list(map.element_strides);
          unlessDefault(p.swizzle, i32(map.swizzle), !map.swizzle);
          unlessDefault(p.interleave, i32(map.interleave), !map.interleave);
          unlessDefault(p.promotion, i32(map.promotion), !map.promotion);
          unlessDefault(p.fill, i32(map.fill), !map.fill);
        });
    maps.push_back(op.getResult());
  }
}

PieceAttr Reader::readPiece(const tresse_piece &piece) {
  MLIRContext *context = builder.getContext();
  return PieceAttr::get(
      context, string(piece.pattern), decodeType(piece.dtype, context),
      piece.first, piece.last, piece.step, optionalList(piece.source_shape),
      optionalList(piece.source_start), optionalList(piece.target_start),
      optionalList(piece.target_shape), optionalList(piece.permutation),
      piece.scale_pattern == TRESSE_NONE ? StringAttr()
                                         : string(piece.scale_pattern),
      piece.flags);
}

void Reader::readGlobals() {
  for (uint32_t i = 0; i < plan->globals.count; ++i) {
    const auto &global = at<tresse_global>(plan->globals, i);
    SmallVector<Attribute> pieces;
    for (uint32_t k = 0; k < global.pieces.count; ++k)
      pieces.push_back(
          readPiece(at<tresse_piece>(plan->pieces, global.pieces.first + k)));
    build<GlobalOp>({}, buffers[global.buffer], [&](auto &p) {
      MLIRContext *context = builder.getContext();
      p.sym_name = string(global.name);
      p.role = RoleAttr::get(context, static_cast<Role>(global.role));
      p.dtype = type(global.dtype);
      p.shape = list(global.shape);
      if (global.of != TRESSE_NONE)
        p.of = FlatSymbolRefAttr::get(
            string(at<tresse_global>(plan->globals, global.of).name));
      p.initializer = InitializerAttr::get(
          context, static_cast<Initializer>(global.initializer));
      unlessDefault(p.initial0, f64(global.initial[0]),
                    is(global.initial[0], 0));
      unlessDefault(p.initial1, f64(global.initial[1]),
                    is(global.initial[1], 0));
      if (!pieces.empty())
        p.pieces = builder.getArrayAttr(pieces);
      p.shard = optionalList(global.shard);
      unlessDefault(p.flags, i32(global.flags), !global.flags);
    });
  }
}

LogicalResult Reader::readProgram(const tresse_program &program) {
  auto op = build<ProgramOp>(
      {}, {},
      [&](auto &p) {
        p.sym_name = string(program.name);
        p.streams = i32(program.stream_count);
        p.events = i32(program.event_count);
        p.arena = i64(program.arena_size);
        p.persistent = i64(program.persistent_size);
        p.pinned = i64(program.pinned_size);
        p.alignment = i64(program.alignment);
      },
      /*regions=*/1);
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&op.getBody());
  for (uint32_t i = 0; i < program.entries.count; ++i)
    if (failed(readEntry(
            at<tresse_entry>(plan->entries, program.entries.first + i))))
      return failure();
  return success();
}

void Reader::readArguments(tresse_span span, bool isInput) {
  for (uint32_t i = 0; i < span.count; ++i) {
    const auto &argument = at<tresse_argument>(plan->arguments, span.first + i);
    auto set = [&](auto &p) {
      p.name = string(argument.name);
      unlessDefault(p.minimum, f64(argument.minimum), is(argument.minimum, 0));
      unlessDefault(p.maximum, f64(argument.maximum), is(argument.maximum, 0));
      unlessDefault(p.fallback, f64(argument.fallback),
                    is(argument.fallback, 0));
    };
    if (isInput)
      build<InputOp>({}, tensors[argument.tensor], set);
    else
      build<OutputOp>({}, tensors[argument.tensor], set);
  }
}

LogicalResult Reader::readEntry(const tresse_entry &entry) {
  SmallVector<Value> status;
  if (entry.status != TRESSE_NONE)
    status.push_back(tensors[entry.status]);
  auto op = build<EntryOp>(
      {}, status,
      [&](auto &p) {
        p.name = string(entry.name);
        unlessDefault(p.flags, i32(entry.flags), !entry.flags);
        unlessDefault(p.repeat, i32(entry.repeat), entry.repeat == 1);
      },
      /*regions=*/1);
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&op.getBody());
  readArguments(entry.inputs, /*isInput=*/true);
  readArguments(entry.outputs, /*isInput=*/false);
  for (uint32_t i = 0; i < entry.steps.count; ++i)
    if (failed(readStep(entry.steps.first + i)))
      return failure();
  return success();
}

template <typename Properties>
void Reader::placeStep(Properties &p, const tresse_step &step) {
  p.step_name = string(step.name);
  unlessDefault(p.stream, i32(step.stream), !step.stream);
  unlessDefault(p.flops, i64(step.flops), !step.flops);
  unlessDefault(p.bytes_read, i64(step.bytes_read), !step.bytes_read);
  unlessDefault(p.bytes_written, i64(step.bytes_written), !step.bytes_written);
}

NamedAttribute Reader::readAttribute(const tresse_attribute &attribute) {
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
void addSegments(ArrayRef<Value> values, SmallVectorImpl<Value> &operands,
                 MutableArrayRef<int32_t> segments) {
  for (auto [value, segment] : llvm::zip_equal(values, segments)) {
    segment = value ? 1 : 0;
    if (value)
      operands.push_back(value);
  }
}

StepInterface Reader::readLaunch(const tresse_step &step) {
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

StepInterface Reader::readGemm(const tresse_step &step) {
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
    if (gemm.transpose & 1)
      p.transpose_a = builder.getUnitAttr();
    if (gemm.transpose & 2)
      p.transpose_b = builder.getUnitAttr();
    p.compute = type(gemm.compute);
    unlessDefault(p.epilogue, i32(gemm.epilogue), !gemm.epilogue);
    unlessDefault(p.scale_mode, i32(gemm.scale_mode), !gemm.scale_mode);
    p.provider = ProviderAttr::get(builder.getContext(),
                                   static_cast<Provider>(gemm.provider));
    p.kernel = kernel(gemm.kernel);
    unlessDefault(p.alpha, f64(gemm.alpha), is(gemm.alpha, 1));
    unlessDefault(p.beta, f64(gemm.beta), is(gemm.beta, 0));
    if (llvm::any_of(algorithm, [](int64_t word) { return word; }))
      p.algorithm = builder.getDenseI64ArrayAttr(algorithm);
  });
}

StepInterface Reader::readGroupedGemm(const tresse_step &step) {
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
    if (gemm.transpose & 1)
      p.transpose_a = builder.getUnitAttr();
    if (gemm.transpose & 2)
      p.transpose_b = builder.getUnitAttr();
    p.compute = type(gemm.compute);
    unlessDefault(p.epilogue, i32(gemm.epilogue), !gemm.epilogue);
    unlessDefault(p.scale_mode, i32(gemm.scale_mode), !gemm.scale_mode);
    p.kernel = kernel(gemm.kernel);
    p.group_count = i32(gemm.group_count);
    p.maximum_rows = i64(gemm.maximum_rows);
    unlessDefault(p.tile, builder.getDenseI32ArrayAttr(tile),
                  llvm::all_of(tile, [](int32_t size) { return !size; }));
    unlessDefault(p.row_alignment, i32(gemm.row_alignment),
                  gemm.row_alignment == 1);
    unlessDefault(p.alpha, f64(gemm.alpha), is(gemm.alpha, 1));
    unlessDefault(p.beta, f64(gemm.beta), is(gemm.beta, 0));
  });
}

/// Collectives, copies, fills and events.
StepInterface Reader::readMove(const tresse_step &step) {
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
LogicalResult Reader::checkOperands(StepInterface step, uint32_t index,
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
LogicalResult Reader::checkParameters(const tresse_launch &launch) {
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

LogicalResult Reader::readStep(uint32_t index) {
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

OwningOpRef<ModuleOp> Reader::read() {
  if (failed(checkNames()))
    return nullptr;
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  builder.setInsertionPointToEnd(module->getBody());
  SmallVector<Attribute> ranks;
  for (uint32_t i = 0; i < plan->program_of_rank.count; ++i) {
    uint32_t program = at<tresse_span>(plan->program_of_rank, i).first;
    ranks.push_back(FlatSymbolRefAttr::get(
        string(at<tresse_program>(plan->programs, program).name)));
  }
  if (plan->rank_count != ranks.size()) {
    emitError(loc) << "plan: expected the programs of " << plan->rank_count
                   << " ranks, but got " << ranks.size();
    return nullptr;
  }
  auto model = build<ModelOp>(
      {}, {},
      [&](auto &p) {
        p.target = TargetAttr::get(builder.getContext(),
                                   static_cast<Target>(plan->target));
        p.architecture = plan->target == TRESSE_CUDA
                             ? builder.getStringAttr(Twine(plan->architecture))
                             : string(plan->architecture);
        p.ranks = builder.getArrayAttr(ranks);
        unlessDefault(p.version, i32(plan->version), plan->version == 1);
        unlessDefault(p.minimum_runtime, i32(plan->minimum_runtime),
                      plan->minimum_runtime == 1);
      },
      /*regions=*/1);
  builder.createBlock(&model.getBody());
  readMesh();
  readCode();
  readBuffers();
  readTensors();
  readGlobals();
  for (uint32_t i = 0; i < plan->programs.count; ++i)
    if (failed(readProgram(at<tresse_program>(plan->programs, i))))
      return nullptr;
  return module;
}

} // namespace

OwningOpRef<ModuleOp> readPlan(const void *bytes, uint64_t size, Location loc) {
  char message[512];
  if (!tresse_plan_validate(bytes, size, message, sizeof(message))) {
    emitError(loc) << message;
    return nullptr;
  }
  loc.getContext()->loadDialect<PlanDialect>();
  auto module = Reader(static_cast<const tresse_plan *>(bytes), loc).read();
  if (module && failed(verify(*module)))
    return nullptr;
  return module;
}

} // namespace tresse::plan
