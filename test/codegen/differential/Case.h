// Case.h - one op with random operands, run as a cpu kernel and by its
// reference function in the same process.
#ifndef TRESSE_TEST_CODEGEN_DIFFERENTIAL_CASE_H
#define TRESSE_TEST_CODEGEN_DIFFERENTIAL_CASE_H

#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "runtime/reference/functions.h"
#include "gtest/gtest.h"

namespace tresse::test {

using Sizes = std::vector<int64_t>;
using Function = void (*)(const tresse_reference_call *);

/// `Storage` and `Wide` follow the dtype of the case; `Index` is i32.
enum class Type { Storage, Wide, Index };

/// A tensor with its own memory: its rows may lie apart (the gaps hold NaN),
/// and words around it tell when a kernel writes outside.
struct Tensor {
  uint32_t dtype = 0;
  Sizes sizes, strides;
  std::vector<uint64_t> memory;
  bool present = true;
  int tied = -1; ///< operand whose memory this result shares

  int64_t count() const;
  int64_t extent() const;
  void *data() { return memory.data() + guard; }
  double get(int64_t i) const;
  void set(int64_t i, double value);
  /// Element `i` in row-major order: where it lies.
  int64_t place(int64_t i) const;
  bool guardsIntact() const;

  static constexpr int64_t guard = 16;
};

/// Seeded numbers; the seed is printed when a case fails.
class Random {
public:
  explicit Random(uint32_t seed) : engine(seed) {}
  int64_t integer(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(engine);
  }
  double uniform(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(engine);
  }
  double normal() { return std::normal_distribution<double>()(engine); }
  /// A size: often 1, a prime, or around the number of lanes.
  int64_t size(int64_t most);
  bool chance() { return integer(0, 1) == 1; }

private:
  std::mt19937 engine;
};

class Case {
public:
  /// `dtype` is the storage type: TRESSE_F32, TRESSE_F64 or TRESSE_BF16.
  Case(std::string op, Function reference, uint32_t dtype, Random &random)
      : op(std::move(op)), reference(reference), dtype(dtype), random(random) {}

  /// Adds an operand: floats are normal, integers 0. The reference stays good
  /// until the next call.
  Tensor &in(Type type, Sizes sizes);
  void absent();
  /// Adds a result; `tied` shares the memory of an operand.
  void out(Type type, Sizes sizes, int tied = -1);
  /// MLIR text of an attribute: `epsilon = 1.0e-6 : f64`.
  void attribute(const std::string &text) {
    attributes += std::string(attributes.empty() ? "" : ", ") + text;
  }
  /// Operands per group, where the op has several optional ones.
  void segments(std::vector<int> sizes);

  /// The size of the terms whose difference a result is, where they cancel.
  void setTermSize(double size) { termSize = size; }

  /// Compares the kernel with the reference; then tiles one by one in
  /// another order, whose bits must be the same.
  void check();

  Random &dice() { return random; }
  Tensor &operand(size_t i) { return operands[i]; }
  /// Result `i` of the reference, after check().
  const Tensor &expected(size_t i) const { return answers[i]; }

private:
  std::string text() const;
  std::vector<std::pair<int, int>> overwritable() const;
  Tensor make(Type type, Sizes sizes, bool mayStride);
  void runReference(std::vector<Tensor> &in, std::vector<Tensor> &out);
  void compare(const Tensor &expected, const Tensor &found, size_t number);

  std::string op;
  Function reference;
  uint32_t dtype;
  Random &random;
  std::vector<Tensor> operands, results, answers;
  std::string attributes;
  double termSize = 0;
};

/// A compiled kernel.
struct Kernel {
  std::function<void(void *const *, int64_t, int64_t, void *)> run;
  int64_t tiles = 0, scratchBytes = 0;
  bool hasVectors = false;
};

/// Compiles the function `text` (see Case::text) on the given layouts.
Kernel compile(const std::string &text,
               const std::vector<const Tensor *> &tensors);

/// Runs `test` for every dtype and a few seeds.
void forAll(const std::function<void(uint32_t dtype, Random &random)> &test,
            int repeats = 4);

} // namespace tresse::test

#endif // TRESSE_TEST_CODEGEN_DIFFERENTIAL_CASE_H
