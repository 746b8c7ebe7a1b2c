//===- Engine.cpp - what executes a plan ----------------------------------===//
#include "runtime/core/model/Engine.h"

#include "runtime/core/model/Executor.h"
#include "runtime/cuda/CudaEngine.h"

#include <algorithm>
#include <omp.h>

namespace tresse::runtime {

namespace {

/// The processor: arguments and globals lie where the kernels see them.
class CpuEngine : public Engine {
public:
  CpuEngine(const Plan &plan, const tresse_model &model, int threads)
      : plan(plan), memory(plan), executor(plan, model, memory, threads) {}

  void run(size_t entry) override { executor.run(entry); }
  void profile(size_t entry, std::vector<StepTime> &times) override {
    executor.profile(entry, times);
  }
  char *argument(uint32_t tensor) override { return memory.tensor(tensor); }
  char *global(uint32_t global) override {
    return memory.buffer(plan.globals[global].buffer);
  }
  int threads() const override { return executor.threads(); }
  size_t barriers(size_t entry) const override {
    return executor.barriers(entry);
  }

private:
  const Plan &plan;
  Memory memory;
  Executor executor;
};

/// Whether this processor has what the plan calls `feature`: an x86-64 level,
/// or an instruction set by LLVM's name.
bool processorHas(std::string_view feature) {
#if defined(__x86_64__)
  // The compiler's question takes literals only.
#define TRESSE_FEATURE(name) {name, __builtin_cpu_supports(name) != 0}
  const std::pair<std::string_view, bool> known[] = {
      TRESSE_FEATURE("x86-64-v2"),
      TRESSE_FEATURE("x86-64-v3"),
      TRESSE_FEATURE("x86-64-v4"),
      TRESSE_FEATURE("avx512bf16"),
      TRESSE_FEATURE("avx512bitalg"),
      TRESSE_FEATURE("avx512fp16"),
      TRESSE_FEATURE("avx512ifma"),
      TRESSE_FEATURE("avx512vbmi"),
      TRESSE_FEATURE("avx512vbmi2"),
      TRESSE_FEATURE("avx512vnni"),
      TRESSE_FEATURE("avx512vpopcntdq"),
      TRESSE_FEATURE("avxvnni"),
      TRESSE_FEATURE("gfni")};
#undef TRESSE_FEATURE
  for (auto [name, has] : known)
    if (name == feature)
      return has;
#endif
  return false;
}

/// The processor must have what the kernels were compiled for: a list with
/// commas. A feature without a known name is one that it lacks.
void checkProcessor(const Plan &plan) {
  std::string_view needed = plan.string(plan.header().architecture);
  for (std::string_view rest = needed; !rest.empty();) {
    std::string_view feature = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(feature.size() + 1, rest.size()));
    if (!feature.empty() && !processorHas(feature))
      fail("model: it was compiled for ", inQuotes(needed),
           ", but this processor lacks ", inQuotes(feature));
  }
}

} // namespace

std::unique_ptr<Engine> makeEngine(const Plan &plan, const tresse_model &model,
                                   int threads) {
  uint32_t target = plan.header().target;
  if (target == TRESSE_CUDA)
    return cuda::makeEngine(plan, model);
  if (target == TRESSE_CPU)
    checkProcessor(plan);
  if (threads <= 0)
    threads = target == TRESSE_REFERENCE ? 1 : omp_get_num_procs();
  return std::make_unique<CpuEngine>(plan, model, threads);
}

} // namespace tresse::runtime
