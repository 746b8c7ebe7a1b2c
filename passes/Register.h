// Register.h - every pass and pipeline of the compiler, for the tools.
#ifndef TRESSE_PASSES_REGISTER_H
#define TRESSE_PASSES_REGISTER_H

namespace tresse {

/// Registers all passes and the pipelines of all stages.
void registerPasses();

} // namespace tresse

#endif // TRESSE_PASSES_REGISTER_H
