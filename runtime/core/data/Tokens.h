//===- Tokens.h - token files and the batches cut from them ---------------===//
#ifndef TRESSE_RUNTIME_DATA_TOKENS_H
#define TRESSE_RUNTIME_DATA_TOKENS_H

#include "runtime/core/base/File.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tresse::runtime {

/// Tokens of a file: one stream, or rows of equal length. The file stays on the
/// disk; ids are read, converted and checked where they are used.
class Tokens {
public:
  /// Every id must lie in [0, vocabulary); all are checked here, once, and
  /// those read again. `format`: "npy" (i32 or i64, [N] or [rows, columns]),
  /// "text" (bytes are tokens), "u16", "u32", "i32" (raw little-endian ids);
  /// "auto" goes by the ending of the name, and takes what it does not know
  /// for text.
  Tokens(const std::string &path, std::string_view format, int64_t vocabulary);

  int64_t count() const { return idCount; }
  int64_t rows() const { return rowCount; } ///< 0: one stream
  int64_t columns() const { return columnCount; }
  /// Reads the ids from number `first` on, which must be there.
  void read(int64_t first, std::span<int32_t> out) const;

private:
  void checkIds() const;
  std::unique_ptr<FileReader> file;
  uint64_t dataBegin = 0;
  size_t width = 1;
  bool isSigned = false;
  int64_t vocabulary, idCount = 0, rowCount = 0, columnCount = 0;
};

/// The order in which training sees a file's samples, a function of the seed
/// and a sample's number alone.
///
/// A stream is cut into windows of `sequence` + 1 tokens that overlap by one;
/// every pass over it visits each window once, in an order and from a first
/// token of its own. Rows are used whole; a file of exactly one batch is every
/// step's batch, in its own order.
class TrainingData {
public:
  /// `validation`: the part of a stream, at its end, that is kept apart.
  TrainingData(Tokens tokens, int64_t batch, int64_t sequence, uint64_t seed,
               double validation, const std::string &path);

  /// Fills [batch, sequence] with the samples number `first`, `first` + 1, ...
  /// The target of a position is the next token; -1 (ignored) at a row's end.
  void fill(uint64_t first, std::span<int32_t> tokens,
            std::span<int32_t> targets) const;

  /// Batches that cover the validation part once; 0 when there is none.
  int64_t validationBatches() const;
  /// Fills one of them; places without a token get target -1.
  void fillValidation(int64_t batch, std::span<int32_t> tokens,
                      std::span<int32_t> targets) const;
  /// Windows or rows of a pass.
  int64_t samples() const { return sampleCount; }

private:
  void fillStream(int64_t start, int64_t end, std::span<int32_t> tokens,
                  std::span<int32_t> targets) const;
  Tokens tokens;
  int64_t batch, sequence, sampleCount = 0;
  int64_t trainingEnd = 0; // tokens of a stream that are trained on
  uint64_t seed;
};

/// A place in [0, count) for each index: a permutation drawn by `key`.
uint64_t permuted(uint64_t index, uint64_t count, uint64_t key);

} // namespace tresse::runtime

#endif
