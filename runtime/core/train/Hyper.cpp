//===- Hyper.cpp - schedules and the trainer's state as JSON --------------===//
#include "runtime/core/train/Hyper.h"

#include "runtime/core/base/Error.h"
#include "runtime/core/base/Json.h"

#include <cmath>

namespace tresse::runtime {

double learningRate(const Hyper &hyper, uint64_t step, double progress) {
  auto at = static_cast<double>(step);
  if (at <= hyper.warmup)
    return hyper.lr * at / hyper.warmup;
  double low = hyper.finalFraction;
  if (hyper.schedule == "cosine") {
    double wave = 0.5 * (1 + std::cos(3.14159265358979323846 * progress));
    return hyper.lr * (low + (1 - low) * wave);
  }
  const double decay = 0.2; // the last fifth of wsd
  if (hyper.schedule == "wsd" && progress > 1 - decay)
    return hyper.lr * (1 - (1 - low) * (progress - (1 - decay)) / decay);
  return hyper.lr;
}

namespace {

struct NamedNumber {
  const char *name;
  double Hyper::*value;
  bool isOptional = false; ///< a state without it means 0
};
constexpr NamedNumber numbers[] = {
    {"lr", &Hyper::lr},
    {"warmup", &Hyper::warmup},
    {"final_fraction", &Hyper::finalFraction},
    {"beta1", &Hyper::beta1},
    {"beta2", &Hyper::beta2},
    {"eps", &Hyper::eps},
    {"weight_decay", &Hyper::weightDecay},
    {"clip", &Hyper::clip},
    {"balance_alpha", &Hyper::balanceAlpha},
    {"device_balance_alpha", &Hyper::deviceBalanceAlpha, true},
    {"communication_balance_alpha", &Hyper::communicationBalanceAlpha, true},
    {"bias_gamma", &Hyper::biasGamma},
};

const Json &member(const std::string &path, const Json &json, const char *key,
                   Json::Kind kind, const char *what) {
  const Json *found = json.find(key);
  if (!found || found->kind != kind)
    fail(inQuotes(path), ": expected ", what, " ", inQuotes(key));
  return *found;
}

uint64_t count(const std::string &path, const Json &json, const char *key) {
  const Json &found = member(path, json, key, Json::Number, "a number");
  if (found.number.kind != JsonNumber::Unsigned)
    fail(inQuotes(path), ": ", inQuotes(key),
         ": expected a whole number from 0 on, but got ", found.number.f);
  return found.number.u;
}

} // namespace

std::string trainStateJson(const TrainState &state) {
  std::string out = text(
      "{\n  \"step\": ", state.step, ",\n  \"sample\": ", state.sample,
      ",\n  \"seed\": ", state.seed, ",\n  \"hyper\": {\n    \"schedule\": ",
      jsonString(state.hyper.schedule));
  for (const NamedNumber &number : numbers)
    out += text(",\n    ", jsonString(number.name), ": ",
                jsonNumber(state.hyper.*number.value));
  return out + "\n  }\n}\n";
}

TrainState parseTrainState(const std::string &path, std::string_view document) {
  Json json = parseJsonTree(path, document);
  if (json.kind != Json::Object)
    fail(inQuotes(path), ": expected an object");
  TrainState state;
  state.step = count(path, json, "step");
  state.sample = count(path, json, "sample");
  state.seed = count(path, json, "seed");
  if (state.step > (uint64_t{1} << 40) || state.sample > (uint64_t{1} << 60))
    fail(inQuotes(path),
         ": expected a step below 2^40 and a sample below 2^60,", " but got ",
         state.step, " and ", state.sample);
  const Json &hyper = member(path, json, "hyper", Json::Object, "an object");
  state.hyper.schedule =
      member(path, hyper, "schedule", Json::String, "a string").string;
  if (state.hyper.schedule != "constant" && state.hyper.schedule != "cosine" &&
      state.hyper.schedule != "wsd")
    fail(inQuotes(path), ": 'schedule': expected constant, cosine or wsd, but ",
         "got ", inQuotes(state.hyper.schedule));
  for (const NamedNumber &number : numbers)
    if (!number.isOptional || hyper.find(number.name))
      state.hyper.*number.value =
          member(path, hyper, number.name, Json::Number, "a number").number.f;
  return state;
}

} // namespace tresse::runtime
