//===- Info.cpp - `info`: what a model is ---------------------------------===//
#include "runtime/core/base/Json.h"
#include "runtime/core/command/CommandLine.h"
#include "runtime/core/weights/Weights.h"

#include <cstdio>

namespace tresse::runtime {

namespace {

const char *targetName(uint32_t target) {
  return target == TRESSE_REFERENCE ? "reference"
         : target == TRESSE_CPU     ? "cpu"
                                    : "cuda";
}

std::string argumentText(const Plan &plan, tresse_span span) {
  std::string out;
  for (uint32_t i = 0; i < span.count; ++i) {
    const tresse_argument &argument = plan.arguments[span.first + i];
    const tresse_tensor &tensor = plan.tensors[argument.tensor];
    out +=
        text(i ? ", " : "", plan.string(argument.name), " ",
             elementName(tensor.dtype), shapeText(plan.numbers(tensor.sizes)));
  }
  return out;
}

std::string argumentJson(const Plan &plan, tresse_span span) {
  std::string out = "[";
  for (uint32_t i = 0; i < span.count; ++i) {
    const tresse_argument &argument = plan.arguments[span.first + i];
    const tresse_tensor &tensor = plan.tensors[argument.tensor];
    out += text(i ? ", " : "",
                "{\"name\": ", jsonString(plan.string(argument.name)),
                ", \"dtype\": \"", elementName(tensor.dtype),
                "\", \"shape\": ", shapeText(plan.numbers(tensor.sizes)), "}");
  }
  return out + "]";
}

void printText(const Plan &plan) {
  std::printf("%-14s %s\n", "target", targetName(plan.header().target));
  for (uint32_t i = 0; i < plan.records.size(); ++i) {
    auto name = plan.string(plan.records[i].name);
    auto value = plan.string(plan.records[i].value);
    if (value.find('\n') == std::string_view::npos && value.size() < 100)
      std::printf("%-14s %s\n", std::string(name).c_str(),
                  std::string(value).c_str());
  }
  std::printf("%-14s %lld\n", "parameters",
              static_cast<long long>(parameterCount(plan)));
  std::printf("%-14s %llu bytes\n", "arena",
              static_cast<unsigned long long>(plan.program().arena_size));
  std::printf("%-14s %llu bytes\n", "persistent",
              static_cast<unsigned long long>(plan.program().persistent_size));
  std::printf("%-14s %u\n", "kernels", plan.kernels.size());
  tresse_span entries = plan.program().entries;
  for (uint32_t i = 0; i < entries.count; ++i) {
    const tresse_entry &entry = plan.entries[entries.first + i];
    std::printf("entry %-8s %u steps\n  in:  %s\n  out: %s\n",
                plan.string(entry.name).data(), entry.steps.count,
                argumentText(plan, entry.inputs).c_str(),
                argumentText(plan, entry.outputs).c_str());
  }
}

void printJson(const Plan &plan) {
  std::string out =
      text("{\"target\": \"", targetName(plan.header().target),
           "\", \"parameters\": ", parameterCount(plan),
           ", \"arena_bytes\": ", plan.program().arena_size,
           ", \"persistent_bytes\": ", plan.program().persistent_size,
           ", \"kernels\": ", plan.kernels.size(), ", \"records\": {");
  for (uint32_t i = 0; i < plan.records.size(); ++i)
    out += text(i ? ", " : "", jsonString(plan.string(plan.records[i].name)),
                ": ", jsonString(plan.string(plan.records[i].value)));
  out += "}, \"entries\": [";
  tresse_span entries = plan.program().entries;
  for (uint32_t i = 0; i < entries.count; ++i) {
    const tresse_entry &entry = plan.entries[entries.first + i];
    out +=
        text(i ? ", " : "", "{\"name\": ", jsonString(plan.string(entry.name)),
             ", \"steps\": ", entry.steps.count,
             ", \"inputs\": ", argumentJson(plan, entry.inputs),
             ", \"outputs\": ", argumentJson(plan, entry.outputs), "}");
  }
  std::printf("%s]}\n", out.c_str());
}

} // namespace

int runInfo(const tresse_model &model, const InfoFlags &flags) {
  Plan plan(model);
  if (flags.json)
    printJson(plan);
  else
    printText(plan);
  return 0;
}

void fillWeights(Session &session, const CommonFlags &flags) {
  if (flags.init)
    return initializeWeights(session, *flags.init);
  if (flags.weights.empty())
    throw Failure(Remedy::Usage, "expected --weights=DIR or --init=SEED");
  auto unexpected = loadWeights(session, flags.weights);
  if (!unexpected.empty())
    std::fprintf(stderr,
                 "warning: %zu tensors in %s have no place in the model, such "
                 "as %s\n",
                 unexpected.size(), inQuotes(flags.weights).c_str(),
                 inQuotes(unexpected[0]).c_str());
}

} // namespace tresse::runtime
