// main.cpp - tresse-opt: mlir-opt with our dialects and passes.
#include "dialects/Register.h"
#include "passes/Register.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  tresse::registerDialects(registry);
  mlir::registerTransformsPasses();
  tresse::registerPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Tresse optimizer driver\n", registry));
}
