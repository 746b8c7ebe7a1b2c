// AddLatentCache.cpp - gives generation entries a cache of latents.
#include "passes/model/Entry.h"
#include "passes/model/Passes.h"

using namespace mlir;

namespace tresse {
#define GEN_PASS_DEF_ADDLATENTCACHEPASS
#include "passes/model/Passes.h.inc"

namespace {
/// The linear op that expands an attention's keys and values, or null.
lm::LinearOp expansionOf(lm::AttentionOp attention) {
  auto reshape = attention.getKv().getDefiningOp<tensor::ExpandShapeOp>();
  return reshape ? reshape.getSrc().getDefiningOp<lm::LinearOp>() : nullptr;
}

struct AddLatentCachePass : impl::AddLatentCachePassBase<AddLatentCachePass> {
  using AddLatentCachePassBase::AddLatentCachePassBase;

  void runOnOperation() override {
    SymbolTable table(getOperation());
    symbols = &table;
    cacheTypes.clear();
    SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp function : functions)
      if (auto context = function->getAttrOfType<IntegerAttr>(kContextAttr))
        addToEntry(function, context.getInt());
  }

private:
  /// The cache tensors of an entry are globals, shared by all entries in the
  /// order in which the layers are met.
  void addToEntry(func::FuncOp entry, int64_t context) {
    unsigned count = 0;
    auto source = [&](RankedTensorType type, Location loc) -> Value {
      std::string name = "cache." + std::to_string(count++);
      if (!symbols->lookup(name)) {
        OpBuilder builder = OpBuilder::atBlockBegin(getOperation().getBody());
        symbols->insert(lm::GlobalOp::create(
            builder, loc, name, StringAttr(), type, lm::Role::cache,
            lm::InitializerAttr(), ArrayAttr(), FlatSymbolRefAttr()));
      }
      OpBuilder builder = OpBuilder::atBlockBegin(&entry.getBody().front());
      return lm::LoadOp::create(builder, loc, type, name);
    };
    SmallVector<Value> written = addToBlock(entry, context, source);
    OpBuilder builder(entry.getBody().front().getTerminator());
    for (auto [index, value] : llvm::enumerate(written))
      lm::StoreOp::create(builder, entry.getLoc(), value,
                          "cache." + std::to_string(index));
  }

  using CacheSource = llvm::function_ref<Value(RankedTensorType, Location)>;

  /// Puts cache writes into `function`; `source` makes a cache tensor. Returns
  /// the written caches.
  SmallVector<Value> addToBlock(func::FuncOp function, int64_t context,
                                CacheSource source) {
    SmallVector<Value> written;
    SmallVector<Operation *> ops;
    for (Operation &op : function.getBody().front())
      ops.push_back(&op);
    for (Operation *op : ops) {
      if (auto attention = dyn_cast<lm::AttentionOp>(op))
        cacheAttention(attention, context, source, written);
      else if (auto call = dyn_cast<func::CallOp>(op))
        cacheCall(call, context, source, written);
    }
    return written;
  }

  void cacheAttention(lm::AttentionOp attention, int64_t context,
                      CacheSource source, SmallVectorImpl<Value> &written) {
    lm::LinearOp expansion = expansionOf(attention);
    if (!expansion)
      return;
    OpBuilder builder(attention);
    auto write = [&](Value rows) -> Value {
      auto type = withContext(rows, context);
      Value cache = source(type, attention.getLoc());
      written.push_back(lm::CacheWriteOp::create(builder, attention.getLoc(),
                                                 type, cache, rows,
                                                 attention.getPositions()));
      return written.back();
    };
    Value latent = write(expansion.getInput());
    Value keyRope = write(attention.getKRope());
    auto reshape = attention.getKv().getDefiningOp<tensor::ExpandShapeOp>();
    Value linear = lm::LinearOp::create(builder, attention.getLoc(),
                                        withContext(expansion, context), latent,
                                        expansion.getWeight());
    Value expanded = tensor::ExpandShapeOp::create(
        builder, attention.getLoc(), withContext(attention.getKv(), context),
        linear, reshape.getReassociationIndices());
    attention.getKvMutable().assign(expanded);
    attention.getKRopeMutable().assign(keyRope);
  }

  /// [slots, S, ...] -> [slots, context, ...]
  static RankedTensorType withContext(Value value, int64_t context) {
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<int64_t> sizes(type.getShape());
    sizes[1] = context;
    return RankedTensorType::get(sizes, type.getElementType());
  }

  /// Callees take their caches as last arguments and return them last.
  void cacheCall(func::CallOp call, int64_t context, CacheSource source,
                 SmallVectorImpl<Value> &written) {
    auto callee = symbols->lookup<func::FuncOp>(call.getCallee());
    const SmallVector<Type> &types = addToCallee(callee, context);
    SmallVector<Value> operands(call.getOperands());
    for (Type type : types)
      operands.push_back(source(cast<RankedTensorType>(type), call.getLoc()));
    OpBuilder builder(call);
    auto cached =
        func::CallOp::create(builder, call.getLoc(), callee, operands);
    llvm::append_range(written,
                       cached.getResults().drop_front(call.getNumResults()));
    call.replaceAllUsesWith(
        cached.getResults().take_front(call.getNumResults()));
    call.erase();
  }

  const SmallVector<Type> &addToCallee(func::FuncOp callee, int64_t context) {
    auto [found, fresh] = cacheTypes.try_emplace(callee);
    if (!fresh)
      return found->second;
    Block &block = callee.getBody().front();
    SmallVector<Type> types;
    auto source = [&](RankedTensorType type, Location loc) -> Value {
      types.push_back(type);
      return block.addArgument(type, loc);
    };
    SmallVector<Value> written = addToBlock(callee, context, source);
    Operation *terminator = block.getTerminator();
    terminator->insertOperands(terminator->getNumOperands(), written);
    callee.setType(FunctionType::get(&getContext(), block.getArgumentTypes(),
                                     terminator->getOperandTypes()));
    return cacheTypes[callee] = types;
  }

  SymbolTable *symbols = nullptr;
  DenseMap<func::FuncOp, SmallVector<Type>> cacheTypes;
};
} // namespace
} // namespace tresse
