//===- Memory.cpp - the two blocks that a session allocates ---------------===//
#include "runtime/core/model/Memory.h"

#include <cerrno>
#include <sys/mman.h>
#include <utility>

namespace tresse::runtime {

Pages::Pages(uint64_t bytes, const char *what) : bytes(bytes) {
  if (!bytes)
    return;
  void *mapping = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED)
    failSystem(text(what, " of ", bytes, " bytes cannot be allocated"), errno);
  base = static_cast<char *>(mapping);
}

Pages::~Pages() {
  if (base)
    ::munmap(base, bytes);
}

Pages::Pages(Pages &&other) noexcept
    : base(std::exchange(other.base, nullptr)),
      bytes(std::exchange(other.bytes, 0)) {}

Pages &Pages::operator=(Pages &&other) noexcept {
  std::swap(base, other.base);
  std::swap(bytes, other.bytes);
  return *this;
}

Memory::Memory(const Plan &plan)
    : plan(plan), arena(plan.program().arena_size, "the arena"),
      persistent(plan.program().persistent_size, "the persistent block") {}

char *Memory::buffer(uint32_t index) const {
  const tresse_buffer &buffer = plan.buffers[index];
  switch (buffer.space) {
  case TRESSE_ARENA:
    return arena.data() + buffer.offset;
  case TRESSE_PERSISTENT:
    return persistent.data() + buffer.offset;
  default:
    return const_cast<char *>(plan.bytes()) + buffer.offset;
  }
}

char *Memory::tensor(uint32_t index) const {
  const tresse_tensor &tensor = plan.tensors[index];
  return buffer(tensor.buffer) + tensor.offset;
}

} // namespace tresse::runtime
