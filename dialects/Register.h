// Register.h - every dialect a Tresse program may hold.
#ifndef TRESSE_DIALECTS_REGISTER_H
#define TRESSE_DIALECTS_REGISTER_H

#include "mlir/IR/DialectRegistry.h"

namespace tresse {

/// Adds our dialects, the upstream dialects they build on, and the external
/// models of our interfaces.
void registerDialects(mlir::DialectRegistry &registry);

} // namespace tresse

#endif // TRESSE_DIALECTS_REGISTER_H
