// Target.cpp - the CPUs that `--cpu` names.
#include "codegen/cpu/Target.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/TargetParser/Host.h"

using namespace llvm;

namespace tresse::cpu {

/// Instruction sets beyond a level that speed up vector code. The runtime knows
/// them by these names too (Session.cpp): it checks what the plan asks for.
static constexpr StringLiteral extensions[] = {
    "avx512bf16", "avx512bitalg", "avx512fp16", "avx512ifma",
    "avx512vbmi", "avx512vbmi2",  "avx512vnni", "avx512vpopcntdq",
    "avxvnni",    "gfni"};

/// What each level adds to the one before, as far as kernels could need it.
struct Level {
  StringLiteral name;
  unsigned vectorBits;
  ArrayRef<StringLiteral> features;
};
static constexpr StringLiteral level2[] = {"cx16",   "popcnt", "sahf", "sse3",
                                           "sse4.1", "sse4.2", "ssse3"};
static constexpr StringLiteral level3[] = {"avx",  "avx2", "bmi",   "bmi2",
                                           "f16c", "fma",  "lzcnt", "movbe"};
static constexpr StringLiteral level4[] = {"avx512bw", "avx512cd", "avx512dq",
                                           "avx512f", "avx512vl"};

static Expected<Target> hostTarget() {
  const Level levels[] = {{"x86-64-v2", 128, level2},
                          {"x86-64-v3", 256, level3},
                          {"x86-64-v4", 512, level4}};
  StringMap<bool> present = sys::getHostCPUFeatures();
  auto isPresent = [&](StringRef feature) { return present.lookup(feature); };
  Target target{"", "", sys::getHostCPUName().str(), 0};
  for (const Level &level : levels) {
    if (!all_of(level.features, isPresent))
      break;
    target.level = level.name.str();
    target.vectorBits = level.vectorBits;
  }
  if (target.level.empty())
    return createStringError("expected --cpu=host on a processor of level "
                             "x86-64-v2 or higher, but got '%s'",
                             target.tuning.c_str());
  // Without the vectors that they work on, the others are of no use.
  if (target.vectorBits == 512)
    target.extensions = join(make_filter_range(extensions, isPresent), ",");
  return target;
}

Expected<Target> parseTarget(StringRef name) {
  if (name == "x86-64-v3")
    return Target{"x86-64-v3", "", "", 256};
  if (name == "x86-64-v4")
    return Target{"x86-64-v4", "", "", 512};
  if (name == "host")
    return hostTarget();
  return createStringError("expected --cpu to be host, x86-64-v3 or "
                           "x86-64-v4, but got '%s'",
                           name.str().c_str());
}

std::string Target::features() const {
  SmallVector<StringRef> names;
  StringRef(extensions).split(names, ',', -1, /*KeepEmpty=*/false);
  SmallVector<std::string> all;
  for (StringRef name : names)
    all.push_back("+" + name.str());
  // Without it LLVM halves the vectors on processors that clock down for them.
  if (vectorBits == 512)
    all.push_back("-prefer-256-bit");
  return join(all, ",");
}

} // namespace tresse::cpu
