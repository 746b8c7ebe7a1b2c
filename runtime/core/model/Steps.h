//===- Steps.h - the kinds of steps a CPU plan has ------------------------===//
#ifndef TRESSE_RUNTIME_MODEL_STEPS_H
#define TRESSE_RUNTIME_MODEL_STEPS_H

#include "runtime/core/model/Executor.h"

namespace tresse::runtime {

/// A launch: of a compiled kernel or of a reference function.
std::unique_ptr<Step> makeLaunch(const Plan &plan, const tresse_model &model,
                                 const Memory &memory, const tresse_step &step,
                                 const std::string &what);
std::unique_ptr<Step> makeGemm(const Plan &plan, const Memory &memory,
                               const tresse_step &step,
                               const std::string &what);
std::unique_ptr<Step> makeCopy(const Plan &plan, const Memory &memory,
                               const tresse_copy &copy);
std::unique_ptr<Step> makeFill(const Plan &plan, const Memory &memory,
                               const tresse_fill &fill);

/// A range of bytes that a step touches.
struct Touch {
  const char *begin, *end;
  bool write;
};

/// Appends what a step touches, from its operands and its record.
void touchesOf(const Plan &plan, const Memory &memory, const tresse_step &step,
               std::vector<Touch> &touches);

} // namespace tresse::runtime

#endif
