//===- CudaEngine.h - executes a plan on a GPU ----------------------------===//
#ifndef TRESSE_RUNTIME_CUDA_CUDAENGINE_H
#define TRESSE_RUNTIME_CUDA_CUDAENGINE_H

#include "runtime/core/model/Engine.h"

namespace tresse::runtime::cuda {

/// Opens the driver and the first device and makes the plan ready there.
/// Everything that can be wrong with the machine is said here: no driver, no
/// device, another architecture, too little memory.
std::unique_ptr<Engine> makeEngine(const Plan &plan, const tresse_model &model);

} // namespace tresse::runtime::cuda

#endif
