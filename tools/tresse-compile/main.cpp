// main.cpp - tresse-compile: one model file becomes one binary.
#include "codegen/Pipeline.h"
#include "dialects/Register.h"
#include "passes/Register.h"
#include "tools/Version.h"
#include "tools/tresse-compile/Driver.h"
#include "tools/tresse-compile/Emit.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Support/Timing.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;
using namespace tresse;
namespace cl = llvm::cl;

namespace {
/// The command line, as one object: nothing outlives main.
struct CommandLine {
  cl::OptionCategory category{"tresse-compile options"};
  cl::opt<std::string> input{cl::Positional, cl::desc("MODEL.mlir"),
                             cl::init("-"), cl::cat(category)};
  cl::opt<std::string> output{"o", cl::desc("Output file"),
                              cl::value_desc("FILE"), cl::init("-"),
                              cl::cat(category)};
  cl::opt<std::string> target{
      "target", cl::desc("cpu, reference, cuda:sm_90a or cuda:sm_80"),
      cl::init("cpu"), cl::cat(category)};
  cl::list<std::string> entries{
      "entry", cl::CommaSeparated, cl::cat(category),
      cl::desc("Entries: train,generate,logits (default: all)")};
  cl::opt<int64_t> batch{"batch", cl::desc("Sequences per batch"), cl::init(8),
                         cl::cat(category)};
  cl::opt<int64_t> sequence{"sequence", cl::desc("Tokens per sequence"),
                            cl::init(256), cl::cat(category)};
  cl::opt<int64_t> slots{"slots", cl::desc("Sequences generated at once"),
                         cl::init(1), cl::cat(category)};
  cl::opt<int64_t> chunk{"chunk", cl::desc("Tokens per prefill call and slot"),
                         cl::init(64), cl::cat(category)};
  cl::opt<int64_t> context{"context", cl::desc("Positions a cache holds"),
                           cl::init(1024), cl::cat(category)};
  cl::opt<std::string> dtype{"dtype", cl::desc("f32, bf16 or f64"),
                             cl::init("f32"), cl::cat(category)};
  cl::opt<std::string> attention{
      "attention", cl::desc("Form of attention in generation: absorbed, naive"),
      cl::init("absorbed"), cl::cat(category)};
  cl::opt<std::string> recompute{
      "recompute", cl::desc("Activations recomputed: none, layer, or a share"),
      cl::init("none"), cl::cat(category)};
  cl::opt<std::string> ptxas{
      "ptxas", cl::value_desc("FILE"), cl::cat(category),
      cl::desc("The assembler of the cuda target (default: as found)")};
  cl::opt<std::string> emit{"emit", cl::desc("exe, so, plan, mlir or ptx"),
                            cl::init("exe"), cl::cat(category)};
  cl::opt<std::string> to{"compile-to", cl::desc("Stop behind this stage"),
                          cl::value_desc("STAGE"), cl::cat(category)};
  cl::opt<std::string> from{"compile-from", cl::desc("Begin with this stage"),
                            cl::value_desc("STAGE"), cl::cat(category)};
  cl::opt<std::string> cpu{"cpu", cl::desc("host, x86-64-v3 or x86-64-v4"),
                           cl::init("host"), cl::cat(category)};
  cl::opt<bool> listStages{"list-stages", cl::desc("List the stages"),
                           cl::cat(category)};
  cl::opt<std::string> dump{"dump-stages",
                            cl::desc("Write the module behind every stage"),
                            cl::value_desc("DIR"), cl::cat(category)};
  cl::opt<std::string> remarks{
      "remarks-filter", cl::value_desc("CATEGORY"), cl::cat(category),
      cl::desc("Say what passes of these categories did, and why not more")};
  cl::list<std::string> plugins{"load-pass-plugin",
                                cl::desc("Load passes from a plugin"),
                                cl::value_desc("FILE"), cl::cat(category)};
  cl::list<std::string> after{
      "after", cl::desc("Run a pass pipeline behind a stage"),
      cl::value_desc("STAGE=PIPELINE"), cl::cat(category)};
};

/// Exit codes of every program: the input failed, or the usage was wrong.
enum ExitCode { kFailed = 1, kUsage = 2 };

int usage(const llvm::Twine &message) {
  llvm::errs() << "tresse-compile: " << message << '\n';
  return kUsage;
}

LogicalResult parseRecompute(StringRef text, double &fraction) {
  if (text == "none")
    fraction = 0.0;
  else if (text == "layer")
    fraction = 1.0;
  else if (text.getAsDouble(fraction) || !(fraction >= 0.0 && fraction <= 1.0))
    return failure();
  return success();
}

/// Fills `options`; returns 0 or the exit code.
int parseOptions(const CommandLine &line, DriverOptions &options) {
  CompileOptions &compile = options.compile;
  compile.target = line.target;
  compile.cpu = line.cpu;
  if (!line.entries.empty())
    compile.entries.assign(line.entries.begin(), line.entries.end());
  for (auto [name, value] : {std::pair{"--batch", &line.batch},
                             {"--sequence", &line.sequence},
                             {"--slots", &line.slots},
                             {"--chunk", &line.chunk},
                             {"--context", &line.context}})
    if (*value < 1 || *value > (int64_t(1) << 31))
      return usage(llvm::Twine(name) + " expects 1 to 2147483648, but got " +
                   llvm::Twine(int64_t(*value)));
  for (StringRef entry : compile.entries)
    if (entry != "train" && entry != "generate" && entry != "logits")
      return usage("--entry expects train, generate or logits, but got '" +
                   entry + "'");
  if (line.dtype != "f32" && line.dtype != "bf16" && line.dtype != "f64")
    return usage("--dtype expects f32, bf16 or f64, but got '" + line.dtype +
                 "'");
  if (StringRef(compile.target).starts_with("cuda") && line.dtype == "f64")
    return usage("--target=" + compile.target +
                 " expects --dtype f32 or bf16, but got 'f64'");
  compile.batch = line.batch;
  compile.sequence = line.sequence;
  compile.slots = line.slots;
  compile.chunk = line.chunk;
  compile.context = line.context;
  compile.dtype = line.dtype;
  if (line.attention != "absorbed" && line.attention != "naive")
    return usage("--attention expects absorbed or naive, but got '" +
                 line.attention + "'");
  compile.absorb = line.attention == "absorbed";
  if (failed(parseRecompute(line.recompute, compile.recompute)))
    return usage("--recompute expects none, layer or a share from 0 to 1, "
                 "but got '" +
                 line.recompute + "'");
  std::string error;
  if (!line.remarks.empty() && !llvm::Regex(line.remarks).isValid(error))
    return usage("--remarks-filter expects a regular expression, but got '" +
                 line.remarks + "': " + error);
  options.from = line.from;
  options.to = line.to;
  options.dumpFolder = line.dump;
  for (StringRef text : line.after) {
    auto [stage, pipeline] = text.split('=');
    if (pipeline.empty())
      return usage("--after expects STAGE=PIPELINE, but got '" + text + "'");
    options.after.push_back({stage.str(), pipeline.str()});
  }
  return failed(selectStages(options)) ? kUsage : 0;
}

/// The folder of the runtime's libraries: beside this program's own.
std::string libraryFolder(const char *program) {
  void *anchor = reinterpret_cast<void *>(&libraryFolder);
  std::string path = llvm::sys::fs::getMainExecutable(program, anchor);
  llvm::SmallString<128> folder(llvm::sys::path::parent_path(path));
  llvm::sys::path::append(folder, "..", "lib");
  llvm::sys::path::remove_dots(folder, /*remove_dot_dot=*/true);
  return folder.str().str();
}

/// Keeps the last remark of every place until `printRemarks`.
LogicalResult enableRemarks(MLIRContext &context, const std::string &filter) {
  remark::RemarkCategories categories;
  categories.all = categories.passed = categories.missed = categories.analysis =
      categories.failed = filter;
  return remark::enableOptimizationRemarks(
      context, /*streamer=*/nullptr,
      std::make_unique<remark::RemarkEmittingPolicyFinal>(), categories,
      /*printAsEmitRemarks=*/true);
}

void printRemarks(MLIRContext &context) {
  if (remark::detail::RemarkEngine *engine = context.getRemarkEngine())
    engine->getRemarkEmittingPolicy()->finalize();
}

int compile(const CommandLine &line, const DriverOptions &options,
            const EmitOptions &emit) {
  DialectRegistry registry;
  registerDialects(registry);
  registerCodegen(registry);
  MLIRContext context(registry);
  context.printOpOnDiagnostic(false);
  std::string message;
  auto file = openInputFile(line.input, &message);
  if (!file) {
    llvm::errs() << "tresse-compile: " << message << '\n';
    return kFailed;
  }
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(file), llvm::SMLoc());
  SourceMgrDiagnosticHandler diagnostics(sources, &context);
  if (!line.remarks.empty() && failed(enableRemarks(context, line.remarks)))
    return kFailed;
  llvm::scope_exit atEnd([&] { printRemarks(context); });
  OwningOpRef<ModuleOp> module =
      parseSourceFile<ModuleOp>(sources, ParserConfig(&context));
  if (!module || failed(runStages(*module, options)))
    return kFailed;
  return failed(emitModel(*module, emit)) ? kFailed : 0;
}
} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  registerTransformsPasses();
  registerPasses();
  registerCodegenPasses();
  registerPassManagerCLOptions();
  registerAsmPrinterCLOptions();
  registerMLIRContextCLOptions();
  registerDefaultTimingManagerCLOptions();
  CommandLine line;
  cl::HideUnrelatedOptions(line.category);
  cl::SetVersionPrinter(printVersion);
  cl::ParseCommandLineOptions(argc, argv,
                              "Compiles a model's text to one binary\n");
  if (line.listStages) {
    for (const Stage &stage : allStages())
      llvm::outs() << stage.name << "\t" << stage.summary << '\n';
    return 0;
  }
  for (const std::string &path : line.plugins) {
    auto plugin = PassPlugin::load(path);
    if (!plugin) {
      llvm::errs() << "tresse-compile: " << llvm::toString(plugin.takeError())
                   << '\n';
      return kFailed;
    }
    plugin->registerPassRegistryCallbacks();
  }
  DriverOptions options;
  if (int code = parseOptions(line, options))
    return code;
  EmitOptions emit;
  emit.kind = line.to.empty() ? std::string(line.emit) : "mlir";
  if (emit.kind != "exe" && emit.kind != "so" && emit.kind != "plan" &&
      emit.kind != "mlir" && emit.kind != "ptx")
    return usage("--emit expects exe, so, plan, mlir or ptx, but got '" +
                 emit.kind + "'");
  if (line.output == "-" && (emit.kind == "exe" || emit.kind == "so"))
    return usage("expects an output file (-o FILE) for --emit=" + emit.kind);
  emit.output = line.output;
  emit.cpu = line.cpu;
  emit.ptxas = line.ptxas;
  emit.libraries = libraryFolder(argv[0]);
  return compile(line, options, emit);
}
