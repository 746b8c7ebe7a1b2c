//===- Plan.cpp - the tables of a plan ------------------------------------===//
#include "runtime/core/model/Plan.h"

#include "runtime/core/plan_bytes.h"

#include <charconv>
#include <cstring>

namespace tresse::runtime {

static const char magic[8] = {'T', 'R', 'E', 'S', 'S', 'E', 0, 0};

Plan::Plan(const void *bytes, size_t size)
    : base(static_cast<const char *>(bytes)) {
  char message[512];
  if (!tresse_plan_validate(bytes, size, message, sizeof message))
    fail(message);
  openTables();
  checkPlan(*this);
}

static size_t statedSize(const tresse_model &model) {
  if (!model.plan)
    fail("model: expected a plan, but it has none");
  const auto *header = static_cast<const tresse_plan *>(model.plan);
  if (std::memcmp(header->magic, magic, sizeof magic) != 0)
    fail("plan: expected the magic bytes 'TRESSE'");
  return header->byte_size;
}

Plan::Plan(const tresse_model &model) : Plan(model.plan, statedSize(model)) {}

void Plan::openTables() {
  const tresse_plan &h = header();
  stringBytes = h.strings.count;
#define TRESSE_OPEN(member, field)                                             \
  member = std::remove_cvref_t<decltype(member)>(base, h.field)
  TRESSE_OPEN(records, records);
  TRESSE_OPEN(programs, programs);
  TRESSE_OPEN(globals, globals);
  TRESSE_OPEN(pieces, pieces);
  TRESSE_OPEN(buffers, buffers);
  TRESSE_OPEN(tensors, tensors);
  TRESSE_OPEN(entries, entries);
  TRESSE_OPEN(arguments, arguments);
  TRESSE_OPEN(steps, steps);
  TRESSE_OPEN(operands, operands);
  TRESSE_OPEN(launches, launches);
  TRESSE_OPEN(gemms, gemms);
  TRESSE_OPEN(groupedGemms, grouped_gemms);
  TRESSE_OPEN(copies, copies);
  TRESSE_OPEN(fills, fills);
  TRESSE_OPEN(kernels, kernels);
  TRESSE_OPEN(modules, modules);
  TRESSE_OPEN(attributes, attributes);
#undef TRESSE_OPEN
  Table<uint32_t> ranks(base, h.program_of_rank);
  rankProgram = ranks.size() ? ranks[0] : 0;
  if (rankProgram >= programs.size())
    fail("plan: expected a program for rank 0, but it has ", programs.size());
}

std::string_view Plan::string(uint32_t offset) const {
  if (offset == TRESSE_NONE)
    return {};
  if (offset >= stringBytes)
    fail("plan: expected a string below byte ", stringBytes, ", but got ",
         offset);
  return base + header().strings.offset + offset;
}

std::span<const int64_t> Plan::numbers(tresse_span span) const {
  const tresse_table &table = header().numbers;
  if (span.count == 0)
    return {};
  if (span.first > table.count || span.count > table.count - span.first)
    fail("plan: expected numbers below ", table.count, ", but got ", span.count,
         " from ", span.first);
  return {reinterpret_cast<const int64_t *>(base + table.offset) + span.first,
          span.count};
}

std::optional<std::string_view> Plan::record(std::string_view name) const {
  for (uint32_t i = 0; i < records.size(); ++i)
    if (string(records[i].name) == name)
      return string(records[i].value);
  return std::nullopt;
}

int64_t Plan::recordNumber(std::string_view name, int64_t fallback) const {
  auto value = record(name);
  if (!value)
    return fallback;
  int64_t number = 0;
  auto [end, error] =
      std::from_chars(value->data(), value->data() + value->size(), number);
  if (error != std::errc() || end != value->data() + value->size())
    fail("plan: record ", inQuotes(name), ": expected a whole number, but got ",
         inQuotes(*value));
  return number;
}

int64_t Plan::elements(const tresse_tensor &tensor) const {
  int64_t count = 1;
  for (int64_t size : numbers(tensor.sizes))
    count *= size;
  return count;
}

uint64_t Plan::extent(const tresse_tensor &tensor) const {
  auto sizes = numbers(tensor.sizes), strides = numbers(tensor.strides);
  uint64_t last = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 0)
      return 0;
    last +=
        static_cast<uint64_t>(sizes[i] - 1) * static_cast<uint64_t>(strides[i]);
  }
  return (last + 1) * elementBytes(tensor.dtype);
}

bool Plan::contiguous(const tresse_tensor &tensor) const {
  auto sizes = numbers(tensor.sizes), strides = numbers(tensor.strides);
  int64_t expected = 1;
  for (size_t i = sizes.size(); i-- > 0;) {
    if (sizes[i] != 1 && strides[i] != expected)
      return false;
    expected *= sizes[i];
  }
  return true;
}

} // namespace tresse::runtime
