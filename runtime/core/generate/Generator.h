//===- Generator.h - tokens from prompts, several at a time ---------------===//
//
// A slot holds one request. A call of `prefill` takes the next chunk of every
// slot's prompt; a call of `decode` takes one token of each. The last chunk of
// a prompt already yields the first token.
//
#ifndef TRESSE_RUNTIME_GENERATE_GENERATOR_H
#define TRESSE_RUNTIME_GENERATE_GENERATOR_H

#include "runtime/core/model/Session.h"

#include <cstdint>
#include <vector>

namespace tresse::runtime {

/// How the next token is drawn. Temperature 0 takes the likeliest one.
struct Sampling {
  double temperature = 1;
  int64_t topK = 0; ///< 0: off
  double topP = 1;  ///< 1: off
  double minP = 0;  ///< 0: off
  uint64_t seed = 0;
};

/// One continuation to make.
struct Request {
  std::vector<int32_t> prompt;
  int64_t newTokens = 0; ///< at most
  Sampling sampling;
  std::vector<int32_t> endTokens; ///< any of them ends it, and is not yielded
};

enum class Ending { None, Length, EndToken, Context };

/// What a step yields for one slot: a token, or the end.
struct Yield {
  int64_t slot;
  int32_t token; ///< -1 when only `ending` is told
  Ending ending;
};

class Generator {
public:
  /// The model must have entries `prefill` and `decode`.
  explicit Generator(Session &session);

  /// A slot without a request, or -1.
  int64_t freeSlot() const;
  /// Puts a request into a free slot. Throws when the prompt is empty, too long
  /// for the compiled context, or holds ids outside the vocabulary.
  void start(int64_t slot, Request request);
  /// Frees a slot before its request ends.
  void stop(int64_t slot);
  bool idle() const;
  /// One call of the model; what came out of it. Empty while prompts are read.
  const std::vector<Yield> &step();
  int64_t slots() const { return static_cast<int64_t>(states.size()); }
  int64_t context() const { return contextLength; }

private:
  struct Slot {
    bool busy = false;
    Request request;
    int64_t read = 0;  // prompt tokens in the cache
    int64_t made = 0;  // new tokens
    int32_t next = -1; // token to be read by the next decode
  };
  void prefill();
  void decode();
  void writeSampling(std::string_view entry, int64_t slot, int64_t position);
  void take(std::string_view entry, int64_t slot);

  Session &session;
  std::vector<Slot> states;
  std::vector<Yield> yields;
  int64_t chunk, contextLength, vocabulary;
};

} // namespace tresse::runtime

#endif
