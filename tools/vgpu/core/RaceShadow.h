// RaceShadow.h - last accesses of global memory, by 4-byte cell.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

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

/// Cells of one launch; pages are made when first touched.
class RaceShadow {
public:
  static constexpr unsigned pageShift = 12;
  struct Page {
    Cell cells[1u << (pageShift - 2)];
  };
  Cell &cell(uint64_t address) {
    uint64_t number = address >> pageShift;
    if (number != lastNumber || !lastPage) {
      std::unique_ptr<Page> &page = pages[number];
      if (!page)
        page = std::make_unique<Page>();
      lastNumber = number;
      lastPage = page.get();
    }
    return lastPage->cells[(address & ((1u << pageShift) - 1)) >> 2];
  }
  /// Forgets everything: a new launch begins.
  void clear() {
    pages.clear();
    lists.clear();
    freeLists.clear();
    lastPage = nullptr;
  }
  /// Lists of reads for cells that several warps read.
  std::vector<std::vector<CellRead>> lists;
  std::vector<uint32_t> freeLists;

private:
  std::unordered_map<uint64_t, std::unique_ptr<Page>> pages;
  uint64_t lastNumber = 0;
  Page *lastPage = nullptr;
};

} // namespace vgpu
