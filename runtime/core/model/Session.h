//===- Session.h - a compiled model, loaded and ready to run --------------===//
#ifndef TRESSE_RUNTIME_MODEL_SESSION_H
#define TRESSE_RUNTIME_MODEL_SESSION_H

#include "runtime/core/base/Error.h"
#include "runtime/core/model/Engine.h"

#include <map>
#include <string>

namespace tresse::runtime {

/// A tensor of a session as the caller sees it: row-major, without gaps.
struct TensorView {
  void *data = nullptr;
  uint32_t dtype = 0;
  std::span<const int64_t> shape;

  int64_t elements() const;
  /// The data as T, after checking its type and that it holds `count`.
  template <typename T> T *as(uint32_t expected) const {
    if (dtype != expected)
      fail("tensor: expected ", elementName(expected), ", but got ",
           elementName(dtype));
    return static_cast<T *>(data);
  }
  /// Element `index` as a double.
  double number(int64_t index) const;
  void setNumber(int64_t index, double value) const;
};

/// A model with its memory. One thread at a time may use it.
class Session {
public:
  /// `threads` 0: one for each processor that the process may use.
  Session(const tresse_model &model, int threads);

  const Plan &plan() const { return thePlan; }
  int threads() const { return engine->threads(); }

  bool hasEntry(std::string_view name) const;
  /// Throws when the model was compiled without it.
  size_t entryIndex(std::string_view name) const;
  const tresse_entry &entry(std::string_view name) const;

  TensorView input(std::string_view entry, std::string_view name) const;
  TensorView output(std::string_view entry, std::string_view name) const;
  /// Null data when there is none of that name.
  TensorView findOutput(std::string_view entry, std::string_view name) const;
  TensorView tensor(uint32_t index) const;
  /// The elements of a global.
  TensorView global(uint32_t index) const;

  /// Runs an entry whose inputs were written.
  void run(std::string_view entry);
  void profile(std::string_view entry, std::vector<StepTime> &times);
  size_t barriers(std::string_view entry) const {
    return engine->barriers(entryIndex(entry));
  }
  /// Says that globals were written from outside: runs entry `prepare`, which
  /// may overwrite inputs (entries share the arena).
  void weightsChanged();

private:
  Plan thePlan;
  std::unique_ptr<Engine> engine;
};

} // namespace tresse::runtime

#endif
