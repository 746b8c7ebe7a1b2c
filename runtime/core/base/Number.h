//===- Number.h - element types, their sizes and conversions --------------===//
#ifndef TRESSE_RUNTIME_BASE_NUMBER_H
#define TRESSE_RUNTIME_BASE_NUMBER_H

#include <cstddef>
#include <cstdint>

extern "C" {
#include "tresse/plan.h"
}

namespace tresse::runtime {

/// Bytes of one element of an enum tresse_dtype, 0 when it is none.
size_t elementBytes(uint32_t dtype);
/// "f32", "bf16", ...; "unknown" when it is none.
const char *elementName(uint32_t dtype);
/// True for f64, f32, bf16, f16 and the two 8-bit floats with a sign.
bool isFloat(uint32_t dtype);

/// One element as a double (i64 rounds beyond 2^53).
double loadElement(uint32_t dtype, const void *from);
/// Rounds once, to nearest even; 8-bit floats cannot be stored.
void storeElement(uint32_t dtype, void *to, double value);

/// Converts `count` elements, each rounded once. `from` and `to` may not
/// overlap. 8-bit floats can be read, not written.
void convertElements(uint32_t toType, void *to, uint32_t fromType,
                     const void *from, size_t count);

float floatFromBf16(uint16_t bits);
uint16_t bf16FromFloat(float value);

} // namespace tresse::runtime

#endif
