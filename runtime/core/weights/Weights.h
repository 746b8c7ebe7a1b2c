//===- Weights.h - filling globals from files and seeds, and back ---------===//
#ifndef TRESSE_RUNTIME_WEIGHTS_WEIGHTS_H
#define TRESSE_RUNTIME_WEIGHTS_WEIGHTS_H

#include "runtime/core/weights/Pieces.h"
#include "runtime/core/weights/WeightSource.h"

namespace tresse::runtime {

/// Fills the tensors from `source`; any float type is converted, 8-bit floats
/// are multiplied by their scales. Throws when a tensor is missing or has
/// another shape; nothing of the session is promised then. Returns the names
/// in the source that nothing asked for.
std::vector<std::string> readTensors(Session &session,
                                     const StoredTensors &tensors,
                                     const WeightSource &source);

/// Writes the tensors to one file, in the types of their globals.
void writeTensors(const Session &session, const StoredTensors &tensors,
                  const std::string &path);

/// Loads a model directory and runs entry `prepare`. Returns the names that
/// the model has no place for.
std::vector<std::string> loadWeights(Session &session,
                                     const std::string &directory);

/// Draws every weight and routing bias by its initializer; an element is a
/// function of (seed, checkpoint name, place in that tensor). Runs `prepare`.
void initializeWeights(Session &session, uint64_t seed);

/// Elements of all weights, routing biases not counted.
int64_t parameterCount(const Plan &plan);

} // namespace tresse::runtime

#endif
