// Kernel.cpp - emits a kernel as a function on flat memrefs.
#include "codegen/cpu/Kernel.h"

#include "codegen/tile/Kernel.h"

using namespace mlir;

namespace tresse::cpu {

MemRefType rowMajor(RankedTensorType type) { return tile::rowMajor(type); }

FailureOr<int64_t> countTiles(Block &body, ArrayRef<MemRefType> layouts,
                              const Target &target) {
  auto analysed = tile::KernelBody::analyse(body, layouts, target.lanes());
  if (failed(analysed))
    return failure();
  return analysed->tileCount();
}

FailureOr<KernelShape> emitKernel(ModuleOp module, StringRef name, Block &body,
                                  ArrayRef<MemRefType> layouts,
                                  const Target &target) {
  auto emitted =
      tile::emitFunction(module, name, body, layouts, target.lanes());
  if (failed(emitted))
    return failure();
  return KernelShape{emitted->tileCount, emitted->scratchBytes};
}

} // namespace tresse::cpu
