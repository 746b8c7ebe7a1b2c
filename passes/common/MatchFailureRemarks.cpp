// MatchFailureRemarks.cpp - why a pattern did not fire, as a remark.
#include "passes/common/MatchFailureRemarks.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace tresse {

void MatchFailureRemarks::notifyPatternBegin(const Pattern &begun,
                                             Operation *) {
  // Names of anonymous pattern classes are qualified; only the last part says
  // something.
  StringRef name = begun.getDebugName();
  size_t colon = name.rfind(':');
  pattern = colon == StringRef::npos ? name : name.drop_front(colon + 1);
}

void MatchFailureRemarks::notifyMatchFailure(
    Location loc, function_ref<void(Diagnostic &)> reason) {
  if (!loc.getContext()->getRemarkEngine())
    return;
  Diagnostic diagnostic(loc, DiagnosticSeverity::Remark);
  reason(diagnostic);
  remark::failed(loc, remark::RemarkOpts::name(pattern).category(category))
      << remark::metric("Reason", diagnostic.str());
}

} // namespace tresse
