// Plugins.cpp - plugins are loaded before the command line is declared.
#include "tools/tresse-opt/Plugins.h"

#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace tresse {

/// Calls `use` with every value of `flag`, given as --flag=V or --flag V.
static LogicalResult forEachValue(ArrayRef<char *> arguments, StringRef flag,
                                  function_ref<LogicalResult(StringRef)> use) {
  for (size_t i = 1; i < arguments.size(); ++i) {
    StringRef argument(arguments[i]);
    if (argument == "--")
      break;
    if (!argument.consume_front("--") && !argument.consume_front("-"))
      continue;
    if (!argument.consume_front(flag))
      continue;
    if (argument.empty() && i + 1 < arguments.size())
      argument = arguments[++i];
    else if (!argument.consume_front("="))
      continue;
    if (failed(use(argument)))
      return failure();
  }
  return success();
}

static LogicalResult fail(StringRef kind, StringRef path, Error error) {
  errs() << "expected a " << kind << " plugin in '" << path
         << "', but got: " << toString(std::move(error)) << "\n";
  return failure();
}

LogicalResult loadPlugins(ArrayRef<char *> arguments,
                          mlir::DialectRegistry &registry) {
  auto loadPasses = [](StringRef path) -> LogicalResult {
    auto plugin = mlir::PassPlugin::load(path.str());
    if (!plugin)
      return fail("pass", path, plugin.takeError());
    plugin->registerPassRegistryCallbacks();
    return success();
  };
  auto loadDialects = [&](StringRef path) -> LogicalResult {
    auto plugin = mlir::DialectPlugin::load(path.str());
    if (!plugin)
      return fail("dialect", path, plugin.takeError());
    plugin->registerDialectRegistryCallbacks(registry);
    return success();
  };
  if (failed(forEachValue(arguments, "load-pass-plugin", loadPasses)))
    return failure();
  return forEachValue(arguments, "load-dialect-plugin", loadDialects);
}

} // namespace tresse
