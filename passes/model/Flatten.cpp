// Flatten.cpp - inlines every call: an entry becomes one list of ops.
#include "passes/model/Entry.h"
#include "passes/model/Passes.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tresse {
#define GEN_PASS_DEF_FLATTENPASS
#include "passes/model/Passes.h.inc"

namespace {
struct FlattenPass : impl::FlattenPassBase<FlattenPass> {
  using FlattenPassBase::FlattenPassBase;

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp function : functions)
      if (!entryName(function).empty())
        inlineCalls(function, symbols);
    for (func::FuncOp function : functions)
      if (entryName(function).empty())
        function.erase();
  }

  /// Calls of a callee come before the caller's next op, so one pass over a
  /// growing list inlines nested calls too. The call graph has no cycles: a
  /// model's functions are layers.
  static void inlineCalls(func::FuncOp entry, SymbolTable &symbols) {
    Block &block = entry.getBody().front();
    for (Operation *op = &block.front(); op;) {
      auto call = dyn_cast<func::CallOp>(op);
      if (!call) {
        op = op->getNextNode();
        continue;
      }
      op = inlineCall(call, symbols.lookup<func::FuncOp>(call.getCallee()));
    }
  }

  /// Returns the op to go on with.
  static Operation *inlineCall(func::CallOp call, func::FuncOp callee) {
    Block &body = callee.getBody().front();
    IRMapping mapping;
    mapping.map(body.getArguments(), call.getOperands());
    OpBuilder builder(call);
    Operation *before = call->getPrevNode();
    Block *block = call->getBlock();
    for (Operation &op : body.without_terminator())
      builder.clone(op, mapping);
    for (auto [result, value] :
         llvm::zip(call.getResults(), body.getTerminator()->getOperands()))
      result.replaceAllUsesWith(mapping.lookupOrDefault(value));
    call.erase();
    return before ? before->getNextNode() : &block->front();
  }
};
} // namespace
} // namespace tresse
