// Register.cpp - every pass and pipeline of the compiler, for the tools.
#include "passes/Register.h"

#include "passes/common/Passes.h"
#include "passes/fusion/Passes.h"
#include "passes/model/Passes.h"
#include "passes/schedule/Passes.h"

void tresse::registerPasses() {
  registerCommonPasses();
  registerModelPasses();
  registerFusionPasses();
  registerSchedulePasses();
}
