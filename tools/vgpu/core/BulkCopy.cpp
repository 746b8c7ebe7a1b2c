// BulkCopy.cpp - what bulk and tensor copies do, now and when they land.
#include "tools/vgpu/core/BulkCopy.h"

#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Numbers.h"
#include "tools/vgpu/core/Race.h"
#include "tools/vgpu/core/TensorMap.h"

#include <algorithm>

namespace vgpu {

namespace {

/// A run of bytes that lie together on both sides. A null global side is
/// filled instead of read, and skipped when written.
struct Piece {
  uint8_t *global = nullptr;
  uint32_t shared = 0; ///< offset in the shared memory of its block
  uint32_t bytes = 0;
};

/// A copy made ready to be performed.
struct Prepared {
  Warp *warp = nullptr;
  uint32_t pc = 0;
  unsigned lane = 0;
  std::vector<Piece> pieces;
  std::vector<Block *> targets; ///< blocks that receive a load
  Block *source = nullptr;      ///< block that a store reads
  uint32_t sourceOffset = 0;    ///< shared to shared
  uint32_t total = 0;
  BulkReduction reduction = BulkReduction::None;
  Type type = Type::B8;
  uint8_t fill[8] = {};
  unsigned element = 1;
};

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
bool prepareTensor(Warp &w, const BulkCopy &copy, uint64_t mapAddress,
                   uint32_t sharedOffset, const TensorMap &map, Prepared &out) {
  unsigned size = tensorMapTypeBytes(map.type);
  uint32_t counts[5] = {1, 1, 1, 1, 1};
  for (unsigned d = 0; d < map.rank; ++d)
    counts[d] =
        (map.box[d] + map.elementStrides[d] - 1) / map.elementStrides[d];
  uint32_t row = counts[0] * size;
  uint64_t rows = uint64_t(counts[1]) * counts[2] * counts[3] * counts[4];
  (void)mapAddress;
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
        Piece piece{nullptr, where + k, run};
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

void performLoad(Prepared &p) {
  for (Block *block : p.targets) {
    for (const Piece &piece : p.pieces) {
      uint8_t *to = block->shared + piece.shared;
      if (piece.global)
        std::memcpy(to, piece.global, piece.bytes);
      else
        for (uint32_t k = 0; k < piece.bytes; ++k)
          to[k] = p.fill[k % p.element];
    }
  }
}

void performStore(Prepared &p) {
  const Device &device = *p.warp->worker->launch->device;
  for (const Piece &piece : p.pieces) {
    if (!piece.global)
      continue;
    const uint8_t *from = p.source->shared + piece.shared;
    if (p.reduction == BulkReduction::None) {
      std::memcpy(piece.global, from, piece.bytes);
    } else {
      unsigned size = typeBytes(p.type);
      for (uint32_t k = 0; k + size <= piece.bytes; k += size)
        reduceElement(p.reduction, p.type, piece.global + k, from + k);
    }
    auto address = reinterpret_cast<uint64_t>(piece.global);
    if (p.warp->worker->checkUninitialised && device.tracksInitialised() &&
        device.inRange(address))
      std::memcpy(device.initialisedMap(address),
                  &p.source->sharedInitialised[piece.shared], piece.bytes);
  }
}

void performShared(Prepared &p) {
  for (const Piece &piece : p.pieces) {
    const uint8_t *from = p.source->shared + p.sourceOffset;
    uint8_t *to = p.targets[0]->shared + piece.shared;
    if (p.reduction == BulkReduction::None) {
      std::memmove(to, from, piece.bytes);
    } else {
      unsigned size = typeBytes(p.type);
      for (uint32_t k = 0; k + size <= piece.bytes; k += size)
        reduceElement(p.reduction, p.type, to + k, from + k);
    }
  }
}

/// Shadows: the bytes that a load writes count as initialised.
void noteLoad(Warp &w, const Prepared &p) {
  if (!w.worker->checkUninitialised)
    return;
  for (Block *block : p.targets)
    for (const Piece &piece : p.pieces)
      std::memset(&block->sharedInitialised[piece.shared], 1, piece.bytes);
}

/// Undefined bytes that a store would make visible.
bool checkStored(Warp &w, const BulkCopy &copy, const Prepared &p) {
  if (!w.worker->checkUninitialised)
    return true;
  for (const Piece &piece : p.pieces)
    for (uint32_t k = 0; piece.global && k < piece.bytes; ++k)
      if (!p.source->sharedInitialised[piece.shared + k]) {
        report(w, ReportKind::Uninitialised, int(copy.lane),
               piece.shared + k + sharedBegin,
               "the copy reads shared memory that nothing has written");
        return false;
      }
  return true;
}

void noteAccesses(Warp &w, const Prepared &p, AsyncAgent agent,
                  BulkShape shape) {
  if (!agent.clock)
    return;
  auto sharedView = [&](Block *block, uint32_t offset) {
    LaneView view;
    view.space = Space::Shared;
    view.block = block;
    view.offset = offset;
    view.pointer = block->shared + offset;
    view.address = offset + sharedBegin;
    return view;
  };
  auto globalView = [](uint8_t *pointer) {
    LaneView view;
    view.pointer = pointer;
    view.address = reinterpret_cast<uint64_t>(pointer);
    return view;
  };
  for (const Piece &piece : p.pieces) {
    if (shape == BulkShape::SharedToGlobal) {
      if (!piece.global)
        continue;
      asyncAccess(w, p.pc, agent, sharedView(p.source, piece.shared),
                  piece.bytes, AccessKind::Read, true);
      asyncAccess(w, p.pc, agent, globalView(piece.global), piece.bytes,
                  p.reduction == BulkReduction::None ? AccessKind::Write
                                                     : AccessKind::Atomic,
                  true);
      continue;
    }
    for (Block *block : p.targets)
      asyncAccess(w, p.pc, agent, sharedView(block, piece.shared), piece.bytes,
                  AccessKind::Write, true);
    if (shape == BulkShape::SharedToShared)
      asyncAccess(w, p.pc, agent, sharedView(p.source, p.sourceOffset),
                  piece.bytes, AccessKind::Read, true);
    else if (piece.global)
      asyncAccess(w, p.pc, agent, globalView(piece.global), piece.bytes,
                  AccessKind::Read, true);
  }
}

bool prepareLoad(Warp &w, const BulkCopy &copy, Prepared &p) {
  LaneView target;
  if (copy.rank) {
    TensorMap map;
    if (!readMap(w, copy, copy.source, map) ||
        !findShared(w, copy, copy.target, boxBytes(map), AccessKind::Write,
                    target, 128) ||
        !prepareTensor(w, copy, copy.source, target.offset, map, p))
      return false;
  } else {
    LaneView source;
    if (copy.bytes % 16)
      return misuse(w, copy.lane,
                    "a bulk copy expects a multiple of 16 "
                    "bytes, but got " +
                        std::to_string(copy.bytes));
    if (!findShared(w, copy, copy.target, copy.bytes, AccessKind::Write, target,
                    16) ||
        !resolveOne(w, copy.lane, Space::Global, copy.source, copy.bytes, 16,
                    AccessKind::Read, source))
      return false;
    p.pieces.push_back({source.pointer, target.offset, copy.bytes});
    p.total = copy.bytes;
  }
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

bool prepareStore(Warp &w, const BulkCopy &copy, Prepared &p) {
  LaneView source;
  if (copy.rank) {
    TensorMap map;
    if (!readMap(w, copy, copy.target, map) ||
        !findShared(w, copy, copy.source, boxBytes(map), AccessKind::Read,
                    source, 128) ||
        !prepareTensor(w, copy, copy.target, source.offset, map, p))
      return false;
  } else {
    LaneView target;
    if (copy.bytes % 16)
      return misuse(w, copy.lane,
                    "a bulk copy expects a multiple of 16 "
                    "bytes, but got " +
                        std::to_string(copy.bytes));
    if (!findShared(w, copy, copy.source, copy.bytes, AccessKind::Read, source,
                    16) ||
        !resolveOne(w, copy.lane, Space::Global, copy.target, copy.bytes, 16,
                    AccessKind::Write, target))
      return false;
    p.pieces.push_back({target.pointer, source.offset, copy.bytes});
    p.total = copy.bytes;
    p.type = copy.type;
  }
  p.source = source.block;
  return checkStored(w, copy, p);
}

bool prepareShared(Warp &w, const BulkCopy &copy, Prepared &p) {
  LaneView source, target;
  if (copy.bytes % 16)
    return misuse(w, copy.lane,
                  "a bulk copy expects a multiple of 16 bytes, but got " +
                      std::to_string(copy.bytes));
  if (!findShared(w, copy, copy.source, copy.bytes, AccessKind::Read, source,
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

/// The open bulk group of a lane.
Warp::BulkGroup &openGroup(Warp &w, unsigned lane) {
  for (Warp::BulkGroup &group : w.bulkGroups)
    if (group.lane == lane && !group.committed)
      return group;
  w.bulkGroups.emplace_back();
  w.bulkGroups.back().lane = lane;
  return w.bulkGroups.back();
}

} // namespace

void issueBulk(Warp &w, const BulkCopy &copy) {
  auto p = std::make_shared<Prepared>();
  p->warp = &w;
  p->pc = w.pc - 1;
  p->lane = copy.lane;
  p->reduction = copy.reduction;
  bool store = copy.shape == BulkShape::SharedToGlobal;
  bool good = store ? prepareStore(w, copy, *p)
              : copy.shape == BulkShape::SharedToShared
                  ? prepareShared(w, copy, *p)
                  : prepareLoad(w, copy, *p);
  LaneView barrier;
  if (!good || (!store && !findMbarrier(w, copy.lane,
                                        copy.barrier >> 56 ? Space::Generic
                                                           : Space::Shared,
                                        copy.barrier, barrier)))
    return;
  Cluster &cluster = *w.block->cluster;
  AsyncAgent agent = store ? beginAsync(w, 1u << copy.lane,
                                        AgentKind::BulkStore, *w.block, w.index)
                           : beginAsync(w, 1u << copy.lane, AgentKind::Mbarrier,
                                        *barrier.block, barrier.offset);
  noteAccesses(w, *p, agent, copy.shape);
  AsyncOperation op;
  op.id = cluster.nextOperation++;
  op.block = w.block;
  op.warp = &w;
  op.pc = p->pc;
  op.lane = copy.lane;
  op.delay = w.worker->random ? uint32_t(w.worker->rng() % 64) : 0;
  if (store) {
    w.worker->stats.asyncBytesStored += p->total;
    op.perform = [p] { performStore(*p); };
    Warp::BulkGroup &group = openGroup(w, copy.lane);
    group.operations.push_back(op.id);
    group.raceClock = agent.clock;
    w.bulkAgent = agent.agent;
    cluster.operations.push_back(std::move(op));
    return;
  }
  noteLoad(w, *p);
  w.worker->stats.asyncBytesLoaded += p->total;
  if (copy.shape == BulkShape::SharedToShared)
    op.perform = [p] { performShared(*p); };
  else
    op.perform = [p] { performLoad(*p); };
  bool multicast = copy.multicast;
  op.signal = [p, barrier, agent, multicast] {
    Warp &warp = *p->warp;
    for (Block *block : p->targets) {
      LaneView view = barrier;
      if (multicast) {
        view.block = block;
        view.pointer = block->shared + view.offset;
        if (!loadMbarrier(view).valid) {
          reportAt(warp, p->pc, ReportKind::BarrierMisuse, int(p->lane),
                   view.address,
                   "the mbarrier of block " + std::to_string(block->rank) +
                       " of the cluster has not been initialised");
          return;
        }
      }
      asyncToMbarrier(*view.block, view.offset, agent);
      completeBytes(warp, p->pc, int(p->lane), view, p->total);
    }
  };
  cluster.operations.push_back(std::move(op));
}

void waitBulk(Warp &w, uint32_t mask, uint64_t keep) {
  uint64_t newer[32] = {};
  for (size_t g = w.bulkGroups.size(); g-- > 0;) {
    Warp::BulkGroup &group = w.bulkGroups[g];
    if (!(mask >> group.lane & 1) || !group.committed)
      continue;
    if (newer[group.lane]++ < keep)
      continue;
    for (uint64_t id : group.operations)
      completeOperation(*w.block->cluster, id);
    if (group.raceClock)
      asyncToLanes(w, 1u << group.lane, {w.bulkAgent, group.raceClock});
    group.operations.clear();
    group.readDone = true;
  }
  std::erase_if(w.bulkGroups,
                [](const Warp::BulkGroup &group) { return group.readDone; });
}

namespace {
template <class T> T reduced(BulkReduction op, T old, T value) {
  switch (op) {
  case BulkReduction::Add:
    return T(old + value);
  case BulkReduction::Min:
    return std::min(old, value);
  case BulkReduction::Max:
    return std::max(old, value);
  case BulkReduction::Inc:
    return old >= value ? T(0) : T(old + 1);
  case BulkReduction::Dec:
    return old == 0 || old > value ? value : T(old - 1);
  default:
    break;
  }
  if constexpr (std::is_integral_v<T>) {
    if (op == BulkReduction::And)
      return old & value;
    if (op == BulkReduction::Or)
      return old | value;
    return old ^ value;
  }
  return old;
}

template <class T>
void reduceAs(BulkReduction op, uint8_t *target, const uint8_t *value) {
  T old, with;
  std::memcpy(&old, target, sizeof(T));
  std::memcpy(&with, value, sizeof(T));
  old = reduced<T>(op, old, with);
  std::memcpy(target, &old, sizeof(T));
}
} // namespace

void reduceElement(BulkReduction op, Type type, uint8_t *target,
                   const uint8_t *value) {
  switch (type) {
  case Type::U64:
  case Type::B64:
    return reduceAs<uint64_t>(op, target, value);
  case Type::S64:
    return reduceAs<int64_t>(op, target, value);
  case Type::S32:
    return reduceAs<int32_t>(op, target, value);
  case Type::F32:
    return reduceAs<float>(op, target, value);
  case Type::F64:
    return reduceAs<double>(op, target, value);
  case Type::F16:
  case Type::BF16: {
    bool bf = type == Type::BF16;
    uint16_t old, with;
    std::memcpy(&old, target, 2);
    std::memcpy(&with, value, 2);
    float r = reduced<float>(op, bf ? bfloatValue(old) : halfValue(old),
                             bf ? bfloatValue(with) : halfValue(with));
    old = bf ? bfloatBits(r) : halfBits(r);
    std::memcpy(target, &old, 2);
    return;
  }
  case Type::U8:
  case Type::B8:
    return reduceAs<uint8_t>(op, target, value);
  case Type::U16:
    return reduceAs<uint16_t>(op, target, value);
  default:
    return reduceAs<uint32_t>(op, target, value);
  }
}

} // namespace vgpu
