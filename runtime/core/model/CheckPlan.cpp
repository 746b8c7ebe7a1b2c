//===- CheckPlan.cpp - whether this runtime can execute a plan ------------===//
//
// The plan is valid already (plan_bytes.h): its indices, spans and tensors lie
// where they should. What is checked here is what the executor and the
// checkpoints need on top: boxes inside globals, aligned elements, and that no
// record asks for what a CPU does not do.
//
#include "runtime/core/model/Plan.h"

#include <algorithm>

namespace tresse::runtime {

namespace {

/// No tensor, box or batch has more dimensions.
constexpr uint32_t mostDimensions = 8;

class Checker {
public:
  explicit Checker(const Plan &plan) : plan(plan) {}
  void run() {
    checkProgram();
    each("buffer", plan.buffers, &Checker::checkBuffer);
    each("tensor", plan.tensors, &Checker::checkTensor);
    each("piece", plan.pieces, &Checker::checkPiece);
    each("global", plan.globals, &Checker::checkGlobal);
    each("argument", plan.arguments, &Checker::checkArgument);
    each("operand", plan.operands, &Checker::checkOperand);
    each("kernel", plan.kernels, &Checker::checkKernel);
    each("launch", plan.launches, &Checker::checkLaunch);
    each("gemm", plan.gemms, &Checker::checkGemm);
    each("grouped gemm", plan.groupedGemms, &Checker::checkGroupedGemm);
    each("copy", plan.copies, &Checker::checkCopy);
    each("fill", plan.fills, &Checker::checkFill);
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
  void checkBuffer(const tresse_buffer &buffer);
  void checkTensor(const tresse_tensor &tensor);
  void checkGlobal(const tresse_global &global);
  void checkPiece(const tresse_piece &piece);
  void checkArgument(const tresse_argument &argument);
  void checkOperand(const tresse_operand &operand);
  void checkKernel(const tresse_kernel &kernel);
  void checkLaunch(const tresse_launch &launch);
  void checkGemm(const tresse_gemm &gemm);
  void checkGroupedGemm(const tresse_grouped_gemm &gemm);
  void checkCopy(const tresse_copy &copy);
  void checkFill(const tresse_fill &fill);
  void checkEntry(const tresse_entry &entry);
  void scalarI32(const char *name, uint32_t tensor);
  void compute(uint32_t dtype);
};

void Checker::checkProgram() {
  const tresse_plan &header = plan.header();
  if (header.rank_count > 1)
    wrong("expected one rank, but got ", header.rank_count);
  if (header.collectives.count)
    wrong("expected no collective in a plan of one rank, but it has ",
          header.collectives.count);
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
}

void Checker::checkBuffer(const tresse_buffer &buffer) {
  if (buffer.space == TRESSE_CONSTANT) {
    uint64_t room = plan.header().byte_size;
    if (buffer.offset > room || buffer.size > room - buffer.offset)
      wrong("expected ", buffer.size, " bytes at ", buffer.offset,
            " to lie within the plan's ", room);
  } else if (buffer.space != TRESSE_ARENA &&
             buffer.space != TRESSE_PERSISTENT) {
    wrong("expected the arena, the persistent block or constants, but got "
          "space ",
          buffer.space);
  }
}

void Checker::checkTensor(const tresse_tensor &tensor) {
  uint64_t bytes = elementBytes(tensor.dtype);
  uint64_t offset = plan.buffers[tensor.buffer].offset + tensor.offset;
  if (offset % bytes != 0)
    wrong("expected an offset that is a multiple of ", bytes, ", but got ",
          offset);
  if (tensor.rows != TRESSE_NONE)
    scalarI32("rows", tensor.rows);
}

void Checker::scalarI32(const char *name, uint32_t tensor) {
  const tresse_tensor &scalar = plan.tensors[tensor];
  equal(name, TRESSE_I32, scalar.dtype);
  int64_t count = 1;
  shape(name, scalar.sizes, &count);
  if (count < 1)
    wrong("expected '", name, "' to hold an element");
}

void Checker::checkGlobal(const tresse_global &global) {
  size_t bytes = elementBytes(global.dtype);
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
  auto target = plan.numbers(global.shape);
  for (uint32_t i = 0; i < global.pieces.count; ++i) {
    const tresse_piece &piece = plan.pieces[global.pieces.first + i];
    auto start = plan.numbers(piece.target_start);
    auto box = plan.numbers(piece.target_shape);
    equal("target_start of a piece", target.size(), start.size());
    equal("target_shape of a piece", target.size(), box.size());
    int64_t copies = (piece.last - piece.first - 1) / piece.step;
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
  if (!plan.contiguous(plan.tensors[argument.tensor]))
    wrong("expected a tensor without gaps");
}

void Checker::checkOperand(const tresse_operand &operand) {
  equal("kind", TRESSE_OPERAND_TENSOR, operand.kind);
}

void Checker::checkKernel(const tresse_kernel &kernel) {
  if (kernel.scratch_bytes > (uint64_t{1} << 40))
    wrong("expected scratch of at most 2^40 bytes, but got ",
          kernel.scratch_bytes);
}

void Checker::checkLaunch(const tresse_launch &launch) {
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
  compute(gemm.compute);
  equal("provider", TRESSE_PROVIDER_LIBRARY, gemm.provider);
  equal("epilogue", 0, gemm.epilogue);
  for (uint32_t unused : {gemm.bias, gemm.auxiliary, gemm.a_scale, gemm.b_scale,
                          gemm.c_scale, gemm.d_scale})
    equal("bias, auxiliary or scale", TRESSE_NONE, unused);
  if (gemm.rows_from != TRESSE_NONE)
    scalarI32("rows_from", gemm.rows_from);
}

void Checker::checkGroupedGemm(const tresse_grouped_gemm &gemm) {
  compute(gemm.compute);
  equal("epilogue", 0, gemm.epilogue);
  for (uint32_t unused :
       {gemm.a_scale, gemm.b_scale, gemm.d_scale, gemm.row_weight})
    equal("row weight or scale", TRESSE_NONE, unused);
}

void Checker::checkCopy(const tresse_copy &copy) {
  auto from = plan.numbers(plan.tensors[copy.from].sizes);
  auto to = plan.numbers(plan.tensors[copy.to].sizes);
  if (from.size() != to.size() ||
      !std::equal(from.begin(), from.end(), to.begin()))
    wrong("expected tensors of one shape, but got ", shapeText(from), " and ",
          shapeText(to));
}

void Checker::checkFill(const tresse_fill &fill) {
  equal("width", elementBytes(plan.tensors[fill.to].dtype), fill.width);
}

void Checker::checkEntry(const tresse_entry &entry) {
  if (name(entry.name).empty())
    wrong("expected a name");
  if (entry.status != TRESSE_NONE)
    scalarI32("status", entry.status);
  for (uint32_t i = 0; i < entry.inputs.count; ++i) {
    const auto &argument = plan.arguments[entry.inputs.first + i];
    const auto &buffer = plan.buffers[plan.tensors[argument.tensor].buffer];
    if (buffer.space == TRESSE_CONSTANT)
      wrong("expected input ", inQuotes(name(argument.name)),
            " not to be a constant");
  }
}

} // namespace

void checkPlan(const Plan &plan) { Checker(plan).run(); }

} // namespace tresse::runtime
