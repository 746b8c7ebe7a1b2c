// Target.cpp - the CPUs that `--cpu` names.
#include "codegen/cpu/Target.h"

#include "llvm/TargetParser/Host.h"

using namespace llvm;

namespace tresse::cpu {

/// Without it LLVM halves the vectors on processors that clock down for them.
static constexpr const char *fullWidth = "-prefer-256-bit";

Expected<Target> parseTarget(StringRef name) {
  if (name == "x86-64-v3")
    return Target{"x86-64-v3", "", 256};
  if (name == "x86-64-v4")
    return Target{"x86-64-v4", fullWidth, 512};
  if (name != "host")
    return createStringError("expected --cpu to be host, x86-64-v3 or "
                             "x86-64-v4, but got '%s'",
                             name.str().c_str());
  Target target{sys::getHostCPUName().str(), "", 128};
  SmallVector<std::string> features;
  StringMap<bool> present = sys::getHostCPUFeatures();
  for (auto &feature : present)
    features.push_back((feature.second ? "+" : "-") + feature.first().str());
  llvm::sort(features);
  features.push_back(fullWidth);
  target.features = join(features, ",");
  if (present.lookup("avx512f") && present.lookup("avx512bw") &&
      present.lookup("avx512vl") && present.lookup("avx512dq"))
    target.vectorBits = 512;
  else if (present.lookup("avx2"))
    target.vectorBits = 256;
  return target;
}

} // namespace tresse::cpu
