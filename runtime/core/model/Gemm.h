//===- Gemm.h - dense and grouped matrix products on the CPU --------------===//
//
// A product is cut into tiles whose borders depend on the shapes (and on the
// groups' ends) alone, and one thread computes a tile from its first to its
// last product: the bits do not depend on the number of threads.
//
#ifndef TRESSE_RUNTIME_MODEL_GEMM_H
#define TRESSE_RUNTIME_MODEL_GEMM_H

#include "runtime/core/model/Memory.h"

#include <vector>

namespace tresse::runtime {

/// Matrices [rows, columns] of one element type, `stride` elements from row to
/// row, columns side by side.
struct MatrixView {
  char *data = nullptr;
  uint32_t dtype = 0;
  int64_t rows = 0, columns = 0, stride = 0;
};

/// d = alpha op(a) op(b) + beta c over a batch, tiles of d shared by threads.
class Gemm {
public:
  /// Checks the shapes; `what` names the step in messages.
  Gemm(const Plan &plan, const Memory &memory, const tresse_gemm &gemm,
       const std::string &what);
  /// Computes the tiles of `thread` of `threads`; `scratch` is its own.
  void run(int thread, int threads, char *scratch) const;
  size_t scratchBytes() const;

private:
  MatrixView a, b, c, d; // of the first batch element
  std::vector<int64_t> batch, aBatch, bBatch, cBatch, dBatch; // sizes, strides
  int64_t batchCount = 1, m, n, k, tileM, tileN;
  bool transposeA, transposeB, hasC;
  double alpha, beta;
  uint32_t compute;
  const int32_t *rowsFrom = nullptr;
};

/// The same over groups of rows: group g has rows [ends[g-1], ends[g]).
/// Varying M: d[rows of g] = a[rows of g] op(b[g]). Varying K:
/// d[g] = a[rows of g]^T b[rows of g].
class GroupedGemm {
public:
  GroupedGemm(const Plan &plan, const Memory &memory,
              const tresse_grouped_gemm &gemm, const std::string &what);
  void run(int thread, int threads, char *scratch) const;
  size_t scratchBytes() const;

private:
  void runVaryingM(int thread, int threads, char *scratch) const;
  void runVaryingK(int thread, int threads, char *scratch) const;
  MatrixView a, b, c, d;
  int64_t groups, rows, bGroup = 0, cGroup = 0, dGroup = 0;
  bool varyingK, transposeB, hasC;
  double alpha, beta;
  uint32_t compute;
  const int32_t *ends;
};

} // namespace tresse::runtime

#endif
