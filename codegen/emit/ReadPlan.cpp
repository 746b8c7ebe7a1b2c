// ReadPlan.cpp - the bytes of plan.h to plan ops: all but the steps.
#include "codegen/emit/PlanBytes.h"
#include "codegen/emit/PlanReader.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace tresse::plan {

/// Symbols share one table: axes, communicators, programs, globals, kernels.
LogicalResult PlanReader::checkNames() {
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

void PlanReader::readMesh() {
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

void PlanReader::readCode() {
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

void PlanReader::readBuffers() {
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
void PlanReader::readTensors() {
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

PieceAttr PlanReader::readPiece(const tresse_piece &piece) {
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

void PlanReader::readGlobals() {
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

LogicalResult PlanReader::readProgram(const tresse_program &program) {
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

void PlanReader::readArguments(tresse_span span, bool isInput) {
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

LogicalResult PlanReader::readEntry(const tresse_entry &entry) {
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

OwningOpRef<ModuleOp> PlanReader::read() {
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

OwningOpRef<ModuleOp> readPlan(const void *bytes, uint64_t size, Location loc) {
  char message[512];
  if (!tresse_plan_validate(bytes, size, message, sizeof(message))) {
    emitError(loc) << message;
    return nullptr;
  }
  loc.getContext()->loadDialect<PlanDialect>();
  auto module = PlanReader(static_cast<const tresse_plan *>(bytes), loc).read();
  if (module && failed(verify(*module)))
    return nullptr;
  return module;
}

} // namespace tresse::plan
