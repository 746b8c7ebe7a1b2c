// Register.cpp - attaches every family's kernels to the lm dialect.
#include "codegen/tile/Families.h"

using namespace mlir;

void tresse::tile::registerTileModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, lm::LMDialect *) {
    registerAttentionTiles(context);
    registerEmbeddingTiles(context);
    registerFeedForwardTiles(context);
    registerGroupedLinearTiles(context);
    registerHyperConnectionTiles(context);
    registerLossTiles(context);
    registerMoeTiles(context);
    registerNormTiles(context);
    registerOptimizerTiles(context);
    registerProgramTiles(context);
    registerRopeTiles(context);
    registerSamplingTiles(context);
  });
}
