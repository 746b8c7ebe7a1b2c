// LaneOps.h - loops over the 32 lanes of a warp's registers.
#pragma once

#include "tools/vgpu/core/Warp.h"

#include <bit>
#include <cmath>

#if defined(__clang__)
#define VGPU_LANES _Pragma("clang loop vectorize(assume_safety)")
#else
#define VGPU_LANES _Pragma("GCC ivdep")
#endif

namespace vgpu {

/// out[lane] = f(lane) for the lanes of `mask`. `f` may be evaluated for other
/// lanes too and must not trap. A slot may be input and output at once: lanes
/// never read their neighbours.
template <class T, class F>
inline void writeLanes(const Warp &warp, Ref ref, uint32_t mask, F f) {
  T *out = warp.at<T>(ref);
  if (mask == allLanes) {
    VGPU_LANES
    for (unsigned lane = 0; lane < 32; ++lane)
      out[lane] = f(lane);
    return;
  }
  VGPU_LANES
  for (unsigned lane = 0; lane < 32; ++lane) {
    T value = f(lane);
    out[lane] = (mask >> lane & 1) ? value : out[lane];
  }
}

/// The same for two 16-bit halves per lane: f(element), 64 elements.
template <class F>
inline void writeHalves(const Warp &warp, Ref ref, uint32_t mask, F f) {
  uint16_t *out = warp.at<uint16_t>(ref);
  VGPU_LANES
  for (unsigned e = 0; e < 64; ++e) {
    uint16_t value = f(e);
    out[e] = (mask >> (e / 2) & 1) ? value : out[e];
  }
}

/// The lanes for which f(lane) holds, as a mask.
template <class F> inline uint32_t maskOf(F f) {
  uint32_t result = 0;
  VGPU_LANES
  for (unsigned lane = 0; lane < 32; ++lane)
    result |= f(lane) ? 1u << lane : 0u;
  return result;
}

inline void writePredicate(const Warp &warp, Ref ref, uint32_t mask,
                           uint32_t value) {
  uint32_t &out = warp.predicate(ref);
  out = (out & ~mask) | (value & mask);
}

/// Calls f(lane) for the set bits of `mask`, from lane 0 up.
template <class F> inline void forEachLane(uint32_t mask, F f) {
  for (; mask; mask &= mask - 1)
    f(unsigned(std::countr_zero(mask)));
}

/// A subnormal number becomes a zero of its sign.
inline float flushed(float x) {
  uint32_t bits = std::bit_cast<uint32_t>(x);
  return (bits & 0x7f800000) == 0 ? std::bit_cast<float>(bits & 0x80000000) : x;
}
/// The one NaN that single-precision arithmetic gives.
inline float canonical(float x) {
  return x != x ? std::bit_cast<float>(0x7fffffffu) : x;
}
inline double canonical(double x) { return x; }
/// Clamps to [0, 1]; NaN becomes 0.
template <class T> inline T saturated(T x) {
  return x > T(0) ? (x < T(1) ? x : T(1)) : T(0);
}

/// Rounding modes as held in Insn::aux.
enum class Rounding : uint8_t { Nearest, Zero, Down, Up };

/// Sets the host's rounding mode while it lives. Values computed inside must
/// be loaded from and stored to memory inside as well.
class RoundingScope {
public:
  explicit RoundingScope(Rounding mode);
  ~RoundingScope();

private:
  uint32_t saved;
};

} // namespace vgpu
