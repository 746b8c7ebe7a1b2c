//===- Random.h - random numbers that are a function of their place -------===//
//
// Every number is a function of (key, counter): the order of drawing, the
// number of threads and the layout in memory cannot change it. The mixing is
// the finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), applied to the
// key and the counter in turn.
//
#ifndef TRESSE_RUNTIME_BASE_RANDOM_H
#define TRESSE_RUNTIME_BASE_RANDOM_H

#include <cmath>
#include <cstdint>
#include <string_view>

namespace tresse::runtime {

inline uint64_t mixBits(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

/// 64 random bits for (key, counter).
inline uint64_t randomBits(uint64_t key, uint64_t counter) {
  return mixBits(mixBits(key) ^ mixBits(counter * 2 + 1));
}

/// A key for a named stream of numbers under a seed (FNV-1a over the name).
inline uint64_t randomKey(uint64_t seed, std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (unsigned char byte : name)
    hash = (hash ^ byte) * 0x100000001b3u;
  return mixBits(mixBits(seed) ^ hash);
}

/// Uniform in [0, 1), 53 bits.
inline double randomUniform(uint64_t key, uint64_t counter) {
  return static_cast<double>(randomBits(key, counter) >> 11) * 0x1p-53;
}

/// Standard normal (Box and Muller, the cosine half).
inline double randomNormal(uint64_t key, uint64_t counter) {
  double radius = 1 - randomUniform(key, 2 * counter); // (0, 1]
  double angle = randomUniform(key, 2 * counter + 1);
  return std::sqrt(-2 * std::log(radius)) *
         std::cos(6.283185307179586476925 * angle);
}

} // namespace tresse::runtime

#endif
