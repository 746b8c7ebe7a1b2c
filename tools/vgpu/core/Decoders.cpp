// Decoders.cpp - which family decodes which mnemonic.
#include "tools/vgpu/core/Decoders.h"

#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/Forms.h"

#include <unordered_map>

namespace vgpu {

bool decodeAsyncStoreInsn(Builder &); // AsyncStore.cpp
bool decodeTensorMapInsn(Builder &);  // TensorMapEdits.cpp
bool decodeWmmaInsn(Builder &);       // Wmma.cpp

namespace {

/// Forms that PTX does not have are refused before the family sees them.
template <DecodeFunction family> bool checked(Builder &b) {
  return formAllowed(b.opcodeParts()) && family(b);
}

/// add, sub, mul, ...: the type decides between the three families.
bool decodeArithmeticInsn(Builder &b) {
  Type type = b.lastType();
  if (type == Type::F32 || type == Type::F64)
    return decodeFloatInsn(b);
  if (isFloatType(type))
    return decodeHalfInsn(b);
  return decodeIntegerInsn(b);
}

/// st and red, or their asynchronous forms.
bool decodeStoreFamily(Builder &b) {
  if (b.hasModifier("async"))
    return decodeAsyncStoreInsn(b);
  return b.mnemonic() == "st" ? decodeMemoryInsn(b) : decodeAtomicInsn(b);
}

/// cp.async, cp.async.bulk, cp.async.bulk.tensor, cp.reduce...
bool decodeCopyFamily(Builder &b) {
  return b.hasModifier("bulk") ? decodeTensorCopyInsn(b) : decodeCopyInsn(b);
}

using Table = std::unordered_map<std::string_view, DecodeFunction>;

const Table &decoders() {
  static const Table table = {
      {"add", checked<decodeArithmeticInsn>},
      {"sub", checked<decodeArithmeticInsn>},
      {"mul", checked<decodeArithmeticInsn>},
      {"mad", checked<decodeArithmeticInsn>},
      {"fma", checked<decodeArithmeticInsn>},
      {"div", checked<decodeArithmeticInsn>},
      {"neg", checked<decodeArithmeticInsn>},
      {"abs", checked<decodeArithmeticInsn>},
      {"min", checked<decodeArithmeticInsn>},
      {"max", checked<decodeArithmeticInsn>},
      {"rem", checked<decodeIntegerInsn>},
      {"mul24", checked<decodeIntegerInsn>},
      {"mad24", checked<decodeIntegerInsn>},
      {"sad", checked<decodeIntegerInsn>},
      {"dp4a", checked<decodeIntegerInsn>},
      {"dp2a", checked<decodeIntegerInsn>},
      {"addc", checked<decodeIntegerInsn>},
      {"subc", checked<decodeIntegerInsn>},
      {"madc", checked<decodeIntegerInsn>},
      {"and", checked<decodeBitInsn>},
      {"or", checked<decodeBitInsn>},
      {"xor", checked<decodeBitInsn>},
      {"not", checked<decodeBitInsn>},
      {"cnot", checked<decodeBitInsn>},
      {"shl", checked<decodeBitInsn>},
      {"shr", checked<decodeBitInsn>},
      {"shf", checked<decodeBitInsn>},
      {"lop3", checked<decodeBitInsn>},
      {"popc", checked<decodeBitInsn>},
      {"clz", checked<decodeBitInsn>},
      {"brev", checked<decodeBitInsn>},
      {"bfind", checked<decodeBitInsn>},
      {"bfe", checked<decodeBitInsn>},
      {"bfi", checked<decodeBitInsn>},
      {"bmsk", checked<decodeBitInsn>},
      {"fns", checked<decodeBitInsn>},
      {"prmt", checked<decodeBitInsn>},
      {"copysign", checked<decodeFloatInsn>},
      {"testp", checked<decodeFloatInsn>},
      {"sqrt", checked<decodeSpecialFunctionInsn>},
      {"rcp", checked<decodeSpecialFunctionInsn>},
      {"ex2", checked<decodeSpecialFunctionInsn>},
      {"lg2", checked<decodeSpecialFunctionInsn>},
      {"sin", checked<decodeSpecialFunctionInsn>},
      {"cos", checked<decodeSpecialFunctionInsn>},
      {"rsqrt", checked<decodeSpecialFunctionInsn>},
      {"tanh", checked<decodeSpecialFunctionInsn>},
      {"setp", checked<decodeCompareInsn>},
      {"set", checked<decodeCompareInsn>},
      {"selp", checked<decodeCompareInsn>},
      {"slct", checked<decodeCompareInsn>},
      {"cvt", decodeConvertInsn},
      {"mov", decodeMoveInsn},
      {"cvta", decodeMoveInsn},
      {"isspacep", decodeMoveInsn},
      {"ld", decodeMemoryInsn},
      {"ldu", decodeMemoryInsn},
      {"st", decodeStoreFamily},
      {"prefetch", decodeMemoryInsn},
      {"prefetchu", decodeMemoryInsn},
      {"applypriority", decodeMemoryInsn},
      {"discard", decodeMemoryInsn},
      {"createpolicy", decodeMemoryInsn},
      {"atom", decodeAtomicInsn},
      {"red", decodeStoreFamily},
      {"bra", decodeControlInsn},
      {"brx", decodeControlInsn},
      {"call", decodeControlInsn},
      {"ret", decodeControlInsn},
      {"exit", decodeControlInsn},
      {"trap", decodeControlInsn},
      {"brkpt", decodeControlInsn},
      {"nanosleep", decodeControlInsn},
      {"pmevent", decodeControlInsn},
      {"setmaxnreg", decodeControlInsn},
      {"griddepcontrol", decodeControlInsn},
      {"bar", decodeBarrierInsn},
      {"barrier", decodeBarrierInsn},
      {"fence", decodeBarrierInsn},
      {"membar", decodeBarrierInsn},
      {"shfl", decodeExchangeInsn},
      {"vote", decodeExchangeInsn},
      {"match", decodeExchangeInsn},
      {"redux", decodeExchangeInsn},
      {"elect", decodeExchangeInsn},
      {"activemask", decodeExchangeInsn},
      {"cp", decodeCopyFamily},
      {"mbarrier", decodeMbarrierInsn},
      {"mapa", decodeMbarrierInsn},
      {"getctarank", decodeMbarrierInsn},
      {"ldmatrix", decodeMatrixInsn},
      {"stmatrix", decodeMatrixInsn},
      {"movmatrix", decodeMatrixInsn},
      {"mma", decodeMatrixInsn},
      {"wgmma", decodeWgmmaInsn},
      {"wmma", decodeWmmaInsn},
      {"tensormap", decodeTensorMapInsn},
  };
  return table;
}

} // namespace

DecodeFunction findDecoder(std::string_view mnemonic) {
  auto at = decoders().find(mnemonic);
  return at == decoders().end() ? nullptr : at->second;
}

std::vector<std::string_view> decodedMnemonics() {
  std::vector<std::string_view> names;
  for (const auto &[name, family] : decoders())
    names.push_back(name);
  return names;
}

} // namespace vgpu
