//===- CudaSteps.h - the kinds of steps a cuda plan has -------------------===//
#ifndef TRESSE_RUNTIME_CUDA_CUDASTEPS_H
#define TRESSE_RUNTIME_CUDA_CUDASTEPS_H

#include "runtime/cuda/Matmul.h"

#include <vector>

namespace tresse::runtime::cuda {

/// The modules of a model's device code, loaded.
class DeviceCode {
public:
  DeviceCode(const Plan &plan, const tresse_model &model, const Device &device);
  ~DeviceCode();
  DeviceCode(const DeviceCode &) = delete;
  DeviceCode &operator=(const DeviceCode &) = delete;
  /// The function of a kernel of the plan.
  Handle function(uint32_t kernel, const std::string &what) const;

private:
  const Plan &plan;
  const Device &device;
  std::vector<Handle> modules;
};

/// A step with its addresses.
class CudaStep {
public:
  CudaStep(std::string what, uint32_t index)
      : what(std::move(what)), index(index) {}
  virtual ~CudaStep() = default;
  /// Puts the step into the device's stream.
  virtual void enqueue(const Device &device) const = 0;

  const std::string what; // names it in messages
  const uint32_t index;   // in the plan's table of steps
};

/// Makes the step ready; `blas` may be null in a plan without products.
std::unique_ptr<CudaStep> makeStep(const Plan &plan, const DeviceMemory &memory,
                                   const DeviceCode &code,
                                   const BlasContext *blas, uint32_t index);

} // namespace tresse::runtime::cuda

#endif
