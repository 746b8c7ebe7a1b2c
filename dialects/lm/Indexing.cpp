// Indexing.cpp - reading the indexing that an op's definition states.
#include "dialects/lm/Indexing.h"

#include "dialects/lm/LM.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace tresse::lm;

namespace tresse::lm {

/// Reads an indexing text against the tensors of an op.
class IndexingReader {
public:
  explicit IndexingReader(IndexedOpInterface op) : op(op) {}

  /// False where the tensors do not fit, after saying so in `error`.
  bool read();

  Indexing indexing;
  std::string error;

private:
  bool readTensor(Type type, StringRef text);
  bool readSpare(StringRef name, unsigned count, SmallVector<unsigned, 4> &to);
  unsigned findOrAdd(StringRef name);
  unsigned add(StringRef name, int64_t extent);
  bool setExtents(ArrayRef<unsigned> loops, ArrayRef<int64_t> sizes);
  void setTypes(StringRef over);
  bool fail(const Twine &expected, const Twine &found);

  IndexedOpInterface op;
  /// Names that stand for several loops, with how many.
  SmallVector<std::pair<StringRef, unsigned>, 2> spares;
};

} // namespace tresse::lm

static bool isSpare(StringRef name) { return name.ends_with(".."); }

bool IndexingReader::fail(const Twine &expected, const Twine &found) {
  unsigned index = indexing.tensors.size(), operands = op->getNumOperands();
  bool isResult = index >= operands;
  error = ("expects " + Twine(isResult ? "result " : "operand ") +
           Twine(isResult ? index - operands : index) + " to have " + expected +
           " by its indexing '" + op.getIndexingText() + "', but got " + found)
              .str();
  return false;
}

unsigned IndexingReader::add(StringRef name, int64_t extent) {
  indexing.loops.push_back({name, extent, utils::IteratorType::reduction});
  return indexing.loops.size() - 1;
}

unsigned IndexingReader::findOrAdd(StringRef name) {
  // A variadic tensor's own loop is new every time.
  if (!name.ends_with("#"))
    for (auto [index, loop] : llvm::enumerate(indexing.loops))
      if (loop.name == name)
        return index;
  int64_t steps = ShapedType::kDynamic;
  if (int64_t number; !name.getAsInteger(10, number))
    steps = number;
  return add(name, steps);
}

/// The first tensor with a name like R.. says how many loops that is.
bool IndexingReader::readSpare(StringRef name, unsigned count,
                               SmallVector<unsigned, 4> &to) {
  for (auto [known, number] : spares) {
    if (known != name)
      continue;
    for (auto [index, loop] : llvm::enumerate(indexing.loops))
      if (loop.name == name)
        to.push_back(index);
    return number == count ||
           fail(Twine(number) + " dimensions '" + name + "'", Twine(count));
  }
  spares.push_back({name, count});
  for (unsigned i = 0; i < count; ++i)
    to.push_back(add(name, ShapedType::kDynamic));
  return true;
}

bool IndexingReader::setExtents(ArrayRef<unsigned> loops,
                                ArrayRef<int64_t> sizes) {
  for (auto [index, size] : llvm::zip_equal(loops, sizes)) {
    Indexing::Loop &loop = indexing.loops[index];
    if (ShapedType::isDynamic(loop.extent))
      loop.extent = size;
    else if (!ShapedType::isDynamic(size) && loop.extent != size)
      return fail("size " + Twine(loop.extent) + " along loop '" + loop.name +
                      "'",
                  Twine(size));
  }
  return true;
}

bool IndexingReader::readTensor(Type type, StringRef text) {
  SmallVector<StringRef> names;
  text.split(names, ' ', -1, /*KeepEmpty=*/false);
  ArrayRef<int64_t> sizes = cast<RankedTensorType>(type).getShape();
  size_t spare = llvm::count_if(names, isSpare);
  size_t single = names.size() - spare;
  if (spare ? sizes.size() < single : sizes.size() != single)
    return fail("rank " + Twine(single), Twine(sizes.size()));
  SmallVector<unsigned, 4> loops;
  for (StringRef name : names) {
    if (!isSpare(name))
      loops.push_back(findOrAdd(name));
    else if (!readSpare(name, sizes.size() - single, loops))
      return false;
  }
  if (!setExtents(loops, sizes))
    return false;
  indexing.tensors.push_back(std::move(loops));
  return true;
}

/// A step computes its own part of every result, or it is part of a reduction.
void IndexingReader::setTypes(StringRef over) {
  SmallVector<StringRef> whole;
  over.split(whole, ' ', -1, /*KeepEmpty=*/false);
  auto results = ArrayRef(indexing.tensors).drop_front(indexing.operandCount);
  for (auto [index, loop] : llvm::enumerate(indexing.loops))
    if (!llvm::is_contained(whole, loop.name) &&
        llvm::all_of(results, [i = index](ArrayRef<unsigned> loops) {
          return llvm::is_contained(loops, i);
        }))
      loop.type = utils::IteratorType::parallel;
}

bool IndexingReader::read() {
  auto [tensors, over] = op.getIndexingText().split(" over ");
  auto [operands, results] = tensors.split("->");
  indexing.operandCount = op->getNumOperands();
  SmallVector<StringRef> texts;
  operands.split(texts, ',', -1, /*KeepEmpty=*/false);
  for (auto [declared, text] : llvm::enumerate(texts)) {
    if (text.trim().empty())
      continue;
    auto [first, count] = op.getDeclaredOperand(declared);
    for (unsigned i = first; i < first + count; ++i)
      if (!readTensor(op->getOperand(i).getType(), text))
        return false;
  }
  texts.clear();
  results.split(texts, ',', -1, /*KeepEmpty=*/false);
  for (auto [declared, text] : llvm::enumerate(texts)) {
    auto [first, count] = op.getDeclaredResult(declared);
    for (unsigned i = first; i < first + count; ++i)
      if (!readTensor(op->getResult(i).getType(), text))
        return false;
  }
  unsigned tensorCount = op->getNumOperands() + op->getNumResults();
  if (indexing.tensors.size() != tensorCount)
    return fail("no place", Twine(tensorCount) + " tensors");
  setTypes(over);
  return true;
}

Indexing Indexing::of(Operation *op) {
  IndexingReader reader(cast<IndexedOpInterface>(op));
  [[maybe_unused]] bool fits = reader.read();
  assert(fits && "the op is verified");
  return std::move(reader.indexing);
}

LogicalResult tresse::lm::verifyIndexing(Operation *op) {
  IndexingReader reader(cast<IndexedOpInterface>(op));
  if (reader.read())
    return success();
  return op->emitOpError(reader.error);
}

SmallVector<utils::IteratorType> Indexing::getIteratorTypes() const {
  return llvm::map_to_vector(loops, [](const Loop &loop) { return loop.type; });
}

SmallVector<AffineMap> Indexing::getIndexingMaps(MLIRContext *context) const {
  return llvm::map_to_vector(tensors, [&](ArrayRef<unsigned> dims) {
    return AffineMap::getMultiDimMapWithTargets(loops.size(), dims, context);
  });
}

/// How many loops the two begin with in common.
static size_t commonPrefix(ArrayRef<unsigned> a, ArrayRef<unsigned> b) {
  size_t end = std::min(a.size(), b.size()), i = 0;
  while (i < end && a[i] == b[i])
    ++i;
  return i;
}

int64_t Indexing::rowRank() const {
  if (tensors.size() == operandCount)
    return 0;
  ArrayRef<unsigned> rows = ofResult(0);
  rows =
      rows.take_while([&](unsigned loop) { return loops[loop].isParallel(); });
  for (unsigned tensor = 0; tensor < tensors.size(); ++tensor) {
    size_t common = commonPrefix(rows, tensors[tensor]);
    if (common > 0 || tensor >= operandCount) {
      rows = rows.take_front(common);
      continue;
    }
    // An operand that every row reads whole has no row's loop.
    rows = rows.take_while([&](unsigned loop) {
      return !llvm::is_contained(tensors[tensor], loop);
    });
  }
  return rows.size();
}

bool Indexing::isRowOperand(unsigned operand) const {
  size_t rank = rowRank();
  return commonPrefix(ofResult(0).take_front(rank), tensors[operand]) == rank;
}
