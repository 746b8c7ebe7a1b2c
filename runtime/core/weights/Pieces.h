//===- Pieces.h - which checkpoint tensor fills which box of a global -----===//
#ifndef TRESSE_RUNTIME_WEIGHTS_PIECES_H
#define TRESSE_RUNTIME_WEIGHTS_PIECES_H

#include "runtime/core/model/Session.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace tresse::runtime {

/// A box of elements inside a row-major tensor, walked as runs of elements
/// that lie side by side.
struct Box {
  std::vector<int64_t> outer, start, shape; // of the tensor; of the box

  int64_t elements() const;
  int64_t runs() const;      ///< how many runs
  int64_t runLength() const; ///< elements of each
  /// The place of a run's first element in the tensor.
  int64_t runBegin(int64_t run) const;
};

/// A part of a global and the checkpoint tensor's part that it holds; both
/// boxes have the same number of elements, in row-major order.
struct StoredPart {
  uint32_t global;
  Box target, source;
};

/// A tensor of a checkpoint.
struct StoredTensor {
  std::string name, scaleName; ///< scaleName: where fp8 weights have scales
  std::vector<int64_t> shape;
  std::vector<StoredPart> parts;
};

/// What a set of globals is called in a checkpoint: tensors by name.
using StoredTensors = std::map<std::string, StoredTensor>;

/// Weights and routing biases.
StoredTensors storedWeights(const Plan &plan);
/// The optimizer's moments: the weights' names with `.exp_avg`, `.exp_avg_sq`.
StoredTensors storedMoments(const Plan &plan);
/// Gradients of weights under the weights' names.
StoredTensors storedGradients(const Plan &plan);

/// Calls `visit(source element, target element, count)` for each stretch of
/// elements that lies side by side in both boxes of a part.
template <typename Visit>
void eachStretch(const StoredPart &part, int64_t longest, Visit visit) {
  int64_t targetLength = part.target.runLength();
  int64_t sourceLength = part.source.runLength();
  int64_t total = part.target.elements();
  for (int64_t done = 0; done < total;) {
    int64_t inTarget = done % targetLength, inSource = done % sourceLength;
    int64_t count =
        std::min({targetLength - inTarget, sourceLength - inSource, longest});
    visit(part.source.runBegin(done / sourceLength) + inSource,
          part.target.runBegin(done / targetLength) + inTarget, count);
    done += count;
  }
}

} // namespace tresse::runtime

#endif
