//===- CommandLine.cpp - flags of a compiled model ------------------------===//
#include "runtime/core/command/CommandLine.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <new>

namespace tresse::runtime {

namespace {

/// All flags, and the command that was chosen.
class CommandLine {
public:
  explicit CommandLine(const tresse_model &model) : model(model) {
    app.require_subcommand(1);
    app.set_version_flag("--version", versionText(model),
                         "Print versions and stop");
    app.set_help_flag("-h,--help", "Print this help and stop");
    app.get_formatter()->column_width(34);
    addInfo();
    addTrain();
    addGenerate();
    addLogits();
    addBench();
  }

  int run(int argc, char **argv) {
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
      int code = app.exit(error);
      return code == 0 ? 0 : 2;
    }
    return chosen();
  }

private:
  static std::string versionText(const tresse_model &model) {
    std::string out =
        text("compiled model, plan version ", TRESSE_PLAN_VERSION);
    try {
      Plan plan(model);
      for (const char *name : {"tresse", "llvm"})
        if (auto value = plan.record(name))
          out += text(", ", name, " ", *value);
    } catch (const Failure &) {
      // The command itself will say what is wrong with the plan.
    }
    return out;
  }

  CLI::App *command(const char *name, const char *text) {
    return app.add_subcommand(name, text);
  }

  void addCommon(CLI::App *to, CommonFlags &flags) {
    auto *weights = to->add_option("-w,--weights", flags.weights,
                                   "Directory with safetensors weights");
    to->add_option("--init", flags.init,
                   "Draw fresh weights from this seed instead")
        ->check(CLI::NonNegativeNumber)
        ->excludes(weights);
    to->add_option("-t,--threads", flags.threads,
                   "Threads; 0: one for each processor")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    to->add_flag("-q,--quiet", flags.quiet, "Print results and errors only");
  }

  static CLI::Option *dataFormat(CLI::App *to, std::string &format) {
    return to
        ->add_option("--format", format,
                     "Format of the token file; auto goes by its name")
        ->check(CLI::IsMember({"auto", "npy", "text", "u16", "u32", "i32"}))
        ->capture_default_str();
  }

  void addInfo() {
    auto *to = command("info", "Say what this model is");
    to->add_flag("--json", info.json, "As one JSON object");
    to->callback([this] { chosen = [this] { return runInfo(model, info); }; });
  }

  void addLogits() {
    auto *to = command("logits", "Write the logits of a token file");
    addCommon(to, logits.common);
    to->add_option("--tokens", logits.tokens, "Token file, [rows, length]")
        ->required();
    dataFormat(to, logits.format);
    to->add_option("-o,--out", logits.out,
                   "File for the logits, .npy of [rows, length, vocabulary]")
        ->required();
    to->add_option("--routes", logits.routes,
                   "File for the experts chosen, .safetensors");
    to->callback(
        [this] { chosen = [this] { return runLogits(model, logits); }; });
  }

  template <typename Value>
  void hyper(CLI::App *to, const char *name, Value &value, const char *text,
             CLI::Validator check) {
    std::string key = name;
    to->add_option(name, value, text)
        ->check(std::move(check))
        ->capture_default_str()
        ->each([this, key](const std::string &) { train.given.insert(key); });
  }

  void addTrain() {
    auto *to = command("train", "Train on a token file");
    addCommon(to, train.common);
    to->add_option("-d,--data", train.data, "Text or token file")->required();
    dataFormat(to, train.format);
    addTrainLength(to);
    addHyper(to);
    addTrainFiles(to);
    to->callback([this] {
      if (train.options.steps == 0 && train.options.minutes == 0)
        throw CLI::RequiredError("--steps or --minutes");
      chosen = [this] { return runTrain(model, train); };
    });
  }

  void addTrainLength(CLI::App *to) {
    TrainOptions &o = train.options;
    to->add_option("--steps", o.steps, "Steps in all, resumed ones included")
        ->check(CLI::NonNegativeNumber);
    to->add_option("--minutes", o.minutes,
                   "Stop training after so many minutes")
        ->check(CLI::Range(0.0, 1e6));
    to->add_option("--seed", train.seed, "Seed of the data's order (0)")
        ->check(CLI::NonNegativeNumber);
    to->add_option("--validation", train.validation,
                   "Part of the data, at its end, kept for validation")
        ->check(CLI::Range(0.0, 0.9))
        ->capture_default_str();
    to->add_option("--eval-every", o.evalEvery,
                   "Steps between validations; 0: at the end only")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    to->add_option("--eval-batches", o.evalBatches,
                   "Batches of a validation; the last one takes all")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
  }

  void addHyper(CLI::App *to) {
    Hyper &h = train.hyper;
    auto positive = CLI::Range(0.0, 1e9);
    auto fraction = CLI::Range(0.0, 1.0);
    hyper(to, "--lr,--learning-rate", h.lr, "Learning rate", positive);
    hyper(to, "--schedule", h.schedule, "constant, cosine or wsd",
          CLI::IsMember({"constant", "cosine", "wsd"}));
    hyper(to, "--warmup", h.warmup, "Steps of linear warm-up", positive);
    hyper(to, "--final-lr", h.finalFraction,
          "Fraction of the rate where cosine and wsd end", fraction);
    hyper(to, "--beta1", h.beta1, "AdamW's beta1", fraction);
    hyper(to, "--beta2", h.beta2, "AdamW's beta2", fraction);
    hyper(to, "--eps", h.eps, "AdamW's epsilon", positive);
    hyper(to, "--weight-decay", h.weightDecay, "AdamW's weight decay",
          positive);
    hyper(to, "--clip", h.clip, "Largest gradient norm; 0: no clipping",
          positive);
    hyper(to, "--balance-alpha", h.balanceAlpha, "Weight of the balance loss",
          positive);
    hyper(to, "--device-balance-alpha", h.deviceBalanceAlpha,
          "Weight of the balance loss of groups of experts", positive);
    hyper(to, "--communication-balance-alpha", h.communicationBalanceAlpha,
          "Weight of the balance loss of tokens sent to groups", positive);
    hyper(to, "--bias-gamma", h.biasGamma, "Step of the routing biases",
          positive);
  }

  void addTrainFiles(CLI::App *to) {
    TrainOptions &o = train.options;
    to->add_option("-o,--out", o.out, "Directory for checkpoints");
    to->add_option("--save-every", o.saveEvery,
                   "Steps between checkpoints; 0: at the end only")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    to->add_option("--max-shard-size", o.maxShardSize,
                   "Bytes of tensors in a file, such as 500MB")
        ->transform(CLI::AsSizeValue(/*kb_is_1000=*/true))
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    to->add_option("--keep", o.keep, "Checkpoints to keep; 0: all")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    auto *resume = to->add_option_function<std::string>(
        "--resume", [this](const std::string &from) { train.resume = from; },
        "Go on from a checkpoint directory, or from the latest in --out");
    resume->expected(0, 1)->type_name("DIR|latest");
    resume->default_str("latest");
    to->add_option("--log", o.log, "File for one JSON object a step");
    to->add_option("--peak-flops", o.peakFlops,
                   "Operations per second that the log's mfu is a part of; 0: "
                   "what the machine's matrix products are measured to reach")
        ->check(CLI::Range(0.0, 1e24))
        ->capture_default_str();
    to->add_option("--gradients", o.gradients,
                   "File for the first step's gradients, .safetensors");
    to->add_option("--plot", o.plot, "File for the loss curve, .png");
  }

  void addGenerate() {
    auto *to = command("generate", "Continue a prompt");
    GenerateFlags &f = generate;
    addCommon(to, f.common);
    to->add_option("-p,--prompt", f.prompt, "Prompt text");
    to->add_option("-f,--prompt-file", f.promptFile, "File with the prompt");
    to->add_option("--prompt-ids", f.promptIds, "Prompt as token ids")
        ->delimiter(',');
    to->add_option("-n,--max-new-tokens", f.newTokens,
                   "Most tokens to make (generation_config.json, else 128)")
        ->check(CLI::Range(1, INT32_MAX));
    to->add_option("--temperature", f.temperature,
                   "0 takes the likeliest token (else 1)")
        ->check(CLI::Range(0.0, 1000.0));
    to->add_option("--top-k", f.topK, "Only the k likeliest; 0: off")
        ->check(CLI::Range(0, 1'000'000'000));
    to->add_option("--top-p", f.topP, "Only the likeliest of mass p; 1: off")
        ->check(CLI::Range(0.0, 1.0));
    to->add_option("--min-p", f.minP,
                   "Only those of p times the likeliest's; 0: off")
        ->check(CLI::Range(0.0, 1.0));
    to->add_option("-s,--seed", f.seed, "Seed of the draws")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    to->add_option("--stop", f.stops, "End before this text; may be repeated")
        ->allow_extra_args(false);
    to->add_flag("--ids", f.ids, "Print token ids instead of text");
    to->add_flag("--jsonl", f.jsonl,
                 "Requests on stdin, one JSON object a line; events on stdout");
    to->callback(
        [this] { chosen = [this] { return runGenerate(model, generate); }; });
  }

  void addBench() {
    auto *to = command("bench", "Measure every entry, with its steps by kind");
    addCommon(to, bench.common);
    to->add_option("--repeats", bench.repeats, "Calls of each entry")
        ->check(CLI::Range(1, 100000))
        ->capture_default_str();
    to->add_option("--entry", bench.entries, "Only these entries")
        ->delimiter(',');
    to->callback(
        [this] { chosen = [this] { return runBench(model, bench); }; });
  }

  const tresse_model &model;
  CLI::App app{"A compiled language model: one file that trains and generates"};
  InfoFlags info;
  TrainFlags train;
  GenerateFlags generate;
  LogitsFlags logits;
  BenchFlags bench;
  std::function<int()> chosen;
};

} // namespace

int runCommandLine(const tresse_model *model, int argc, char **argv) {
  const char *program = argc > 0 ? argv[0] : "model";
  try {
    if (!model)
      fail("the model needs a newer runtime than version ",
           TRESSE_PLAN_VERSION);
    return CommandLine(*model).run(argc, argv);
  } catch (const Failure &failure) {
    std::fflush(stdout);
    std::fprintf(stderr, "%s: error: %s\n", program, failure.what());
    return failure.remedy == Remedy::Usage ? 2 : 1;
  } catch (const std::bad_alloc &) {
    std::fprintf(stderr, "%s: error: out of memory\n", program);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "%s: error: %s\n", program, error.what());
  }
  return 1;
}

} // namespace tresse::runtime
