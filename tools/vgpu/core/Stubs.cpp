#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/Execution.h"
namespace vgpu {
bool decodeCopyInsn(Builder &) { return false; }
bool decodeMbarrierInsn(Builder &) { return false; }
bool decodeTensorCopyInsn(Builder &) { return false; }
bool decodeMatrixInsn(Builder &) { return false; }
bool decodeWgmmaInsn(Builder &) { return false; }
void settleWgmma(Warp &) {}
}
