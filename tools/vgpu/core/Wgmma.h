// Wgmma.h - a decoded wgmma.mma_async and its operands in shared memory.
#pragma once

#include "tools/vgpu/core/MmaElement.h"
#include "tools/vgpu/core/Warp.h"

namespace vgpu {

enum class WgmmaResult : uint8_t { F32, F16, S32 };

/// What the instruction says: its entries in Program::ext, in this order,
/// then the slots of D and, with A in registers, four of A.
struct WgmmaForm {
  Element a, b;
  WgmmaResult result;
  uint32_t n, k;
  bool registerA;
  bool transposedA, transposedB;
  bool negatedA, negatedB;
  uint32_t results; ///< registers of D
  const uint32_t *slots;
  static constexpr unsigned entries = 11;

  WgmmaForm() = default;
  WgmmaForm(const Warp &warp, const Insn &insn);
};

/// A matrix descriptor, taken apart; addresses in bytes.
struct MatrixDescriptor {
  uint32_t start, leading, stride, swizzle;
  explicit MatrixDescriptor(uint64_t bits)
      : start(uint32_t(bits & 0x3fff) << 4),
        leading(uint32_t(bits >> 16 & 0x3fff) << 4),
        stride(uint32_t(bits >> 32 & 0x3fff) << 4),
        swizzle(uint32_t(bits >> 62)) {}
  /// Bytes of a swizzled row; 16 without a swizzle.
  uint32_t span() const {
    static constexpr uint32_t spans[] = {16, 128, 64, 32};
    return spans[swizzle];
  }
  uint32_t place(uint32_t offset) const {
    uint32_t address = start + offset;
    static constexpr uint32_t bits[] = {0, 0x70, 0x30, 0x10};
    return address ^ (address >> 3 & bits[swizzle]);
  }
  /// Address of the 16 bytes that hold (row, byte of k) of a matrix whose k
  /// lies together: core matrices of 8 rows.
  uint32_t alongK(unsigned row, unsigned byte) const {
    if (swizzle == 0)
      return place(row / 8 * stride + byte / 16 * leading + row % 8 * 16);
    return place(row / 8 * stride + row % 8 * span() + byte);
  }
  /// The same for a matrix whose rows lie together (16-bit types): the chunk
  /// of 8 rows at (row, k).
  uint32_t alongRows(unsigned row, unsigned k) const {
    if (swizzle == 0)
      return place(row / 8 * stride + k / 8 * leading + k % 8 * 16);
    unsigned perSpan = span() / 2;
    return place(row / perSpan * leading + row % perSpan * 2 + k / 8 * stride +
                 k % 8 * span());
  }
};

/// One operand of a product: the matrix that a descriptor names.
struct WgmmaOperand {
  uint64_t descriptor = 0;
  Element element = Element::F16;
  bool transposed = false;      ///< rows lie together instead of k
  unsigned first = 0, rows = 0; ///< of the matrix
  unsigned k = 0;
};
WgmmaOperand wgmmaOperandA(const Warp &warp, const WgmmaOp &op,
                           const WgmmaForm &form);
WgmmaOperand wgmmaOperandB(const WgmmaOp &op, const WgmmaForm &form);

/// Computes the warp's 16 rows of a product, once.
void performWgmma(Warp &warp, WgmmaOp &op);

/// Reports a descriptor that reaches shared address `address`.
void reportDescriptor(Warp &warp, const WgmmaOp &op, uint32_t address);

/// Calls visit(row, k, offset) for every 16 bytes of an operand, `offset` in
/// the block's shared memory. Reports a descriptor that reaches outside and
/// returns false.
template <class F>
bool eachChunk(Warp &w, const WgmmaOp &op, const WgmmaOperand &operand,
               F visit) {
  MatrixDescriptor d(operand.descriptor);
  uint32_t bytes = w.block->sharedBytes;
  auto one = [&](uint32_t address, unsigned row, unsigned at) {
    if (address < sharedBegin || address - sharedBegin + 16 > bytes) {
      reportDescriptor(w, op, address);
      return false;
    }
    visit(row, at, address - sharedBegin);
    return true;
  };
  unsigned size = elementBytes(operand.element);
  unsigned end = operand.first + operand.rows;
  if (operand.transposed) {
    for (unsigned at = 0; at < operand.k; ++at)
      for (unsigned row = operand.first; row < end; row += 8)
        if (!one(d.alongRows(row, at), row, at))
          return false;
    return true;
  }
  for (unsigned row = operand.first; row < end; ++row)
    for (unsigned byte = 0; byte < operand.k * size; byte += 16)
      if (!one(d.alongK(row, byte), row, byte / size))
        return false;
  return true;
}

} // namespace vgpu
