//===- CheckPlan.cpp - what the tables of a plan say about each other -----===//
//
// After these checks the executor may follow every index without looking: the
// names below are those of the tables, with the record's number.
//
#include "runtime/core/model/Plan.h"

namespace tresse::runtime {

namespace {

/// No tensor, box or batch has more dimensions.
constexpr uint32_t mostDimensions = 8;

class Checker {
public:
  explicit Checker(const Plan &plan) : plan(plan) {}
  void run() {
    checkProgram();
    checkRecords();
    each("buffer", plan.buffers, &Checker::checkBuffer);
    each("tensor", plan.tensors, &Checker::checkTensor);
    each("global", plan.globals, &Checker::checkGlobal);
    each("piece", plan.pieces, &Checker::checkPiece);
    each("argument", plan.arguments, &Checker::checkArgument);
    each("operand", plan.operands, &Checker::checkOperand);
    each("attribute", plan.attributes, &Checker::checkAttribute);
    each("kernel", plan.kernels, &Checker::checkKernel);
    each("launch", plan.launches, &Checker::checkLaunch);
    each("gemm", plan.gemms, &Checker::checkGemm);
    each("grouped gemm", plan.groupedGemms, &Checker::checkGroupedGemm);
    each("copy", plan.copies, &Checker::checkCopy);
    each("fill", plan.fills, &Checker::checkFill);
    each("step", plan.steps, &Checker::checkStep);
    each("entry", plan.entries, &Checker::checkEntry);
  }

private:
  const Plan &plan;
  const char *kind = "plan";
  uint32_t number = 0;

  template <typename Record>
  void each(const char *name, const Table<Record> &table,
            void (Checker::*check)(const Record &)) {
    kind = name;
    for (number = 0; number < table.size(); ++number)
      (this->*check)(table[number]);
  }

  template <typename... Parts> [[noreturn]] void wrong(const Parts &...parts) {
    fail("plan: ", kind, " ", number, ": ", parts...);
  }

  void index(const char *name, uint32_t value, uint32_t count,
             bool optional = false) {
    if (value >= count && !(optional && value == TRESSE_NONE))
      wrong("expected '", name, "' below ", count, ", but got ", value);
  }
  void span(const char *name, tresse_span value, uint32_t count) {
    if (value.count && (value.first > count ||
                        value.count > count - value.first))
      wrong("expected '", name, "' within ", count, ", but got ", value.count,
            " from ", value.first);
  }
  void equal(const char *name, uint64_t expected, uint64_t got) {
    if (expected != got)
      wrong("expected '", name, "' = ", expected, ", but got ", got);
  }
  std::string_view name(uint32_t offset) { return plan.string(offset); }

  /// A list of sizes, none negative, whose product fits.
  std::span<const int64_t> shape(const char *name, tresse_span value,
                                 int64_t *product = nullptr) {
    auto sizes = plan.numbers(value);
    if (sizes.size() > mostDimensions)
      wrong("expected '", name, "' of at most ", mostDimensions,
            " dimensions, but got ", sizes.size());
    int64_t count = 1, widest = 1;
    for (int64_t size : sizes) {
      // The widest product ignores zeros, so that no order of dimensions
      // hides an overflow.
      if (size < 0 || __builtin_mul_overflow(widest, size ? size : 1, &widest))
        wrong("expected '", name, "' of sizes that fit, but got ",
              shapeText(sizes));
      count *= size;
    }
    if (product)
      *product = count;
    return sizes;
  }

  void checkProgram();
  void checkRecords();
  void checkBuffer(const tresse_buffer &buffer);
  void checkTensor(const tresse_tensor &tensor);
  void checkGlobal(const tresse_global &global);
  void checkPiece(const tresse_piece &piece);
  void checkArgument(const tresse_argument &argument);
  void checkOperand(const tresse_operand &operand);
  void checkAttribute(const tresse_attribute &attribute);
  void checkKernel(const tresse_kernel &kernel);
  void checkLaunch(const tresse_launch &launch);
  void checkGemm(const tresse_gemm &gemm);
  void checkGroupedGemm(const tresse_grouped_gemm &gemm);
  void checkCopy(const tresse_copy &copy);
  void checkFill(const tresse_fill &fill);
  void checkStep(const tresse_step &step);
  void checkEntry(const tresse_entry &entry);
  void scalarI32(const char *name, uint32_t tensor);
  void compute(uint32_t dtype);
};

void Checker::checkProgram() {
  const tresse_plan &header = plan.header();
  if (header.target > TRESSE_CUDA)
    wrong("expected a known target, but got ", header.target);
  if (header.target == TRESSE_CUDA)
    wrong("it is for the cuda target, which this runtime does not execute");
  if (header.rank_count > 1)
    wrong("expected one rank, but got ", header.rank_count);
  const tresse_program &program = plan.program();
  const uint64_t most = uint64_t{1} << 46;
  if (program.arena_size > most || program.persistent_size > most)
    wrong("expected an arena and persistent block of at most ", most,
          " bytes, but got ", program.arena_size, " and ",
          program.persistent_size);
  if (program.alignment > 4096 ||
      (program.alignment & (program.alignment - 1)) != 0)
    wrong("expected an alignment that is a power of two up to 4096, but got ",
          program.alignment);
  span("entries", program.entries, plan.entries.size());
}

void Checker::checkRecords() {
  for (uint32_t i = 0; i < plan.records.size(); ++i)
    name(plan.records[i].name), name(plan.records[i].value);
}

void Checker::checkBuffer(const tresse_buffer &buffer) {
  name(buffer.name);
  uint64_t room = 0;
  const char *where = "arena";
  switch (buffer.space) {
  case TRESSE_ARENA:
    room = plan.program().arena_size;
    break;
  case TRESSE_PERSISTENT:
    room = plan.program().persistent_size, where = "persistent block";
    break;
  case TRESSE_CONSTANT:
    room = plan.header().byte_size, where = "plan";
    break;
  default:
    wrong("expected the arena, the persistent block or constants, but got "
          "space ",
          buffer.space);
  }
  if (buffer.offset > room || buffer.size > room - buffer.offset)
    wrong("expected ", buffer.size, " bytes at ", buffer.offset,
          " to lie within the ", where, "'s ", room);
}

void Checker::checkTensor(const tresse_tensor &tensor) {
  index("buffer", tensor.buffer, plan.buffers.size());
  size_t bytes = elementBytes(tensor.dtype);
  if (!bytes)
    wrong("expected a known dtype, but got ", tensor.dtype);
  auto sizes = shape("sizes", tensor.sizes);
  auto strides = plan.numbers(tensor.strides);
  equal("strides", sizes.size(), strides.size());
  const tresse_buffer &buffer = plan.buffers[tensor.buffer];
  uint64_t room = buffer.size / bytes, last = 0;
  bool empty = false;
  for (size_t i = 0; i < sizes.size(); ++i) {
    uint64_t reach;
    if (strides[i] < 0 ||
        __builtin_mul_overflow(sizes[i] ? uint64_t(sizes[i] - 1) : 0,
                               uint64_t(strides[i]), &reach) ||
        __builtin_add_overflow(last, reach, &last))
      wrong("expected strides that stay within the buffer, but got ",
            shapeText(strides));
    empty |= sizes[i] == 0;
  }
  if (tensor.offset > buffer.size ||
      (!empty && (last >= room ||
                  (last + 1) * bytes > buffer.size - tensor.offset)))
    wrong("expected ", shapeText(sizes), " of ", elementName(tensor.dtype),
          " at byte ", tensor.offset, " to lie within its buffer's ",
          buffer.size, " bytes");
  if ((buffer.offset + tensor.offset) % bytes != 0)
    wrong("expected an offset that is a multiple of ", bytes, ", but got ",
          buffer.offset + tensor.offset);
  if (tensor.rows != TRESSE_NONE)
    scalarI32("rows", tensor.rows);
}

void Checker::scalarI32(const char *name, uint32_t tensor) {
  index(name, tensor, plan.tensors.size());
  const tresse_tensor &scalar = plan.tensors[tensor];
  equal(name, TRESSE_I32, scalar.dtype);
  int64_t count = 1;
  shape(name, scalar.sizes, &count);
  if (count < 1)
    wrong("expected '", name, "' to hold an element");
}

void Checker::checkGlobal(const tresse_global &global) {
  name(global.name);
  if (global.role > TRESSE_DERIVED)
    wrong("expected a known role, but got ", global.role);
  size_t bytes = elementBytes(global.dtype);
  if (!bytes)
    wrong("expected a known dtype, but got ", global.dtype);
  index("buffer", global.buffer, plan.buffers.size());
  index("of", global.of, plan.globals.size(), /*optional=*/true);
  if (global.initializer > TRESSE_INIT_UNIFORM)
    wrong("expected a known initializer, but got ", global.initializer);
  const tresse_buffer &buffer = plan.buffers[global.buffer];
  equal("space", TRESSE_PERSISTENT, buffer.space);
  int64_t count = 1;
  shape("shape", global.shape, &count);
  if (static_cast<uint64_t>(count) > buffer.size / bytes)
    wrong("expected ", shapeText(plan.numbers(global.shape)), " of ",
          elementName(global.dtype), " to fit its buffer's ", buffer.size,
          " bytes");
  if (buffer.offset % bytes != 0)
    wrong("expected a buffer at a multiple of ", bytes, ", but got ",
          buffer.offset);
  span("pieces", global.pieces, plan.pieces.size());
  auto target = plan.numbers(global.shape);
  for (uint32_t i = 0; i < global.pieces.count; ++i) {
    const tresse_piece &piece = plan.pieces[global.pieces.first + i];
    auto start = plan.numbers(piece.target_start);
    auto box = plan.numbers(piece.target_shape);
    equal("target_start of a piece", target.size(), start.size());
    equal("target_shape of a piece", target.size(), box.size());
    int64_t copies = piece.step > 0 && piece.last > piece.first
                         ? (piece.last - piece.first - 1) / piece.step
                         : 0;
    for (size_t d = 0; d < target.size(); ++d) {
      int64_t end = 0;
      if (start[d] < 0 || box[d] < 0 ||
          __builtin_mul_overflow(d == 0 ? copies + 1 : 1, box[d], &end) ||
          __builtin_add_overflow(end, start[d], &end) || end > target[d])
        wrong("expected the boxes of piece ", global.pieces.first + i,
              " to lie within ", shapeText(target), ", but they begin at ",
              shapeText(start), " and are ", shapeText(box));
    }
  }
}

void Checker::checkPiece(const tresse_piece &piece) {
  if (name(piece.pattern).empty())
    wrong("expected the name of a checkpoint tensor");
  name(piece.scale_pattern);
  const int64_t most = 1000000;
  if (piece.first < 0 || piece.last <= piece.first || piece.step <= 0 ||
      piece.last > most)
    wrong("expected a range of experts within ", most, ", but got [",
          piece.first, ", ", piece.last, ") by ", piece.step);
  int64_t source = 1, target = 1;
  auto box = shape("source_shape", piece.source_shape, &source);
  shape("target_shape", piece.target_shape, &target);
  auto start = plan.numbers(piece.source_start);
  if (!start.empty())
    equal("source_start", box.size(), start.size());
  for (size_t i = 0; i < start.size(); ++i)
    if (start[i] < 0 || start[i] > (int64_t{1} << 40))
      wrong("expected 'source_start' of sizes that fit, but got ",
            shapeText(start));
  equal("target_shape's elements", source, target);
  if (piece.permutation.count)
    wrong("expected no permutation, but it has one of ",
          piece.permutation.count, " dimensions");
}

void Checker::checkArgument(const tresse_argument &argument) {
  name(argument.name);
  index("tensor", argument.tensor, plan.tensors.size());
  if (!plan.contiguous(plan.tensors[argument.tensor]))
    wrong("expected a tensor without gaps");
}

void Checker::checkOperand(const tresse_operand &operand) {
  equal("kind", TRESSE_OPERAND_TENSOR, operand.kind);
  index("index", operand.index, plan.tensors.size(), /*optional=*/true);
}

void Checker::checkAttribute(const tresse_attribute &attribute) {
  name(attribute.name);
  switch (attribute.kind) {
  case TRESSE_ATTRIBUTE_INT:
  case TRESSE_ATTRIBUTE_FLOAT:
    return;
  case TRESSE_ATTRIBUTE_LIST:
    plan.numbers(attribute.value.list);
    return;
  case TRESSE_ATTRIBUTE_STRING:
    if (attribute.value.string >= TRESSE_NONE)
      wrong("expected a string, but got offset ", attribute.value.string);
    name(static_cast<uint32_t>(attribute.value.string));
    return;
  }
  wrong("expected a known kind, but got ", attribute.kind);
}

void Checker::checkKernel(const tresse_kernel &kernel) {
  name(kernel.name);
  if (kernel.scratch_bytes > (uint64_t{1} << 40))
    wrong("expected scratch of at most 2^40 bytes, but got ",
          kernel.scratch_bytes);
}

void Checker::checkLaunch(const tresse_launch &launch) {
  index("kernel", launch.kernel, plan.kernels.size());
  span("attributes", launch.attributes, plan.attributes.size());
  if (launch.tile_count > (uint64_t{1} << 40))
    wrong("expected at most 2^40 tiles, but got ", launch.tile_count);
  if (launch.tile_count_from != TRESSE_NONE)
    scalarI32("tile_count_from", launch.tile_count_from);
}

void Checker::compute(uint32_t dtype) {
  if (dtype != TRESSE_F32 && dtype != TRESSE_F64)
    wrong("expected 'compute' to be f32 or f64, but got ", elementName(dtype));
}

void Checker::checkGemm(const tresse_gemm &gemm) {
  for (uint32_t tensor : {gemm.a, gemm.b, gemm.d})
    index("a, b, d", tensor, plan.tensors.size());
  index("c", gemm.c, plan.tensors.size(), /*optional=*/true);
  compute(gemm.compute);
  equal("provider", TRESSE_PROVIDER_LIBRARY, gemm.provider);
  equal("epilogue", 0, gemm.epilogue);
  for (uint32_t unused : {gemm.bias, gemm.auxiliary, gemm.a_scale,
                          gemm.b_scale, gemm.c_scale, gemm.d_scale})
    equal("bias, auxiliary or scale", TRESSE_NONE, unused);
  if (gemm.rows_from != TRESSE_NONE)
    scalarI32("rows_from", gemm.rows_from);
}

void Checker::checkGroupedGemm(const tresse_grouped_gemm &gemm) {
  for (uint32_t tensor : {gemm.a, gemm.b, gemm.d, gemm.ends})
    index("a, b, d, ends", tensor, plan.tensors.size());
  index("c", gemm.c, plan.tensors.size(), /*optional=*/true);
  compute(gemm.compute);
  if (gemm.varying > TRESSE_VARYING_K)
    wrong("expected 'varying' to be M or K, but got ", gemm.varying);
  equal("epilogue", 0, gemm.epilogue);
  for (uint32_t unused :
       {gemm.a_scale, gemm.b_scale, gemm.d_scale, gemm.row_weight})
    equal("row weight or scale", TRESSE_NONE, unused);
}

void Checker::checkCopy(const tresse_copy &copy) {
  index("from", copy.from, plan.tensors.size());
  index("to", copy.to, plan.tensors.size());
  auto from = plan.numbers(plan.tensors[copy.from].sizes);
  auto to = plan.numbers(plan.tensors[copy.to].sizes);
  if (from.size() != to.size() ||
      !std::equal(from.begin(), from.end(), to.begin()))
    wrong("expected tensors of one shape, but got ", shapeText(from), " and ",
          shapeText(to));
}

void Checker::checkFill(const tresse_fill &fill) {
  index("to", fill.to, plan.tensors.size());
  equal("width", elementBytes(plan.tensors[fill.to].dtype), fill.width);
}

void Checker::checkStep(const tresse_step &step) {
  name(step.name);
  span("operands", step.operands, plan.operands.size());
  switch (step.kind) {
  case TRESSE_LAUNCH:
    return index("index", step.index, plan.launches.size());
  case TRESSE_GEMM:
    return index("index", step.index, plan.gemms.size());
  case TRESSE_GROUPED_GEMM:
    return index("index", step.index, plan.groupedGemms.size());
  case TRESSE_COPY:
    return index("index", step.index, plan.copies.size());
  case TRESSE_FILL:
    return index("index", step.index, plan.fills.size());
  case TRESSE_RECORD:
  case TRESSE_WAIT:
    return index("index", step.index, plan.program().event_count);
  case TRESSE_COLLECTIVE:
    wrong("expected no collective in a plan of one rank");
  }
  wrong("expected a known kind, but got ", step.kind);
}

void Checker::checkEntry(const tresse_entry &entry) {
  if (name(entry.name).empty())
    wrong("expected a name");
  span("inputs", entry.inputs, plan.arguments.size());
  span("outputs", entry.outputs, plan.arguments.size());
  span("steps", entry.steps, plan.steps.size());
  if (entry.status != TRESSE_NONE)
    scalarI32("status", entry.status);
  for (uint32_t i = 0; i < entry.inputs.count; ++i) {
    const auto &argument = plan.arguments[entry.inputs.first + i];
    const auto &buffer = plan.buffers[plan.tensors[argument.tensor].buffer];
    if (buffer.space == TRESSE_CONSTANT)
      wrong("expected input ", quoted(name(argument.name)),
            " not to be a constant");
  }
}

} // namespace

void checkPlan(const Plan &plan) { Checker(plan).run(); }

} // namespace tresse::runtime
