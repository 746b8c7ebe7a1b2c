// main.cpp - tresse-plan: reads the plan of a compiled model, which it neither
// loads nor runs.
#include "codegen/emit/FindPlan.h"
#include "codegen/emit/PlanBytes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tresse;

static constexpr int kFailed = 1, kUsage = 2;

static int usage() {
  llvm::errs()
      << "usage: tresse-plan COMMAND FILE [-o OUTPUT]\n"
         "  FILE is a compiled executable or shared library, a plan, or the "
         "text of a plan (.mlir)\n"
         "  dump      print the plan as text\n"
         "  assemble  write the plan as bytes\n";
  return kUsage;
}

/// The plan of `path` as a module, or null after an error.
static OwningOpRef<ModuleOp> load(StringRef path, MLIRContext &context) {
  if (path.ends_with(".mlir"))
    return parseSourceFile<ModuleOp>(path, &context);
  Location loc = FileLineColLoc::get(&context, path, 0, 0);
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false);
  if (!file) {
    llvm::errs() << path << ": " << file.getError().message() << "\n";
    return nullptr;
  }
  std::string message;
  StringRef bytes = plan::findPlan((*file)->getBuffer(), message);
  if (bytes.empty()) {
    llvm::errs() << path << ": " << message << "\n";
    return nullptr;
  }
  // Readers ask for alignment to 8, which a section need not have in the file.
  plan::PlanBytes aligned((bytes.size() + 7) / 8);
  std::memcpy(aligned.data(), bytes.data(), bytes.size());
  return plan::readPlan(aligned.data(), bytes.size(), loc);
}

static int assemble(ModuleOp module, llvm::raw_ostream &out) {
  plan::ModelOp model = plan::findModel(module);
  if (!model)
    return kFailed;
  auto bytes = plan::writePlan(model);
  if (failed(bytes))
    return kFailed;
  out.write(reinterpret_cast<const char *>(bytes->data()), bytes->size() * 8);
  return 0;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  SmallVector<StringRef> words(argv + 1, argv + argc);
  std::string output = "-";
  if (words.size() == 4 && words[2] == "-o") {
    output = words[3].str();
    words.resize(2);
  }
  if (words.size() != 2 || !llvm::is_contained({"dump", "assemble"}, words[0]))
    return usage();

  DialectRegistry registry;
  registry.insert<plan::PlanDialect>();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  OwningOpRef<ModuleOp> module = load(words[1], context);
  if (!module)
    return kFailed;
  std::error_code error;
  llvm::ToolOutputFile file(output, error, llvm::sys::fs::OF_None);
  if (error) {
    llvm::errs() << output << ": " << error.message() << "\n";
    return kFailed;
  }
  int code = 0;
  if (words[0] == "dump")
    module->print(file.os());
  else
    code = assemble(*module, file.os());
  if (!code)
    file.keep();
  return code;
}
