// Entry.h - names of entries, their arguments and results.
#ifndef TRESSE_PASSES_MODEL_ENTRY_H
#define TRESSE_PASSES_MODEL_ENTRY_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tresse {

/// On the model's own forward function.
inline constexpr llvm::StringLiteral kForwardAttr = "lm.forward";
/// On an entry function: its name in the plan.
inline constexpr llvm::StringLiteral kEntryAttr = "lm.entry";
/// On an argument or result of an entry: its name in the plan.
inline constexpr llvm::StringLiteral kNameAttr = "lm.name";
/// On a result: the global that it belongs to.
inline constexpr llvm::StringLiteral kOfAttr = "lm.of";
/// On a generation entry: how many positions its cache holds.
inline constexpr llvm::StringLiteral kContextAttr = "lm.context";
/// On a call: the backward pass recomputes its activations.
inline constexpr llvm::StringLiteral kRecomputeAttr = "lm.recompute";
/// Name of the location of ops that repeat forward ops in a backward pass: it
/// reaches the plan's step names and makes no two kernels differ.
inline constexpr llvm::StringLiteral kRecomputedLocation = "recomputed";
/// The result that an entry's gradients are taken of.
inline constexpr llvm::StringLiteral kObjective = "objective";

/// Returns the entry's name, or "" where `function` is none.
inline llvm::StringRef entryName(mlir::func::FuncOp function) {
  auto name = function->getAttrOfType<mlir::StringAttr>(kEntryAttr);
  return name ? name.getValue() : "";
}

/// Returns the name of result `index`, or "".
inline llvm::StringRef resultName(mlir::func::FuncOp function, unsigned index) {
  auto name = function.getResultAttrOfType<mlir::StringAttr>(index, kNameAttr);
  return name ? name.getValue() : "";
}

/// Returns the entry called `name`, or null.
inline mlir::func::FuncOp findEntry(mlir::ModuleOp module,
                                    llvm::StringRef name) {
  for (auto function : module.getOps<mlir::func::FuncOp>())
    if (entryName(function) == name)
      return function;
  return nullptr;
}

/// One result of an entry under construction.
struct NamedResult {
  std::string name;
  mlir::Value value;
};

/// Ends `function` with a return of `results` and gives it their types and
/// names.
inline void setResults(mlir::func::FuncOp function,
                       llvm::ArrayRef<NamedResult> results) {
  mlir::Block &block = function.getBody().front();
  if (!block.empty() && block.back().hasTrait<mlir::OpTrait::IsTerminator>())
    block.back().erase();
  llvm::SmallVector<mlir::Value> values;
  llvm::SmallVector<mlir::Type> types;
  llvm::SmallVector<mlir::Attribute> attributes;
  mlir::Builder builder(function.getContext());
  for (const NamedResult &result : results) {
    values.push_back(result.value);
    types.push_back(result.value.getType());
    attributes.push_back(builder.getDictionaryAttr(
        builder.getNamedAttr(kNameAttr, builder.getStringAttr(result.name))));
  }
  mlir::OpBuilder atEnd = mlir::OpBuilder::atBlockEnd(&block);
  mlir::func::ReturnOp::create(atEnd, function.getLoc(), values);
  function.setType(builder.getFunctionType(function.getArgumentTypes(), types));
  function.setAllResultAttrs(attributes);
}

} // namespace tresse

#endif // TRESSE_PASSES_MODEL_ENTRY_H
