// Passes.td - from a model's text to its entries.
#ifndef TRESSE_PASSES_MODEL_PASSES
#define TRESSE_PASSES_MODEL_PASSES
include "mlir/Pass/PassBase.td"

def InstantiateEntriesPass : Pass<"tresse-instantiate-entries", "::mlir::ModuleOp"> {
  let summary = "Derives the entry functions from the model's forward function";
  let description = [{
    Clones the function marked `lm.forward` (and the layer functions it calls)
    once per entry, with static shapes and the storage type asked for:
    `logits`, `gradients` and `evaluate` run a whole batch of sequences,
    `prefill` and `decode` run chunks of slots. In the text a leading `?x?` is
    batch by sequence and a single leading `?` their product; `bf16` is the
    storage type and `f32` the wide type.

    Leaves: entries with attribute `lm.entry`, static shapes; no `lm.forward`.
    Example: test/passes/model/instantiate-entries.mlir
  }];
  let options = [
    ListOption<"entries", "entries", "std::string",
      "entry groups: train, generate, logits">,
    Option<"batch", "batch", "int64_t", "8", "sequences per batch">,
    Option<"sequence", "sequence", "int64_t", "256", "tokens per sequence">,
    Option<"slots", "slots", "int64_t", "1", "sequences generated at once">,
    Option<"chunk", "chunk", "int64_t", "64", "tokens per prefill call and slot">,
    Option<"context", "context", "int64_t", "1024", "positions a slot's cache holds">,
    Option<"dtype", "dtype", "std::string", "\"f32\"", "storage type: f32, bf16 or f64">
  ];
  let dependentDialects = ["::tresse::lm::LMDialect", "::mlir::func::FuncDialect",
    "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def ExpandCompositesPass : Pass<"tresse-expand-composites", "::mlir::ModuleOp"> {
  let summary = "Replaces mla, moe, mlp, mhc and hc_head by primitive ops";
  let description = [{
    The only pass that knows composite ops. Attention comes out naive: keys and
    values are expanded from the latents by one linear op.

    Leaves: primitive ops only.
    Example: test/passes/model/expand-composites.mlir
  }];
  let dependentDialects = ["::tresse::lm::LMDialect", "::mlir::arith::ArithDialect",
    "::mlir::tensor::TensorDialect"];
}

def AddLatentCachePass : Pass<"tresse-add-latent-cache", "::mlir::ModuleOp"> {
  let summary = "Gives prefill and decode a cache of latents";
  let description = [{
    In entries with `lm.context`, the latent and the rotated key of every
    attention are written to cache globals at their positions, and keys and
    values are expanded from the whole cache.

    attention(q, expand(linear(c, W)), k_rope)
      -> attention(q, expand(linear(cache_write(C, c), W)), cache_write(K, k_rope))
    Example: test/passes/model/add-latent-cache.mlir
  }];
  let dependentDialects = ["::tresse::lm::LMDialect"];
}

def AbsorbAttentionPass : Pass<"tresse-absorb-attention", "::mlir::ModuleOp"> {
  let summary = "Rewrites cached attention to its absorbed form";
  let description = [{
    The key expansion moves to the query and the value expansion to the output
    (ops.md 1.5), so that attention reads latents only.

    attention(q, expand(linear(c, W)), k_rope)
      -> head_linear(latent_attention(head_linear(q_nope, U), q_rope, c, k_rope), V)
    Example: test/passes/model/add-latent-cache.mlir
  }];
  let dependentDialects = ["::tresse::lm::LMDialect", "::mlir::tensor::TensorDialect"];
}

def HoistLastRowPass : Pass<"tresse-hoist-last-row", "::mlir::ModuleOp"> {
  let summary = "Computes logits of the last rows only";
  let description = [{
    Generation needs one row of logits per slot: taking the row moves before the
    output head.

    last_row(linear(x, w)) -> linear(last_row(x), w), and so for rms_norm.
    Example: test/passes/model/hoist-last-row.mlir
  }];
  let dependentDialects = ["::tresse::lm::LMDialect"];
}

def MarkRecomputePass : Pass<"tresse-mark-recompute", "::mlir::ModuleOp"> {
  let summary = "Marks the calls whose activations the backward pass recomputes";
  let description = [{
    Sets `lm.recompute` on the first `fraction` of the layer calls in entries
    that will be differentiated.
    Example: test/passes/model/mark-recompute.mlir
  }];
  let options = [Option<"fraction", "fraction", "double", "1.0",
    "share of the layer calls to recompute, 0 to 1">];
}

def KeepMasterWeightsPass : Pass<"tresse-keep-master-weights", "::mlir::ModuleOp"> {
  let summary = "Trains wide masters and runs storage-type copies";
  let description = [{
    Where a weight's storage type is narrower than the wide type and the module
    trains, the global becomes wide and a derived global holds the copy that
    entries load; `prepare` makes the copies.
    Example: test/passes/model/keep-master-weights.mlir
  }];
  let dependentDialects = ["::tresse::lm::LMDialect", "::mlir::arith::ArithDialect"];
}

def DifferentiatePass : Pass<"tresse-differentiate", "::mlir::ModuleOp"> {
  let summary = "Reverse-mode derivatives of entries, through calls";
  let description = [{
    In every entry with a result named `objective`, adds the gradient of each
    loaded weight to its gradient global and drops that result. Each distinct
    callee is differentiated once, into `f.forward` (results, saved values) and
    `f.backward` (gradients, arguments, saved values). An op without a
    derivative on the path is one error at that op.

    Leaves: no result named `objective`.
    Example: test/passes/model/differentiate.mlir
  }];
  let dependentDialects = ["::tresse::lm::LMDialect", "::mlir::arith::ArithDialect",
    "::mlir::func::FuncDialect", "::mlir::tensor::TensorDialect"];
}

def BuildUpdatePass : Pass<"tresse-build-update", "::mlir::ModuleOp"> {
  let summary = "Adds the update entry: clipping, AdamW, routing bias";
  let description = [{
    One AdamW step per gradient global (ops.md 6.1), clipped by the norm over
    all of them; routing biases move against their load. Gradients and loads are
    zero afterwards.
    Example: test/passes/model/build-update.mlir
  }];
  let dependentDialects = ["::tresse::lm::LMDialect", "::mlir::func::FuncDialect",
    "::mlir::arith::ArithDialect"];
}

def FlattenPass : Pass<"tresse-flatten", "::mlir::ModuleOp"> {
  let summary = "Inlines every call: an entry becomes one list of ops";
  let description = [{
    Leaves: entries without calls; no other functions.
    Example: test/passes/model/flatten.mlir
  }];
}
#endif
