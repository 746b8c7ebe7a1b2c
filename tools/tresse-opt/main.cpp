// main.cpp - tresse-opt: mlir-opt with our dialects and passes.
#include "codegen/Pipeline.h"
#include "dialects/Register.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Register.h"
#include "tools/Version.h"
#include "tools/tresse-opt/Plugins.h"
#include "llvm/Support/CommandLine.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  tresse::registerDialects(registry);
  tresse::registerCodegen(registry);
  mlir::registerTransformsPasses();
  tresse::registerPasses();
  tresse::registerCodegenPasses();
  if (mlir::failed(tresse::loadPlugins({argv, size_t(argc)}, registry)))
    return 1;
  llvm::cl::AddExtraVersionPrinter(tresse::printVersion);
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Tresse optimizer driver\n", registry));
}
