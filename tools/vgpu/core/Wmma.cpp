// Wmma.cpp - wmma.load, wmma.store and wmma.mma: warp matrices whose place in
// the registers is left to the implementation.
//
// Element x of lane l of a fragment with n elements a lane is number n l + x of
// the matrix, row by row; accumulators of 16 columns lie as mma.sync's do.
// Fragments of f16 hold every element twice: PTX gives them 8 registers.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Memory.h"
#include "tools/vgpu/core/Numbers.h"
#include "tools/vgpu/core/Panel.h"

#include <vector>

namespace vgpu {

namespace {

enum class Role : uint8_t { A, B, Accumulator };

/// One fragment, as the program's ext words hold it.
struct WarpMatrix {
  Type type = Type::None;
  Role role = Role::A;
  uint32_t rows = 0, columns = 0;
  uint32_t registers = 0;

  uint32_t bits() const { return typeBytes(type) * 8; }
  uint32_t perRegister() const { return type == Type::F64 ? 1 : 32 / bits(); }
  uint32_t perLane() const { return rows * columns / 32; }
  unsigned registerBytes() const { return type == Type::F64 ? 8 : 4; }
};

/// Number of element x of lane l in the matrix, row by row.
uint32_t placeOf(const WarpMatrix &f, unsigned l, unsigned x) {
  x %= f.perLane();
  if (f.role != Role::Accumulator || f.columns != 16)
    return l * f.perLane() + x;
  uint32_t row = l / 4 + 8 * (x / 2 % 2), column = 2 * (l % 4) + x % 2;
  return row * 16 + column + 8 * (x / 4);
}

double elementOf(const WarpMatrix &f, const uint8_t *bytes) {
  uint64_t bits = 0;
  std::memcpy(&bits, bytes, typeBytes(f.type));
  switch (f.type) {
  case Type::F16:
    return halfValue(uint16_t(bits));
  case Type::BF16:
    return bfloatValue(uint16_t(bits));
  case Type::TF32:
    return truncateToTf32(std::bit_cast<float>(uint32_t(bits)));
  case Type::F32:
    return std::bit_cast<float>(uint32_t(bits));
  case Type::F64:
    return std::bit_cast<double>(bits);
  case Type::S8:
    return int8_t(bits);
  case Type::U8:
    return uint8_t(bits);
  default:
    return int32_t(bits);
  }
}

void setElement(const WarpMatrix &f, uint8_t *bytes, double value) {
  uint64_t bits = 0;
  switch (f.type) {
  case Type::F16:
    bits = halfBits(float(value));
    break;
  case Type::F64:
    bits = std::bit_cast<uint64_t>(value);
    break;
  case Type::S32:
    bits = uint32_t(int32_t(value));
    break;
  default:
    bits = std::bit_cast<uint32_t>(float(value));
    break;
  }
  std::memcpy(bytes, &bits, typeBytes(f.type));
}

/// Bytes of element x of lane l in the registers `refs`.
uint8_t *elementBytes(const Warp &w, const WarpMatrix &f, const uint32_t *refs,
                      unsigned l, unsigned x) {
  unsigned per = f.perRegister();
  return w.at<uint8_t>(refs[x / per]) + l * f.registerBytes() +
         x % per * typeBytes(f.type);
}

/// ext: fragment (5 words), then its registers.
WarpMatrix fragmentAt(const uint32_t *ext) {
  return {Type(ext[0]), Role(ext[1]), ext[2], ext[3], ext[4]};
}
constexpr unsigned fragmentWords = 5;

uint32_t undefinedLanes(const Warp &w, const WarpMatrix &f,
                        const uint32_t *refs) {
  uint32_t bad = 0;
  for (unsigned r = 0; r < f.registers; ++r)
    if (!(refs[r] & constantRef))
      bad |= w.frame->undefined[refs[r] >> 6];
  return bad;
}

void setUndefined(const Warp &w, const WarpMatrix &f, const uint32_t *refs,
                  uint32_t lanes) {
  for (unsigned r = 0; r < f.registers; ++r) {
    w.frame->undefined[refs[r] >> 6] = lanes;
    w.frame->origin[refs[r] >> 6] = w.pc - 1;
  }
}

/// a: base; b: leading dimension (noRef: tight); aux: 1 column-major, 2 store.
void runTransfer(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherLanes(w, mask, allLanes))
    return;
  const uint32_t *ext = &w.worker->launch->program->ext[i.ext];
  const uint32_t *refs = ext, *words = ext + i.imm;
  WarpMatrix f = fragmentAt(words);
  uint64_t offset = uint64_t(words[5]) | uint64_t(words[6]) << 32;
  bool byColumn = i.aux & 1, store = i.aux & 2;
  unsigned size = typeBytes(f.type);
  Insn plain = i;
  plain.imm = int64_t(offset);
  uint64_t bases[32], addresses[32];
  laneAddresses(w, plain, mask, bases);
  bool checked = w.worker->checkUninitialised && !w.frame->undefined.empty();
  uint32_t bad = 0;
  for (unsigned k = 0; k < 8; ++k)
    w.loadUndefined[k] = w.storeUndefined[k] = 0;
  for (unsigned x = 0; x < f.perLane(); ++x) {
    for (unsigned l = 0; l < 32; ++l) {
      uint32_t place = placeOf(f, l, x);
      uint64_t row = place / f.columns, column = place % f.columns;
      uint64_t tight = byColumn ? f.rows : f.columns;
      uint64_t lead = i.b == noRef ? tight : w.read<uint32_t>(i.b)[l];
      addresses[l] = bases[l] + size * (byColumn ? column * lead + row
                                                 : row * lead + column);
    }
    Access access;
    if (!resolve(w, allLanes, memSpace(i), addresses, size, size,
                 store ? AccessKind::Write : AccessKind::Read, access))
      return;
    if (checked && store)
      w.storeUndefined[0] = undefinedLanes(w, f, refs);
    if (w.worker->instrumented)
      observe(w, i, access);
    bad |= w.loadUndefined[0];
    for (unsigned l = 0; l < 32; ++l) {
      if (store) {
        writeView(w, access.lanes[l], l, elementBytes(w, f, refs, l, x), size);
        continue;
      }
      uint8_t value[8];
      readView(w, access.lanes[l], l, value, size);
      for (unsigned y = x; y < f.registers * f.perRegister(); y += f.perLane())
        std::memcpy(elementBytes(w, f, refs, l, y), value, size);
    }
  }
  if (checked && !store)
    setUndefined(w, f, refs, bad);
}

std::vector<double> gather(const Warp &w, const WarpMatrix &f,
                           const uint32_t *refs) {
  std::vector<double> values(size_t(f.rows) * f.columns);
  for (unsigned l = 0; l < 32; ++l)
    for (unsigned x = 0; x < f.perLane(); ++x)
      values[placeOf(f, l, x)] = elementOf(f, elementBytes(w, f, refs, l, x));
  return values;
}

MmaType mmaType(Type type) {
  return type == Type::F16    ? MmaType::F16
         : type == Type::BF16 ? MmaType::BF16
                              : MmaType::TF32;
}

/// c += a b in the arithmetic of the types.
void multiply(const Warp &w, const WarpMatrix &fa, bool saturate,
              const std::vector<double> &a, const std::vector<double> &b,
              std::vector<double> &c, unsigned n) {
  unsigned m = fa.rows, k = fa.columns;
  bool isFloat =
      fa.type == Type::F16 || fa.type == Type::BF16 || fa.type == Type::TF32;
  if (isFloat) {
    std::vector<float> x(a.begin(), a.end()), y(b.begin(), b.end()),
        z(c.begin(), c.end());
    DotRule rule =
        dotRule(mmaType(fa.type),
                w.worker->launch->device->model().architecture(), false);
    multiplyPanel(x.data(), k, y.data(), n, z.data(), n, m, n, k, rule,
                  w.worker->fast ? TensorCoreMode::Fast
                                 : TensorCoreMode::Exact);
    std::copy(z.begin(), z.end(), c.begin());
    return;
  }
  for (unsigned row = 0; row < m; ++row)
    for (unsigned column = 0; column < n; ++column) {
      double &sum = c[row * n + column];
      for (unsigned p = 0; p < k; ++p)
        sum = std::fma(a[row * k + p], b[p * n + column], sum);
      if (fa.type == Type::F64)
        continue;
      // Sums of bytes and an int32 are exact in a double.
      int64_t whole = int64_t(sum);
      if (saturate)
        whole = std::clamp<int64_t>(whole, INT32_MIN, INT32_MAX);
      sum = int32_t(uint32_t(uint64_t(whole)));
    }
}

/// aux: 1 saturate. ext: fragments a, b, c, d, each with its registers.
void runMultiply(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherLanes(w, mask, allLanes))
    return;
  const uint32_t *ext = &w.worker->launch->program->ext[i.ext];
  WarpMatrix f[4];
  const uint32_t *refs[4];
  for (unsigned k = 0; k < 4; ++k) {
    f[k] = fragmentAt(ext);
    refs[k] = ext + fragmentWords;
    ext = refs[k] + f[k].registers;
  }
  std::vector<double> a = gather(w, f[0], refs[0]),
                      b = gather(w, f[1], refs[1]),
                      c = gather(w, f[2], refs[2]);
  uint32_t bad = 0;
  bool checked = w.worker->checkUninitialised && !w.frame->undefined.empty();
  for (unsigned k = 0; k < 3 && checked; ++k)
    bad |= undefinedLanes(w, f[k], refs[k]);
  multiply(w, f[0], i.aux, a, b, c, f[1].columns);
  for (unsigned l = 0; l < 32; ++l)
    for (unsigned x = 0; x < f[3].perLane(); ++x)
      setElement(f[3], elementBytes(w, f[3], refs[3], l, x),
                 c[placeOf(f[3], l, x)]);
  if (checked) // every element of D depends on a row and a column
    setUndefined(w, f[3], refs[3], bad ? allLanes : 0);
  w.worker->stats.tensorMultiplyAdds +=
      uint64_t(f[0].rows) * f[0].columns * f[1].columns;
}

struct Geometry {
  unsigned m = 0, n = 0, k = 0;
};

bool takeGeometry(Builder &b, Geometry &g) {
  static constexpr Geometry known[] = {
      {16, 16, 16}, {32, 8, 16}, {8, 32, 16}, {16, 16, 8}, {8, 8, 4}};
  int at =
      b.takeOneOf({"m16n16k16", "m32n8k16", "m8n32k16", "m16n16k8", "m8n8k4"});
  if (at < 0)
    return false;
  g = known[at];
  return true;
}

/// True when the geometry multiplies operands of this type.
bool operandAllowed(const Geometry &g, Type type) {
  switch (type) {
  case Type::F16:
  case Type::BF16:
  case Type::S8:
  case Type::U8:
    return g.k == 16;
  case Type::TF32:
    return g.k == 8;
  case Type::F64:
    return g.k == 4;
  default:
    return false;
  }
}

bool makeFragment(const Geometry &g, Role role, Type type, WarpMatrix &f) {
  f.type = type;
  f.role = role;
  f.rows = role == Role::B ? g.k : g.m;
  f.columns = role == Role::A ? g.k : g.n;
  if (role != Role::Accumulator && !operandAllowed(g, type))
    return false;
  if (role == Role::Accumulator && type != Type::F32 && type != Type::S32 &&
      !(type == Type::F16 && g.k == 16) && !(type == Type::F64 && g.k == 4))
    return false;
  f.registers = f.perLane() / f.perRegister();
  if (role != Role::Accumulator && type == Type::F16)
    f.registers = 8;
  return true;
}

bool fragmentRegisters(Builder &b, const Operand &list, const WarpMatrix &f,
                       bool write, std::vector<Ref> &refs) {
  unsigned count = list.kind == Operand::Kind::Vector ? list.count : 1;
  if (count != f.registers)
    return b.fail("expected a fragment of " + std::to_string(f.registers) +
                  " registers, but got " + std::to_string(count));
  Type type = f.registerBytes() == 8 ? Type::B64 : Type::B32;
  for (unsigned k = 0; k < count; ++k) {
    const Operand &one =
        list.kind == Operand::Kind::Vector ? b.child(list, k) : list;
    Ref ref;
    if (!(write ? b.destination(one, type, ref) : b.source(one, type, ref)))
      return false;
    refs.push_back(ref);
  }
  return true;
}

void addFragment(Builder &b, const WarpMatrix &f) {
  for (uint32_t word :
       {uint32_t(f.type), uint32_t(f.role), f.rows, f.columns, f.registers})
    b.addExt(word);
}

bool decodeTransfer(Builder &b, bool store) {
  Insn insn;
  int role = b.takeOneOf({"a", "b", "c", "d"});
  Geometry g;
  if (role < 0 || store != (role == 3) || !b.take("sync") ||
      !b.take("aligned") || !takeGeometry(b, g))
    return false;
  int layout = b.takeOneOf({"row", "col"});
  Space space = b.takeSpace();
  Type type = b.takeType();
  WarpMatrix f;
  if (layout < 0 ||
      !makeFragment(g, role < 2 ? Role(role) : Role::Accumulator, type, f) ||
      !b.expectOperands(2, 3))
    return false;
  bool wide;
  int64_t offset;
  std::vector<Ref> refs;
  if (!b.address(b.operand(store ? 0 : 1), space, insn.a, offset, wide) ||
      !fragmentRegisters(b, b.operand(store ? 1 : 0), f, !store, refs) ||
      (b.operandCount() == 3 && !b.source(2, Type::B32, insn.b)))
    return false;
  insn.ext = b.addExt(refs[0]);
  for (size_t k = 1; k < refs.size(); ++k)
    b.addExt(refs[k]);
  insn.imm = int64_t(refs.size());
  addFragment(b, f);
  b.addExt(uint32_t(uint64_t(offset)));
  b.addExt(uint32_t(uint64_t(offset) >> 32));
  insn.aux = uint8_t((layout == 1 ? 1 : 0) | (store ? 2 : 0));
  insn.aux32 = 1 | (wide ? MemWide : 0) | uint32_t(space) << memSpaceShift;
  insn.run = runTransfer;
  insn.flags = FlagSync | FlagOwnUndefined | FlagMatrix;
  bool shared = space == Space::Shared;
  using C = InstructionClass;
  b.emit(insn, store ? (shared ? C::StoreShared : C::StoreGlobal)
                     : (shared ? C::LoadShared : C::LoadGlobal));
  return true;
}

bool decodeMultiply(Builder &b) {
  Insn insn;
  Geometry g;
  if (!b.take("sync") || !b.take("aligned") || !takeGeometry(b, g) ||
      b.takeOneOf({"row", "col"}) < 0 || b.takeOneOf({"row", "col"}) < 0)
    return false;
  insn.aux = b.take("satfinite");
  b.take("rn");
  // f16 operands go without saying: d and c alone are named.
  Type types[4] = {};
  unsigned count = 0;
  for (Type type; count < 4 && (type = b.takeType()) != Type::None;)
    types[count++] = type;
  if (count == 2) {
    types[3] = types[1];
    types[1] = types[2] = Type::F16;
  } else if (count != 4) {
    return false;
  }
  WarpMatrix f[4];
  std::vector<Ref> refs[4];
  if (!makeFragment(g, Role::A, types[1], f[0]) ||
      !makeFragment(g, Role::B, types[2], f[1]) ||
      !makeFragment(g, Role::Accumulator, types[3], f[2]) ||
      !makeFragment(g, Role::Accumulator, types[0], f[3]))
    return false;
  bool integer = types[1] == Type::S8 || types[1] == Type::U8;
  if (types[1] != types[2] || integer != (types[0] == Type::S32) ||
      integer != (types[3] == Type::S32) ||
      ((types[0] == Type::F16 || types[3] == Type::F16) &&
       types[1] != Type::F16))
    return false;
  if (!b.expectOperands(4))
    return false;
  for (unsigned k = 0; k < 4; ++k)
    if (!fragmentRegisters(b, b.operand(k == 3 ? 0 : k + 1), f[k], k == 3,
                           refs[k]))
      return false;
  insn.ext = b.addExt(uint32_t(f[0].type));
  for (uint32_t word :
       {uint32_t(f[0].role), f[0].rows, f[0].columns, f[0].registers})
    b.addExt(word);
  for (unsigned k = 0; k < 4; ++k) {
    if (k > 0)
      addFragment(b, f[k]);
    for (Ref ref : refs[k])
      b.addExt(ref);
  }
  insn.run = runMultiply;
  insn.flags = FlagSync | FlagOwnUndefined;
  b.emit(insn, InstructionClass::Mma);
  return true;
}

} // namespace

bool decodeWmmaInsn(Builder &b) {
  int what = b.takeOneOf({"load", "store", "mma"});
  if (what == 2)
    return decodeMultiply(b);
  return what >= 0 && decodeTransfer(b, what == 1);
}

} // namespace vgpu
