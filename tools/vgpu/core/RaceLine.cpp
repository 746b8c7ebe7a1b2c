// RaceLine.cpp - the list of a line's records.
#include "tools/vgpu/core/RaceLine.h"

#include <algorithm>

namespace vgpu {

void RecordList::push(const RaceRecord &record) {
  if (count == capacity) {
    uint32_t larger = capacity * 4;
    std::unique_ptr<RaceRecord[]> storage(new RaceRecord[larger]);
    std::copy_n(begin(), count, storage.get());
    more = std::move(storage);
    capacity = larger;
  }
  begin()[count++] = record;
}

void RecordList::erase(RaceRecord *at) {
  std::copy(at + 1, end(), at);
  --count;
}

void RecordList::dropEmpty() {
  RaceRecord *kept = std::remove_if(
      begin(), end(), [](const RaceRecord &r) { return r.cells == 0; });
  count = uint32_t(kept - begin());
}

} // namespace vgpu
