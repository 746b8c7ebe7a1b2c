//===- PlanBuilder.cpp - plans put together by hand, for tests ------------===//
#include "test/runtime/PlanBuilder.h"

#include "runtime/core/plan_bytes.h"

#include <cstring>

namespace tresse::test {

PlanBuilder::PlanBuilder(uint32_t target) {
  std::memcpy(header.magic, "TRESSE\0\0", 8);
  header.version = header.minimum_runtime = TRESSE_PLAN_VERSION;
  header.target = target;
  header.rank_count = 1;
  strings.push_back('\0');
  program.stream_count = 1;
  program.alignment = 64;
}

uint32_t PlanBuilder::string(const std::string &text) {
  auto at = static_cast<uint32_t>(strings.size());
  strings += text;
  strings.push_back('\0');
  return at;
}

tresse_span PlanBuilder::numbers(const std::vector<int64_t> &list) {
  auto first = static_cast<uint32_t>(numberTable.size());
  numberTable.insert(numberTable.end(), list.begin(), list.end());
  return {first, static_cast<uint32_t>(list.size())};
}

void PlanBuilder::record(const std::string &name, const std::string &value) {
  records.push_back({string(name), string(value)});
}

uint32_t PlanBuilder::buffer(uint32_t space, uint64_t bytes) {
  uint64_t &top =
      space == TRESSE_ARENA ? program.arena_size : program.persistent_size;
  tresse_buffer record{};
  record.name = string("buffer" + std::to_string(buffers.size()));
  record.space = space;
  record.offset = top;
  record.size = bytes;
  record.last_step = 1u << 20;
  top += (bytes + 63) / 64 * 64;
  buffers.push_back(record);
  return static_cast<uint32_t>(buffers.size() - 1);
}

static uint64_t bytesOf(uint32_t dtype, const std::vector<int64_t> &sizes) {
  uint64_t bytes = tresse_plan_dtype_size(dtype);
  for (int64_t size : sizes)
    bytes *= static_cast<uint64_t>(size);
  return bytes;
}

static std::vector<int64_t> rowMajor(const std::vector<int64_t> &sizes) {
  std::vector<int64_t> strides(sizes.size(), 1);
  for (size_t i = sizes.size(); i-- > 1;)
    strides[i - 1] = strides[i] * sizes[i];
  return strides;
}

uint32_t PlanBuilder::tensor(uint32_t dtype, const std::vector<int64_t> &sizes,
                             uint32_t space) {
  uint32_t owner = buffer(space, bytesOf(dtype, sizes));
  tensors.push_back({owner, dtype, 0, numbers(sizes), numbers(rowMajor(sizes)),
                     TRESSE_NONE, 0});
  return static_cast<uint32_t>(tensors.size() - 1);
}

uint32_t PlanBuilder::view(uint32_t of, uint32_t dtype,
                           const std::vector<int64_t> &sizes,
                           const std::vector<int64_t> &strides,
                           uint64_t offset) {
  tensors.push_back({tensors[of].buffer, dtype, offset, numbers(sizes),
                     numbers(strides), TRESSE_NONE, 0});
  return static_cast<uint32_t>(tensors.size() - 1);
}

uint32_t PlanBuilder::global(const std::string &name, uint32_t role,
                             uint32_t dtype, const std::vector<int64_t> &shape,
                             uint32_t of) {
  uint32_t all = tensor(dtype, shape, TRESSE_PERSISTENT);
  tresse_global record{};
  record.name = string(name);
  record.role = role;
  record.dtype = dtype;
  record.buffer = tensors[all].buffer;
  record.of = of;
  record.initializer = TRESSE_INIT_NORMAL;
  record.initial[1] = 0.5;
  record.shape = numbers(shape);
  record.pieces.first = static_cast<uint32_t>(pieces.size());
  globals.push_back(record);
  globalTensors.push_back(all);
  return static_cast<uint32_t>(globals.size() - 1);
}

void PlanBuilder::piece(const std::string &pattern,
                        const std::vector<int64_t> &sourceShape,
                        const std::vector<int64_t> &targetStart,
                        const std::vector<int64_t> &targetShape, int64_t first,
                        int64_t last) {
  tresse_piece record{};
  record.pattern = string(pattern);
  record.first = first;
  record.last = last;
  record.step = 1;
  record.source_shape = numbers(sourceShape);
  record.source_start = numbers(std::vector<int64_t>(sourceShape.size(), 0));
  record.target_start = numbers(targetStart);
  record.target_shape = numbers(targetShape);
  record.scale_pattern = TRESSE_NONE;
  pieces.push_back(record);
  ++globals.back().pieces.count;
}

uint32_t PlanBuilder::kernel(const std::string &name, uint32_t code) {
  tresse_kernel record{};
  record.name = string(name);
  record.module = TRESSE_NONE;
  record.code = code;
  kernels.push_back(record);
  return static_cast<uint32_t>(kernels.size() - 1);
}

void PlanBuilder::beginEntry(const std::string &name) {
  tresse_entry record{};
  record.name = string(name);
  record.steps.first = static_cast<uint32_t>(steps.size());
  record.status = TRESSE_NONE;
  entries.push_back(record);
}

static tresse_argument makeArgument(uint32_t name, uint32_t tensor) {
  tresse_argument argument{};
  argument.name = name;
  argument.tensor = tensor;
  return argument;
}

void PlanBuilder::input(const std::string &name, uint32_t tensor) {
  inputs.push_back(makeArgument(string(name), tensor));
}

void PlanBuilder::output(const std::string &name, uint32_t tensor) {
  outputs.push_back(makeArgument(string(name), tensor));
}

void PlanBuilder::endEntry() {
  tresse_entry &entry = entries.back();
  entry.inputs = {static_cast<uint32_t>(arguments.size()),
                  static_cast<uint32_t>(inputs.size())};
  arguments.insert(arguments.end(), inputs.begin(), inputs.end());
  entry.outputs = {static_cast<uint32_t>(arguments.size()),
                   static_cast<uint32_t>(outputs.size())};
  arguments.insert(arguments.end(), outputs.begin(), outputs.end());
  entry.steps.count = static_cast<uint32_t>(steps.size()) - entry.steps.first;
  inputs.clear(), outputs.clear();
  program.entries.count = static_cast<uint32_t>(entries.size());
}

void PlanBuilder::step(uint32_t kind, uint32_t index,
                       const std::vector<std::pair<uint32_t, uint16_t>> &list) {
  tresse_step record{};
  record.kind = kind;
  record.index = index;
  record.name = string("step" + std::to_string(steps.size()));
  record.operands = {static_cast<uint32_t>(operands.size()),
                     static_cast<uint32_t>(list.size())};
  for (auto [tensor, access] : list)
    operands.push_back({TRESSE_OPERAND_TENSOR, access, tensor, 0});
  steps.push_back(record);
}

void PlanBuilder::launch(
    uint32_t kernel, uint64_t tiles,
    const std::vector<std::pair<uint32_t, uint16_t>> &list) {
  tresse_launch record{};
  record.kernel = kernel;
  record.tile_count = tiles;
  record.tile_count_from = TRESSE_NONE;
  record.attributes.first = static_cast<uint32_t>(attributes.size());
  launches.push_back(record);
  step(TRESSE_LAUNCH, static_cast<uint32_t>(launches.size() - 1), list);
}

void PlanBuilder::gemm(uint32_t a, uint32_t b, uint32_t d, uint32_t transpose,
                       uint32_t compute, double beta) {
  tresse_gemm record{};
  record.a = a, record.b = b, record.d = d;
  record.c = beta != 0 ? d : TRESSE_NONE;
  record.bias = record.auxiliary = record.a_scale = record.b_scale =
      record.c_scale = record.d_scale = record.workspace = record.rows_from =
          record.kernel = TRESSE_NONE;
  record.transpose = transpose;
  record.compute = compute;
  record.alpha = 1, record.beta = beta;
  gemms.push_back(record);
  step(TRESSE_GEMM, static_cast<uint32_t>(gemms.size() - 1),
       {{a, TRESSE_READ}, {b, TRESSE_READ}, {d, TRESSE_WRITE}});
}

void PlanBuilder::groupedGemm(uint32_t a, uint32_t b, uint32_t d, uint32_t ends,
                              uint32_t varying, uint32_t transpose,
                              uint32_t compute, double beta) {
  tresse_grouped_gemm record{};
  record.a = a, record.b = b, record.d = d, record.ends = ends;
  record.c = beta != 0 ? d : TRESSE_NONE;
  record.a_scale = record.b_scale = record.d_scale = record.row_weight =
      record.kernel = TRESSE_NONE;
  record.varying = varying;
  record.transpose = transpose;
  record.compute = compute;
  record.alpha = 1, record.beta = beta;
  groupedGemms.push_back(record);
  step(TRESSE_GROUPED_GEMM, static_cast<uint32_t>(groupedGemms.size() - 1),
       {{a, TRESSE_READ},
        {b, TRESSE_READ},
        {ends, TRESSE_READ},
        {d, TRESSE_WRITE}});
}

void PlanBuilder::copy(uint32_t from, uint32_t to) {
  copies.push_back({from, to, 0, 0});
  step(TRESSE_COPY, static_cast<uint32_t>(copies.size() - 1),
       {{from, TRESSE_READ}, {to, TRESSE_WRITE}});
}

void PlanBuilder::fill(uint32_t to, uint64_t bits) {
  fills.push_back({to, tresse_plan_dtype_size(tensors[to].dtype), bits});
  step(TRESSE_FILL, static_cast<uint32_t>(fills.size() - 1),
       {{to, TRESSE_WRITE}});
}

std::vector<uint64_t> PlanBuilder::bytes() {
  std::string out(sizeof(tresse_plan), '\0');
  tresse_plan plan = header;
  auto add = [&](tresse_table &table, const void *from, size_t count,
                 size_t size, size_t stride) {
    out.resize((out.size() + 7) / 8 * 8);
    table = {static_cast<uint32_t>(out.size()), static_cast<uint32_t>(count),
             static_cast<uint32_t>(stride), 0};
    for (size_t i = 0; i < count; ++i) {
      out.append(static_cast<const char *>(from) + i * size, size);
      out.append(stride - size, '\0');
    }
  };
  auto all = [&](tresse_table &table, const auto &list) {
    add(table, list.data(), list.size(), sizeof list[0], sizeof list[0]);
  };
  uint32_t programOfRank = 0;
  add(plan.strings, strings.data(), strings.size(), 1, 1);
  all(plan.numbers, numberTable);
  all(plan.records, records);
  plan.axes.stride = sizeof(tresse_axis);
  plan.communicators.stride = sizeof(tresse_communicator);
  plan.collectives.stride = sizeof(tresse_collective);
  plan.modules.stride = sizeof(tresse_module);
  plan.tensor_maps.stride = sizeof(tresse_tensor_map);
  add(plan.programs, &program, 1, sizeof program, sizeof program);
  add(plan.program_of_rank, &programOfRank, 1, 4, 8);
  all(plan.globals, globals);
  all(plan.pieces, pieces);
  all(plan.buffers, buffers);
  all(plan.tensors, tensors);
  all(plan.entries, entries);
  all(plan.arguments, arguments);
  all(plan.steps, steps);
  all(plan.operands, operands);
  all(plan.launches, launches);
  all(plan.gemms, gemms);
  all(plan.grouped_gemms, groupedGemms);
  all(plan.copies, copies);
  all(plan.fills, fills);
  all(plan.kernels, kernels);
  all(plan.attributes, attributes);
  out.resize((out.size() + 7) / 8 * 8);
  plan.byte_size = out.size();
  std::memcpy(out.data(), &plan, sizeof plan);
  std::vector<uint64_t> words(out.size() / 8);
  std::memcpy(words.data(), out.data(), out.size());
  sealPlan(words);
  return words;
}

void sealPlan(std::vector<uint64_t> &words) {
  auto *plan = reinterpret_cast<tresse_plan *>(words.data());
  plan->checksum = tresse_plan_checksum(plan, plan->byte_size);
}

} // namespace tresse::test
