// Decoders.cpp - which family decodes which mnemonic.
#include "tools/vgpu/core/Builder.h"

#include <unordered_map>

namespace vgpu {

bool decodeAsyncStoreInsn(Builder &); // AsyncStore.cpp

namespace {

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

} // namespace

DecodeFunction findDecoder(std::string_view mnemonic) {
  static const std::unordered_map<std::string_view, DecodeFunction> table = {
      {"add", decodeArithmeticInsn},
      {"sub", decodeArithmeticInsn},
      {"mul", decodeArithmeticInsn},
      {"mad", decodeArithmeticInsn},
      {"fma", decodeArithmeticInsn},
      {"div", decodeArithmeticInsn},
      {"neg", decodeArithmeticInsn},
      {"abs", decodeArithmeticInsn},
      {"min", decodeArithmeticInsn},
      {"max", decodeArithmeticInsn},
      {"rem", decodeIntegerInsn},
      {"mul24", decodeIntegerInsn},
      {"mad24", decodeIntegerInsn},
      {"sad", decodeIntegerInsn},
      {"dp4a", decodeIntegerInsn},
      {"dp2a", decodeIntegerInsn},
      {"addc", decodeIntegerInsn},
      {"subc", decodeIntegerInsn},
      {"madc", decodeIntegerInsn},
      {"and", decodeBitInsn},
      {"or", decodeBitInsn},
      {"xor", decodeBitInsn},
      {"not", decodeBitInsn},
      {"cnot", decodeBitInsn},
      {"shl", decodeBitInsn},
      {"shr", decodeBitInsn},
      {"shf", decodeBitInsn},
      {"lop3", decodeBitInsn},
      {"popc", decodeBitInsn},
      {"clz", decodeBitInsn},
      {"brev", decodeBitInsn},
      {"bfind", decodeBitInsn},
      {"bfe", decodeBitInsn},
      {"bfi", decodeBitInsn},
      {"bmsk", decodeBitInsn},
      {"fns", decodeBitInsn},
      {"prmt", decodeBitInsn},
      {"copysign", decodeFloatInsn},
      {"testp", decodeFloatInsn},
      {"sqrt", decodeSpecialFunctionInsn},
      {"rcp", decodeSpecialFunctionInsn},
      {"ex2", decodeSpecialFunctionInsn},
      {"lg2", decodeSpecialFunctionInsn},
      {"sin", decodeSpecialFunctionInsn},
      {"cos", decodeSpecialFunctionInsn},
      {"rsqrt", decodeSpecialFunctionInsn},
      {"tanh", decodeSpecialFunctionInsn},
      {"setp", decodeCompareInsn},
      {"set", decodeCompareInsn},
      {"selp", decodeCompareInsn},
      {"slct", decodeCompareInsn},
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
  };
  auto at = table.find(mnemonic);
  return at == table.end() ? nullptr : at->second;
}

} // namespace vgpu
