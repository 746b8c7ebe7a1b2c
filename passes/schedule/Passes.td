// Passes.td - from flat entries to a plan: steps, buffers, arena.
#ifndef TRESSE_PASSES_SCHEDULE_PASSES
#define TRESSE_PASSES_SCHEDULE_PASSES
include "mlir/Pass/PassBase.td"

def BuildPlanPass : Pass<"tresse-build-plan", "::mlir::ModuleOp"> {
  let summary = "Turns flat entries into the steps of a plan";
  let description = [{
    Every entry (`lm.entry`) becomes a `plan.entry`: contractions become
    `plan.gemm` and `plan.grouped_gemm`, fills become `plan.fill`, every other op
    and every `lm.fusion` a `plan.launch` of a kernel whose body is the op. Equal
    bodies on equal layouts are one kernel. Shape ops, `lm.split`, `lm.barrier`
    and `lm.stop_gradient` become views. A tied result lives in its operand's
    buffer; a value stored to a global is written straight to it; where that is
    impossible the pass fails with an error at the op. A result that may
    overwrite an operand (`OverwriteOpInterface`, elementwise ops) takes the
    buffer of the first one that is not read any more.

    Leaves: one `plan.model` whose arena buffers have no offsets yet.
    Example: test/passes/schedule/build-plan.mlir
  }];
  let options = [
    Option<"target", "target", "std::string", "\"cpu\"",
      "reference, cpu or cuda">,
    Option<"gemms", "gemms", "bool", "true",
      "contractions become matrix products of the target's library; "
      "otherwise launches like any other op">,
    Option<"groupedGemms", "grouped-gemms", "bool", "true",
      "the same of contractions over groups of rows">,
    Option<"overwrite", "overwrite", "bool", "true",
      "results may take the buffer of an operand that is not read any more">,
    Option<"architecture", "architecture", "std::string", "\"\"",
      "required CPU features, as the plan states them">,
    ListOption<"records", "records", "std::string",
      "build records, each name=value">
  ];
  let dependentDialects = ["::tresse::plan::PlanDialect"];
}

def OrderStepsPass : Pass<"tresse-order-steps", "::mlir::ModuleOp"> {
  let summary = "Orders the steps of an entry so that less lives at once";
  let description = [{
    A step stays behind the last writer of every buffer that it touches and,
    where it writes, behind the readers since then. Among the orders that keep
    this, lists are built by always taking the step after which least is live,
    from the front or from the back of the entry and among the next steps of
    several counts; the one whose largest sum of live bytes is smallest wins, and
    another round begins with it. The given order stays unless a list is better.
    Entries with several streams, events or collectives stay as they are. Only
    sizes and the order of steps decide, so equal plans come out equal.

    Example: test/passes/schedule/order-steps.mlir
  }];
  let options = [
    Option<"rounds", "rounds", "int64_t", "3",
      "how often lists are built; 0: the order stays">
  ];
  let dependentDialects = ["::tresse::plan::PlanDialect"];
}

def AssignArenaPass : Pass<"tresse-assign-arena", "::mlir::ModuleOp"> {
  let summary = "Gives every buffer of a plan its liveness and its offset";
  let description = [{
    Liveness is counted in steps of the plan: from the first to the last step
    that touches a view of the buffer; inputs are live from the first step of
    their entry, outputs to its last. Buffers are placed by size, each in the
    tightest gap that its neighbours in time leave.

    Leaves: offsets, `live`, and the sizes of the program's blocks of memory.
    Example: test/passes/schedule/assign-arena.mlir
  }];
  let dependentDialects = ["::tresse::plan::PlanDialect"];
}

#endif
