// ReferenceCalls.cpp - kernels of one op become calls of runtime/reference.
#include "codegen/reference/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"
#include "runtime/core/plan_bytes.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace tresse {
#define GEN_PASS_DEF_REFERENCECALLSPASS
#include "codegen/reference/Passes.h.inc"

namespace {

// A slot of plan.launch's `access` without a tensor.
constexpr int32_t kAbsentSlot = 256;

/// What a reference function is called with beside its tensors.
struct Call {
  std::string function;
  DictionaryAttr parameters;
  /// Tensors per operand group of the op: 0 for an absent optional operand.
  SmallVector<int32_t> groups;
};

/// True when `op` is declared with at least `count` operands and an optional
/// one behind them. ODS leaves a trait of just this form, and optional operands
/// of ops with a single one stand last.
template <unsigned count> bool hasAtLeast(Operation *op) {
  return op->hasTrait<OpTrait::AtLeastNOperands<count>::template Impl>();
}

bool lacksLastOperand(Operation *op) {
  switch (op->getNumOperands()) {
  case 1:
    return op->getName().hasTrait<OpTrait::VariadicOperands>()
               ? false
               : !op->hasTrait<OpTrait::OneOperand>();
  case 2:
    return hasAtLeast<2>(op);
  case 3:
    return hasAtLeast<3>(op);
  case 4:
    return hasAtLeast<4>(op);
  case 5:
    return hasAtLeast<5>(op);
  case 6:
    return hasAtLeast<6>(op);
  default:
    return false;
  }
}

SmallVector<int32_t> operandGroups(Operation *op) {
  if (auto segments = dyn_cast_if_present<DenseI32ArrayAttr>(
          op->getPropertiesAsAttribute()
              ? cast<DictionaryAttr>(op->getPropertiesAsAttribute())
                    .get("operandSegmentSizes")
              : Attribute()))
    return SmallVector<int32_t>(segments.asArrayRef());
  SmallVector<int32_t> groups(op->getNumOperands(), 1);
  if (lacksLastOperand(op))
    groups.push_back(0);
  return groups;
}

/// Enum cases are numbers to the reference functions.
Attribute convert(Attribute value) {
  Builder builder(value.getContext());
  auto number = [&](auto enumCase) -> Attribute {
    return builder.getI64IntegerAttr(static_cast<int64_t>(enumCase));
  };
  return TypeSwitch<Attribute, Attribute>(value)
      .Case<lm::ScoringAttr, lm::GroupScoreAttr, lm::MhcFormAttr,
            lm::BalanceFormAttr, lm::BalanceLevelAttr>(
          [&](auto named) { return number(named.getValue()); })
      .Case<FloatAttr>([&](FloatAttr real) {
        return builder.getF64FloatAttr(real.getValueAsDouble());
      })
      .Case<IntegerAttr>([&](IntegerAttr whole) {
        return whole.getType().isInteger(1) ? number(whole.getValue().isOne())
                                            : number(whole.getInt());
      })
      .Case<StringAttr, DenseI64ArrayAttr>([](Attribute same) { return same; })
      .Default(Attribute());
}

/// The parameter `value` of a constant: a number, or one entry per element.
Attribute constantValue(ElementsAttr elements) {
  Builder builder(elements.getContext());
  auto dense = dyn_cast<DenseElementsAttr>(elements);
  if (!dense || dense.getNumElements() > TRESSE_MAXIMUM_LIST)
    return {};
  SmallVector<int64_t> list;
  for (Attribute value : dense.getValues<Attribute>()) {
    if (auto real = dyn_cast<FloatAttr>(value))
      list.push_back(llvm::bit_cast<int64_t>(real.getValueAsDouble()));
    else
      list.push_back(cast<IntegerAttr>(value).getInt());
  }
  return builder.getDenseI64ArrayAttr(list);
}

FailureOr<Call> callOf(Operation *op) {
  Builder builder(op->getContext());
  NamedAttrList parameters;
  Call call;
  call.function = ("tresse_ref_" + op->getName().stripDialect()).str();
  if (!isa<lm::LMDialect>(op->getDialect())) {
    call.function = "tresse_ref_elementwise";
    parameters.set("op", builder.getStringAttr(op->getName().getStringRef()));
  }
  for (NamedAttribute named : op->getAttrs()) {
    StringRef name = named.getName();
    if (name == "operandSegmentSizes" || name == "fastmath" ||
        name == "overflowFlags" || name == "roundingmode")
      continue;
    Attribute value = isa<arith::ConstantOp>(op)
                          ? constantValue(cast<ElementsAttr>(named.getValue()))
                          : convert(named.getValue());
    if (!value)
      return op->emitOpError("expects attributes that a reference function can "
                             "read, but got ")
             << named.getName() << " = " << named.getValue();
    parameters.set(named.getName(), value);
  }
  call.parameters = parameters.getDictionary(op->getContext());
  call.groups = operandGroups(op);
  return call;
}

struct ReferenceCallsPass : impl::ReferenceCallsPassBase<ReferenceCallsPass> {
  using ReferenceCallsPassBase::ReferenceCallsPassBase;

  void runOnOperation() override {
    for (auto model : getOperation().getOps<plan::ModelOp>())
      if (failed(convert(model)))
        return signalPassFailure();
  }

  LogicalResult convert(plan::ModelOp model) {
    SmallVector<plan::KernelOp> kernels(model.getOps<plan::KernelOp>());
    llvm::StringMap<Call> calls;
    for (plan::KernelOp kernel : kernels) {
      if (kernel.getBody().empty())
        continue;
      Block &body = kernel.getBody().front();
      if (std::distance(body.begin(), body.end()) != 2)
        return kernel.emitOpError("expects a body of one op on the reference "
                                  "target");
      FailureOr<Call> call = callOf(&body.front());
      if (failed(call))
        return failure();
      calls[kernel.getSymName()] = *call;
    }
    addFunctions(model, calls, kernels);
    model.walk([&](plan::LaunchOp launch) {
      auto call = calls.find(launch.getKernel());
      if (call != calls.end())
        retarget(launch, call->second);
    });
    for (plan::KernelOp kernel : kernels)
      if (calls.contains(kernel.getSymName()))
        kernel.erase();
    return success();
  }

  /// One kernel per reference function, in the order of the kernels before.
  void addFunctions(plan::ModelOp model, llvm::StringMap<Call> &calls,
                    ArrayRef<plan::KernelOp> kernels) {
    Builder builder(&getContext());
    llvm::StringMap<int32_t> codes;
    for (plan::KernelOp kernel : kernels) {
      auto call = calls.find(kernel.getSymName());
      if (call == calls.end() ||
          !codes.try_emplace(call->second.function, codes.size()).second)
        continue;
      OpBuilder at(kernel);
      plan::KernelOp::create(
          at, kernel.getLoc(), builder.getStringAttr(call->second.function),
          Value(), builder.getI32IntegerAttr(codes.size() - 1), IntegerAttr(),
          IntegerAttr(), IntegerAttr(), IntegerAttr(), ArrayAttr());
    }
  }

  void retarget(plan::LaunchOp launch, const Call &call) {
    Builder builder(&getContext());
    SmallVector<int32_t> access;
    size_t operand = 0;
    for (int32_t group : call.groups) {
      if (!group)
        access.push_back(kAbsentSlot);
      for (int32_t i = 0; i < group; ++i)
        access.push_back(launch.getAccess()[operand++]);
    }
    llvm::append_range(access, launch.getAccess().drop_front(operand));
    launch.setAccessAttr(builder.getDenseI32ArrayAttr(access));
    launch.setKernel(call.function);
    if (!call.parameters.empty())
      launch.setParametersAttr(call.parameters);
  }
};

} // namespace
} // namespace tresse
