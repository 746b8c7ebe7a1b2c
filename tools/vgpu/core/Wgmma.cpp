// Wgmma.cpp - wgmma.mma_async: operands in shared memory, results later.
//
// Each warp of the warpgroup computes its own 16 rows of the 64. A product is
// performed when the group that it was committed to is waited for (or, in a
// random schedule, at once): until then its registers hold their old values.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/Execution.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Memory.h"
#include "tools/vgpu/core/Numbers.h"
#include "tools/vgpu/core/Panel.h"
#include "tools/vgpu/core/Race.h"

#include <algorithm>

namespace vgpu {

namespace {

enum class Element : uint8_t { F16, BF16, TF32, E4M3, E5M2, S8, U8 };

/// ext: elements of A and B, result kind, n, k, A from registers, transposed
/// A and B, signs, slots of D..., then of A....
enum : unsigned {
  ExtA,
  ExtB,
  ExtResult,
  ExtN,
  ExtK,
  ExtRegisterA,
  ExtTransA,
  ExtTransB,
  ExtNegA,
  ExtNegB,
  ExtResults,
  ExtSlots,
};
enum : uint32_t { ResultF32, ResultF16, ResultS32 };

unsigned elementBytes(Element e) {
  return e == Element::TF32 ? 4 : e <= Element::BF16 ? 2 : 1;
}

float valueOf(Element e, const uint8_t *p) {
  uint16_t half;
  float word;
  switch (e) {
  case Element::F16:
    std::memcpy(&half, p, 2);
    return halfValue(half);
  case Element::BF16:
    std::memcpy(&half, p, 2);
    return bfloatValue(half);
  case Element::TF32:
    std::memcpy(&word, p, 4);
    return truncateToTf32(word);
  case Element::E4M3:
    return e4m3ToFloat(*p);
  case Element::E5M2:
    return e5m2ToFloat(*p);
  case Element::S8:
    return float(int8_t(*p));
  default:
    return float(*p);
  }
}

/// A matrix descriptor, taken apart; addresses in bytes.
struct Descriptor {
  uint32_t start, leading, stride, swizzle;
  explicit Descriptor(uint64_t bits)
      : start(uint32_t(bits & 0x3fff) << 4),
        leading(uint32_t(bits >> 16 & 0x3fff) << 4),
        stride(uint32_t(bits >> 32 & 0x3fff) << 4),
        swizzle(uint32_t(bits >> 62)) {}
  /// Bytes of a swizzled row; 16 without a swizzle.
  uint32_t span() const {
    static constexpr uint32_t spans[] = {16, 128, 64, 32};
    return spans[swizzle];
  }
  uint32_t place(uint32_t offset) const {
    uint32_t address = start + offset;
    static constexpr uint32_t bits[] = {0, 0x70, 0x30, 0x10};
    return address ^ (address >> 3 & bits[swizzle]);
  }
};

/// Shared address of the 16-byte chunk that holds (row, byte of k) of a matrix
/// whose k lies together: core matrices of 8 rows.
uint32_t chunkAlongK(const Descriptor &d, unsigned row, unsigned byte) {
  if (d.swizzle == 0)
    return d.place(row / 8 * d.stride + byte / 16 * d.leading + row % 8 * 16);
  return d.place(row / 8 * d.stride + row % 8 * d.span() + byte);
}

/// The same for a matrix whose rows lie together (16-bit types): the chunk of
/// 8 rows at (row, k).
uint32_t chunkAlongRows(const Descriptor &d, unsigned row, unsigned k) {
  if (d.swizzle == 0)
    return d.place(row / 8 * d.stride + k / 8 * d.leading + k % 8 * 16);
  unsigned perSpan = d.span() / 2;
  return d.place(row / perSpan * d.leading + row % perSpan * 2 +
                 k / 8 * d.stride + k % 8 * d.span());
}

/// Calls f(row, k, pointer) for 16-byte chunks of rows [first, first + rows).
template <class F>
bool eachChunk(Warp &w, const WgmmaOp &op, uint64_t bits, Element e,
               bool transposed, unsigned first, unsigned rows, unsigned k,
               F f) {
  Descriptor d(bits);
  const Block &block = *w.block;
  auto visit = [&](uint32_t address, unsigned row, unsigned at) {
    if (address < sharedBegin ||
        address - sharedBegin + 16 > block.sharedBytes) {
      reportAt(w, op.pc, ReportKind::OutOfBounds, -1, address,
               "the matrix descriptor reaches shared address " +
                   std::to_string(address) + ", outside the block's " +
                   std::to_string(block.sharedBytes) + " bytes");
      return false;
    }
    f(row, at, block.shared + (address - sharedBegin));
    return true;
  };
  unsigned size = elementBytes(e);
  if (transposed) {
    for (unsigned at = 0; at < k; ++at)
      for (unsigned row = first; row < first + rows; row += 8)
        if (!visit(chunkAlongRows(d, row, at), row, at))
          return false;
    return true;
  }
  for (unsigned row = first; row < first + rows; ++row)
    for (unsigned byte = 0; byte < k * size; byte += 16)
      if (!visit(chunkAlongK(d, row, byte), row, byte / size))
        return false;
  return true;
}

/// Columns are kept in the order of the registers: column 8 i + 2 t + p lies
/// at 8 i + 4 p + t, so that four lanes' values lie together.
unsigned permuted(unsigned column) {
  return (column & ~7u) + (column & 1) * 4 + (column >> 1 & 3);
}

/// Decodes B to [k][n] (columns permuted).
bool decodeB(Warp &w, const WgmmaOp &op, const uint32_t *ext, float *bt) {
  Element e = Element(ext[ExtB]);
  unsigned n = ext[ExtN], k = ext[ExtK], size = elementBytes(e);
  bool transposed = ext[ExtTransB];
  float sign = ext[ExtNegB] ? -1.0f : 1.0f;
  return eachChunk(w, op, op.descriptorB, e, transposed, 0, n, k,
                   [&](unsigned row, unsigned at, const uint8_t *p) {
                     unsigned count = 16 / size;
                     for (unsigned x = 0; x < count; ++x) {
                       float v = valueOf(e, p + x * size) * sign;
                       if (transposed)
                         bt[at * n + permuted(row + x)] = v;
                       else
                         bt[(at + x) * n + permuted(row)] = v;
                     }
                   });
}

bool decodeA(Warp &w, const WgmmaOp &op, const uint32_t *ext, float *a) {
  Element e = Element(ext[ExtA]);
  unsigned k = ext[ExtK], size = elementBytes(e);
  float sign = ext[ExtNegA] ? -1.0f : 1.0f;
  if (ext[ExtRegisterA]) {
    unsigned per = 4 / size;
    for (unsigned r = 0; r < 4; ++r)
      for (unsigned l = 0; l < 32; ++l)
        for (unsigned x = 0; x < per; ++x) {
          unsigned row = l / 4 + 8 * (r % 2);
          unsigned at = l % 4 * per + x + 4 * per * (r / 2);
          a[row * k + at] =
              valueOf(e, reinterpret_cast<const uint8_t *>(&op.a[r][l]) +
                             x * size) *
              sign;
        }
    return true;
  }
  unsigned first = w.index % 4 * 16;
  bool transposed = ext[ExtTransA];
  return eachChunk(w, op, op.descriptorA, e, transposed, first, 16, k,
                   [&](unsigned row, unsigned at, const uint8_t *p) {
                     for (unsigned x = 0; x < 16 / size; ++x) {
                       float v = valueOf(e, p + x * size) * sign;
                       if (transposed)
                         a[(row + x - first) * k + at] = v;
                       else
                         a[(row - first) * k + at + x] = v;
                     }
                   });
}

/// The decoded B of a product, shared by the four warps of a warpgroup that
/// compute the same one.
float *cachedB(Warp &w, const WgmmaOp &op, const uint32_t *ext) {
  Worker &worker = *w.worker;
  constexpr unsigned entries = 32, floats = 32 * 256;
  if (worker.wgmmaCache.empty()) {
    worker.wgmmaCache.resize(size_t(entries) * floats);
    worker.wgmmaKeys.assign(entries, {});
  }
  std::array<uint64_t, 3> key = {
      reinterpret_cast<uint64_t>(w.block) + w.index / 4, op.sequence,
      op.descriptorB ^ uint64_t(op.pc) << 14 ^ w.block->linear << 40};
  unsigned slot = unsigned(op.sequence + w.index / 4 * 7) % entries;
  float *bt = &worker.wgmmaCache[size_t(slot) * floats];
  if (worker.wgmmaKeys[slot] == key && w.index % 4 != 0)
    return bt;
  if (!decodeB(w, op, ext, bt))
    return nullptr;
  worker.wgmmaKeys[slot] = key;
  return bt;
}

/// Accumulators to rows: row g + 8 h of the warp's 16 lies in lanes 4 g to
/// 4 g + 3 of registers 4 i + 2 h and the next.
void loadResults(const WgmmaOp &op, const uint32_t *ext, float *d) {
  unsigned n = ext[ExtN];
  const uint8_t *base = op.frame->registers;
  for (unsigned i = 0; i < n / 8; ++i)
    for (unsigned h = 0; h < 2; ++h)
      for (unsigned p = 0; p < 2; ++p)
        for (unsigned g = 0; g < 8; ++g) {
          float *to = d + (g + 8 * h) * n + 8 * i + 4 * p;
          if (ext[ExtResult] == ResultF16) {
            auto *reg = reinterpret_cast<const uint16_t *>(
                base + ext[ExtSlots + 2 * i + h]);
            for (unsigned t = 0; t < 4; ++t)
              to[t] = halfValue(reg[2 * (4 * g + t) + p]);
          } else {
            std::memcpy(to, base + ext[ExtSlots + 4 * i + 2 * h + p] + 16 * g,
                        16);
          }
        }
}

void storeResults(const WgmmaOp &op, const uint32_t *ext, const float *d) {
  unsigned n = ext[ExtN];
  uint8_t *base = op.frame->registers;
  for (unsigned i = 0; i < n / 8; ++i)
    for (unsigned h = 0; h < 2; ++h)
      for (unsigned p = 0; p < 2; ++p)
        for (unsigned g = 0; g < 8; ++g) {
          const float *from = d + (g + 8 * h) * n + 8 * i + 4 * p;
          if (ext[ExtResult] == ResultF16) {
            auto *reg =
                reinterpret_cast<uint16_t *>(base + ext[ExtSlots + 2 * i + h]);
            for (unsigned t = 0; t < 4; ++t)
              reg[2 * (4 * g + t) + p] = halfBits(from[t]);
          } else {
            std::memcpy(base + ext[ExtSlots + 4 * i + 2 * h + p] + 16 * g, from,
                        16);
          }
        }
}

MmaType mmaType(Element e) {
  static constexpr MmaType types[] = {
      MmaType::F16, MmaType::BF16, MmaType::TF32, MmaType::E4M3, MmaType::E5M2};
  return types[unsigned(e)];
}

void multiplyIntegers(const float *a, const float *bt, float *d, unsigned n,
                      unsigned k) {
  // d holds the bits of 32-bit integers.
  auto *sums = reinterpret_cast<uint8_t *>(d);
  for (unsigned r = 0; r < 16; ++r)
    for (unsigned c = 0; c < n; ++c) {
      int32_t sum;
      std::memcpy(&sum, sums + 4 * (r * n + c), 4);
      for (unsigned p = 0; p < k; ++p)
        sum = int32_t(uint32_t(sum) +
                      uint32_t(int32_t(a[r * k + p]) * int32_t(bt[p * n + c])));
      std::memcpy(sums + 4 * (r * n + c), &sum, 4);
    }
}

void perform(Warp &w, WgmmaOp &op) {
  if (op.performed)
    return;
  op.performed = true;
  const uint32_t *ext = &w.worker->launch->program->ext[op.insn->ext];
  unsigned n = ext[ExtN], k = ext[ExtK];
  alignas(64) float a[16 * 32];
  alignas(64) static thread_local float d[16 * 256];
  float *bt = cachedB(w, op, ext);
  if (!bt || !decodeA(w, op, ext, a))
    return;
  if (op.accumulate)
    loadResults(op, ext, d);
  else
    std::fill_n(d, 16 * n, 0.0f);
  if (ext[ExtResult] == ResultS32)
    multiplyIntegers(a, bt, d, n, k);
  else
    multiplyPanel(a, k, bt, n, d, n, 16, n, k,
                  dotRule(mmaType(Element(ext[ExtA])), 90, true),
                  w.worker->fast ? TensorCoreMode::Fast
                                 : TensorCoreMode::Exact);
  storeResults(op, ext, d);
  w.worker->stats.tensorMultiplyAdds += 16 * n * k;
}

/// Marks or clears the result registers (and A's) of a product.
void markPending(const WgmmaOp &op, const uint32_t *ext, bool pending) {
  if (op.frame->pending.empty())
    return;
  unsigned count = ext[ExtResults] + (ext[ExtRegisterA] ? 4 : 0);
  for (unsigned r = 0; r < count; ++r)
    op.frame->pending[ext[ExtSlots + r] >> 6] = pending ? allLanes : 0;
}

void noteShared(Warp &w, WgmmaOp &op, const uint32_t *ext) {
  bool undefinedCheck = w.worker->checkUninitialised;
  if (!w.worker->checkRaces && !undefinedCheck)
    return;
  AsyncAgent agent =
      beginAsync(w, allLanes, AgentKind::Wgmma, *w.block, w.index);
  op.agent = agent.agent;
  op.clock = agent.clock;
  bool undefined = false;
  auto touch = [&](unsigned, unsigned, const uint8_t *p) {
    LaneView view;
    view.space = Space::Shared;
    view.block = w.block;
    view.offset = uint32_t(p - w.block->shared);
    view.pointer = const_cast<uint8_t *>(p);
    view.address = view.offset + sharedBegin;
    if (agent.clock)
      asyncAccess(w, op.pc, agent, view, 16, AccessKind::Read, true);
    if (undefinedCheck && !undefined)
      for (unsigned x = 0; x < 16; ++x)
        undefined |= !w.block->sharedInitialised[view.offset + x];
  };
  if (!ext[ExtRegisterA])
    eachChunk(w, op, op.descriptorA, Element(ext[ExtA]), ext[ExtTransA],
              w.index % 4 * 16, 16, ext[ExtK], touch);
  // Each warp stands for a quarter of B: together they read all of it.
  unsigned rows = ext[ExtN], first = 0;
  eachChunk(w, op, op.descriptorB, Element(ext[ExtB]), ext[ExtTransB], first,
            rows, ext[ExtK], touch);
  if (undefined)
    reportAt(w, op.pc, ReportKind::Uninitialised, -1, 0,
             "wgmma reads shared memory that nothing has written");
}

/// Registers that were written after the last wgmma.fence.
void checkFence(Warp &w, const WgmmaOp &op, const uint32_t *ext) {
  if (!w.worker->checkRaces || op.frame->writtenAt.empty())
    return;
  unsigned count = ext[ExtResults] + (ext[ExtRegisterA] ? 4 : 0);
  for (unsigned r = op.accumulate ? 0 : ext[ExtResults]; r < count; ++r) {
    uint32_t at = op.frame->writtenAt[ext[ExtSlots + r] >> 6];
    if (at != 0 && at >= w.wgmmaFence) {
      reportAt(w, op.pc, ReportKind::Race, -1, 0,
               "a register of this wgmma was written after the last "
               "wgmma.fence");
      return;
    }
  }
}

/// Without accumulation the old results do not matter; undefined registers of
/// A make their lanes' results undefined.
void settleUndefined(Warp &w, const WgmmaOp &op, const uint32_t *ext) {
  if (!w.worker->checkUninitialised)
    return;
  uint32_t lanes = 0, origin = ~0u;
  for (unsigned r = 0; ext[ExtRegisterA] && r < 4; ++r) {
    Ref ref = ext[ExtSlots + ext[ExtResults] + r];
    if (uint32_t bad = op.frame->undefined[ref >> 6]) {
      lanes |= bad;
      origin = op.frame->origin[ref >> 6];
    }
  }
  for (unsigned r = 0; r < ext[ExtResults]; ++r) {
    uint32_t &slot = op.frame->undefined[ext[ExtSlots + r] >> 6];
    slot = (op.accumulate ? slot : 0) | lanes;
    if (lanes)
      op.frame->origin[ext[ExtSlots + r] >> 6] = origin;
  }
}

/// a: descriptor of A or noRef, b: of B, c: scale-d predicate or noRef;
/// aux: scale-d as a constant.
void runWgmma(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherLanes(w, mask, allLanes))
    return;
  const uint32_t *ext = &w.worker->launch->program->ext[i.ext];
  auto op = std::make_unique<WgmmaOp>();
  op->insn = &i;
  op->frame = w.frame;
  op->pc = w.pc - 1;
  op->sequence = ++w.wgmmaIssued;
  if (i.a != noRef)
    op->descriptorA = w.read<uint64_t>(i.a)[0];
  op->descriptorB = w.read<uint64_t>(i.b)[0];
  op->accumulate = i.c != noRef ? (w.predicate(i.c) & 1) : i.aux;
  for (uint64_t d : {op->descriptorA, op->descriptorB})
    if (d >> 49 & 7) {
      report(w, ReportKind::InvalidOperand, -1, 0,
             "matrix descriptors with a base offset are not modelled");
      return;
    }
  if (w.block->warps.size() * 32 < (w.index / 4 + 1) * 128u) {
    report(w, ReportKind::InvalidOperand, -1, 0,
           "wgmma expects a warpgroup of 128 threads");
    return;
  }
  if (ext[ExtRegisterA])
    for (unsigned r = 0; r < 4; ++r)
      std::copy_n(w.read<uint32_t>(ext[ExtSlots + ext[ExtResults] + r]), 32,
                  op->a[r]);
  if (w.wgmmaFence == 0 && w.worker->checkRaces && op->accumulate)
    reportAt(w, op->pc, ReportKind::Race, -1, 0,
             "wgmma expects a wgmma.fence before the first one");
  checkFence(w, *op, ext);
  noteShared(w, *op, ext);
  settleUndefined(w, *op, ext);
  markPending(*op, ext, true);
  ++w.wgmmaPending;
  if (w.worker->random && (w.worker->rng() & 1)) {
    for (auto &earlier : w.wgmmaOpen)
      perform(w, *earlier);
    for (auto &group : w.wgmmaGroups)
      for (auto &earlier : group)
        perform(w, *earlier);
    perform(w, *op);
  }
  w.wgmmaOpen.push_back(std::move(op));
}

void runFence(Warp &w, const Insn &, uint32_t mask) {
  if (gatherLanes(w, mask, allLanes))
    w.wgmmaFence = ++w.wgmmaClock;
}

void runCommit(Warp &w, const Insn &, uint32_t mask) {
  if (!gatherLanes(w, mask, allLanes))
    return;
  w.wgmmaGroups.push_back(std::move(w.wgmmaOpen));
  w.wgmmaOpen.clear();
}

void runWait(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherLanes(w, mask, allLanes))
    return;
  const Program &program = *w.worker->launch->program;
  while (w.wgmmaGroups.size() > size_t(i.imm)) {
    for (auto &op : w.wgmmaGroups.front()) {
      perform(w, *op);
      markPending(*op, &program.ext[op->insn->ext], false);
      --w.wgmmaPending;
      if (op->clock)
        asyncToLanes(w, allLanes, {op->agent, op->clock});
    }
    w.wgmmaGroups.pop_front();
  }
  // Products still in flight keep their registers.
  for (auto &group : w.wgmmaGroups)
    for (auto &op : group)
      markPending(*op, &program.ext[op->insn->ext], true);
  for (auto &op : w.wgmmaOpen)
    markPending(*op, &program.ext[op->insn->ext], true);
}

bool takeElement(Builder &b, Element &e) {
  switch (b.takeType()) {
  case Type::F16:
    e = Element::F16;
    return true;
  case Type::BF16:
    e = Element::BF16;
    return true;
  case Type::TF32:
    e = Element::TF32;
    return true;
  case Type::E4M3:
    e = Element::E4M3;
    return true;
  case Type::E5M2:
    e = Element::E5M2;
    return true;
  case Type::S8:
    e = Element::S8;
    return true;
  case Type::U8:
    e = Element::U8;
    return true;
  default:
    return false;
  }
}

/// m64nNkK
bool takeShape(Builder &b, unsigned &n, unsigned &k) {
  std::string text(b.peekModifier());
  unsigned m = 0;
  int used = 0;
  if (sscanf(text.c_str(), "m%3un%3uk%3u%n", &m, &n, &k, &used) != 3 ||
      size_t(used) != text.size() || m != 64 || n < 8 || n > 256 || n % 8)
    return false;
  return b.take(b.peekModifier());
}

bool decodeProduct(Builder &b) {
  Insn insn;
  Element ea, eb;
  unsigned n, k;
  if (!b.take("sync") || !b.take("aligned") || !takeShape(b, n, k))
    return false;
  insn.imm = b.take("satfinite");
  Type d = b.takeType();
  if (!takeElement(b, ea) || !takeElement(b, eb) ||
      elementBytes(ea) != elementBytes(eb) || k * elementBytes(ea) != 32)
    return false;
  bool integer = ea >= Element::S8;
  if (integer != (d == Type::S32) ||
      (d != Type::F32 && d != Type::F16 && d != Type::S32) || insn.imm)
    return false;
  uint32_t kind = d == Type::F32   ? ResultF32
                  : d == Type::F16 ? ResultF16
                                   : ResultS32;
  const Operand &results = b.operand(0);
  unsigned count = kind == ResultF16 ? n / 4 : n / 2;
  if (results.kind != Operand::Kind::Vector || results.count != count)
    return b.fail("expected " + std::to_string(count) + " result registers");
  bool registerA = b.operand(1).kind == Operand::Kind::Vector;
  unsigned operands = b.operandCount();
  // D, A, B, scale-d [, sign A, sign B [, transpose A] [, transpose B]]
  std::vector<Ref> slots;
  for (unsigned r = 0; r < count; ++r) {
    Ref ref, again;
    if (!b.destination(b.child(results, r), Type::B32, ref) ||
        !b.source(b.child(results, r), Type::B32, again))
      return false;
    slots.push_back(ref);
  }
  if (registerA) {
    if (b.operand(1).count != 4)
      return b.fail("expected 4 registers of A");
    for (unsigned r = 0; r < 4; ++r) {
      Ref ref;
      if (!b.source(b.child(b.operand(1), r), Type::B32, ref))
        return false;
      if (ref & constantRef)
        return b.fail("expected registers of A");
      slots.push_back(ref);
    }
  } else if (!b.source(1, Type::B64, insn.a)) {
    return false;
  }
  if (operands < 4 || !b.source(2, Type::B64, insn.b))
    return false;
  insn.aux = 1;
  if (b.operand(3).kind == Operand::Kind::Integer)
    insn.aux = b.operand(3).value != 0;
  else if (!b.source(3, Type::Pred, insn.c))
    return false;
  int64_t rest[4] = {1, 1, 0, 0};
  for (unsigned o = 4; o < operands && o < 8; ++o)
    if (!b.integer(b.operand(o), rest[o - 4]))
      return false;
  // With A in registers the only transposition is B's.
  int64_t transA = registerA ? 0 : rest[2];
  int64_t transB = registerA ? rest[2] : rest[3];
  bool wide = elementBytes(ea) == 2;
  if ((transA || transB) && !wide)
    return b.fail("only 16-bit operands can be transposed");
  uint32_t header[ExtSlots] = {uint32_t(ea),
                               uint32_t(eb),
                               kind,
                               n,
                               k,
                               registerA,
                               transA != 0,
                               transB != 0,
                               rest[0] == -1,
                               rest[1] == -1,
                               count};
  insn.ext = b.addExt(header[0]);
  for (unsigned x = 1; x < ExtSlots; ++x)
    b.addExt(header[x]);
  for (Ref ref : slots)
    b.addExt(ref);
  insn.run = runWgmma;
  insn.flags = FlagSync | FlagWgmma | FlagOwnUndefined;
  b.program.usesWgmma = b.program.usesAsyncProxy = true;
  b.emit(insn, InstructionClass::Wgmma);
  return true;
}

} // namespace

void settleWgmma(Warp &w) {
  for (auto &group : w.wgmmaGroups)
    for (auto &op : group)
      perform(w, *op);
  for (auto &op : w.wgmmaOpen)
    perform(w, *op);
}

bool decodeWgmmaInsn(Builder &b) {
  if (!b.atLeast(90) || !b.module.architectureSpecific)
    return b.fail("wgmma expects a target of sm_90a");
  if (b.take("mma_async"))
    return decodeProduct(b);
  Insn insn;
  insn.flags = FlagSync | FlagWgmma;
  if (b.take("fence")) {
    insn.run = runFence;
  } else if (b.take("commit_group")) {
    insn.run = runCommit;
  } else if (b.take("wait_group")) {
    insn.run = runWait;
    if (!b.expectOperands(1) || !b.integer(b.operand(0), insn.imm) ||
        insn.imm < 0)
      return false;
  } else {
    return false;
  }
  if (!b.take("sync") || !b.take("aligned"))
    return false;
  b.emit(insn, InstructionClass::Wgmma);
  return true;
}

} // namespace vgpu
