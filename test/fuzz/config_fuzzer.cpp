// config_fuzzer.cpp - any bytes as config.json: refused or built, no crash.
#include "dialects/Register.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "tools/tresse-import/Config.h"
#include "tools/tresse-import/ModelBuilder.h"

#include <cstdint>
#include <cstdlib>

using namespace tresse;

/// The first byte picks the command line's flags, the rest is the file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  HyperOptions options;
  if (size && data[0] != '{') {
    if (data[0] & 1)
      options.streams = data[0] >> 2;
    if (data[0] & 2)
      options.paper = true;
    ++data;
    --size;
  }
  llvm::StringRef text(reinterpret_cast<const char *>(data), size);
  llvm::Expected<ModelConfig> config = parseConfig(text, "config", options);
  if (!config) {
    llvm::consumeError(config.takeError());
    return 0;
  }
  static mlir::MLIRContext *context = [] {
    mlir::DialectRegistry registry;
    registerDialects(registry);
    auto *context =
        new mlir::MLIRContext(registry, mlir::MLIRContext::Threading::DISABLED);
    context->loadAllAvailableDialects();
    return context;
  }();
  // Layers repeat; a few of each kind are enough.
  config->layers = std::min<int64_t>(config->layers, config->firstMoe + 4);
  config->layers = std::min<int64_t>(config->layers, 16);
  auto module = buildModel(context, *config, text);
  if (mlir::failed(mlir::verify(*module)))
    std::abort();
  return 0;
}
