// AnnotateIndexing.cpp - the loops of every primitive as attributes.
#include "passes/common/Passes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace tresse {
#define GEN_PASS_DEF_ANNOTATEINDEXINGPASS
#include "passes/common/Passes.h.inc"

namespace {

struct AnnotateIndexingPass
    : impl::AnnotateIndexingPassBase<AnnotateIndexingPass> {
  using AnnotateIndexingPassBase::AnnotateIndexingPassBase;

  void runOnOperation() override {
    Builder builder(&getContext());
    getOperation()->walk([&](lm::IndexedOpInterface op) {
      auto indexing = lm::Indexing::of(op);
      auto types = llvm::map_to_vector(indexing.getIteratorTypes(),
                                       utils::stringifyIteratorType);
      op->setAttr("indexing_maps",
                  builder.getAffineMapArrayAttr(
                      indexing.getIndexingMaps(&getContext())));
      op->setAttr("iterator_types", builder.getStrArrayAttr(types));
      if (auto rows = dyn_cast<lm::RowwiseOpInterface>(op.getOperation()))
        op->setAttr("row_rank", builder.getI64IntegerAttr(rows.getRowRank()));
    });
  }
};

} // namespace
} // namespace tresse
