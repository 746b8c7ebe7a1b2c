// Shapes.cpp - checks of an op's shapes and attributes for its verifier.
#include "dialects/lm/Shapes.h"
#include "dialects/lm/LM.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace tresse::lm;

namespace {
bool agree(int64_t a, int64_t b) {
  return ShapedType::isDynamic(a) || ShapedType::isDynamic(b) || a == b;
}

std::string drawSize(int64_t size) {
  return ShapedType::isDynamic(size) ? "?" : std::to_string(size);
}

/// `known`, or `found` where that is not known yet.
int64_t merge(int64_t known, int64_t found) {
  return ShapedType::isDynamic(known) ? found : known;
}

/// The value of a double attribute as the user wrote it.
std::string drawNumber(const llvm::APFloat &number) {
  llvm::SmallString<16> text;
  number.toString(text);
  return text.str().str();
}
} // namespace

std::string tresse::lm::drawShape(ArrayRef<int64_t> sizes) {
  return "[" + llvm::join(llvm::map_range(sizes, drawSize), ", ") + "]";
}

std::string tresse::lm::drawTypes(TypeRange types) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << "(";
  llvm::interleaveComma(types, stream);
  stream << ")";
  return text;
}

TypeRange tresse::lm::yieldedTypes(Block &block) {
  auto yield =
      block.empty() ? YieldOp() : llvm::dyn_cast<YieldOp>(block.back());
  return yield ? TypeRange(yield->getOperandTypes()) : TypeRange();
}

int64_t ShapeCheck::size(StringRef symbol) const {
  auto found = sizes.find(symbol);
  return found == sizes.end() ? ShapedType::kDynamic : found->second;
}

bool ShapeCheck::match(StringRef name, Value value, StringRef shape) {
  return !value || matchType(name, value.getType(), shape);
}

bool ShapeCheck::matchType(StringRef name, Type type, StringRef shape) {
  SmallVector<StringRef> wanted;
  shape.split(wanted, ' ');
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (tensor && agrees(tensor.getShape(), wanted))
    return true;
  InFlightDiagnostic error = op->emitOpError("expects '")
                             << name << "' of shape " << draw(wanted)
                             << ", but got ";
  if (tensor)
    error << drawShape(tensor.getShape());
  else
    error << type;
  return false;
}

/// Compares all sizes before it gives any symbol a size, so that the error
/// shows only what other values said.
bool ShapeCheck::agrees(ArrayRef<int64_t> found, ArrayRef<StringRef> wanted) {
  bool leading = wanted[0] == "R..";
  ArrayRef<StringRef> last = wanted.drop_front(leading);
  if (leading ? found.size() < last.size() : found.size() != last.size())
    return false;
  ArrayRef<int64_t> head = found.drop_back(last.size());
  ArrayRef<int64_t> tail = found.take_back(last.size());
  if (leading && rowsKnown &&
      (head.size() != rows.size() || !llvm::all_of_zip(head, rows, agree)))
    return false;
  llvm::StringMap<int64_t> merged = sizes;
  for (auto [size, symbol] : llvm::zip_equal(tail, last)) {
    int64_t number;
    if (!symbol.getAsInteger(10, number)) {
      if (!agree(size, number))
        return false;
      continue;
    }
    auto [entry, isNew] = merged.try_emplace(symbol, size);
    if (!agree(entry->second, size))
      return false;
    entry->second = merge(entry->second, size);
  }
  sizes = std::move(merged);
  if (!leading)
    return true;
  if (!rowsKnown)
    rows.assign(head.begin(), head.end());
  for (auto [known, size] : llvm::zip_equal(rows, head))
    known = merge(known, size);
  return rowsKnown = true;
}

std::string ShapeCheck::draw(ArrayRef<StringRef> wanted) const {
  SmallVector<std::string> parts;
  for (StringRef symbol : wanted) {
    int64_t known = size(symbol);
    if (symbol == "R..") {
      if (!rowsKnown)
        parts.push_back("R..");
      else if (!rows.empty())
        parts.push_back("R.. = " +
                        llvm::join(llvm::map_range(rows, drawSize), "x"));
    } else if (ShapedType::isDynamic(known)) {
      parts.push_back(symbol.str());
    } else {
      parts.push_back(symbol.str() + " = " + drawSize(known));
    }
  }
  return "[" + llvm::join(parts, ", ") + "]";
}

bool tresse::lm::checkSize(Operation *op, StringRef what, int64_t found,
                           int64_t expected, StringRef reason) {
  if (agree(found, expected))
    return true;
  op->emitOpError("expects ") << what << " to be " << expected << ", " << reason
                              << ", but got " << found;
  return false;
}

bool tresse::lm::checkMultiple(Operation *op, StringRef what, int64_t found,
                               int64_t divisor, StringRef reason) {
  if (ShapedType::isDynamic(found) || ShapedType::isDynamic(divisor))
    return true;
  if (divisor > 0 && found % divisor == 0)
    return true;
  op->emitOpError("expects ") << what << " to be a multiple of " << divisor
                              << ", " << reason << ", but got " << found;
  return false;
}

bool tresse::lm::checkAtLeast(Operation *op, StringRef name, int64_t found,
                              int64_t minimum) {
  if (found >= minimum)
    return true;
  op->emitOpError("expects '")
      << name << "' to be at least " << minimum << ", but got " << found;
  return false;
}

bool tresse::lm::checkAtMost(Operation *op, StringRef name, int64_t found,
                             int64_t maximum, StringRef reason) {
  if (ShapedType::isDynamic(maximum) || found <= maximum)
    return true;
  op->emitOpError("expects '") << name << "' to be at most " << maximum << ", "
                               << reason << ", but got " << found;
  return false;
}

bool tresse::lm::checkPositive(Operation *op, StringRef name,
                               llvm::APFloat found) {
  if (!found.isNaN() && !found.isNegative() && !found.isZero())
    return true;
  op->emitOpError("expects '")
      << name << "' to be greater than 0, but got " << drawNumber(found);
  return false;
}

bool tresse::lm::checkNotNegative(Operation *op, StringRef name,
                                  llvm::APFloat found) {
  if (!found.isNaN() && (!found.isNegative() || found.isZero()))
    return true;
  op->emitOpError("expects '")
      << name << "' to be 0 or greater, but got " << drawNumber(found);
  return false;
}

bool tresse::lm::checkSameType(Operation *op, StringRef name, Value value,
                               StringRef otherName, Value other) {
  if (!value || value.getType() == other.getType())
    return true;
  op->emitOpError("expects '")
      << name << "' of type " << other.getType() << ", the type of '"
      << otherName << "', but got " << value.getType();
  return false;
}

bool tresse::lm::checkGroups(Operation *op, int64_t experts, int64_t groups,
                             int64_t topGroups, int64_t topK) {
  if (!checkMultiple(op, "'E'", experts, groups, "groups of one size") ||
      !checkAtLeast(op, "top_groups", topGroups, 1) ||
      !checkAtMost(op, "top_groups", topGroups, groups, "the groups"))
    return false;
  int64_t left =
      ShapedType::isDynamic(experts) ? experts : topGroups * (experts / groups);
  return checkAtMost(op, "top_k", topK, left,
                     "the experts of the groups that stay");
}
