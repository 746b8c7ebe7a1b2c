// RaceLine.h - who touched 128 bytes of memory last.
//
//   line    128 bytes = 32 cells of 4 bytes
//   record  one access, and the cells of the line where it is still the last
//           of its kind
//
// A warp's access to a line is one record, whatever its lanes do there; so the
// usual access costs one comparison, not one per lane. Which lane touched which
// byte is kept in the record's footprint, so nothing is lost by that.
#pragma once

#include <cstdint>
#include <memory>

namespace vgpu {

constexpr unsigned raceLineBytes = 128;

/// Which lanes touch which bytes of a line. Interned: accesses that touch a
/// line alike share one object.
struct Footprint {
  uint32_t byteLanes[raceLineBytes] = {};
  bool full = true;   ///< all four bytes of every touched cell
  bool single = true; ///< no byte by more than one lane
};

/// One access to a line by a warp or by an agent.
struct RaceRecord {
  uint64_t cluster = 0; ///< its number + 1
  /// Null when every byte is touched by the same lanes.
  const Footprint *footprint = nullptr;
  uint32_t agent = 0;
  uint32_t clock = 0;
  uint32_t pc = 0;
  uint32_t cells = 0;
  uint32_t lanes = 0;  ///< without a footprint: of every cell
  uint8_t bytes = 0;   ///< without a footprint: of every cell's four
  bool strong = false; ///< atomic, volatile, relaxed or stronger
  bool async = false;
  /// Stands for several accesses of one warp by different lanes; which lane
  /// touched which cell is forgotten.
  bool blurred = false;

  uint32_t lanesOf(unsigned cell, unsigned byte) const {
    if (footprint)
      return footprint->byteLanes[cell * 4 + byte];
    return bytes >> byte & 1 ? lanes : 0;
  }
  /// True when no byte is touched by more than one lane.
  bool single() const {
    return footprint ? footprint->single : (lanes & (lanes - 1)) == 0;
  }
  /// True when every byte of its cells is touched.
  bool full() const { return footprint ? footprint->full : bytes == 15; }
  /// True when the two touch the same bytes of a cell by the same lanes.
  bool alike(const RaceRecord &other) const {
    return footprint == other.footprint &&
           (footprint || (lanes == other.lanes && bytes == other.bytes));
  }
  /// True when it touches every byte that `other` touches in a common cell.
  bool covers(const RaceRecord &other) const {
    return full() || (footprint && footprint == other.footprint) ||
           (!footprint && !other.footprint && (other.bytes & ~bytes) == 0);
  }
  /// True when both come from the same instruction between the same two
  /// synchronisations: one may stand for both.
  bool sameStamp(const RaceRecord &other) const {
    return sameOrigin(other) && (alike(other) || (blurred && mayBlur(other)));
  }
  bool sameOrigin(const RaceRecord &other) const {
    return clock == other.clock && agent == other.agent && pc == other.pc &&
           cluster == other.cluster && strong == other.strong &&
           async == other.async;
  }
  /// True when a blurred record may stand for both, which have one origin.
  bool mayBlur(const RaceRecord &other) const {
    return !footprint && !other.footprint && bytes == other.bytes;
  }
};

/// Records of a line, oldest first; the first one needs no storage.
class RecordList {
public:
  RecordList() = default;
  RecordList(const RecordList &) = delete;
  RecordList &operator=(const RecordList &) = delete;

  RaceRecord *begin() { return more ? more.get() : &one; }
  RaceRecord *end() { return begin() + count; }
  uint32_t size() const { return count; }
  void clear() { count = 0; }
  void push(const RaceRecord &record);
  void erase(RaceRecord *at);
  /// Drops records that are the last of no cell any more.
  void dropEmpty();

private:
  std::unique_ptr<RaceRecord[]> more;
  uint32_t count = 0;
  uint32_t capacity = 1;
  RaceRecord one;
};

/// The last writes and the reads since then.
struct RaceLine {
  uint64_t owner = 0; ///< the cluster (shared) or launch (global) it is of
  RecordList writes, reads;

  /// Empties the line when it is of an earlier owner.
  void claim(uint64_t by) {
    if (owner == by)
      return;
    owner = by;
    writes.clear();
    reads.clear();
  }
};

} // namespace vgpu
