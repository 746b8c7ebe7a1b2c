//===- Generate.cpp - `generate`: prompts in, text or events out ----------===//
#include "runtime/core/base/File.h"
#include "runtime/core/base/Json.h"
#include "runtime/core/command/CommandLine.h"
#include "runtime/core/generate/TextOutput.h"

#include <cstdio>
#include <deque>
#include <iostream>

namespace tresse::runtime {

namespace {

/// What a request takes where it says nothing: flags, then the directory's
/// generation_config.json.
JsonRequest defaultsOf(const GenerateFlags &flags) {
  GenerationDefaults config;
  std::string path = flags.common.weights + "/generation_config.json";
  if (!flags.common.weights.empty() && fileExists(path))
    config = parseGenerationConfig(path, readFile(path, 256 << 10));
  JsonRequest out;
  out.id = "null";
  out.stops = flags.stops;
  Request &request = out.request;
  request.endTokens = config.endTokens;
  request.newTokens = flags.newTokens.value_or(config.newTokens.value_or(128));
  Sampling &sampling = request.sampling;
  sampling = config.sampling;
  sampling.temperature = flags.temperature.value_or(sampling.temperature);
  sampling.topK = flags.topK.value_or(sampling.topK);
  sampling.topP = flags.topP.value_or(sampling.topP);
  sampling.minP = flags.minP.value_or(sampling.minP);
  sampling.seed = flags.seed;
  return out;
}

std::vector<int32_t> promptOf(const GenerateFlags &flags) {
  int given = !flags.prompt.empty() + !flags.promptFile.empty() +
              !flags.promptIds.empty();
  if (given != 1)
    throw Failure(Remedy::Usage, "expected one of --prompt, --prompt-file, "
                                 "--prompt-ids and --jsonl");
  if (!flags.promptIds.empty())
    return flags.promptIds;
  if (!flags.prompt.empty())
    return textTokens(flags.prompt);
  return textTokens(readFile(flags.promptFile, uint64_t{64} << 20));
}

void put(const std::string &text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (std::fflush(stdout) != 0)
    failSystem("standard output: cannot be written", errno);
}

void generateText(Generator &generator, Request request,
                  const GenerateFlags &flags, bool ids) {
  TextStream stream(flags.stops);
  bool first = true;
  generator.start(0, std::move(request));
  while (!generator.idle()) {
    for (const Yield &yield : generator.step()) {
      if (yield.token < 0)
        continue;
      if (ids)
        put(text(first ? "" : " ", yield.token));
      else
        put(stream.add(tokenBytes(yield.token)));
      first = false;
      if (stream.stopped())
        generator.stop(0);
    }
  }
  put(stream.finish() + "\n");
}

const char *endingName(Ending ending) {
  switch (ending) {
  case Ending::Length:
    return "length";
  case Ending::EndToken:
    return "end_token";
  case Ending::Context:
    return "context";
  case Ending::None:
    break;
  }
  return "stop";
}

/// Reads requests as slots become free and prints events: a token, the end, or
/// an error of one request, which does not end the others.
class JsonLines {
public:
  JsonLines(Generator &generator, JsonRequest defaults)
      : generator(generator), defaults(std::move(defaults)) {}

  bool run() {
    running.resize(static_cast<size_t>(generator.slots()));
    while (true) {
      while (!ended && generator.freeSlot() >= 0)
        startNext();
      if (generator.idle())
        return !failed;
      for (const Yield &yield : generator.step())
        show(yield);
    }
  }

private:
  struct Running {
    std::string id;
    TextStream stream{{}};
    int64_t index = 0;
  };

  void startNext() {
    std::string document;
    if (!std::getline(std::cin, document)) {
      ended = true;
      return;
    }
    ++line;
    if (document.find_first_not_of(" \t\r") == std::string::npos)
      return;
    std::string place = text("line ", line);
    int64_t slot = generator.freeSlot();
    try {
      JsonRequest request = parseJsonRequest(place, document, defaults);
      running[static_cast<size_t>(slot)] = {request.id,
                                            TextStream(request.stops), 0};
      generator.start(slot, std::move(request.request));
    } catch (const Failure &failure) {
      failed = true;
      put(text("{\"line\": ", line, ", \"error\": ", jsonString(failure.what()),
               "}\n"));
    }
  }

  void show(const Yield &yield) {
    Running &one = running[static_cast<size_t>(yield.slot)];
    Ending ending = yield.ending;
    bool stopped = false;
    if (yield.token >= 0) {
      std::string shown = one.stream.add(tokenBytes(yield.token));
      stopped = one.stream.stopped();
      if (!stopped && ending != Ending::None)
        shown += one.stream.finish();
      put(text("{\"id\": ", one.id, ", \"index\": ", one.index++,
               ", \"token\": ", yield.token, ", \"text\": ", jsonString(shown),
               "}\n"));
      if (stopped && ending == Ending::None)
        generator.stop(yield.slot);
    }
    if (stopped || ending != Ending::None)
      put(text("{\"id\": ", one.id, ", \"done\": true, \"reason\": \"",
               stopped ? "stop" : endingName(ending), "\"}\n"));
  }

  Generator &generator;
  JsonRequest defaults;
  std::vector<Running> running;
  int64_t line = 0;
  bool ended = false, failed = false;
};

} // namespace

int runGenerate(const tresse_model &model, const GenerateFlags &flags) {
  JsonRequest defaults = defaultsOf(flags);
  if (!flags.jsonl)
    defaults.request.prompt = promptOf(flags);
  Session session(model, flags.common.threads);
  Generator generator(session);
  fillWeights(session, flags.common);
  if (flags.jsonl)
    return JsonLines(generator, std::move(defaults)).run() ? 0 : 1;
  // Ids beyond bytes need a tokenizer, which a model does not carry.
  const int64_t mostForText = 512;
  bool ids =
      flags.ids || session.plan().recordNumber("vocab_size", 0) > mostForText;
  generateText(generator, std::move(defaults.request), flags, ids);
  return 0;
}

} // namespace tresse::runtime
