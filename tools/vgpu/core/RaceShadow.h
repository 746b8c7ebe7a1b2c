// RaceShadow.h - last accesses of global memory, by 4-byte cell.
#pragma once

#include "tools/vgpu/core/RaceClocks.h"

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace vgpu {

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
    variables.clear();
    lists.clear();
    freeLists.clear();
    lastPage = nullptr;
  }
  /// Lists of reads for cells that several warps read.
  std::vector<std::vector<CellRead>> lists;
  std::vector<uint32_t> freeLists;
  /// Flags and locks, by host address.
  std::unordered_map<uint64_t, SyncVariable> variables;

private:
  std::unordered_map<uint64_t, std::unique_ptr<Page>> pages;
  uint64_t lastNumber = 0;
  Page *lastPage = nullptr;
};

} // namespace vgpu
