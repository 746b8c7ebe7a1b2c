// main.cpp - tresse-plan: reads the plan of a compiled model, which it neither
// loads nor runs.
#include "codegen/emit/FindPlan.h"
#include "codegen/emit/PlanBytes.h"
#include "dialects/Register.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "passes/schedule/CheckPlan.h"
#include "tools/Version.h"
#include "tools/tresse-plan/Diff.h"
#include "tools/tresse-plan/Trace.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;
using namespace tresse;
namespace cl = llvm::cl;

namespace {

/// Exit codes of every program: the input failed, or the usage was wrong.
enum ExitCode { kFailed = 1, kUsage = 2 };

/// The command line, as one object: nothing outlives main.
struct CommandLine {
  cl::OptionCategory category{"tresse-plan options"};
  cl::SubCommand dump{"dump", "Print a plan as text"};
  cl::SubCommand check{"check", "Name what is wrong with a plan; print nothing "
                                "when nothing is"};
  cl::SubCommand trace{"trace", "Write a Chrome/Perfetto trace with estimated "
                                "durations"};
  cl::SubCommand diff{"diff", "Print what differs between two plans"};
  cl::SubCommand assemble{"assemble", "Write a plan's text as bytes"};
  cl::list<std::string> files{
      cl::Positional, cl::sub(cl::SubCommand::getAll()),
      cl::desc("FILE (an executable, a shared library, a plan, or a plan's "
               "text ending in .mlir)")};
  cl::opt<std::string> output{"o", cl::desc("Output file"),
                              cl::value_desc("FILE"), cl::init("-"),
                              cl::sub(cl::SubCommand::getAll())};
  cl::opt<bool> summary{"summary",
                        cl::desc("Also print the arena and the live bytes"),
                        cl::sub(check)};
  cl::opt<double> flops{"gflops", cl::init(100), cl::sub(trace),
                        cl::desc("Assumed 10^9 operations per second")};
  cl::opt<double> bandwidth{"bandwidth", cl::init(20), cl::sub(trace),
                            cl::desc("Assumed 10^9 bytes per second")};
};

/// The plan of `path` as a module, or null after an error.
OwningOpRef<ModuleOp> load(StringRef path, MLIRContext &context) {
  if (path.ends_with(".mlir"))
    return parseSourceFile<ModuleOp>(path, &context);
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false);
  if (!file) {
    llvm::errs() << path << ": expected a readable file, but got: "
                 << file.getError().message() << '\n';
    return nullptr;
  }
  std::string message;
  StringRef bytes = plan::findPlan((*file)->getBuffer(), message);
  if (bytes.empty()) {
    llvm::errs() << path << ": " << message << '\n';
    return nullptr;
  }
  // Readers ask for alignment to 8, which a section need not have in the file.
  plan::PlanBytes aligned((bytes.size() + 7) / 8);
  std::memcpy(aligned.data(), bytes.data(), bytes.size());
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    llvm::errs() << path << ": " << diagnostic << '\n';
    return success();
  });
  return plan::readPlan(aligned.data(), bytes.size(),
                        UnknownLoc::get(&context));
}

int assemble(plan::ModelOp model, llvm::raw_ostream &out) {
  auto bytes = plan::writePlan(model);
  if (failed(bytes))
    return kFailed;
  out.write(reinterpret_cast<const char *>(bytes->data()),
            bytes->size() * sizeof(uint64_t));
  return 0;
}

int check(StringRef path, plan::ModelOp model, bool summary,
          llvm::raw_ostream &out) {
  PlanCheck result = checkPlan(model);
  for (const std::string &finding : result.findings)
    llvm::errs() << path << ": " << finding << '\n';
  if (summary)
    out << "arena " << result.arena << " bytes, at most " << result.peak
        << " live at once; " << result.findings.size() << " findings\n";
  return result.findings.empty() ? 0 : kFailed;
}

int run(const CommandLine &line, llvm::raw_ostream &out) {
  DialectRegistry registry;
  registerDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  SmallVector<OwningOpRef<ModuleOp>> modules;
  SmallVector<plan::ModelOp> models;
  for (const std::string &path : line.files) {
    modules.push_back(load(path, context));
    if (!modules.back())
      return kFailed;
    models.push_back(plan::findModel(*modules.back()));
    if (!models.back())
      return kFailed;
  }
  if (line.dump)
    modules[0]->print(out);
  else if (line.trace)
    writeTrace(models[0], {line.flops * 1e9, line.bandwidth * 1e9}, out);
  else if (line.diff)
    return writeDiff(models[0], models[1], out) ? kFailed : 0;
  else if (line.check)
    return check(line.files[0], models[0], line.summary, out);
  else
    return assemble(models[0], out);
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  CommandLine line;
  cl::SetVersionPrinter(printVersion);
  if (!cl::ParseCommandLineOptions(
          argc, argv, "Reads the plan of a compiled model\n", &llvm::errs()))
    return kUsage;
  size_t expected = line.diff ? 2 : 1;
  bool known =
      line.dump || line.check || line.trace || line.diff || line.assemble;
  if (!known || line.files.size() != expected) {
    llvm::errs()
        << "tresse-plan: expected a command (dump, check, trace, diff, "
           "assemble) and "
        << expected << " file" << (expected > 1 ? "s" : "") << ", but got "
        << line.files.size() << '\n';
    return kUsage;
  }
  if (line.trace && !(line.flops > 0 && line.bandwidth > 0)) {
    llvm::errs() << "tresse-plan: expected --gflops and --bandwidth above 0, "
                    "but got "
                 << line.flops << " and " << line.bandwidth << '\n';
    return kUsage;
  }
  std::error_code error;
  llvm::ToolOutputFile file(line.output, error, llvm::sys::fs::OF_None);
  if (error) {
    llvm::errs() << line.output
                 << ": expected a writable file, but got: " << error.message()
                 << '\n';
    return kFailed;
  }
  int code = run(line, file.os());
  file.os().flush();
  if (file.os().has_error()) {
    llvm::errs() << line.output << ": expected room to write, but got: "
                 << file.os().error().message() << '\n';
    file.os().clear_error();
    return kFailed;
  }
  if (!code || line.diff)
    file.keep();
  return code;
}
