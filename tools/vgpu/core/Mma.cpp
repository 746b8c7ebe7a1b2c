// Mma.cpp - mma.sync: products of tiles that lie in a warp's registers.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/MmaElement.h"
#include "tools/vgpu/core/Numbers.h"
#include "tools/vgpu/core/Panel.h"

namespace vgpu {

namespace {

struct Shape {
  Element a, b;
  bool halfResult;
  unsigned m, n, k;
};

/// Columns of k that one register holds.
unsigned perRegister(Element e) {
  return e == Element::F64 ? 1 : 32 / elementBits(e);
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
  unsigned per = perRegister(s.shape.a);
  for (unsigned r = 0; r < s.na; ++r) {
    float values[32 * 32];
    elementValues(s.shape.a, w.read<uint8_t>(s.a[r]), 32 * per, values);
    for (unsigned l = 0; l < 32; ++l) {
      Place p = placeA(s.shape, l, r, 0);
      std::copy_n(values + l * per, per, a + p.row * lda + p.k);
    }
  }
}

/// B as [k][8], columns as panelColumn() says.
void loadB(const Warp &w, const Slots &s, float *bt) {
  unsigned per = perRegister(s.shape.b);
  for (unsigned r = 0; r < s.nb; ++r) {
    float values[32 * 32];
    elementValues(s.shape.b, w.read<uint8_t>(s.b[r]), 32 * per, values);
    for (unsigned l = 0; l < 32; ++l) {
      Place p = placeB(s.shape, l, r, 0);
      for (unsigned e = 0; e < per; ++e)
        bt[(p.k + e) * 8 + panelColumn(p.row)] = values[l * per + e];
    }
  }
}

/// f32 sums without a detour over rows: the accumulators stay in registers.
void multiplyFast(const Warp &w, const Slots &s, const float *a,
                  const float *bt) {
  alignas(64) float sums[4][32];
  static constexpr uint32_t slots[4] = {0, 128, 256, 384};
  for (unsigned e = 0; e < 4; ++e)
    std::copy_n(w.read<float>(s.c[e]), 32, sums[e]);
  multiplyRegisters(a, bt, 8, s.shape.k, reinterpret_cast<uint8_t *>(sums),
                    slots, true);
  for (unsigned e = 0; e < 4; ++e)
    std::copy_n(sums[e], 32, w.at<float>(s.d[e]));
}

void runMmaFloat(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherLanes(w, mask, allLanes))
    return;
  Slots s = slotsOf(w, i);
  alignas(64) float a[16 * 32], bt[32 * 8], d[16 * 8];
  loadA(w, s, a, s.shape.k);
  loadB(w, s, bt);
  if (w.worker->checkUninitialised)
    propagateUndefined(w, s);
  w.worker->stats.tensorMultiplyAdds += s.shape.m * s.shape.n * s.shape.k;
  if (w.worker->fast && !s.shape.halfResult && s.shape.m == 16)
    return multiplyFast(w, s, a, bt);
  unsigned values = s.shape.m * s.shape.n / 32;
  for (unsigned e = 0; e < values; ++e)
    for (unsigned l = 0; l < 32; ++l) {
      Place p = placeC(s.shape, l, e);
      d[p.row * 8 + panelColumn(p.k)] =
          s.shape.halfResult
              ? halfValue(w.read<uint16_t>(s.c[e / 2])[2 * l + e % 2])
              : w.read<float>(s.c[e])[l];
    }
  DotRule rule =
      dotRule(mmaType(s.shape.a),
              w.worker->launch->device->model().architecture(), false);
  multiplyPanel(a, s.shape.k, bt, 8, d, 8, s.shape.m, s.shape.n, s.shape.k,
                rule,
                w.worker->fast ? TensorCoreMode::Fast : TensorCoreMode::Exact);
  for (unsigned e = 0; e < values; ++e)
    for (unsigned l = 0; l < 32; ++l) {
      Place p = placeC(s.shape, l, e);
      float value = d[p.row * 8 + panelColumn(p.k)];
      if (s.shape.halfResult)
        w.at<uint16_t>(s.d[e / 2])[2 * l + e % 2] = halfBits(value);
      else
        w.at<float>(s.d[e])[l] = value;
    }
}

/// aux: 1 saturate; 2 xor, 4 and: one-bit products.
void runMmaInteger(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherLanes(w, mask, allLanes))
    return;
  Slots s = slotsOf(w, i);
  float a[16 * 256], bt[256 * 8];
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
      for (unsigned k = 0; k < s.shape.k; ++k) {
        float x = a[p.row * s.shape.k + k], y = bt[k * 8 + panelColumn(p.k)];
        sum += i.aux & 2 ? int64_t(x != y) : int64_t(x) * int64_t(y);
      }
      if (i.aux & 1)
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
  unsigned rowBits = s.k * elementBits(s.a);
  if (s.a == Element::F64)
    return (s.m == 8 && s.k == 4) ||
           (s.m == 16 && (s.k == 4 || s.k == 8 || s.k == 16));
  if (s.m == 8)
    return isInteger(s.a) && rowBits == 128;
  return rowBits == 256 || rowBits == 128;
}

/// The shape's modifier: m16n8k16 and so on; n is 8.
bool takeShape(Builder &b, Shape &s) {
  static constexpr unsigned depths[] = {4, 8, 16, 32, 64, 128, 256};
  s.n = 8;
  for (unsigned m : {8u, 16u})
    for (unsigned k : depths)
      if (b.take("m" + std::to_string(m) + "n8k" + std::to_string(k))) {
        s.m = m;
        s.k = k;
        return true;
      }
  return false;
}

/// The types' rules: which operands may meet, and what they add up to.
bool typesAllowed(const Shape &s, Type d, Type c) {
  bool integer = isInteger(s.a);
  if (d != c || integer != (d == Type::S32) ||
      (s.a == Element::F64) != (d == Type::F64))
    return false;
  if (!integer && s.a != Element::F64 && d != Type::F32 && d != Type::F16)
    return false;
  if (s.a != s.b && elementBits(s.a) != 8 && elementBits(s.a) != 4)
    return false;
  if (isInteger(s.b) != integer || elementBits(s.a) != elementBits(s.b))
    return false;
  return d != Type::F16 || (s.a != Element::BF16 && s.a != Element::TF32);
}

bool emitMma(Builder &b, const Shape &s, Insn insn) {
  Type part = s.a == Element::F64 ? Type::B64 : Type::B32;
  std::vector<Ref> slots[4];
  if (!b.expectOperands(4) ||
      !addRegisters(b, b.operand(1), part, false, slots[0]) ||
      !addRegisters(b, b.operand(2), part, false, slots[1]) ||
      !addRegisters(b, b.operand(3), part, false, slots[2]) ||
      !addRegisters(b, b.operand(0), part, true, slots[3]))
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

bool decodeMmaInsn(Builder &b) {
  Insn insn;
  Shape s = {};
  if (!b.take("sync") || !b.take("aligned") || !takeShape(b, s) ||
      !b.take("row") || !b.take("col"))
    return false;
  b.take("kind::f8f6f4");
  insn.aux = b.take("satfinite");
  Type d = b.takeType(), at = b.takeType(), bt = b.takeType(), c = b.takeType();
  if (!elementOf(at, s.a) || !elementOf(bt, s.b) || !typesAllowed(s, d, c) ||
      !shapeAllowed(s))
    return false;
  if (s.a == Element::B1) {
    int op = b.takeOneOf({"xor", "and"});
    if (op < 0 || !b.take("popc"))
      return false;
    insn.aux |= uint8_t(op == 0 ? 2 : 4);
  }
  s.halfResult = d == Type::F16;
  if (s.a == Element::F64)
    b.take("rn");
  insn.run = isInteger(s.a)        ? runMmaInteger
             : s.a == Element::F64 ? runMmaDouble
                                   : runMmaFloat;
  return emitMma(b, s, insn);
}

} // namespace vgpu
