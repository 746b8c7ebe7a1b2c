// ModuleError.cpp - errors about a whole module.
#include "passes/common/ModuleError.h"

using namespace mlir;

InFlightDiagnostic tresse::emitModuleError(ModuleOp module) {
  Location where = module.getLoc();
  if (auto file = where->findInstanceOf<FileLineColLoc>())
    where = FileLineColLoc::get(file.getFilename(), 0, 0);
  return emitError(where);
}
