// Totals.cpp: statistics per kernel, as table rows and as JSON.

#include "tools/vgpu/driver/Totals.h"

#include <cinttypes>
#include <cstdarg>

namespace vgpu::driver {

void addTotals(Driver &driver, const std::string &name, Dim3 grid, Dim3 block,
               const KernelStatistics &statistics) {
  KernelTotals &totals = driver.totals[name];
  totals.statistics.merge(statistics);
  totals.lastGrid = grid;
  totals.lastBlock = block;
}

void addTotals(Driver &driver, const Kernel &kernel, Dim3 grid, Dim3 block,
               const KernelStatistics &statistics) {
  addTotals(driver, kernel.name, grid, block, statistics);
}

[[gnu::format(printf, 1, 2)]] static std::string format(const char *form, ...) {
  char buffer[512];
  va_list arguments;
  va_start(arguments, form);
  vsnprintf(buffer, sizeof buffer, form, arguments);
  va_end(arguments);
  return buffer;
}

/// A count with a decimal prefix: 1234567 -> "1.23M".
static std::string shortCount(uint64_t count) {
  static constexpr const char *prefixes[] = {"", "k", "M", "G", "T", "P"};
  double value = double(count);
  unsigned i = 0;
  for (; value >= 1000 && i < 5; ++i)
    value /= 1000;
  return i == 0 ? format("%" PRIu64, count)
                : format("%.3g%s", value, prefixes[i]);
}

static std::string tableRow(const std::string &name,
                            const KernelStatistics &s) {
  uint64_t moved = s.globalLoadSectorsMoved + s.globalStoreSectorsMoved;
  uint64_t asked = s.globalLoadSectorsRequested + s.globalStoreSectorsRequested;
  std::string row = name;
  for (const std::string &cell :
       {shortCount(s.launches), shortCount(s.blocks),
        shortCount(s.totalThreadInstructions()), shortCount(s.flops),
        shortCount(s.tensorMultiplyAdds), shortCount(asked * 32),
        shortCount(moved * 32 + s.asyncBytesLoaded + s.asyncBytesStored),
        shortCount(s.sharedAccesses), shortCount(s.sharedBankConflicts),
        shortCount(s.barriers), format("%.0f%%", s.achievedOccupancy * 100)})
    row += "\t" + cell;
  return row;
}

/// `name` as a JSON string; kernel names hold no control characters.
static std::string quoted(const std::string &name) {
  std::string text = "\"";
  for (char c : name) {
    if (c == '"' || c == '\\')
      text += '\\';
    text += c;
  }
  return text + "\"";
}

static std::string json(const std::string &name, const KernelTotals &totals) {
  const KernelStatistics &s = totals.statistics;
  auto shape = [](Dim3 d) { return format("[%u, %u, %u]", d.x, d.y, d.z); };
  std::string text = "{\"kernel\": " + quoted(name) +
                     ", \"last_grid\": " + shape(totals.lastGrid) +
                     ", \"last_block\": " + shape(totals.lastBlock);
  auto add = [&](const char *key, uint64_t value) {
    text += format(", \"%s\": %" PRIu64, key, value);
  };
  add("launches", s.launches);
  add("blocks", s.blocks);
  add("warps", s.warps);
  add("divergent_branches", s.divergentBranches);
  add("global_load_sectors_requested", s.globalLoadSectorsRequested);
  add("global_load_sectors_moved", s.globalLoadSectorsMoved);
  add("global_store_sectors_requested", s.globalStoreSectorsRequested);
  add("global_store_sectors_moved", s.globalStoreSectorsMoved);
  add("async_bytes_loaded", s.asyncBytesLoaded);
  add("async_bytes_stored", s.asyncBytesStored);
  add("shared_accesses", s.sharedAccesses);
  add("shared_bank_conflicts", s.sharedBankConflicts);
  add("tensor_multiply_adds", s.tensorMultiplyAdds);
  add("barriers", s.barriers);
  add("flops", s.flops);
  add("blocks_per_multiprocessor", s.blocksPerMultiprocessor);
  text += format(", \"occupancy\": %.6g, \"achieved_occupancy\": %.6g",
                 s.occupancy, s.achievedOccupancy);
  for (auto [key, counts] :
       {std::pair("warp_instructions", s.warpInstructions),
        std::pair("thread_instructions", s.threadInstructions)}) {
    text += format(", \"%s\": {", key);
    for (unsigned i = 0; i < instructionClassCount; ++i)
      text += format("%s\"%s\": %" PRIu64, i ? ", " : "",
                     instructionClassName(InstructionClass(i)), counts[i]);
    text += "}";
  }
  return text + "}";
}

void Driver::sendStatistics() {
  if (!channel.options().statistics || totals.empty())
    return;
  channel.send(MessageKind::kernelRow,
               "kernel\tlaunches\tblocks\tinstructions\tflops\ttensor MACs\t"
               "bytes asked\tbytes moved\tshared\tconflicts\tbarriers\t"
               "occupancy");
  for (auto &[name, kernel] : totals) {
    channel.send(MessageKind::kernelRow, tableRow(name, kernel.statistics));
    channel.send(MessageKind::kernelJson, json(name, kernel));
  }
}

} // namespace vgpu::driver
