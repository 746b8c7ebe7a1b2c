//===- Steps.cpp - the kinds of steps a CPU plan has ----------------------===//
#include "runtime/core/model/Steps.h"

#include <algorithm>
#include <cstring>

namespace tresse::runtime {

namespace {

/// [begin, end) of `count` things for one thread: one run each.
struct Share {
  Share(int64_t count, int thread, int threads)
      : begin(count * thread / threads), end(count * (thread + 1) / threads) {}
  int64_t begin, end;
};

/// A compiled kernel: the threads share its tiles.
class KernelStep : public Step {
public:
  tresse_cpu_kernel kernel = nullptr;
  std::vector<void *> operands;
  int64_t tiles = 0;
  const int32_t *tilesFrom = nullptr;
  size_t scratchSize = 0;

  void run(int thread, int threads, char *scratch) const override {
    int64_t count =
        tilesFrom ? std::clamp<int64_t>(*tilesFrom, 0, tiles) : tiles;
    Share share(count, thread, threads);
    if (share.begin < share.end)
      kernel(operands.data(), share.begin, share.end, scratch);
  }
  size_t scratchBytes() const override { return scratchSize; }
  bool alone() const override { return tiles <= 1; }
};

/// A function of the reference target: thread 0 does it.
class ReferenceStep : public Step {
public:
  tresse_reference_kernel kernel = nullptr;
  std::vector<tresse_reference_tensor> operands;
  std::vector<tresse_reference_attribute> attributes;
  tresse_reference_call call{};

  void run(int thread, int, char *) const override {
    if (thread == 0)
      kernel(&call);
  }
  bool alone() const override { return true; }
};

template <typename Product> class ProductStep : public Step {
public:
  explicit ProductStep(Product product) : product(std::move(product)) {}
  void run(int thread, int threads, char *scratch) const override {
    product.run(thread, threads, scratch);
  }
  size_t scratchBytes() const override { return product.scratchBytes(); }

private:
  Product product;
};

/// The rows (all but the last dimension) of a strided tensor.
struct Rows {
  Rows(const Plan &plan, const Memory &memory, uint32_t index)
      : tensor(plan.tensors[index]), data(memory.tensor(index)),
        bytes(elementBytes(tensor.dtype)) {
    auto all = plan.numbers(tensor.sizes);
    auto steps = plan.numbers(tensor.strides);
    sizes.assign(all.begin(), all.end());
    strides.assign(steps.begin(), steps.end());
    if (plan.contiguous(tensor)) { // one long row, cut for the threads
      int64_t elements = plan.elements(tensor);
      const int64_t piece = 4096;
      if (elements % piece == 0)
        sizes = {elements / piece, piece}, strides = {piece, 1};
      else
        sizes = {elements}, strides = {1};
    }
    if (sizes.empty())
      sizes = {1}, strides = {1};
    columns = sizes.back(), columnStride = strides.back();
    for (size_t i = 0; i + 1 < sizes.size(); ++i)
      count *= sizes[i];
  }
  char *row(int64_t index) const {
    int64_t offset = 0;
    for (size_t i = sizes.size() - 1; i-- > 0;) {
      offset += index % sizes[i] * strides[i];
      index /= sizes[i];
    }
    return data + offset * static_cast<int64_t>(bytes);
  }
  const tresse_tensor &tensor;
  char *data;
  size_t bytes;
  std::vector<int64_t> sizes, strides;
  int64_t count = 1, columns, columnStride;
};

class CopyStep : public Step {
public:
  CopyStep(Rows from, Rows to) : from(std::move(from)), to(std::move(to)) {}
  void run(int thread, int threads, char *) const override {
    Share share(to.count, thread, threads);
    for (int64_t r = share.begin; r < share.end; ++r)
      copyRow(to.row(r), from.row(r));
  }

private:
  void copyRow(char *out, const char *in) const {
    if (to.columnStride == 1 && from.columnStride == 1)
      return convertElements(to.tensor.dtype, out, from.tensor.dtype, in,
                             static_cast<size_t>(to.columns));
    for (int64_t c = 0; c < to.columns; ++c)
      convertElements(
          to.tensor.dtype,
          out + c * to.columnStride * static_cast<int64_t>(to.bytes),
          from.tensor.dtype,
          in + c * from.columnStride * static_cast<int64_t>(from.bytes), 1);
  }
  Rows from, to;
};

class FillStep : public Step {
public:
  FillStep(Rows to, uint64_t bits) : to(std::move(to)), bits(bits) {}
  void run(int thread, int threads, char *) const override {
    Share share(to.count, thread, threads);
    for (int64_t r = share.begin; r < share.end; ++r)
      fillRow(to.row(r));
  }

private:
  void fillRow(char *out) const {
    auto bytes = static_cast<int64_t>(to.bytes);
    if (bits == 0 && to.columnStride == 1) {
      std::memset(out, 0, static_cast<size_t>(to.columns * bytes));
      return;
    }
    for (int64_t c = 0; c < to.columns; ++c) // little-endian: low bytes first
      std::memcpy(out + c * to.columnStride * bytes, &bits, to.bytes);
  }
  Rows to;
  uint64_t bits;
};

void *addressOf(const Memory &memory, const tresse_operand &operand) {
  return operand.index == TRESSE_NONE ? nullptr : memory.tensor(operand.index);
}

tresse_reference_attribute attributeOf(const Plan &plan,
                                       const tresse_attribute &attribute) {
  tresse_reference_attribute out{};
  out.name = plan.string(attribute.name).data();
  out.kind = attribute.kind;
  switch (attribute.kind) {
  case TRESSE_ATTRIBUTE_INT:
    out.value.i = attribute.value.i;
    break;
  case TRESSE_ATTRIBUTE_FLOAT:
    out.value.f = attribute.value.f;
    break;
  case TRESSE_ATTRIBUTE_LIST:
    out.count = attribute.value.list.count;
    out.value.list = plan.numbers(attribute.value.list).data();
    break;
  case TRESSE_ATTRIBUTE_STRING:
    out.value.string =
        plan.string(static_cast<uint32_t>(attribute.value.string)).data();
    break;
  }
  return out;
}

std::unique_ptr<Step> makeReference(const Plan &plan, const tresse_model &model,
                                    const Memory &memory,
                                    const tresse_step &step,
                                    const tresse_launch &launch,
                                    const std::string &what) {
  auto out = std::make_unique<ReferenceStep>();
  uint32_t code = plan.kernels[launch.kernel].code;
  if (!model.reference_kernels || !model.reference_kernels[code])
    fail(what, ": expected the model to hold reference kernel ", code);
  out->kernel = model.reference_kernels[code];
  for (uint32_t i = 0; i < step.operands.count; ++i) {
    const tresse_operand &operand = plan.operands[step.operands.first + i];
    tresse_reference_tensor tensor{};
    if (operand.index != TRESSE_NONE) {
      const tresse_tensor &record = plan.tensors[operand.index];
      auto sizes = plan.numbers(record.sizes);
      tensor = {memory.tensor(operand.index), record.dtype,
                static_cast<uint32_t>(sizes.size()), sizes.data(),
                plan.numbers(record.strides).data()};
    }
    out->operands.push_back(tensor);
  }
  for (uint32_t i = 0; i < launch.attributes.count; ++i)
    out->attributes.push_back(
        attributeOf(plan, plan.attributes[launch.attributes.first + i]));
  out->call = {out->operands.data(), out->attributes.data(),
               static_cast<uint32_t>(out->operands.size()),
               static_cast<uint32_t>(out->attributes.size())};
  return out;
}

/// One dense or grouped product; both name their matrices alike.
template <typename Product>
void touchProduct(const Product &product, auto &&touch) {
  touch(product.a, false);
  touch(product.b, false);
  touch(product.c, false);
  touch(product.d, true);
}

} // namespace

std::unique_ptr<Step> makeLaunch(const Plan &plan, const tresse_model &model,
                                 const Memory &memory, const tresse_step &step,
                                 const std::string &what) {
  const tresse_launch &launch = plan.launches[step.index];
  const tresse_kernel &kernel = plan.kernels[launch.kernel];
  // No array states its length: an index is below the number of kernels.
  if (kernel.code >= plan.kernels.size())
    fail(what, ": expected code below ", plan.kernels.size(), ", but got ",
         kernel.code);
  if (plan.header().target == TRESSE_REFERENCE)
    return makeReference(plan, model, memory, step, launch, what);
  auto out = std::make_unique<KernelStep>();
  if (!model.cpu_kernels || !model.cpu_kernels[kernel.code])
    fail(what, ": expected the model to hold cpu kernel ", kernel.code);
  out->kernel = model.cpu_kernels[kernel.code];
  for (uint32_t i = 0; i < step.operands.count; ++i)
    out->operands.push_back(
        addressOf(memory, plan.operands[step.operands.first + i]));
  out->tiles = static_cast<int64_t>(launch.tile_count);
  out->scratchSize = kernel.scratch_bytes;
  if (launch.tile_count_from != TRESSE_NONE)
    out->tilesFrom = reinterpret_cast<const int32_t *>(
        memory.tensor(launch.tile_count_from));
  return out;
}

std::unique_ptr<Step> makeGemm(const Plan &plan, const Memory &memory,
                               const tresse_step &step,
                               const std::string &what) {
  if (step.kind == TRESSE_GEMM)
    return std::make_unique<ProductStep<Gemm>>(
        Gemm(plan, memory, plan.gemms[step.index], what));
  return std::make_unique<ProductStep<GroupedGemm>>(
      GroupedGemm(plan, memory, plan.groupedGemms[step.index], what));
}

std::unique_ptr<Step> makeCopy(const Plan &plan, const Memory &memory,
                               const tresse_copy &copy) {
  Rows from(plan, memory, copy.from), to(plan, memory, copy.to);
  if (from.sizes != to.sizes) { // one was cut into pieces: cut neither
    auto whole = plan.numbers(plan.tensors[copy.to].sizes);
    for (auto [rows, index] : {std::pair{&from, copy.from}, {&to, copy.to}}) {
      auto strides = plan.numbers(plan.tensors[index].strides);
      rows->sizes.assign(whole.begin(), whole.end());
      rows->strides.assign(strides.begin(), strides.end());
      rows->columns = rows->sizes.back();
      rows->columnStride = rows->strides.back();
      rows->count = rows->columns
                        ? plan.elements(plan.tensors[index]) / rows->columns
                        : 0;
    }
  }
  return std::make_unique<CopyStep>(std::move(from), std::move(to));
}

std::unique_ptr<Step> makeFill(const Plan &plan, const Memory &memory,
                               const tresse_fill &fill) {
  return std::make_unique<FillStep>(Rows(plan, memory, fill.to), fill.bits);
}

void touchesOf(const Plan &plan, const Memory &memory, const tresse_step &step,
               std::vector<Touch> &touches) {
  auto touch = [&](uint32_t index, bool write) {
    if (index == TRESSE_NONE)
      return;
    const char *begin = memory.tensor(index);
    uint64_t bytes = plan.extent(plan.tensors[index]);
    if (bytes)
      touches.push_back({begin, begin + bytes, write});
    const tresse_tensor &tensor = plan.tensors[index];
    const tresse_buffer &buffer = plan.buffers[tensor.buffer];
    if (write && buffer.space == TRESSE_CONSTANT)
      fail("plan: expected no step to write a constant, but ",
           inQuotes(plan.string(step.name)), " does");
    if (tensor.rows != TRESSE_NONE) {
      const char *rows = memory.tensor(tensor.rows);
      touches.push_back({rows, rows + sizeof(int32_t), false});
    }
  };
  for (uint32_t i = 0; i < step.operands.count; ++i) {
    const tresse_operand &operand = plan.operands[step.operands.first + i];
    touch(operand.index, operand.access & TRESSE_WRITE);
  }
  switch (step.kind) {
  case TRESSE_LAUNCH:
    touch(plan.launches[step.index].tile_count_from, false);
    break;
  case TRESSE_GEMM:
    touchProduct(plan.gemms[step.index], touch);
    touch(plan.gemms[step.index].rows_from, false);
    break;
  case TRESSE_GROUPED_GEMM:
    touchProduct(plan.groupedGemms[step.index], touch);
    touch(plan.groupedGemms[step.index].ends, false);
    break;
  case TRESSE_COPY:
    touch(plan.copies[step.index].from, false);
    touch(plan.copies[step.index].to, true);
    break;
  case TRESSE_FILL:
    touch(plan.fills[step.index].to, true);
    break;
  }
}

} // namespace tresse::runtime
