// BulkPieces.cpp - which bytes a bulk copy moves: plain runs, rows of a
// tensor's box, swizzles, multicast.
#include "tools/vgpu/core/BulkPieces.h"

#include "tools/vgpu/core/TensorMap.h"

#include <algorithm>

namespace vgpu {

namespace {

/// The swizzle moves 16-byte chunks inside rows of 32, 64 or 128 bytes by the
/// number of the row.
uint32_t swizzled(uint32_t address, TensorMapSwizzle swizzle) {
  switch (swizzle) {
  case TensorMapSwizzle::Bytes32:
    return address ^ (address >> 3 & 0x10);
  case TensorMapSwizzle::Bytes64:
    return address ^ (address >> 3 & 0x30);
  case TensorMapSwizzle::Bytes128:
    return address ^ (address >> 3 & 0x70);
  default:
    return address;
  }
}

Type elementType(TensorMapType type) {
  static constexpr Type types[] = {Type::U8,  Type::U16,  Type::U32, Type::S32,
                                   Type::U64, Type::S64,  Type::F16, Type::F32,
                                   Type::F64, Type::BF16, Type::F32, Type::F32,
                                   Type::F32};
  return types[unsigned(type)];
}

bool misuse(Warp &w, unsigned lane, std::string text) {
  report(w, ReportKind::InvalidOperand, int(lane), 0, std::move(text));
  return false;
}

/// The shared side of a box: base address and checks.
bool findShared(Warp &w, const BulkCopy &copy, uint64_t address, uint32_t bytes,
                AccessKind kind, LaneView &view, unsigned alignment) {
  Space space =
      address >> 56 == sharedWindow >> 56 ? Space::Generic : Space::Shared;
  return resolveOne(w, copy.lane, space, address, bytes, alignment, kind, view);
}

/// Rows of the box, clipped to the tensor.
bool prepareTensor(Warp &w, const BulkCopy &copy, uint32_t sharedOffset,
                   const TensorMap &map, BulkPieces &out) {
  unsigned size = tensorMapTypeBytes(map.type);
  uint32_t counts[5] = {1, 1, 1, 1, 1};
  for (unsigned d = 0; d < map.rank; ++d)
    counts[d] =
        (map.box[d] + map.elementStrides[d] - 1) / map.elementStrides[d];
  uint32_t row = counts[0] * size;
  uint64_t rows = uint64_t(counts[1]) * counts[2] * counts[3] * counts[4];
  LaneView global;
  for (uint64_t r = 0; r < rows; ++r) {
    uint64_t index = r;
    bool inside = true;
    uint64_t at = map.address;
    for (unsigned d = 1; d < map.rank; ++d) {
      int64_t c = int64_t(copy.coordinates[d]) +
                  int64_t(index % counts[d]) * map.elementStrides[d];
      index /= counts[d];
      inside &= c >= 0 && uint64_t(c) < map.sizes[d];
      at += uint64_t(c) * map.strides[d - 1];
    }
    // Runs of elements along the row, cut at 16-byte chunks for the swizzle.
    uint32_t begin = sharedOffset + uint32_t(r) * row;
    for (uint32_t done = 0; done < row;) {
      uint32_t address = begin + done;
      uint32_t chunk = std::min(row - done, 16 - (address & 15));
      uint32_t where =
          swizzled(address + sharedBegin, map.swizzle) - sharedBegin;
      for (uint32_t k = 0; k < chunk;) {
        int64_t x = int64_t(copy.coordinates[0]) +
                    int64_t((done + k) / size) * map.elementStrides[0];
        bool in = inside && x >= 0 && uint64_t(x) < map.sizes[0];
        // Elements that lie together and are alike form one piece.
        uint32_t run = size;
        if (map.elementStrides[0] == 1)
          while (k + run < chunk) {
            int64_t next = x + run / size;
            if ((inside && next >= 0 && uint64_t(next) < map.sizes[0]) != in)
              break;
            run += size;
          }
        BulkPiece piece{nullptr, where + k, run};
        if (in) {
          uint64_t address = at + uint64_t(x) * size;
          if (!resolveOne(w, copy.lane, Space::Global, address, run, 1,
                          copy.shape == BulkShape::SharedToGlobal
                              ? AccessKind::Write
                              : AccessKind::Read,
                          global))
            return false;
          piece.global = global.pointer;
        }
        out.pieces.push_back(piece);
        k += run;
      }
      done += chunk;
    }
  }
  out.total = uint32_t(rows * row);
  out.element = size;
  out.type = elementType(map.type);
  if (map.oobFill == 1) {
    static constexpr uint8_t halfNan[2] = {0xff, 0x7f},
                             floatNan[4] = {0xff, 0xff, 0xff, 0x7f},
                             doubleNan[8] = {0xff, 0xff, 0xff, 0xff,
                                             0xff, 0xff, 0xff, 0x7f};
    std::memcpy(out.fill,
                size == 2   ? halfNan
                : size == 4 ? floatNan
                            : doubleNan,
                size);
  }
  return true;
}

bool readMap(Warp &w, const BulkCopy &copy, uint64_t address, TensorMap &map) {
  LaneView view;
  if (!resolveOne(w, copy.lane, Space::Generic, address, tensorMapBytes, 64,
                  AccessKind::Read, view))
    return false;
  std::string error;
  if (!view.pointer || !decodeTensorMap(view.pointer, map, error))
    return misuse(w, copy.lane,
                  "expected a tensor map at the address: " + error);
  if (map.rank != copy.rank)
    return misuse(w, copy.lane,
                  "the tensor map has " + std::to_string(map.rank) +
                      " dimensions, but the instruction names " +
                      std::to_string(copy.rank));
  if (map.interleave != 0)
    return misuse(w, copy.lane, "interleaved tensor maps are not modelled");
  return true;
}

uint32_t boxBytes(const TensorMap &map) {
  uint64_t bytes = tensorMapTypeBytes(map.type);
  for (unsigned d = 0; d < map.rank; ++d)
    bytes *= (map.box[d] + map.elementStrides[d] - 1) / map.elementStrides[d];
  return uint32_t(std::min<uint64_t>(bytes, 1u << 30));
}

/// Copies without a tensor map go in chunks of 16 bytes.
bool wholeChunks(Warp &w, const BulkCopy &copy) {
  return copy.bytes % 16 == 0 ||
         misuse(w, copy.lane,
                "a bulk copy expects a multiple of 16 bytes, but got " +
                    std::to_string(copy.bytes));
}

/// Undefined bytes that a store would make visible.
bool checkStored(Warp &w, const BulkCopy &copy, const BulkPieces &p) {
  if (!w.worker->checkUninitialised)
    return true;
  for (const BulkPiece &piece : p.pieces)
    for (uint32_t k = 0; piece.global && k < piece.bytes; ++k)
      if (!p.source->sharedInitialised[piece.shared + k]) {
        report(w, ReportKind::Uninitialised, int(copy.lane),
               piece.shared + k + sharedBegin,
               "the copy reads shared memory that nothing has written");
        return false;
      }
  return true;
}

/// The global and the shared side of a load or store: pieces and `shared`.
bool prepareSides(Warp &w, const BulkCopy &copy, BulkPieces &p,
                  LaneView &shared) {
  bool store = copy.shape == BulkShape::SharedToGlobal;
  uint64_t outside = store ? copy.target : copy.source;
  uint64_t inside = store ? copy.source : copy.target;
  AccessKind insideKind = store ? AccessKind::Read : AccessKind::Write;
  if (copy.rank) {
    TensorMap map;
    return readMap(w, copy, outside, map) &&
           findShared(w, copy, inside, boxBytes(map), insideKind, shared,
                      128) &&
           prepareTensor(w, copy, shared.offset, map, p);
  }
  LaneView global;
  if (!wholeChunks(w, copy) ||
      !findShared(w, copy, inside, copy.bytes, insideKind, shared, 16) ||
      !resolveOne(w, copy.lane, Space::Global, outside, copy.bytes, 16,
                  store ? AccessKind::Write : AccessKind::Read, global))
    return false;
  p.pieces.push_back({global.pointer, shared.offset, copy.bytes});
  p.total = copy.bytes;
  p.type = copy.type;
  return true;
}

bool prepareLoad(Warp &w, const BulkCopy &copy, BulkPieces &p) {
  LaneView target;
  if (!prepareSides(w, copy, p, target))
    return false;
  if (!copy.multicast) {
    p.targets.push_back(target.block);
    return true;
  }
  const Cluster &cluster = *w.block->cluster;
  if (copy.ctaMask == 0 || copy.ctaMask >> cluster.blocks.size())
    return misuse(w, copy.lane,
                  "multicast expects a mask of the cluster's " +
                      std::to_string(cluster.blocks.size()) +
                      " blocks, but got " + std::to_string(copy.ctaMask));
  for (const auto &block : cluster.blocks)
    if (copy.ctaMask >> block->rank & 1)
      p.targets.push_back(block.get());
  return true;
}

bool prepareStore(Warp &w, const BulkCopy &copy, BulkPieces &p) {
  LaneView source;
  if (!prepareSides(w, copy, p, source))
    return false;
  p.source = source.block;
  return checkStored(w, copy, p);
}

bool prepareShared(Warp &w, const BulkCopy &copy, BulkPieces &p) {
  LaneView source, target;
  if (!wholeChunks(w, copy) ||
      !findShared(w, copy, copy.source, copy.bytes, AccessKind::Read, source,
                  16) ||
      !findShared(w, copy, copy.target, copy.bytes, AccessKind::Write, target,
                  16))
    return false;
  p.pieces.push_back({nullptr, target.offset, copy.bytes});
  p.targets.push_back(target.block);
  p.source = source.block;
  p.sourceOffset = source.offset;
  p.total = copy.bytes;
  p.type = copy.type;
  return true;
}

} // namespace

bool prepareBulk(Warp &w, const BulkCopy &copy, BulkPieces &p) {
  p.warp = &w;
  p.pc = w.pc - 1;
  p.lane = copy.lane;
  p.reduction = copy.reduction;
  switch (copy.shape) {
  case BulkShape::SharedToGlobal:
    return prepareStore(w, copy, p);
  case BulkShape::SharedToShared:
    return prepareShared(w, copy, p);
  default:
    return prepareLoad(w, copy, p);
  }
}

} // namespace vgpu
