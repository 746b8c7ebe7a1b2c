//===- PlanBuilder.h - plans put together by hand, for tests --------------===//
#ifndef TRESSE_TEST_RUNTIME_PLANBUILDER_H
#define TRESSE_TEST_RUNTIME_PLANBUILDER_H

extern "C" {
#include "tresse/plan.h"
#include "tresse/reference.h"
}

#include <cstdint>
#include <string>
#include <vector>

namespace tresse::test {

/// Builds a plan of one program record by record; `bytes` lays it out.
class PlanBuilder {
public:
  explicit PlanBuilder(uint32_t target = TRESSE_CPU);

  uint32_t string(const std::string &text);
  tresse_span numbers(const std::vector<int64_t> &list);
  void record(const std::string &name, const std::string &value);
  uint32_t buffer(uint32_t space, uint64_t bytes);
  /// A tensor without gaps in a buffer of its own.
  uint32_t tensor(uint32_t dtype, const std::vector<int64_t> &sizes,
                  uint32_t space = TRESSE_ARENA);
  /// A view of another tensor's buffer.
  uint32_t view(uint32_t of, uint32_t dtype, const std::vector<int64_t> &sizes,
                const std::vector<int64_t> &strides, uint64_t offset = 0);
  /// A global and the tensor of all of it.
  uint32_t global(const std::string &name, uint32_t role, uint32_t dtype,
                  const std::vector<int64_t> &shape, uint32_t of = TRESSE_NONE);
  /// Adds to the last global; `{e}` runs over [first, last).
  void piece(const std::string &pattern,
             const std::vector<int64_t> &sourceShape,
             const std::vector<int64_t> &targetStart,
             const std::vector<int64_t> &targetShape, int64_t first = 0,
             int64_t last = 1);
  uint32_t kernel(const std::string &name, uint32_t code);

  void beginEntry(const std::string &name);
  void input(const std::string &name, uint32_t tensor);
  void output(const std::string &name, uint32_t tensor);
  void launch(uint32_t kernel, uint64_t tiles,
              const std::vector<std::pair<uint32_t, uint16_t>> &operands);
  void gemm(uint32_t a, uint32_t b, uint32_t d, uint32_t transpose,
            uint32_t compute, double beta = 0);
  void groupedGemm(uint32_t a, uint32_t b, uint32_t d, uint32_t ends,
                   uint32_t varying, uint32_t transpose, uint32_t compute,
                   double beta = 0);
  void copy(uint32_t from, uint32_t to);
  void fill(uint32_t to, uint64_t bits);
  /// Ends the entry; steps added since `beginEntry` are its own.
  void endEntry();

  /// The whole plan, aligned to 8, checksum set.
  std::vector<uint64_t> bytes();

  /// The tensor that a global's number stands for.
  uint32_t globalTensor(uint32_t global) const { return globalTensors[global]; }

  // Open for tests that break them.
  tresse_plan header{};
  tresse_program program{};
  std::vector<tresse_record> records;
  std::vector<tresse_global> globals;
  std::vector<tresse_piece> pieces;
  std::vector<tresse_buffer> buffers;
  std::vector<tresse_tensor> tensors;
  std::vector<tresse_entry> entries;
  std::vector<tresse_argument> arguments;
  std::vector<tresse_step> steps;
  std::vector<tresse_operand> operands;
  std::vector<tresse_launch> launches;
  std::vector<tresse_gemm> gemms;
  std::vector<tresse_grouped_gemm> groupedGemms;
  std::vector<tresse_copy> copies;
  std::vector<tresse_fill> fills;
  std::vector<tresse_kernel> kernels;
  std::vector<tresse_attribute> attributes;

private:
  void step(uint32_t kind, uint32_t index,
            const std::vector<std::pair<uint32_t, uint16_t>> &operands);
  std::string strings;
  std::vector<int64_t> numberTable;
  std::vector<uint32_t> globalTensors;
  std::vector<tresse_argument> inputs, outputs; // of the open entry
};

/// Sets the checksum of a plan that was changed.
void sealPlan(std::vector<uint64_t> &plan);

} // namespace tresse::test

#endif
