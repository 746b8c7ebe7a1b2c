// Driver.cpp - runs the compiler's stages on one module.
#include "tools/tresse-compile/Driver.h"
#include "passes/common/ModuleError.h"

#include "codegen/Pipeline.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Support/Timing.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tresse;

/// Index of the stage called `name`, or an error that lists the names.
static FailureOr<size_t> stageIndex(StringRef name) {
  ArrayRef<Stage> stages = allStages();
  for (auto [index, stage] : llvm::enumerate(stages))
    if (stage.name == name)
      return index;
  llvm::errs() << "tresse-compile: expects a stage of";
  for (const Stage &stage : stages)
    llvm::errs() << ' ' << stage.name;
  llvm::errs() << ", but got '" << name << "'\n";
  return failure();
}

FailureOr<ArrayRef<Stage>> tresse::selectStages(const DriverOptions &options) {
  ArrayRef<Stage> stages = allStages();
  size_t first = 0, last = stages.size() - 1;
  for (auto [name, index] :
       {std::pair{&options.from, &first}, std::pair{&options.to, &last}}) {
    if (name->empty())
      continue;
    FailureOr<size_t> found = stageIndex(*name);
    if (failed(found))
      return failure();
    *index = *found;
  }
  if (first > last) {
    llvm::errs() << "tresse-compile: expects --compile-from before "
                    "--compile-to, but got '"
                 << options.from << "' and '" << options.to << "'\n";
    return failure();
  }
  for (const HungPipeline &hung : options.after)
    if (failed(stageIndex(hung.stage)))
      return failure();
  return stages.slice(first, last - first + 1);
}

/// Writes `module` to FOLDER/NN-stage.mlir.
static LogicalResult dump(ModuleOp module, StringRef folder, size_t number,
                          StringRef stage) {
  if (std::error_code error = llvm::sys::fs::create_directories(folder))
    return emitModuleError(module)
           << "expects a writable folder '" << folder
           << "' for --dump-stages, but got " << error.message();
  std::string name;
  llvm::raw_string_ostream(name)
      << llvm::format("%02zu-", number) << stage << ".mlir";
  SmallString<128> path(folder);
  llvm::sys::path::append(path, name);
  std::error_code error;
  llvm::raw_fd_ostream out(path, error);
  if (error)
    return emitModuleError(module)
           << "expects to write '" << path << "', but got " << error.message();
  module.print(out);
  return success();
}

LogicalResult tresse::runStages(ModuleOp module, const DriverOptions &options) {
  FailureOr<ArrayRef<Stage>> stages = selectStages(options);
  if (failed(stages))
    return failure();
  DefaultTimingManager timing;
  applyDefaultTimingManagerCLOptions(timing);
  TimingScope total = timing.getRootScope();
  for (const Stage &stage : *stages) {
    PassManager manager(module.getContext());
    if (failed(applyPassManagerCLOptions(manager)))
      return failure();
    TimingScope scope = total.nest(stage.name);
    manager.enableTiming(scope);
    stage.build(manager, options.compile);
    for (const HungPipeline &hung : options.after)
      if (hung.stage == stage.name &&
          failed(parsePassPipeline(hung.pipeline, manager)))
        return failure();
    if (failed(manager.run(module)))
      return failure();
    size_t number = &stage - allStages().data();
    if (!options.dumpFolder.empty() &&
        failed(dump(module, options.dumpFolder, number, stage.name)))
      return failure();
  }
  return success();
}
