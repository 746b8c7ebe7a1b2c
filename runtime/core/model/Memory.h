//===- Memory.h - the two blocks that a session allocates -----------------===//
#ifndef TRESSE_RUNTIME_MODEL_MEMORY_H
#define TRESSE_RUNTIME_MODEL_MEMORY_H

#include "runtime/core/model/Plan.h"

#include <cstddef>
#include <cstdint>

namespace tresse::runtime {

/// Zeroed pages, aligned to a page; returned at the end of the scope.
class Pages {
public:
  Pages() = default;
  /// Fails with `Remedy::System`, naming `what` and the size.
  Pages(uint64_t bytes, const char *what);
  ~Pages();
  Pages(Pages &&other) noexcept;
  Pages &operator=(Pages &&other) noexcept;

  char *data() const { return base; }
  uint64_t size() const { return bytes; }

private:
  char *base = nullptr;
  uint64_t bytes = 0;
};

/// The arena and the persistent block of a plan, and where its tensors lie.
class Memory {
public:
  explicit Memory(const Plan &plan);

  /// The first byte of a buffer. Constants lie in the plan: read-only.
  char *buffer(uint32_t index) const;
  /// The first element of a tensor.
  char *tensor(uint32_t index) const;
  uint64_t arenaBytes() const { return arena.size(); }
  uint64_t persistentBytes() const { return persistent.size(); }

private:
  const Plan &plan;
  Pages arena, persistent;
};

} // namespace tresse::runtime

#endif
