//===- Logits.cpp - `logits`: the logits of a token file ------------------===//
#include "runtime/core/base/File.h"
#include "runtime/core/command/CommandLine.h"
#include "runtime/core/data/Npy.h"
#include "runtime/core/weights/Safetensors.h"

#include <algorithm>
#include <cstring>

namespace tresse::runtime {

namespace {

/// The routes of one layer over all rows.
struct Routes {
  std::string name;
  int64_t choices; // per token
  std::vector<int32_t> values;
};

/// Runs the rows through the model, a batch at a time; the last batch is
/// filled up with rows of token 0, whose results are dropped.
class LogitsRun {
public:
  LogitsRun(Session &session, const Tokens &tokens)
      : session(session), tokens(tokens),
        input(session.input("logits", "tokens")),
        output(session.output("logits", "logits")) {
    if (input.shape.size() != 2 || output.shape.size() != 3)
      fail("model: expected tokens [B, S] and logits [B, S, V], but got ",
           shapeText(input.shape), " and ", shapeText(output.shape));
    batch = input.shape[0], sequence = input.shape[1];
    rows = tokens.rows() ? tokens.rows() : 1;
    columns = tokens.rows() ? tokens.columns() : tokens.count();
    if (columns > sequence)
      fail("expected rows of at most ", sequence,
           " tokens, the compiled sequence, but got ", columns);
    findRoutes();
  }

  void run(FileWriter &out) {
    const char *type = output.dtype == TRESSE_F64 ? "<f8" : "<f4";
    int64_t shape[] = {rows, columns, output.shape[2]};
    out.write(npyHeader(type, shape));
    for (int64_t first = 0; first < rows; first += batch) {
      int64_t count = std::min(batch, rows - first);
      fillInput(first, count);
      session.run("logits");
      writeLogits(out, count);
      takeRoutes(count);
    }
  }

  void writeRoutes(const std::string &path) const {
    std::vector<TensorToWrite> list;
    for (const Routes &layer : routes)
      list.push_back({layer.name,
                      TRESSE_I32,
                      {rows * columns, layer.choices},
                      [&layer](FileWriter &writer) {
                        writer.write(layer.values.data(),
                                     layer.values.size() * sizeof(int32_t));
                      }});
    writeSafetensors(path, list);
  }

private:
  void findRoutes() {
    const Plan &plan = session.plan();
    tresse_span outputs = session.entry("logits").outputs;
    for (uint32_t i = 0; i < outputs.count; ++i) {
      auto name = plan.string(plan.arguments[outputs.first + i].name);
      if (!name.starts_with("routes."))
        continue;
      TensorView view = session.output("logits", name);
      routes.push_back(
          {std::string(name), view.elements() / (batch * sequence), {}});
    }
  }
  void fillInput(int64_t first, int64_t count) {
    auto *to = input.as<int32_t>(TRESSE_I32);
    std::fill_n(to, batch * sequence, 0);
    for (int64_t b = 0; b < count; ++b)
      tokens.read((first + b) * columns,
                  {to + b * sequence, static_cast<size_t>(columns)});
  }
  void writeLogits(FileWriter &out, int64_t count) const {
    auto row =
        static_cast<size_t>(output.shape[2]) * elementBytes(output.dtype);
    const auto *from = static_cast<const char *>(output.data);
    for (int64_t b = 0; b < count; ++b)
      out.write(from + static_cast<size_t>(b * sequence) * row,
                static_cast<size_t>(columns) * row);
  }
  void takeRoutes(int64_t count) {
    for (Routes &layer : routes) {
      auto *from = session.output("logits", layer.name).as<int32_t>(TRESSE_I32);
      for (int64_t b = 0; b < count; ++b) {
        const int32_t *row = from + b * sequence * layer.choices;
        layer.values.insert(layer.values.end(), row,
                            row + columns * layer.choices);
      }
    }
  }

  Session &session;
  const Tokens &tokens;
  TensorView input, output;
  int64_t batch, sequence, rows, columns;
  std::vector<Routes> routes;
};

} // namespace

int runLogits(const tresse_model &model, const LogitsFlags &flags) {
  Session session(model, flags.common.threads);
  int64_t vocabulary = session.plan().recordNumber("vocab_size", INT32_MAX);
  Tokens tokens(flags.tokens, flags.format, vocabulary);
  LogitsRun run(session, tokens);
  fillWeights(session, flags.common);
  FileWriter out(flags.out);
  run.run(out);
  out.finish();
  if (!flags.routes.empty())
    run.writeRoutes(flags.routes);
  return 0;
}

} // namespace tresse::runtime
