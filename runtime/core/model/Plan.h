//===- Plan.h - a plan's bytes, read and checked --------------------------===//
#ifndef TRESSE_RUNTIME_MODEL_PLAN_H
#define TRESSE_RUNTIME_MODEL_PLAN_H

#include "runtime/core/base/Error.h"
#include "runtime/core/base/Number.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tresse::runtime {

/// A table of a plan: records at the distance that the plan states.
template <typename Record> class Table {
public:
  Table() = default;
  Table(const char *base, const tresse_table &table)
      : base(base + table.offset), stride(table.stride), count(table.count) {}
  uint32_t size() const { return count; }
  const Record &operator[](uint32_t index) const {
    if (index >= count)
      fail("plan: expected an index below ", count, ", but got ", index);
    return *reinterpret_cast<const Record *>(base + size_t{stride} * index);
  }

private:
  const char *base = nullptr;
  uint32_t stride = 0, count = 0;
};

/// A plan after every index, span, range and size in it was checked: what is
/// reached through it lies inside its bytes, and every tensor inside its
/// buffer. The bytes belong to the caller and must outlive it.
class Plan {
public:
  /// Checks `size` bytes, 8-byte aligned; throws a Failure that names the
  /// record, what was expected and what came.
  Plan(const void *bytes, size_t size);
  /// The plan of a loaded model, whose size its own header states.
  explicit Plan(const tresse_model &model);

  const tresse_plan &header() const {
    return *reinterpret_cast<const tresse_plan *>(base);
  }
  const char *bytes() const { return base; }
  /// The text at an offset into `strings`.
  std::string_view string(uint32_t offset) const;
  /// A list of the table `numbers`.
  std::span<const int64_t> numbers(tresse_span span) const;
  /// The value of a build record, or nothing.
  std::optional<std::string_view> record(std::string_view name) const;
  /// The value of a record that is a whole number, or `fallback`.
  int64_t recordNumber(std::string_view name, int64_t fallback) const;

  /// Elements of a tensor.
  int64_t elements(const tresse_tensor &tensor) const;
  /// Bytes from a tensor's first element to the end of its last one.
  uint64_t extent(const tresse_tensor &tensor) const;
  /// True when the elements lie one after the other, row-major.
  bool contiguous(const tresse_tensor &tensor) const;
  /// The program of rank 0.
  const tresse_program &program() const { return programs[rankProgram]; }

  Table<tresse_record> records;
  Table<tresse_program> programs;
  Table<tresse_global> globals;
  Table<tresse_piece> pieces;
  Table<tresse_buffer> buffers;
  Table<tresse_tensor> tensors;
  Table<tresse_entry> entries;
  Table<tresse_argument> arguments;
  Table<tresse_step> steps;
  Table<tresse_operand> operands;
  Table<tresse_launch> launches;
  Table<tresse_gemm> gemms;
  Table<tresse_grouped_gemm> groupedGemms;
  Table<tresse_copy> copies;
  Table<tresse_fill> fills;
  Table<tresse_kernel> kernels;
  Table<tresse_module> modules;
  Table<tresse_attribute> attributes;

private:
  void openTables();
  const char *base;
  uint32_t rankProgram = 0;
  uint32_t stringBytes = 0;
};

/// Checks that this runtime can execute a valid plan; called by Plan's
/// constructor.
void checkPlan(const Plan &plan);

} // namespace tresse::runtime

#endif
