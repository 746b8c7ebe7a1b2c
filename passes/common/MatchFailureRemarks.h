// MatchFailureRemarks.h - why a pattern did not fire, as a remark.
#ifndef TRESSE_PASSES_COMMON_MATCHFAILUREREMARKS_H
#define TRESSE_PASSES_COMMON_MATCHFAILUREREMARKS_H

#include "mlir/IR/PatternMatch.h"

namespace tresse {

/// Turns every reason that a pattern gives to notifyMatchFailure into a failure
/// remark of one category, named after the pattern. Costs nothing where no
/// remarks were asked for.
///
/// A driver may try an op more than once: the policy that keeps the final
/// remark of each place prints each reason once.
class MatchFailureRemarks : public mlir::RewriterBase::Listener {
public:
  /// `category` must outlive the context: a literal.
  explicit MatchFailureRemarks(llvm::StringRef category) : category(category) {}

  void notifyPatternBegin(const mlir::Pattern &pattern,
                          mlir::Operation *op) override;
  void notifyMatchFailure(
      mlir::Location loc,
      llvm::function_ref<void(mlir::Diagnostic &)> reason) override;

private:
  llvm::StringRef category, pattern;
};

} // namespace tresse

#endif // TRESSE_PASSES_COMMON_MATCHFAILUREREMARKS_H
