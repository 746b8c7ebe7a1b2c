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

/// Tensors in files of a limited size.
struct Shards {
  std::vector<StoredTensors> files; ///< at least one, in order of the names
  uint64_t bytes = 0;               ///< of all tensors
};

/// Splits tensors so that no file holds more than `most` bytes of them, unless
/// a single tensor is larger. Throws when that takes more files than an index
/// may name.
Shards splitTensors(const Plan &plan, const StoredTensors &tensors,
                    uint64_t most);

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
