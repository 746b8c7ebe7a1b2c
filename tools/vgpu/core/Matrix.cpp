// Matrix.cpp - ldmatrix, stmatrix, movmatrix and mma.sync.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Memory.h"
#include "tools/vgpu/core/Numbers.h"
#include "tools/vgpu/core/Panel.h"

namespace vgpu {

namespace {

// Eight rows of eight 16-bit values: row r of matrix i is at the address that
// lane 8 i + r gives; lane l holds row l / 4, columns 2 (l % 4) and the next.

/// aux: matrices; aux32: flags of Memory.h; imm: offset; c: 1 transposed,
/// 2 store.
void runLdmatrix(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherLanes(w, mask, allLanes))
    return;
  bool transpose = i.c & 1, store = i.c & 2;
  uint32_t rows = i.aux == 4 ? allLanes : (1u << (8 * i.aux)) - 1;
  uint64_t addresses[32];
  laneAddresses(w, i, mask, addresses);
  Access access;
  if (!resolve(w, rows, memSpace(i), addresses, 16, 16,
               store ? AccessKind::Write : AccessKind::Read, access))
    return;
  const uint32_t *refs = &w.worker->launch->program->ext[i.ext];
  for (unsigned m = 0; m < 8; ++m)
    w.storeUndefined[m] = w.loadUndefined[m] = 0;
  if (store && w.worker->checkUninitialised)
    for (unsigned m = 0; m < i.aux; ++m)
      if (uint32_t bad = w.frame->undefined[refs[m] >> 6])
        // A row is undefined when a lane that holds a part of it is.
        forEachLane(bad, [&](unsigned l) {
          for (unsigned r = 0; r < 8; ++r)
            if (transpose || r == l / 4)
              w.storeUndefined[0] |= 1u << (8 * m + r);
        });
  if (w.worker->instrumented)
    observe(w, i, access);
  uint32_t undefinedRows = w.loadUndefined[0];
  for (unsigned m = 0; m < i.aux; ++m) {
    uint32_t *reg = w.at<uint32_t>(refs[m]);
    for (unsigned l = 0; l < 32; ++l) {
      for (unsigned h = 0; h < 2; ++h) {
        unsigned row = l / 4, column = 2 * (l % 4) + h;
        if (transpose)
          std::swap(row, column);
        uint8_t *at = access.lanes[8 * m + row].pointer + 2 * column;
        auto *half = reinterpret_cast<uint8_t *>(&reg[l]) + 2 * h;
        if (store)
          std::memcpy(at, half, 2);
        else
          std::memcpy(half, at, 2);
      }
    }
    if (!store && w.worker->checkUninitialised) {
      uint32_t lanes = 0, rowsOf = undefinedRows >> (8 * m) & 255;
      for (unsigned l = 0; l < 32; ++l)
        lanes |= uint32_t(transpose ? rowsOf != 0 : (rowsOf >> (l / 4) & 1))
                 << l;
      w.frame->undefined[refs[m] >> 6] = lanes;
      w.frame->origin[refs[m] >> 6] = w.pc - 1;
    }
  }
}

void runMovmatrix(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherLanes(w, mask, allLanes))
    return;
  const uint16_t *a = w.read<uint16_t>(i.a);
  uint16_t in[64];
  std::copy_n(a, 64, in);
  uint16_t *d = w.at<uint16_t>(i.d);
  // Element e of the register file is row e / 8, column e % 8.
  for (unsigned r = 0; r < 8; ++r)
    for (unsigned c = 0; c < 8; ++c)
      d[r * 8 + c] = in[c * 8 + r];
}

bool matrixRegisters(Builder &b, const Operand &list, unsigned count,
                     bool store, Insn &insn) {
  Ref refs[4];
  if (list.kind != Operand::Kind::Vector || list.count != count)
    return b.fail("expected " + std::to_string(count) + " registers");
  for (unsigned k = 0; k < count; ++k)
    if (!(store ? b.source(b.child(list, k), Type::B32, refs[k])
                : b.destination(b.child(list, k), Type::B32, refs[k])))
      return false;
  for (unsigned k = 0; k < count; ++k) {
    uint32_t at = b.addExt(refs[k]);
    if (k == 0)
      insn.ext = at;
  }
  return true;
}

bool decodeLdmatrix(Builder &b, bool store) {
  Insn insn;
  if (!b.take("sync") || !b.take("aligned") || !b.take("m8n8"))
    return false;
  int count = b.takeOneOf({"x1", "x2", "x4"});
  bool transpose = b.take("trans");
  Space space = b.takeSpace();
  b.takeType();
  if (count < 0 || !b.expectOperands(2))
    return false;
  insn.aux = uint8_t(1 << count);
  bool wide;
  if (!b.address(b.operand(store ? 0 : 1), space, insn.a, insn.imm, wide) ||
      !matrixRegisters(b, b.operand(store ? 1 : 0), insn.aux, store, insn))
    return false;
  insn.aux32 = 1 | (wide ? MemWide : 0) | uint32_t(space) << memSpaceShift;
  insn.c = Ref((transpose ? 1 : 0) | (store ? 2 : 0));
  insn.run = runLdmatrix;
  insn.flags = FlagSync | FlagOwnUndefined | FlagMatrix;
  b.emit(insn,
         store ? InstructionClass::StoreShared : InstructionClass::LoadShared);
  return true;
}

// mma.sync

enum class Element : uint8_t { F16, BF16, TF32, E4M3, E5M2, S8, U8, F64 };

struct Shape {
  Element a, b;
  bool halfResult;
  unsigned m, n, k;
};

unsigned elementBytes(Element e) {
  switch (e) {
  case Element::F16:
  case Element::BF16:
    return 2;
  case Element::TF32:
    return 4;
  case Element::F64:
    return 8;
  default:
    return 1;
  }
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

/// Columns of k that one 32-bit register holds.
unsigned perRegister(Element e) {
  return e == Element::F64 ? 1 : 4 / elementBytes(e);
}

/// A fragments: register r of lane l: row l / 4 + 8 (r % 2) and
/// k = (l % 4) * per + 4 * per * (r / 2) + e, with per elements a register;
/// one row block (m = 8) has the second half of k in register 1.
struct Place {
  unsigned row, k;
};
Place placeA(const Shape &s, unsigned l, unsigned r, unsigned e) {
  unsigned per = perRegister(s.a);
  if (s.m == 8)
    return {l / 4, l % 4 * per + e + 4 * per * r};
  return {l / 4 + 8 * (r % 2), l % 4 * per + e + 4 * per * (r / 2)};
}
Place placeB(const Shape &s, unsigned l, unsigned r, unsigned e) {
  unsigned per = perRegister(s.b);
  return {l / 4, l % 4 * per + e + 4 * per * r};
}

/// aux: entry of Shape in ext: ext[0..6] shape, then counts and slots:
/// na, nb, nc, nd, a..., b..., c..., d....
struct Slots {
  Shape shape;
  const uint32_t *a, *b, *c, *d;
  unsigned na, nb, nc, nd;
};
Slots slotsOf(const Warp &w, const Insn &i) {
  const uint32_t *ext = &w.worker->launch->program->ext[i.ext];
  Slots s;
  s.shape = {Element(ext[0]), Element(ext[1]), ext[2] != 0,
             ext[3],          ext[4],          ext[5]};
  s.na = ext[6];
  s.nb = ext[7];
  s.nc = ext[8];
  s.nd = ext[9];
  s.a = ext + 10;
  s.b = s.a + s.na;
  s.c = s.b + s.nb;
  s.d = s.c + s.nc;
  return s;
}

/// Row and column of accumulator element e (0..m*n/32-1) of lane l.
Place placeC(const Shape &s, unsigned l, unsigned e) {
  (void)s;
  return {l / 4 + 8 * (e / 2), 2 * (l % 4) + e % 2};
}

void propagateUndefined(Warp &w, const Slots &s) {
  // Rows of A and columns of B spread over their row and column of D.
  uint32_t rows = 0, columns = 0;
  uint32_t origin = ~0u;
  auto lanes = [&](Ref ref) {
    uint32_t bad = ref & constantRef ? 0 : w.frame->undefined[ref >> 6];
    if (bad)
      origin = w.frame->origin[ref >> 6];
    return bad;
  };
  for (unsigned r = 0; r < s.na; ++r)
    forEachLane(lanes(s.a[r]), [&](unsigned l) {
      rows |= 1u << placeA(s.shape, l, r, 0).row;
    });
  for (unsigned r = 0; r < s.nb; ++r)
    forEachLane(lanes(s.b[r]), [&](unsigned l) {
      columns |= 1u << placeB(s.shape, l, r, 0).row;
    });
  unsigned per = s.shape.m * s.shape.n / 32 / s.nd;
  for (unsigned r = 0; r < s.nd; ++r) {
    uint32_t bad = lanes(s.c[r]);
    for (unsigned l = 0; l < 32; ++l)
      for (unsigned e = r * per; e < (r + 1) * per; ++e) {
        Place p = placeC(s.shape, l, e);
        if ((rows >> p.row & 1) || (columns >> p.k & 1))
          bad |= 1u << l;
      }
    w.frame->undefined[s.d[r] >> 6] = bad;
    w.frame->origin[s.d[r] >> 6] = origin;
  }
}

void loadA(const Warp &w, const Slots &s, float *a, unsigned lda) {
  unsigned per = perRegister(s.shape.a), size = elementBytes(s.shape.a);
  for (unsigned r = 0; r < s.na; ++r) {
    const uint8_t *reg = w.at<uint8_t>(s.a[r]);
    for (unsigned l = 0; l < 32; ++l)
      for (unsigned e = 0; e < per; ++e) {
        Place p = placeA(s.shape, l, r, e);
        a[p.row * lda + p.k] = valueOf(s.shape.a, reg + 4 * l + e * size);
      }
  }
}

/// B as [k][8].
void loadB(const Warp &w, const Slots &s, float *bt) {
  unsigned per = perRegister(s.shape.b), size = elementBytes(s.shape.b);
  for (unsigned r = 0; r < s.nb; ++r) {
    const uint8_t *reg = w.at<uint8_t>(s.b[r]);
    for (unsigned l = 0; l < 32; ++l)
      for (unsigned e = 0; e < per; ++e) {
        Place p = placeB(s.shape, l, r, e);
        bt[p.k * 8 + p.row] = valueOf(s.shape.b, reg + 4 * l + e * size);
      }
  }
}

MmaType mmaType(Element e) {
  switch (e) {
  case Element::F16:
    return MmaType::F16;
  case Element::BF16:
    return MmaType::BF16;
  case Element::TF32:
    return MmaType::TF32;
  case Element::E4M3:
    return MmaType::E4M3;
  default:
    return MmaType::E5M2;
  }
}

void runMmaFloat(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherLanes(w, mask, allLanes))
    return;
  Slots s = slotsOf(w, i);
  alignas(64) float a[16 * 32], bt[32 * 8], d[16 * 8];
  loadA(w, s, a, s.shape.k);
  loadB(w, s, bt);
  unsigned values = s.shape.m * s.shape.n / 32;
  for (unsigned e = 0; e < values; ++e)
    for (unsigned l = 0; l < 32; ++l) {
      Place p = placeC(s.shape, l, e);
      d[p.row * 8 + p.k] =
          s.shape.halfResult
              ? halfValue(w.read<uint16_t>(s.c[e / 2])[2 * l + e % 2])
              : w.read<float>(s.c[e])[l];
    }
  if (w.worker->checkUninitialised)
    propagateUndefined(w, s);
  DotRule rule =
      dotRule(mmaType(s.shape.a),
              w.worker->launch->device->model().architecture(), false);
  multiplyPanel(a, s.shape.k, bt, 8, d, 8, s.shape.m, s.shape.n, s.shape.k,
                rule,
                w.worker->fast ? TensorCoreMode::Fast : TensorCoreMode::Exact);
  for (unsigned e = 0; e < values; ++e)
    for (unsigned l = 0; l < 32; ++l) {
      Place p = placeC(s.shape, l, e);
      float value = d[p.row * 8 + p.k];
      if (s.shape.halfResult)
        w.at<uint16_t>(s.d[e / 2])[2 * l + e % 2] = halfBits(value);
      else
        w.at<float>(s.d[e])[l] = value;
    }
  w.worker->stats.tensorMultiplyAdds += s.shape.m * s.shape.n * s.shape.k;
}

/// aux: saturate.
void runMmaInteger(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherLanes(w, mask, allLanes))
    return;
  Slots s = slotsOf(w, i);
  float a[16 * 32], bt[32 * 8];
  loadA(w, s, a, s.shape.k);
  loadB(w, s, bt);
  if (w.worker->checkUninitialised)
    propagateUndefined(w, s);
  int32_t result[4][32];
  unsigned values = s.shape.m * s.shape.n / 32;
  for (unsigned e = 0; e < values; ++e)
    for (unsigned l = 0; l < 32; ++l) {
      Place p = placeC(s.shape, l, e);
      int64_t sum = w.read<int32_t>(s.c[e])[l];
      for (unsigned k = 0; k < s.shape.k; ++k)
        sum += int64_t(a[p.row * s.shape.k + k]) * int64_t(bt[k * 8 + p.k]);
      if (i.aux)
        sum = std::clamp<int64_t>(sum, INT32_MIN, INT32_MAX);
      result[e][l] = int32_t(sum);
    }
  for (unsigned e = 0; e < values; ++e)
    std::copy_n(result[e], 32, w.at<int32_t>(s.d[e]));
  w.worker->stats.tensorMultiplyAdds += s.shape.m * s.shape.n * s.shape.k;
}

void runMmaDouble(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherLanes(w, mask, allLanes))
    return;
  Slots s = slotsOf(w, i);
  double a[16 * 16], bt[16 * 8], result[4][32];
  for (unsigned r = 0; r < s.na; ++r)
    for (unsigned l = 0; l < 32; ++l) {
      Place p = placeA(s.shape, l, r, 0);
      a[p.row * s.shape.k + p.k] = w.read<double>(s.a[r])[l];
    }
  for (unsigned r = 0; r < s.nb; ++r)
    for (unsigned l = 0; l < 32; ++l) {
      Place p = placeB(s.shape, l, r, 0);
      bt[p.k * 8 + p.row] = w.read<double>(s.b[r])[l];
    }
  if (w.worker->checkUninitialised)
    propagateUndefined(w, s);
  for (unsigned e = 0; e < s.nd; ++e)
    for (unsigned l = 0; l < 32; ++l) {
      Place p = placeC(s.shape, l, e);
      double sum = w.read<double>(s.c[e])[l];
      for (unsigned k = 0; k < s.shape.k; ++k)
        sum = std::fma(a[p.row * s.shape.k + k], bt[k * 8 + p.k], sum);
      result[e][l] = sum;
    }
  for (unsigned e = 0; e < s.nd; ++e)
    std::copy_n(result[e], 32, w.at<double>(s.d[e]));
  w.worker->stats.tensorMultiplyAdds += s.shape.m * s.shape.n * s.shape.k;
}

bool elementOf(Type type, Element &e) {
  switch (type) {
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
  case Type::F64:
    e = Element::F64;
    return true;
  default:
    return false;
  }
}

bool addRegisters(Builder &b, const Operand &list, Type type, bool write,
                  std::vector<Ref> &slots) {
  if (list.kind != Operand::Kind::Vector) {
    Ref ref;
    if (!(write ? b.destination(list, type, ref) : b.source(list, type, ref)))
      return false;
    slots.push_back(ref);
    return true;
  }
  for (unsigned k = 0; k < list.count; ++k) {
    Ref ref;
    const Operand &one = b.child(list, k);
    if (!(write ? b.destination(one, type, ref) : b.source(one, type, ref)))
      return false;
    slots.push_back(ref);
  }
  return true;
}

bool shapeAllowed(const Shape &s) {
  unsigned bytes = elementBytes(s.a);
  if (s.a == Element::F64)
    return (s.m == 8 && s.n == 8 && s.k == 4) ||
           (s.m == 16 && s.n == 8 && (s.k == 4 || s.k == 8 || s.k == 16));
  bool integer = s.a == Element::S8 || s.a == Element::U8;
  if (integer && s.m == 8 && s.n == 8 && s.k == 16)
    return true;
  return s.m == 16 && s.n == 8 && (s.k * bytes == 32 || (s.k * bytes == 16));
}

bool decodeMma(Builder &b) {
  Insn insn;
  Shape s = {};
  if (!b.take("sync") || !b.take("aligned"))
    return false;
  int shape = b.takeOneOf(
      {"m16n8k16", "m16n8k8", "m16n8k4", "m16n8k32", "m8n8k4", "m8n8k16"});
  static constexpr unsigned sizes[][3] = {{16, 8, 16}, {16, 8, 8}, {16, 8, 4},
                                          {16, 8, 32}, {8, 8, 4},  {8, 8, 16}};
  if (shape < 0 || !b.take("row") || !b.take("col"))
    return false;
  s.m = sizes[shape][0];
  s.n = sizes[shape][1];
  s.k = sizes[shape][2];
  b.take("kind::f8f6f4");
  insn.aux = b.take("satfinite");
  Type d = b.takeType(), at = b.takeType(), bt = b.takeType(), c = b.takeType();
  if (!elementOf(at, s.a) || !elementOf(bt, s.b) || d != c ||
      elementBytes(s.a) != elementBytes(s.b) || !shapeAllowed(s) ||
      !b.expectOperands(4))
    return false;
  bool integer = s.a == Element::S8 || s.a == Element::U8;
  s.halfResult = d == Type::F16;
  if (integer != (d == Type::S32) ||
      (s.a == Element::F64) != (d == Type::F64) ||
      (s.halfResult && (s.a == Element::BF16 || s.a == Element::TF32)))
    return false;
  insn.run = integer               ? runMmaInteger
             : s.a == Element::F64 ? runMmaDouble
                                   : runMmaFloat;
  Type part = s.a == Element::F64 ? Type::B64 : Type::B32;
  std::vector<Ref> slots[4];
  Type accumulator = s.a == Element::F64 ? Type::B64 : Type::B32;
  if (!addRegisters(b, b.operand(1), part, false, slots[0]) ||
      !addRegisters(b, b.operand(2), part, false, slots[1]) ||
      !addRegisters(b, b.operand(3), accumulator, false, slots[2]) ||
      !addRegisters(b, b.operand(0), accumulator, true, slots[3]))
    return false;
  unsigned per = perRegister(s.a);
  unsigned results = s.m * s.n / 32 / (s.halfResult ? 2 : 1);
  if (slots[0].size() != s.m * s.k / 32 / per ||
      slots[1].size() != s.n * s.k / 32 / per || slots[2].size() != results ||
      slots[3].size() != results)
    return b.fail("the operands have the wrong number of registers");
  insn.ext = b.addExt(uint32_t(s.a));
  for (uint32_t value : {uint32_t(s.b), uint32_t(s.halfResult), s.m, s.n, s.k})
    b.addExt(value);
  for (const auto &list : slots)
    b.addExt(uint32_t(list.size()));
  for (const auto &list : slots)
    for (Ref ref : list)
      b.addExt(ref);
  insn.flags = FlagSync | FlagOwnUndefined;
  b.emit(insn, InstructionClass::Mma);
  return true;
}

} // namespace

bool decodeMatrixInsn(Builder &b) {
  std::string_view name = b.mnemonic();
  if (name == "ldmatrix" || name == "stmatrix")
    return decodeLdmatrix(b, name == "stmatrix");
  if (name == "mma")
    return decodeMma(b);
  Insn insn;
  if (!b.take("sync") || !b.take("aligned") || !b.take("m8n8") ||
      !b.take("trans"))
    return false;
  b.takeType();
  insn.run = runMovmatrix;
  if (!b.expectOperands(2) || !b.destination(0, Type::B32, insn.d) ||
      !b.source(1, Type::B32, insn.a))
    return false;
  insn.flags = FlagSync;
  b.emit(insn, InstructionClass::WarpExchange);
  return true;
}

} // namespace vgpu
