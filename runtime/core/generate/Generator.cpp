//===- Generator.cpp - tokens from prompts, several at a time -------------===//
#include "runtime/core/generate/Generator.h"

#include "runtime/core/base/Random.h"

#include <algorithm>
#include <cmath>

namespace tresse::runtime {

Generator::Generator(Session &session) : session(session) {
  TensorView tokens = session.input("prefill", "tokens");
  if (tokens.shape.size() != 2)
    fail("model: expected tokens of [slots, chunk], but got ",
         shapeText(tokens.shape));
  states.resize(static_cast<size_t>(tokens.shape[0]));
  chunk = tokens.shape[1];
  TensorView one = session.input("decode", "tokens");
  if (one.elements() != tokens.shape[0])
    fail("model: expected entry 'decode' to take one token of ",
         tokens.shape[0], " slots, but got ", shapeText(one.shape));
  contextLength = session.plan().recordNumber("context", 0);
  vocabulary = session.plan().recordNumber("vocab_size", 0);
  if (contextLength < 1 || vocabulary < 1)
    fail("model: expected records 'context' and 'vocab_size'");
  yields.reserve(states.size());
}

int64_t Generator::freeSlot() const {
  for (size_t i = 0; i < states.size(); ++i)
    if (!states[i].busy)
      return static_cast<int64_t>(i);
  return -1;
}

bool Generator::idle() const {
  return std::none_of(states.begin(), states.end(),
                      [](const Slot &slot) { return slot.busy; });
}

static void checkSampling(const Sampling &sampling) {
  auto within = [](const char *name, double value, double low, double high) {
    if (!(value >= low && value <= high))
      fail(name, ": expected a number from ", low, " to ", high, ", but got ",
           value);
  };
  within("temperature", sampling.temperature, 0, 1000);
  within("top_k", static_cast<double>(sampling.topK), 0, 1e9);
  within("top_p", sampling.topP, 0, 1);
  within("min_p", sampling.minP, 0, 1);
}

void Generator::start(int64_t slot, Request request) {
  if (request.prompt.empty())
    fail("prompt: expected at least one token");
  auto length = static_cast<int64_t>(request.prompt.size());
  if (length >= contextLength)
    fail("prompt: expected fewer than ", contextLength,
         " tokens, the compiled context, but got ", length);
  for (int32_t token : request.prompt)
    if (token < 0 || token >= vocabulary)
      fail("prompt: expected token ids from 0 to ", vocabulary - 1,
           ", but got ", token);
  checkSampling(request.sampling);
  Slot &state = states.at(static_cast<size_t>(slot));
  state = Slot();
  state.busy = true;
  state.request = std::move(request);
}

void Generator::stop(int64_t slot) {
  states.at(static_cast<size_t>(slot)).busy = false;
}

void Generator::writeSampling(std::string_view entry, int64_t slot,
                              int64_t position) {
  TensorView sampling = session.input(entry, "sampling");
  const Sampling &s = states[static_cast<size_t>(slot)].request.sampling;
  uint64_t key = randomKey(s.seed, "sample");
  double uniform = randomUniform(key, static_cast<uint64_t>(position));
  if (sampling.dtype == TRESSE_F32) // a float just below 1 must stay there
    uniform = std::min(uniform, 1 - 0x1p-24);
  const double values[8] = {s.temperature, static_cast<double>(s.topK), s.topP,
                            s.minP, uniform};
  for (int64_t i = 0; i < 8; ++i)
    sampling.setNumber(slot * 8 + i, values[i]);
}

/// Takes a slot's new token, which stands at position read + made.
void Generator::take(std::string_view entry, int64_t slot) {
  Slot &state = states[static_cast<size_t>(slot)];
  auto next = session.output(entry, "next").as<int32_t>(TRESSE_I32)[slot];
  const auto &ends = state.request.endTokens;
  ++state.made;
  state.next = next;
  Yield yield{slot, next, Ending::None};
  if (std::find(ends.begin(), ends.end(), next) != ends.end())
    yield = {slot, -1, Ending::EndToken};
  else if (state.made >= state.request.newTokens)
    yield.ending = Ending::Length;
  else if (state.read + state.made >= contextLength)
    yield.ending = Ending::Context;
  if (yield.ending != Ending::None)
    state.busy = false;
  yields.push_back(yield);
}

void Generator::prefill() {
  auto *tokens = session.input("prefill", "tokens").as<int32_t>(TRESSE_I32);
  auto *positions =
      session.input("prefill", "positions").as<int32_t>(TRESSE_I32);
  for (int64_t s = 0; s < slots(); ++s) {
    Slot &state = states[static_cast<size_t>(s)];
    auto length = static_cast<int64_t>(state.request.prompt.size());
    bool reads = state.busy && state.read < length;
    for (int64_t i = 0; i < chunk; ++i) {
      int64_t at = state.read + i;
      bool here = reads && at < length;
      tokens[s * chunk + i] =
          here ? state.request.prompt[static_cast<size_t>(at)] : 0;
      positions[s * chunk + i] = here ? static_cast<int32_t>(at) : -1;
    }
    writeSampling("prefill", s, length);
  }
  session.run("prefill");
  for (int64_t s = 0; s < slots(); ++s) {
    Slot &state = states[static_cast<size_t>(s)];
    auto length = static_cast<int64_t>(state.request.prompt.size());
    if (!state.busy || state.read >= length)
      continue;
    state.read = std::min(state.read + chunk, length);
    if (state.read == length)
      take("prefill", s);
  }
}

void Generator::decode() {
  auto *tokens = session.input("decode", "tokens").as<int32_t>(TRESSE_I32);
  auto *positions =
      session.input("decode", "positions").as<int32_t>(TRESSE_I32);
  for (int64_t s = 0; s < slots(); ++s) {
    const Slot &state = states[static_cast<size_t>(s)];
    int64_t position = state.read + state.made - 1;
    tokens[s] = state.busy ? state.next : 0;
    positions[s] = state.busy ? static_cast<int32_t>(position) : -1;
    writeSampling("decode", s, position + 1);
  }
  session.run("decode");
  for (int64_t s = 0; s < slots(); ++s)
    if (states[static_cast<size_t>(s)].busy)
      take("decode", s);
}

const std::vector<Yield> &Generator::step() {
  yields.clear();
  bool reading =
      std::any_of(states.begin(), states.end(), [](const Slot &slot) {
        return slot.busy &&
               slot.read < static_cast<int64_t>(slot.request.prompt.size());
      });
  if (reading)
    prefill();
  else if (!idle())
    decode();
  return yields;
}

} // namespace tresse::runtime
