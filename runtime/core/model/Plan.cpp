//===- Plan.cpp - the tables of a plan ------------------------------------===//
#include "runtime/core/model/Plan.h"

#include <charconv>
#include <cstring>

namespace tresse::runtime {

static const char magic[8] = {'T', 'R', 'E', 'S', 'S', 'E', 0, 0};

/// Checks the part of the header that the rest of the reading relies on.
static void checkHeader(const char *base, size_t size) {
  if (reinterpret_cast<uintptr_t>(base) % 8 != 0)
    fail("plan: expected bytes aligned to 8");
  if (size < sizeof(tresse_plan))
    fail("plan: expected at least ", sizeof(tresse_plan), " bytes, but got ",
         size);
  const auto &header = *reinterpret_cast<const tresse_plan *>(base);
  if (std::memcmp(header.magic, magic, sizeof magic) != 0)
    fail("plan: expected the magic bytes 'TRESSE'");
  if (header.minimum_runtime > TRESSE_PLAN_VERSION)
    fail("plan: it needs a runtime of version ", header.minimum_runtime,
         " or newer, but this is version ", TRESSE_PLAN_VERSION);
  if (header.version < 1)
    fail("plan: expected version 1 or newer, but got ", header.version);
  if (header.byte_size != size)
    fail("plan: expected ", header.byte_size, " bytes, but got ", size);
}

Plan::Plan(const void *bytes, size_t size)
    : base(static_cast<const char *>(bytes)) {
  checkHeader(base, size);
  openTables(size);
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

/// Opens one table after checking that its records lie within the plan.
template <typename Record>
static Table<Record> openTable(const char *base, size_t size,
                               const tresse_table &table, const char *name,
                               size_t alignment = 8) {
  if (table.count == 0)
    return {};
  if (table.stride < sizeof(Record) || table.stride % alignment != 0)
    fail("plan: table '", name, "': expected records of at least ",
         sizeof(Record), " bytes in multiples of ", alignment, ", but got ",
         table.stride);
  uint64_t bytes = uint64_t{table.count} * table.stride;
  if (table.offset % alignment != 0 || table.offset > size ||
      bytes > size - table.offset)
    fail("plan: table '", name, "': expected ", bytes,
         " aligned bytes within the plan's ", size, ", but they begin at ",
         table.offset);
  return Table<Record>(base, table);
}

void Plan::openTables(size_t size) {
  const tresse_plan &h = header();
  openTable<char>(base, size, h.strings, "strings", 1);
  if (h.strings.count &&
      (h.strings.stride != 1 ||
       base[size_t{h.strings.offset} + h.strings.count - 1] != 0))
    fail("plan: table 'strings': expected bytes that end in NUL");
  stringBytes = h.strings.count;
  openTable<int64_t>(base, size, h.numbers, "numbers");
  if (h.numbers.count && h.numbers.stride != sizeof(int64_t))
    fail("plan: table 'numbers': expected records of 8 bytes, but got ",
         h.numbers.stride);
#define TRESSE_OPEN(member, field)                                             \
  member = openTable<std::remove_cvref_t<decltype(member[0])>>(                \
      base, size, h.field, #field)
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
  TRESSE_OPEN(attributes, attributes);
#undef TRESSE_OPEN
  auto ranks = openTable<uint32_t>(base, size, h.program_of_rank,
                                   "program_of_rank", 4);
  rankProgram = ranks.size() ? ranks[0] : 0;
  if (rankProgram >= programs.size())
    fail("plan: expected a program for rank 0, but index ", rankProgram,
         " is not below ", programs.size());
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
    fail("plan: expected numbers below ", table.count, ", but got ",
         span.count, " from ", span.first);
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
    fail("plan: record ", quoted(name), ": expected a whole number, but got ",
         quoted(*value));
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
    last += static_cast<uint64_t>(sizes[i] - 1) *
            static_cast<uint64_t>(strides[i]);
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
