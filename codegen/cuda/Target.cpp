// Target.cpp - the GPUs that `--target=cuda:` names.
#include "codegen/cuda/Target.h"

using namespace llvm;

namespace tresse::cuda {

Expected<Target> parseTarget(StringRef name) {
  if (name == "sm_80")
    return Target{"sm_80", "+ptx80", 80, 163 * 1024};
  if (name == "sm_90a")
    return Target{"sm_90a", "+ptx80", 90, 227 * 1024};
  return createStringError("expected the target cuda:sm_80 or cuda:sm_90a, but "
                           "got 'cuda:%s'",
                           name.str().c_str());
}

} // namespace tresse::cuda
