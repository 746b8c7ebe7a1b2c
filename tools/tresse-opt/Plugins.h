// Plugins.h - plugins are loaded before the command line is declared.
#ifndef TRESSE_TOOLS_TRESSE_OPT_PLUGINS_H
#define TRESSE_TOOLS_TRESSE_OPT_PLUGINS_H

#include "mlir/IR/DialectRegistry.h"
#include "llvm/ADT/ArrayRef.h"

namespace tresse {

/// Loads what --load-pass-plugin and --load-dialect-plugin name in
/// `arguments`, so that the plugins' passes are flags like any other and
/// --help lists them. Upstream loads them while the flags are parsed, which is
/// too late for that, and only warns when it cannot. Fails, with a message on
/// stderr, where a plugin cannot be loaded.
llvm::LogicalResult loadPlugins(llvm::ArrayRef<char *> arguments,
                                mlir::DialectRegistry &registry);

} // namespace tresse

#endif // TRESSE_TOOLS_TRESSE_OPT_PLUGINS_H
