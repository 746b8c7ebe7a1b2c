//===- Gemm.cpp - dense and grouped matrix products on the CPU ------------===//
#include "runtime/core/model/Gemm.h"

#include <algorithm>
#include <cblas.h>
#include <cstring>

namespace tresse::runtime {

namespace {

// The largest tile of a product, and the largest part of its sum that is
// converted at a time. Fixed: they decide the bits.
constexpr int64_t mostTile = 256, leastTile = 64, sumPart = 512;

/// The tile size along a dimension: equal tiles of at most 256, a multiple of
/// 16, and at least 4 of them where that leaves 64.
int64_t tileSize(int64_t size) {
  int64_t tiles = std::max((size + mostTile - 1) / mostTile,
                           std::min<int64_t>(4, size / leastTile));
  if (tiles <= 1)
    return std::max<int64_t>(size, 1);
  return ((size + tiles - 1) / tiles + 15) / 16 * 16;
}

size_t tileScratchBytes() {
  return sizeof(double) * (2 * mostTile * sumPart + mostTile * mostTile);
}

/// The rectangle of a matrix from (row, column), same storage.
MatrixView part(const MatrixView &matrix, int64_t row, int64_t column,
                int64_t rows, int64_t columns) {
  MatrixView out = matrix;
  out.data += (row * matrix.stride + column) *
              static_cast<int64_t>(elementBytes(matrix.dtype));
  out.rows = rows, out.columns = columns;
  return out;
}

/// Copies a matrix with conversion.
void copyMatrix(const MatrixView &to, const MatrixView &from) {
  int64_t toRow = to.stride * static_cast<int64_t>(elementBytes(to.dtype));
  int64_t fromRow =
      from.stride * static_cast<int64_t>(elementBytes(from.dtype));
  for (int64_t r = 0; r < from.rows; ++r)
    convertElements(to.dtype, to.data + r * toRow, from.dtype,
                    from.data + r * fromRow, static_cast<size_t>(from.columns));
}

void fillZero(const MatrixView &to) {
  size_t bytes = elementBytes(to.dtype);
  for (int64_t r = 0; r < to.rows; ++r)
    std::memset(to.data + static_cast<size_t>(r * to.stride) * bytes, 0,
                static_cast<size_t>(to.columns) * bytes);
}

/// One tile: a, b as stored, d [m, n], all parts cut to the tile.
struct Tile {
  MatrixView a, b, c, d;
  bool transposeA, transposeB;
  double alpha, beta; // beta 0: c is not looked at
  uint32_t compute;
  int64_t k;
};

/// `matrix` itself when it has the type of the sums, else a copy at `room`.
MatrixView inCompute(const MatrixView &matrix, uint32_t compute, char *room) {
  if (matrix.dtype == compute)
    return matrix;
  MatrixView copy{room, compute, matrix.rows, matrix.columns, matrix.columns};
  copyMatrix(copy, matrix);
  return copy;
}

void callBlas(const Tile &tile, const MatrixView &a, const MatrixView &b,
              const MatrixView &d, double beta) {
  auto ta = tile.transposeA ? CblasTrans : CblasNoTrans;
  auto tb = tile.transposeB ? CblasTrans : CblasNoTrans;
  auto m = static_cast<int>(d.rows), n = static_cast<int>(d.columns);
  auto k = static_cast<int>(tile.transposeA ? a.rows : a.columns);
  auto lda = static_cast<int>(std::max({a.stride, a.columns, int64_t{1}}));
  auto ldb = static_cast<int>(std::max({b.stride, b.columns, int64_t{1}}));
  auto ldd = static_cast<int>(std::max({d.stride, d.columns, int64_t{1}}));
  if (tile.compute == TRESSE_F64) {
    cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, tile.alpha,
                reinterpret_cast<double *>(a.data), lda,
                reinterpret_cast<double *>(b.data), ldb, beta,
                reinterpret_cast<double *>(d.data), ldd);
    return;
  }
  auto alpha = static_cast<float>(tile.alpha);
  if (m == 1) { // one row: a product of a matrix and a vector
    cblas_sgemv(CblasRowMajor, tile.transposeB ? CblasNoTrans : CblasTrans,
                static_cast<int>(b.rows), static_cast<int>(b.columns), alpha,
                reinterpret_cast<float *>(b.data), ldb,
                reinterpret_cast<float *>(a.data), tile.transposeA ? lda : 1,
                static_cast<float>(beta), reinterpret_cast<float *>(d.data), 1);
    return;
  }
  cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, alpha,
              reinterpret_cast<float *>(a.data), lda,
              reinterpret_cast<float *>(b.data), ldb, static_cast<float>(beta),
              reinterpret_cast<float *>(d.data), ldd);
}

/// Computes one tile. Operands of another type than the sums' are converted
/// part by part along K; a result of another type is rounded once, at the end.
void computeTile(const Tile &tile, char *scratch) {
  const size_t element = elementBytes(tile.compute);
  char *roomA = scratch;
  char *roomB = roomA + element * mostTile * sumPart;
  char *roomD = roomB + element * mostTile * sumPart;
  MatrixView sums = tile.d;
  if (tile.d.dtype != tile.compute)
    sums = {roomD, tile.compute, tile.d.rows, tile.d.columns, tile.d.columns};
  if (tile.beta != 0 && tile.c.data != sums.data)
    copyMatrix(sums, tile.c);
  if (tile.k == 0 && tile.beta == 0)
    fillZero(sums);
  bool direct = tile.a.dtype == tile.compute && tile.b.dtype == tile.compute;
  int64_t step = direct ? std::max<int64_t>(tile.k, 1) : sumPart;
  double beta = tile.beta;
  for (int64_t k = 0; k < tile.k || (k == 0 && beta != 0); k += step) {
    int64_t width = std::min(step, tile.k - k);
    MatrixView a = tile.transposeA ? part(tile.a, k, 0, width, tile.a.columns)
                                   : part(tile.a, 0, k, tile.a.rows, width);
    MatrixView b = tile.transposeB ? part(tile.b, 0, k, tile.b.rows, width)
                                   : part(tile.b, k, 0, width, tile.b.columns);
    callBlas(tile, inCompute(a, tile.compute, roomA),
             inCompute(b, tile.compute, roomB), sums, beta);
    beta = 1;
  }
  if (sums.data != tile.d.data)
    copyMatrix(tile.d, sums);
}

/// Cuts [m, n] tile (i, j) out of whole operands and computes it.
void computePart(Tile tile, int64_t row, int64_t rows, int64_t column,
                 int64_t columns, char *scratch) {
  tile.a = tile.transposeA ? part(tile.a, 0, row, tile.k, rows)
                           : part(tile.a, row, 0, rows, tile.k);
  tile.b = tile.transposeB ? part(tile.b, column, 0, columns, tile.k)
                           : part(tile.b, 0, column, tile.k, columns);
  tile.d = part(tile.d, row, column, rows, columns);
  if (tile.beta != 0)
    tile.c = part(tile.c, row, column, rows, columns);
  computeTile(tile, scratch);
}

/// The last two dimensions of a tensor as a matrix.
MatrixView matrixOf(const Plan &plan, const Memory &memory, uint32_t index,
                    const std::string &what) {
  const tresse_tensor &tensor = plan.tensors[index];
  auto sizes = plan.numbers(tensor.sizes);
  auto strides = plan.numbers(tensor.strides);
  if (!isFloat(tensor.dtype) || tensor.dtype > TRESSE_F16)
    fail(what, ": expected operands of f64, f32, bf16 or f16, but got ",
         elementName(tensor.dtype));
  size_t rank = sizes.size();
  if (rank < 2)
    fail(what, ": expected operands of rank 2 or more, but got ",
         shapeText(sizes));
  MatrixView view{memory.tensor(index), tensor.dtype, sizes[rank - 2],
                  sizes[rank - 1], strides[rank - 2]};
  if (view.columns > 1 && strides[rank - 1] != 1)
    fail(what, ": expected operands whose last stride is 1, but got strides ",
         shapeText(strides));
  if (view.rows <= 1) // the stride of a dimension of one is never used
    view.stride = std::max(view.stride, view.columns);
  const int64_t most = int64_t{1} << 30;
  if (view.stride < view.columns || view.stride > most || view.rows > most)
    fail(what, ": expected rows that do not overlap, but got ",
         shapeText(sizes), " with strides ", shapeText(strides));
  return view;
}

void expectMatrix(const std::string &what, const char *name,
                  const MatrixView &view, int64_t rows, int64_t columns) {
  if (view.rows == rows && view.columns == columns)
    return;
  int64_t expected[] = {rows, columns}, got[] = {view.rows, view.columns};
  fail(what, ": expected '", name, "' of ", shapeText(expected), ", but got ",
       shapeText(got));
}

/// Strides of a tensor's batch dimensions, aligned to the right of `batch`; 0
/// where it has none.
std::vector<int64_t> batchStrides(const Plan &plan, uint32_t index,
                                  std::span<const int64_t> batch,
                                  const std::string &what) {
  const tresse_tensor &tensor = plan.tensors[index];
  auto sizes = plan.numbers(tensor.sizes);
  auto strides = plan.numbers(tensor.strides);
  size_t own = sizes.size() - 2;
  if (own > batch.size())
    fail(what, ": expected at most ", batch.size(),
         " batch dimensions, but got ", shapeText(sizes));
  std::vector<int64_t> out(batch.size(), 0);
  for (size_t i = 0; i < own; ++i) {
    size_t at = batch.size() - own + i;
    if (sizes[i] != batch[at])
      fail(what, ": expected batch dimensions ", shapeText(batch), ", but got ",
           shapeText(sizes));
    out[at] = strides[i];
  }
  return out;
}

int64_t batchOffset(int64_t index, std::span<const int64_t> sizes,
                    std::span<const int64_t> strides) {
  int64_t offset = 0;
  for (size_t i = sizes.size(); i-- > 0;) {
    offset += index % sizes[i] * strides[i];
    index /= sizes[i];
  }
  return offset;
}

MatrixView moved(MatrixView view, int64_t elements) {
  view.data += elements * static_cast<int64_t>(elementBytes(view.dtype));
  return view;
}

} // namespace

Gemm::Gemm(const Plan &plan, const Memory &memory, const tresse_gemm &gemm,
           const std::string &what)
    : a(matrixOf(plan, memory, gemm.a, what)),
      b(matrixOf(plan, memory, gemm.b, what)),
      d(matrixOf(plan, memory, gemm.d, what)), m(d.rows), n(d.columns),
      transposeA(gemm.transpose & 1), transposeB(gemm.transpose & 2),
      hasC(gemm.c != TRESSE_NONE && gemm.beta != 0), alpha(gemm.alpha),
      beta(hasC ? gemm.beta : 0), compute(gemm.compute) {
  k = transposeA ? a.rows : a.columns;
  expectMatrix(what, "a", a, transposeA ? k : m, transposeA ? m : k);
  expectMatrix(what, "b", b, transposeB ? n : k, transposeB ? k : n);
  tileM = tileSize(m), tileN = tileSize(n);
  auto sizes = plan.numbers(plan.tensors[gemm.d].sizes);
  batch.assign(sizes.begin(), sizes.end() - 2);
  aBatch = batchStrides(plan, gemm.a, batch, what);
  bBatch = batchStrides(plan, gemm.b, batch, what);
  dBatch = batchStrides(plan, gemm.d, batch, what);
  if (hasC) {
    c = matrixOf(plan, memory, gemm.c, what);
    expectMatrix(what, "c", c, m, n);
    cBatch = batchStrides(plan, gemm.c, batch, what);
  }
  for (int64_t size : batch)
    batchCount *= size;
  if (gemm.rows_from != TRESSE_NONE)
    rowsFrom = reinterpret_cast<const int32_t *>(memory.tensor(gemm.rows_from));
}

size_t Gemm::scratchBytes() const { return tileScratchBytes(); }
size_t GroupedGemm::scratchBytes() const { return tileScratchBytes(); }

void Gemm::run(int thread, int threads, char *scratch) const {
  int64_t rows = rowsFrom ? std::clamp<int64_t>(*rowsFrom, 0, m) : m;
  if (rows == 0 || n == 0)
    return;
  int64_t tilesM = (rows + tileM - 1) / tileM;
  int64_t tilesN = (n + tileN - 1) / tileN;
  int64_t tiles = batchCount * tilesM * tilesN;
  // Neighbours share b's columns or a's rows: a thread takes one run of them.
  int64_t first = tiles * thread / threads;
  int64_t last = tiles * (thread + 1) / threads;
  for (int64_t t = first; t < last; ++t) {
    int64_t e = t / (tilesM * tilesN);
    int64_t row = t / tilesN % tilesM * tileM, column = t % tilesN * tileN;
    Tile tile{moved(a, batchOffset(e, batch, aBatch)),
              moved(b, batchOffset(e, batch, bBatch)),
              {},
              moved(d, batchOffset(e, batch, dBatch)),
              transposeA,
              transposeB,
              alpha,
              beta,
              compute,
              k};
    if (hasC)
      tile.c = moved(c, batchOffset(e, batch, cBatch));
    computePart(tile, row, std::min(tileM, rows - row), column,
                std::min(tileN, n - column), scratch);
  }
}

/// The stride between the groups of a rank 3 operand.
static int64_t groupStride(const Plan &plan, uint32_t index, int64_t groups,
                           const std::string &what) {
  const tresse_tensor &tensor = plan.tensors[index];
  auto sizes = plan.numbers(tensor.sizes);
  if (sizes.size() != 3 || sizes[0] != groups)
    fail(what, ": expected an operand of ", groups, " matrices, but got ",
         shapeText(sizes));
  return plan.numbers(tensor.strides)[0];
}

GroupedGemm::GroupedGemm(const Plan &plan, const Memory &memory,
                         const tresse_grouped_gemm &gemm,
                         const std::string &what)
    : a(matrixOf(plan, memory, gemm.a, what)),
      b(matrixOf(plan, memory, gemm.b, what)),
      d(matrixOf(plan, memory, gemm.d, what)), rows(a.rows),
      varyingK(gemm.varying == TRESSE_VARYING_K),
      transposeB(gemm.transpose & 2),
      hasC(gemm.c != TRESSE_NONE && gemm.beta != 0), alpha(gemm.alpha),
      beta(hasC ? gemm.beta : 0), compute(gemm.compute) {
  const tresse_tensor &endsTensor = plan.tensors[gemm.ends];
  groups = plan.elements(endsTensor);
  if (endsTensor.dtype != TRESSE_I32 || !plan.contiguous(endsTensor))
    fail(what, ": expected 'ends' of i32 without gaps");
  ends = reinterpret_cast<const int32_t *>(memory.tensor(gemm.ends));
  if (hasC) {
    c = matrixOf(plan, memory, gemm.c, what);
    expectMatrix(what, "c", c, d.rows, d.columns);
  }
  if (varyingK) { // a [R, M], b [R, N], d [E, M, N]
    dGroup = groupStride(plan, gemm.d, groups, what);
    cGroup = hasC ? groupStride(plan, gemm.c, groups, what) : 0;
    expectMatrix(what, "a", a, rows, d.rows);
    expectMatrix(what, "b", b, rows, d.columns);
  } else { // a [R, K], b [E, N, K] or [E, K, N], d [R, N]
    bGroup = groupStride(plan, gemm.b, groups, what);
    expectMatrix(what, "b", b, transposeB ? d.columns : a.columns,
                 transposeB ? a.columns : d.columns);
    expectMatrix(what, "d", d, rows, d.columns);
  }
}

void GroupedGemm::run(int thread, int threads, char *scratch) const {
  if (varyingK)
    runVaryingK(thread, threads, scratch);
  else
    runVaryingM(thread, threads, scratch);
}

void GroupedGemm::runVaryingM(int thread, int threads, char *scratch) const {
  const int64_t tileM = 128, tileN = tileSize(d.columns);
  int64_t first = 0, turn = 0;
  for (int64_t g = 0; g < groups; ++g) {
    int64_t last = std::clamp<int64_t>(ends[g], first, rows);
    Tile tile{a,       moved(b, g * bGroup),
              c,       d,
              false,   transposeB,
              alpha,   beta,
              compute, a.columns};
    for (int64_t row = first; row < last; row += tileM)
      for (int64_t column = 0; column < d.columns; column += tileN)
        if (turn++ % threads == thread)
          computePart(tile, row, std::min(tileM, last - row), column,
                      std::min(tileN, d.columns - column), scratch);
    first = last;
  }
}

void GroupedGemm::runVaryingK(int thread, int threads, char *scratch) const {
  const int64_t tileM = tileSize(d.rows), tileN = tileSize(d.columns);
  int64_t first = 0, turn = 0;
  for (int64_t g = 0; g < groups; ++g) {
    int64_t last = std::clamp<int64_t>(ends[g], first, rows);
    int64_t k = last - first;
    Tile tile{part(a, first, 0, k, a.columns),
              part(b, first, 0, k, b.columns),
              moved(c, g * cGroup),
              moved(d, g * dGroup),
              true,
              false,
              alpha,
              beta,
              compute,
              k};
    for (int64_t row = 0; row < d.rows; row += tileM)
      for (int64_t column = 0; column < d.columns; column += tileN)
        if (turn++ % threads == thread)
          computePart(tile, row, std::min(tileM, d.rows - row), column,
                      std::min(tileN, d.columns - column), scratch);
    first = last;
  }
}

} // namespace tresse::runtime
