// Operation.h: what a stream or a graph node does when its turn comes.
#pragma once

#include "tools/vgpu/core/Report.h"
#include "tools/vgpu/driver/Extension.h"

#include <cstdint>
#include <cuda.h>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace vgpu::driver {

/// Launches a kernel; the parameters are a copy of the caller's.
struct KernelOperation {
  CUfunction function = nullptr;
  Dim3 grid, block, cluster{0, 0, 0};
  uint32_t dynamicShared = 0;
  bool cooperative = false;
  std::vector<char> parameters;
};

/// Copies `depth` slices of `height` rows of `width` bytes.
struct CopyOperation {
  uint64_t target = 0, source = 0;
  size_t width = 0, height = 1, depth = 1;
  size_t targetPitch = 0, sourcePitch = 0;
  size_t targetSlice = 0, sourceSlice = 0;
  /// Pageable host memory is read when the copy is queued, as the real driver
  /// does; then `source` points into these bytes.
  std::shared_ptr<std::vector<char>> staged;
};

/// Writes `rows` rows, `pitch` bytes apart, of `count` elements of `width`
/// bytes.
struct FillOperation {
  uint64_t target = 0;
  size_t pitch = 0;
  uint32_t value = 0;
  unsigned width = 1;
  size_t count = 0, rows = 1;
};

/// Calls back into the program: either form of the driver's callbacks.
struct HostOperation {
  CUhostFn function = nullptr;
  CUstreamCallback callback = nullptr;
  CUstream stream = nullptr;
  void *data = nullptr;
};

/// A library call (cuBLASLt) that runs in stream order.
struct BuiltinOperation {
  std::string name;
  void (*run)(const void *payload) = nullptr;
  std::vector<char> payload;
  std::vector<tresse_vgpu_range> ranges;
  uint64_t multiplyAdds = 0;
};

/// Gives memory of a pool back.
struct FreeOperation {
  uint64_t address = 0;
  /// Memory of a graph's own allocation node stays mapped until the graph
  /// goes; then nothing is freed here.
  bool keep = false;
};

/// Memory of a graph's allocation node.
struct AllocateOperation {
  uint64_t address = 0;
  size_t bytes = 0;
};

/// A record or wait inside a graph; in a stream both are only edges.
struct RecordOperation {
  CUevent event = nullptr;
};
struct WaitOperation {
  CUevent event = nullptr;
};

/// Another graph run as one node.
struct ChildOperation {
  std::shared_ptr<CUgraph_st> graph;
};

/// Nothing: joins what it waits for.
struct EmptyOperation {};

using Operation =
    std::variant<EmptyOperation, KernelOperation, CopyOperation, FillOperation,
                 HostOperation, BuiltinOperation, AllocateOperation,
                 FreeOperation, RecordOperation, WaitOperation, ChildOperation>;

} // namespace vgpu::driver
