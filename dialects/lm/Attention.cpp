// Attention.cpp - latent attention and its cache: verifiers and interfaces.
#include "dialects/lm/LM.h"
#include "dialects/lm/Shapes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tresse::lm;

#define GET_OP_CLASSES
#include "dialects/lm/Attention.cpp.inc"

void LMDialect::addAttentionOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/lm/Attention.cpp.inc"
      >();
}

/// C1 to C6 of lm.attention and its gradients; `outName` is what has the shape
/// of the output.
static bool matchAttention(ShapeCheck &check, Operation *op, Value q, Value kv,
                           Value keyRope, Value positions, StringRef outName,
                           Value out) {
  if (!check.match("q", q, "B S H dq") ||          // C1
      !check.match("k_rope", keyRope, "B L dr") || // C2
      !checkAtMost(op, "dr", check.size("dr"), check.size("dq"),
                   "the channels of 'q'") ||       // C3
      !check.match("kv", kv, "B L H dkv") ||       // C4
      !check.match("positions", positions, "B S")) // C5
    return false;
  int64_t query = check.size("dq"), rope = check.size("dr"),
          joint = check.size("dkv");
  if (!ShapedType::isDynamic(query) && !ShapedType::isDynamic(rope) &&
      !ShapedType::isDynamic(joint))
    check.set("dv", joint - (query - rope));
  return check.match(outName, out, "B S H dv"); // C6
}

LogicalResult AttentionOp::verify() {
  ShapeCheck check(*this);
  // C1 C2 C3 C4 C5 C6
  return success(matchAttention(check, *this, getQ(), getKv(), getKRope(),
                                getPositions(), "out", getOut()) &&
                 check.match("lse", getLse(), "B S H") &&    // C7
                 checkPositive(*this, "scale", getScale())); // C8
}

LogicalResult AttentionGradQueryOp::verify() {
  ShapeCheck check(*this);
  // C1 C2 C3 C4 C5 C6
  return success(matchAttention(check, *this, getQ(), getKv(), getKRope(),
                                getPositions(), "out", getOut()) &&
                 check.match("lse", getLse(), "B S H") &&              // C7
                 check.match("gradient", getGradient(), "B S H dv") && // C8
                 check.match("dq", getDq(), "B S H dq") &&             // C9
                 check.match("delta", getDelta(), "B S H") &&          // C10
                 checkPositive(*this, "scale", getScale()));           // C11
}

LogicalResult AttentionGradKeyOp::verify() {
  ShapeCheck check(*this);
  // C1 C2 C3 C4 C5 C6
  return success(matchAttention(check, *this, getQ(), getKv(), getKRope(),
                                getPositions(), "gradient", getGradient()) &&
                 check.match("lse", getLse(), "B S H") &&         // C7
                 check.match("delta", getDelta(), "B S H") &&     // C8
                 check.match("dkv", getDkv(), "B L H dkv") &&     // C9
                 check.match("dk_rope", getDkRope(), "B L dr") && // C10
                 checkPositive(*this, "scale", getScale()));      // C11
}

LogicalResult LatentAttentionOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("q_latent", getQLatent(), "B S H r") && // C1
                 check.match("q_rope", getQRope(), "B S H dr") &&    // C2
                 check.match("latent", getLatent(), "B L r") &&      // C3
                 check.match("k_rope", getKRope(), "B L dr") &&      // C4
                 check.match("positions", getPositions(), "B S") &&  // C5
                 check.match("out", getOut(), "B S H r") &&          // C6
                 checkPositive(*this, "scale", getScale()));         // C7
}

LogicalResult CacheWriteOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("cache", getCache(), "B L C") &&      // C1
                 check.match("rows", getRows(), "B S C") &&        // C2
                 check.match("positions", getPositions(), "B S")); // C3
}

OpOperand *CacheWriteOp::getTiedOperand(unsigned result) {
  return &getCacheMutable();
}

LogicalResult LastRowOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "B S C") &&       // C1
                 check.match("positions", getPositions(), "B S") && // C2
                 check.match("result", getResult(), "B C"));        // C3
}
