// main.cpp - tresse-import: a Hugging Face directory becomes a model's text.
#include "dialects/Register.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "tools/Version.h"
#include "tools/tresse-import/Config.h"
#include "tools/tresse-import/Json.h"
#include "tools/tresse-import/ModelBuilder.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace llvm;

namespace {

constexpr int failed = 1, wrongUsage = 2;

int fail(const Twine &message) {
  errs() << "tresse-import: " << message << "\n";
  return failed;
}

/// Reads a plain file of at most what parseJson takes.
Expected<std::unique_ptr<MemoryBuffer>> readConfig(StringRef path) {
  sys::fs::file_status status;
  if (std::error_code error = sys::fs::status(path, status))
    return createStringError(
        path + ": expected a readable file, but got: " + error.message());
  if (status.type() != sys::fs::file_type::regular_file)
    return createStringError(path +
                             ": expected a file, but got something else");
  if (status.getSize() > tresse::maxJsonBytes)
    return createStringError(path + ": expected at most " +
                             Twine(tresse::maxJsonBytes) + " bytes, but got " +
                             Twine(status.getSize()));
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false,
                                      /*RequiresNullTerminator=*/true,
                                      /*IsVolatile=*/true);
  if (!buffer)
    return createStringError(path + ": expected a readable file, but got: " +
                             buffer.getError().message());
  return std::move(*buffer);
}

/// Writes the module to `path`, "-" being standard output.
int write(mlir::ModuleOp module, StringRef path) {
  std::error_code error;
  ToolOutputFile output(path, error, sys::fs::OF_Text);
  if (error)
    return fail(path +
                ": expected a writable file, but got: " + error.message());
  mlir::OpPrintingFlags flags;
  flags.printNameLocAsPrefix();
  module->print(output.os(), flags);
  output.os().flush();
  if (output.os().has_error()) {
    std::string message = output.os().error().message();
    output.os().clear_error();
    return fail(path + ": expected to write the model, but got: " + message);
  }
  output.keep();
  return 0;
}

int import(StringRef folder, StringRef outputPath,
           const tresse::HyperOptions &options) {
  SmallString<256> path(folder);
  sys::path::append(path, "config.json");
  auto buffer = readConfig(path);
  if (!buffer)
    return fail(toString(buffer.takeError()));
  StringRef text = (*buffer)->getBuffer();
  auto config = tresse::parseConfig(text, path, options);
  if (!config)
    return fail(toString(config.takeError()));
  bool changed = options.streams || options.paper;
  std::string record =
      changed ? tresse::withHyperConnections(text, *config) : text.str();

  mlir::DialectRegistry registry;
  tresse::registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  auto module = tresse::buildModel(&context, *config, record);
  if (mlir::failed(mlir::verify(*module)))
    return failed;
  return write(*module, outputPath);
}

} // namespace

int main(int argc, char **argv) {
  cl::OptionCategory category("tresse-import options");
  cl::opt<std::string> folder(cl::Positional, cl::Required, cl::desc("DIR"),
                              cl::cat(category));
  cl::opt<std::string> output("o", cl::desc("Where to write the model"),
                              cl::value_desc("FILE"), cl::init("-"),
                              cl::cat(category));
  cl::opt<unsigned> streams(
      "hyper-connections", cl::value_desc("N"), cl::cat(category),
      cl::desc("Wrap every sublayer in hyper-connections of N streams, for a "
               "config that has none"));
  cl::opt<std::string> form(
      "hyper-connections-form", cl::value_desc("paper|v4"), cl::cat(category),
      cl::desc("Form of the hyper-connections (default: the config's, or v4)"));
  cl::HideUnrelatedOptions(category);
  cl::SetVersionPrinter(tresse::printVersion);
  if (!cl::ParseCommandLineOptions(
          argc, argv,
          "Reads the config.json of a Hugging Face directory (deepseek_v2, "
          "deepseek_v3) and writes\nthe model in the lm dialect.\n",
          &errs()))
    return wrongUsage;

  tresse::HyperOptions options;
  if (streams.getNumOccurrences()) {
    if (streams < 1 || streams > 64) {
      errs() << "tresse-import: --hyper-connections: expected 1 to 64, but got "
             << streams << "\n";
      return wrongUsage;
    }
    options.streams = streams;
  }
  if (form.getNumOccurrences()) {
    if (form != "paper" && form != "v4") {
      errs() << "tresse-import: --hyper-connections-form: expected paper or "
                "v4, but got "
             << form << "\n";
      return wrongUsage;
    }
    options.paper = form == "paper";
  }
  return import(folder, output, options);
}
