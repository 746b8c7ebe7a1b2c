// Pipeline.h - the compiler's stages, in order.
#ifndef TRESSE_PASSES_PIPELINE_H
#define TRESSE_PASSES_PIPELINE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <string>
#include <vector>

namespace mlir {
class OpPassManager;
}

namespace tresse {

/// What a user chooses on the command line of tresse-compile.
struct CompileOptions {
  /// reference, cpu, cuda:sm_90a or cuda:sm_80.
  std::string target = "cpu";
  /// Processor of the cpu target: host, x86-64-v3 or x86-64-v4.
  std::string cpu = "host";
  /// Entry groups: train, generate, logits.
  std::vector<std::string> entries = {"train", "generate", "logits"};
  /// Sequences and tokens per batch of training and logits.
  int64_t batch = 8, sequence = 256;
  /// Slots, tokens per prefill chunk and cache positions of generation.
  int64_t slots = 1, chunk = 64, context = 1024;
  /// Storage type: f32, bf16 or f64.
  std::string dtype = "f32";
  /// Generation attends in the absorbed form (else naive, as in training).
  bool absorb = true;
  /// Share of the layers whose activations are recomputed, 0 to 1.
  double recompute = 0.0;
};

/// A named part of the pipeline, and the invariant it leaves for the next.
struct Stage {
  llvm::StringRef name, summary;
  void (*build)(mlir::OpPassManager &, const CompileOptions &);
};

/// Returns the stages from a model's text to its plan, in order.
llvm::ArrayRef<Stage> compilerStages();

} // namespace tresse

#endif // TRESSE_PASSES_PIPELINE_H
