//===- Tokens.h - token files and the batches cut from them ---------------===//
#ifndef TRESSE_RUNTIME_DATA_TOKENS_H
#define TRESSE_RUNTIME_DATA_TOKENS_H

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tresse::runtime {

/// Tokens of a file: one stream, or rows of equal length.
struct Tokens {
  std::vector<int32_t> values;
  int64_t rows = 0, columns = 0; ///< rows 0: one stream
};

/// Reads a file of tokens; every id must lie in [0, vocabulary). `format`:
/// "npy" (i32 or i64, [N] or [rows, columns]), "text" (bytes are tokens),
/// "u16", "u32", "i32" (raw little-endian ids); "auto" goes by the ending of
/// the name, and takes what it does not know for text.
Tokens readTokens(const std::string &path, std::string_view format,
                  int64_t vocabulary);

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
