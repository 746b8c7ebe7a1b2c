// Plan.cpp - registration of the plan dialect; its element types.
#include "dialects/plan/Plan.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tresse::plan;

#include "dialects/plan/PlanBaseDialect.cpp.inc"

#include "dialects/plan/PlanBaseEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/plan/PlanBaseAttributes.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/plan/PlanBaseTypes.cpp.inc"

#include "dialects/plan/Interfaces.cpp.inc"

void PlanDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/plan/PlanBaseAttributes.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/plan/PlanBaseTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/plan/Model.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/plan/Storage.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/plan/Steps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/plan/Device.cpp.inc"
      >();
}

std::optional<uint32_t> tresse::plan::encodeType(Type type) {
  if (type.isF64())
    return TRESSE_F64;
  if (type.isF32())
    return TRESSE_F32;
  if (type.isBF16())
    return TRESSE_BF16;
  if (type.isF16())
    return TRESSE_F16;
  if (isa<Float8E4M3FNType>(type))
    return TRESSE_F8E4M3;
  if (isa<Float8E5M2Type>(type))
    return TRESSE_F8E5M2;
  if (isa<Float8E8M0FNUType>(type))
    return TRESSE_F8E8M0;
  if (type.isSignlessInteger(64))
    return TRESSE_I64;
  if (type.isSignlessInteger(32))
    return TRESSE_I32;
  if (type.isUnsignedInteger(32))
    return TRESSE_U32;
  if (type.isUnsignedInteger(8))
    return TRESSE_U8;
  if (type.isSignlessInteger(1))
    return TRESSE_I1;
  return std::nullopt;
}

Type tresse::plan::decodeType(uint32_t code, MLIRContext *context) {
  Builder builder(context);
  switch (code) {
  case TRESSE_F64:
    return builder.getF64Type();
  case TRESSE_F32:
    return builder.getF32Type();
  case TRESSE_BF16:
    return builder.getBF16Type();
  case TRESSE_F16:
    return builder.getF16Type();
  case TRESSE_F8E4M3:
    return Float8E4M3FNType::get(context);
  case TRESSE_F8E5M2:
    return Float8E5M2Type::get(context);
  case TRESSE_F8E8M0:
    return Float8E8M0FNUType::get(context);
  case TRESSE_I64:
    return builder.getI64Type();
  case TRESSE_I32:
    return builder.getI32Type();
  case TRESSE_U32:
    return builder.getIntegerType(32, /*isSigned=*/false);
  case TRESSE_U8:
    return builder.getIntegerType(8, /*isSigned=*/false);
  case TRESSE_I1:
    return builder.getI1Type();
  default:
    return Type();
  }
}

int64_t tresse::plan::bytesOfElement(Type type) {
  return (type.getIntOrFloatBitWidth() + 7) / 8;
}

SmallVector<int64_t> tresse::plan::rowMajorStrides(ArrayRef<int64_t> sizes) {
  SmallVector<int64_t> strides(sizes.size(), 1);
  for (int64_t i = static_cast<int64_t>(sizes.size()) - 2; i >= 0; --i) {
    // A size of zero leaves the strides those of a size of one; a product
    // beyond 63 bits (odd input) stays what it was.
    if (__builtin_mul_overflow(strides[i + 1],
                               std::max<int64_t>(sizes[i + 1], 1), &strides[i]))
      strides[i] = strides[i + 1];
  }
  return strides;
}
