// Shapes.h - checks of an op's shapes and attributes for its verifier.
#ifndef TRESSE_DIALECTS_LM_SHAPES_H
#define TRESSE_DIALECTS_LM_SHAPES_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/TypeRange.h"

namespace tresse::lm {

/// Matches operands and results against shapes written as the op's description
/// draws them: "E out in" is three dimensions, "R.. in" any leading dimensions
/// and a last one, "16" a size. The first value that uses a symbol gives it its
/// size, later ones must agree. A dynamic size agrees with every size.
///
/// Every check returns true when it holds; otherwise it has emitted an error
/// that names the value, what was expected and what came.
class ShapeCheck {
public:
  explicit ShapeCheck(mlir::Operation *op) : op(op) {}

  /// Matches `value`, called `name`; an absent value always matches.
  bool match(llvm::StringRef name, mlir::Value value, llvm::StringRef shape);

  /// Matches a type that is not that of an operand or result.
  bool matchType(llvm::StringRef name, mlir::Type type, llvm::StringRef shape);

  /// Gives a symbol its size before any value does.
  void set(llvm::StringRef symbol, int64_t size) { sizes[symbol] = size; }

  /// The size of `symbol`, dynamic while no value gave it one.
  int64_t size(llvm::StringRef symbol) const;

private:
  bool agrees(llvm::ArrayRef<int64_t> found,
              llvm::ArrayRef<llvm::StringRef> wanted);
  std::string draw(llvm::ArrayRef<llvm::StringRef> wanted) const;

  mlir::Operation *op;
  llvm::StringMap<int64_t> sizes;
  llvm::SmallVector<int64_t> rows; // the sizes that "R.." stands for
  bool rowsKnown = false;
};

/// "[2, ?, 64]"
std::string drawShape(llvm::ArrayRef<int64_t> sizes);

/// a * b; wraps around where a hostile text makes it overflow, so that the
/// result agrees with no size.
inline int64_t product(uint64_t a, uint64_t b) {
  return static_cast<int64_t>(a * b);
}

/// "(tensor<2xf32>, tensor<3xi32>)"
std::string drawTypes(mlir::TypeRange types);

/// `found` is `expected`, or one of them is dynamic. `what` names the size,
/// `reason` says where the expected one comes from.
bool checkSize(mlir::Operation *op, llvm::StringRef what, int64_t found,
               int64_t expected, llvm::StringRef reason);

/// `found` is a multiple of `divisor`, or one of them is dynamic.
bool checkMultiple(mlir::Operation *op, llvm::StringRef what, int64_t found,
                   int64_t divisor, llvm::StringRef reason);

/// The attribute `name` is at least `minimum`.
bool checkAtLeast(mlir::Operation *op, llvm::StringRef name, int64_t found,
                  int64_t minimum);

/// The attribute `name` is at most `maximum` (any, when that is dynamic).
bool checkAtMost(mlir::Operation *op, llvm::StringRef name, int64_t found,
                 int64_t maximum, llvm::StringRef reason);

/// The attribute `name` is greater than 0 (and not a NaN).
bool checkPositive(mlir::Operation *op, llvm::StringRef name,
                   llvm::APFloat found);

/// The attribute `name` is 0 or greater (and not a NaN).
bool checkNotNegative(mlir::Operation *op, llvm::StringRef name,
                      llvm::APFloat found);

/// `value` has the type of `other`; an absent value always has.
bool checkSameType(mlir::Operation *op, llvm::StringRef name, mlir::Value value,
                   llvm::StringRef otherName, mlir::Value other);

/// The types that an `lm.yield` at the end of `block` yields; none where there
/// is no such op.
mlir::TypeRange yieldedTypes(mlir::Block &block);

/// The settings of a router fit each other: `groups` divides the experts,
/// `top_groups` is one of 1 .. `groups`, and the groups that stay hold at least
/// `top_k` experts.
bool checkGroups(mlir::Operation *op, int64_t experts, int64_t groups,
                 int64_t topGroups, int64_t topK);

} // namespace tresse::lm

#endif // TRESSE_DIALECTS_LM_SHAPES_H
