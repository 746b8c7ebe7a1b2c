// Composite.cpp - ops for authors; the expand stage removes them: verifiers and
// interfaces.
#include "dialects/lm/LM.h"
#include "dialects/lm/Shapes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tresse::lm;

#define GET_OP_CLASSES
#include "dialects/lm/Composite.cpp.inc"

void LMDialect::addCompositeOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/lm/Composite.cpp.inc"
      >();
}

LogicalResult MlaOp::verify() {
  ShapeCheck check(*this);
  if (!check.match("input", getInput(), "B S d") ||                      // C1
      !check.match("positions", getPositions(), "B S") ||                // C2
      !checkAtLeast(*this, "heads", getHeads(), 1) ||                    // C3
      !checkAtLeast(*this, "nope", getNope(), 1) ||                      // C4
      !checkAtLeast(*this, "rope", getRope(), 1) ||                      // C5
      !checkAtLeast(*this, "value", getValue(), 1) ||                    // C6
      !checkMultiple(*this, "'rope'", getRope(), 2, "rotated in pairs")) // C7
    return failure();
  check.set("q", product(getHeads(), getNope() + getRope()));
  check.set("kv", product(getHeads(), getNope() + getValue()));
  check.set("v", product(getHeads(), getValue()));
  if (!check.match("q_a", getQA(), "rq d") ||                   // C8
      !check.match("q_a_norm", getQANorm(), "rq") ||            // C9
      !check.match("q_b", getQB(), getQA() ? "q rq" : "q d") || // C10
      !check.match("kv_a_norm", getKvANorm(), "r"))             // C11
    return failure();
  if (!ShapedType::isDynamic(check.size("r")))
    check.set("a", check.size("r") + getRope());
  return success(check.match("kv_a", getKvA(), "a d") &&         // C12
                 check.match("kv_b", getKvB(), "kv r") &&        // C13
                 check.match("o", getO(), "d v") &&              // C14
                 check.match("result", getResult(), "B S d") &&  // C15
                 checkPositive(*this, "scale", getScale()) &&    // C16
                 checkPositive(*this, "epsilon", getEpsilon())); // C17
}

/// Sets `half` to half of the size of `whole`, which must be even: the gate's
/// rows and those of the up projection.
static bool halve(Operation *op, ShapeCheck &check, StringRef whole,
                  StringRef half) {
  int64_t size = check.size(whole);
  if (!checkMultiple(op, ("'" + whole + "'").str(), size, 2,
                     "the gate and the up projection"))
    return false;
  if (!ShapedType::isDynamic(size))
    check.set(half, size / 2);
  return true;
}

LogicalResult MlpOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R.. d") &&  // C1
                 check.match("gate_up", getGateUp(), "W d") && // C2
                 halve(*this, check, "W", "I") &&              // C3
                 check.match("down", getDown(), "d I") &&      // C4
                 check.match("result", getResult(), "R.. d")); // C5
}

/// C17 C18 C19 C20 C21 C22 of lm.moe: its results.
static bool matchMoeResults(MoeOp op, ShapeCheck &check) {
  check.set("K", op.getTopK());
  size_t levels = op.getBalance().size();
  if (levels != 1 && levels != 3) { // C22
    op.emitOpError("expects 1 or 3 'balance' results, but got ") << levels;
    return false;
  }
  if (!check.match("result", op.getResult(), "B S d")) // C17
    return false;
  for (Value balance : op.getBalance())
    if (!check.match("balance", balance, "1")) // C18
      return false;
  if (!check.match("load", op.getLoad(), "E") ||       // C19
      !check.match("indices", op.getIndices(), "T K")) // C20
    return false;
  int64_t batch = check.size("B"), sequence = check.size("S");
  if (ShapedType::isDynamic(batch) || ShapedType::isDynamic(sequence))
    return true;
  return checkSize(op, "'T'", check.size("T"), product(batch, sequence),
                   "batch times sequence"); // C21
}

LogicalResult MoeOp::verify() {
  ShapeCheck check(*this);
  if (!check.match("input", getInput(), "B S d") ||               // C1
      !check.match("positions", getPositions(), "B S") ||         // C2
      !check.match("gate", getGate(), "E d") ||                   // C3
      !check.match("bias", getBias(), "E") ||                     // C4
      !check.match("gate_up", getGateUp(), "E W d") ||            // C5
      !halve(*this, check, "W", "I") ||                           // C6
      !check.match("down", getDown(), "E d I") ||                 // C7
      !check.match("shared_gate_up", getSharedGateUp(), "V d") || // C8
      !halve(*this, check, "V", "J") ||                           // C9
      !check.match("shared_down", getSharedDown(), "d J") ||      // C10
      !checkAtLeast(*this, "top_k", getTopK(), 1) ||              // C11
      // C12 C13 C14 C15
      !checkGroups(*this, check.size("E"), getGroups(), getTopGroups(),
                   getTopK()) ||
      !checkPositive(*this, "weight_scale", getWeightScale())) // C16
    return failure();
  return success(matchMoeResults(*this, check)); // C17 C18 C19 C20 C21 C22
}

/// C6 to C8 of lm.mhc: its body.
static LogicalResult verifyMhcBody(MhcOp op, ShapeCheck &check) {
  Block &block = op.getBody().front();
  if (block.getNumArguments() != 1) // C6
    return op.emitOpError("expects a body with 1 argument, but got ")
           << block.getNumArguments();
  Type argument = block.getArgument(0).getType();
  if (!check.matchType("body argument", argument, "R.. C")) // C6
    return failure();
  TypeRange yielded = yieldedTypes(block);
  if (yielded.empty() || yielded.front() != argument) // C7
    return op.emitOpError("expects a body that yields ")
           << argument << " first, but got " << drawTypes(yielded);
  if (yielded.drop_front() != op.getExtra().getTypes()) // C8
    return op.emitOpError("expects a body that yields ")
           << drawTypes(op.getExtra().getTypes())
           << " after its output, but got " << drawTypes(yielded.drop_front());
  return success();
}

LogicalResult MhcOp::verify() {
  ShapeCheck check(*this);
  if (!check.match("input", getInput(), "R.. n C")) // C1
    return failure();
  int64_t n = check.size("n"), channels = check.size("C");
  if (!ShapedType::isDynamic(n)) {
    check.set("k", product(2 + uint64_t(n), n));
    if (!ShapedType::isDynamic(channels))
      check.set("nC", product(n, channels));
  }
  if (!check.match("fn", getFn(), "k nC") ||                               // C2
      !check.match("base", getBase(), "k") ||                              // C3
      !check.match("scale", getScale(), "3") ||                            // C4
      !checkSameType(*this, "result", getResult(), "input", getInput()) || // C5
      failed(verifyMhcBody(*this, check))) // C6 C7 C8
    return failure();
  return success(checkAtLeast(*this, "iterations", getIterations(), 1) && // C9
                 checkNotNegative(*this, "epsilon", getEpsilon()) &&      // C10
                 checkPositive(*this, "norm_epsilon",
                               getNormEpsilon())); // C11
}

LogicalResult HcHeadOp::verify() {
  ShapeCheck check(*this);
  if (!check.match("input", getInput(), "R.. n C")) // C1
    return failure();
  int64_t n = check.size("n"), channels = check.size("C");
  if (!ShapedType::isDynamic(n) && !ShapedType::isDynamic(channels))
    check.set("nC", product(n, channels));
  return success(check.match("fn", getFn(), "n nC") &&               // C2
                 check.match("base", getBase(), "n") &&              // C3
                 check.match("scale", getScale(), "1") &&            // C4
                 check.match("result", getResult(), "R.. C") &&      // C5
                 checkNotNegative(*this, "epsilon", getEpsilon()) && // C6
                 checkPositive(*this, "norm_epsilon",
                               getNormEpsilon())); // C7
}
