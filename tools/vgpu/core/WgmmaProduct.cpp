// WgmmaProduct.cpp - the arithmetic of wgmma.mma_async.
//
// Each warp of the warpgroup computes its own 16 rows of the 64.
#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/Numbers.h"
#include "tools/vgpu/core/Panel.h"
#include "tools/vgpu/core/Wgmma.h"

#include <algorithm>

namespace vgpu {

WgmmaForm::WgmmaForm(const Warp &w, const Insn &insn) {
  const uint32_t *ext = &w.worker->launch->program->ext[insn.ext];
  a = Element(ext[0]);
  b = Element(ext[1]);
  result = WgmmaResult(ext[2]);
  n = ext[3];
  k = ext[4];
  registerA = ext[5];
  transposedA = ext[6];
  transposedB = ext[7];
  negatedA = ext[8];
  negatedB = ext[9];
  results = ext[10];
  slots = ext + entries;
}

WgmmaOperand wgmmaOperandA(const Warp &w, const WgmmaOp &op,
                           const WgmmaForm &form) {
  return {op.descriptorA,   form.a, form.transposedA,
          w.index % 4 * 16, 16,     form.k};
}

WgmmaOperand wgmmaOperandB(const WgmmaOp &op, const WgmmaForm &form) {
  return {op.descriptorB, form.b, form.transposedB, 0, form.n, form.k};
}

void reportDescriptor(Warp &w, const WgmmaOp &op, uint32_t address) {
  reportAt(w, op.pc, ReportKind::OutOfBounds, -1, address,
           "the matrix descriptor reaches shared address " +
               std::to_string(address) + ", outside the block's " +
               std::to_string(w.block->sharedBytes) + " bytes");
}

namespace {

/// The values of 16 bytes.
void chunkValues(Element e, const uint8_t *from, bool negated, float *to) {
  unsigned count = 16 / elementBytes(e);
  elementValues(e, from, count, to);
  if (negated)
    for (unsigned x = 0; x < count; ++x)
      to[x] = -to[x];
}

constexpr unsigned rowBytes = 32; // of one row of an operand: k elements

/// Copies B's bytes as they count, [n] rows of 32 bytes or, transposed, [k]
/// rows of n 16-bit elements.
bool gatherB(Warp &w, const WgmmaOp &op, const WgmmaForm &f, uint8_t *raw) {
  const uint8_t *shared = w.block->shared;
  unsigned size = elementBytes(f.b);
  return eachChunk(w, op, wgmmaOperandB(op, f),
                   [&](unsigned row, unsigned at, uint32_t offset) {
                     unsigned to = f.transposedB ? (at * f.n + row) * size
                                                 : row * rowBytes + at * size;
                     std::memcpy(raw + to, shared + offset, 16);
                   });
}

/// Decodes gathered bytes to [k][n], columns as panelColumn() says.
void decodeB(const WgmmaForm &f, const uint8_t *raw, float *bt) {
  unsigned n = f.n, k = f.k;
  float values[256 * 32];
  elementValues(f.b, raw, n * k, values);
  float sign = f.negatedB ? -1.0f : 1.0f;
  unsigned alongRow = f.transposedB ? 1 : k, alongK = f.transposedB ? n : 1;
  for (unsigned i = 0; i < n; i += 8)
    for (unsigned q = 0; q < k; ++q) {
      const float *from = values + i * alongRow + q * alongK;
      float *to = bt + q * n + i;
      for (unsigned c = 0; c < 8; ++c)
        to[panelColumn(c)] = from[c * alongRow] * sign;
    }
}

/// A from registers, as mma.sync holds it.
void registersA(const WgmmaOp &op, const WgmmaForm &f, float *a) {
  unsigned per = 4 / elementBytes(f.a);
  for (unsigned r = 0; r < 4; ++r)
    for (unsigned l = 0; l < 32; ++l) {
      unsigned row = l / 4 + 8 * (r % 2);
      float *to = a + row * f.k + l % 4 * per + 4 * per * (r / 2);
      elementValues(f.a, reinterpret_cast<const uint8_t *>(&op.a[r][l]), per,
                    to);
      for (unsigned x = 0; f.negatedA && x < per; ++x)
        to[x] = -to[x];
    }
}

/// Decodes the warp's rows of A to [16][k].
bool decodeA(Warp &w, const WgmmaOp &op, const WgmmaForm &f, float *a) {
  if (f.registerA) {
    registersA(op, f, a);
    return true;
  }
  WgmmaOperand operand = wgmmaOperandA(w, op, f);
  unsigned count = 16 / elementBytes(f.a);
  const uint8_t *shared = w.block->shared;
  return eachChunk(w, op, operand,
                   [&](unsigned row, unsigned at, uint32_t offset) {
                     float values[16];
                     chunkValues(f.a, shared + offset, f.negatedA, values);
                     float *to = a + (row - operand.first) * f.k + at;
                     unsigned step = f.transposedA ? f.k : 1;
                     for (unsigned x = 0; x < count; ++x)
                       to[x * step] = values[x];
                   });
}

/// The decoded B of a product. The warps of a warpgroup, and others after
/// them, mostly multiply with the same bytes: decoded once.
const float *cachedB(Warp &w, const WgmmaOp &op, const WgmmaForm &f) {
  Worker &worker = *w.worker;
  constexpr unsigned entries = 32, mostRows = 256;
  constexpr size_t bytes = mostRows * rowBytes;
  constexpr size_t floats = mostRows * rowBytes + bytes / sizeof(float);
  if (worker.wgmmaCache.empty()) {
    worker.wgmmaCache.resize(entries * floats);
    worker.wgmmaKeys.assign(entries, {});
  }
  uint64_t form = uint64_t(f.b) << 32 | uint64_t(f.n) << 16 | f.k << 8 |
                  unsigned(f.transposedB) << 1 | unsigned(f.negatedB);
  std::array<uint64_t, 3> key = {op.descriptorB, form, 1};
  unsigned slot = unsigned((op.descriptorB * 0x9e3779b97f4a7c15ull) >> 59);
  float *bt = &worker.wgmmaCache[slot * floats];
  auto *known = reinterpret_cast<uint8_t *>(bt + mostRows * rowBytes);
  uint8_t raw[bytes];
  if (!gatherB(w, op, f, raw))
    return nullptr;
  if (worker.wgmmaKeys[slot] == key &&
      std::memcmp(known, raw, f.n * rowBytes) == 0)
    return bt;
  std::memcpy(known, raw, f.n * rowBytes);
  decodeB(f, raw, bt);
  worker.wgmmaKeys[slot] = key;
  return bt;
}

/// Accumulators between registers and rows [16][n], columns as panelColumn()
/// says: row g + 8 h lies in lanes 4 g to 4 g + 3 of registers 4 i + 2 h and
/// the next.
template <bool Store>
void moveResults(const WgmmaOp &op, const WgmmaForm &f, float *d) {
  uint8_t *base = op.frame->registers;
  for (unsigned i = 0; i < f.n / 8; ++i)
    for (unsigned h = 0; h < 2; ++h)
      for (unsigned p = 0; p < 2; ++p)
        for (unsigned g = 0; g < 8; ++g) {
          float *row = d + (g + 8 * h) * f.n + 8 * i + 4 * p;
          if (f.result != WgmmaResult::F16) {
            uint8_t *reg = base + f.slots[4 * i + 2 * h + p] + 16 * g;
            std::memcpy(Store ? reg : reinterpret_cast<uint8_t *>(row),
                        Store ? reinterpret_cast<uint8_t *>(row) : reg, 16);
            continue;
          }
          auto *reg = reinterpret_cast<uint16_t *>(base + f.slots[2 * i + h]);
          for (unsigned t = 0; t < 4; ++t) {
            uint16_t &half = reg[2 * (4 * g + t) + p];
            if (Store)
              half = halfBits(row[t]);
            else
              row[t] = halfValue(half);
          }
        }
}

void multiplyIntegers(const float *a, const float *bt, float *d, unsigned n,
                      unsigned k) {
  // d holds the bits of 32-bit integers.
  auto *sums = reinterpret_cast<uint8_t *>(d);
  for (unsigned r = 0; r < 16; ++r)
    for (unsigned c = 0; c < n; ++c) {
      int32_t sum;
      std::memcpy(&sum, sums + 4 * (r * n + c), 4);
      for (unsigned p = 0; p < k; ++p)
        sum = int32_t(uint32_t(sum) +
                      uint32_t(int32_t(a[r * k + p]) * int32_t(bt[p * n + c])));
      std::memcpy(sums + 4 * (r * n + c), &sum, 4);
    }
}

/// By way of rows: every result type and mode.
void multiplyRows(Warp &w, const WgmmaOp &op, const WgmmaForm &f,
                  const float *a, const float *bt) {
  alignas(64) static thread_local float d[16 * 256];
  if (op.accumulate)
    moveResults<false>(op, f, d);
  else
    std::fill_n(d, 16 * f.n, 0.0f);
  if (f.result == WgmmaResult::S32)
    multiplyIntegers(a, bt, d, f.n, f.k);
  else
    multiplyPanel(
        a, f.k, bt, f.n, d, f.n, 16, f.n, f.k, dotRule(mmaType(f.a), 90, true),
        w.worker->fast ? TensorCoreMode::Fast : TensorCoreMode::Exact);
  moveResults<true>(op, f, d);
}

} // namespace

void performWgmma(Warp &w, WgmmaOp &op) {
  if (op.performed)
    return;
  op.performed = true;
  WgmmaForm f(w, *op.insn);
  alignas(64) float a[16 * 32];
  const float *bt = cachedB(w, op, f);
  if (!bt || !decodeA(w, op, f, a))
    return;
  if (w.worker->fast && f.result == WgmmaResult::F32)
    multiplyRegisters(a, bt, f.n, f.k, op.frame->registers, f.slots,
                      op.accumulate);
  else
    multiplyRows(w, op, f, a, bt);
  w.worker->stats.tensorMultiplyAdds += 16 * f.n * f.k;
}

} // namespace vgpu
