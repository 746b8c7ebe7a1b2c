// RaceCell.h - who touched 4 bytes of memory last.
#pragma once

#include <cstdint>

namespace vgpu {

/// Reads of one cell since its last write: one entry per warp or agent.
struct CellRead {
  uint64_t cluster = 0;
  uint32_t agent = 0;
  uint32_t clock = 0;
  uint32_t lanes = 0;
  uint32_t pc = 0;
  uint8_t bytes = 0; ///< which of the four
  bool strong = false;
  bool async = false;
};

/// The last write of a cell and the reads after it.
struct Cell {
  uint64_t owner = 0; ///< shared memory: the cluster that the cell is of
  uint64_t cluster = 0;
  uint32_t agent = 0;
  uint32_t clock = 0; ///< 0: never written in this launch
  uint32_t lanes = 0;
  uint32_t pc = 0;
  uint8_t bytes = 0;
  bool strong = false;
  bool async = false;
  bool many = false; ///< reads lie in RaceShadow::reads[read.agent]
  CellRead read;     ///< clock 0: none
};

} // namespace vgpu
