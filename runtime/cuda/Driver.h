//===- Driver.h - the CUDA driver and cuBLASLt, loaded at run time --------===//
//
// A compiled model starts without CUDA: the libraries are opened when a cuda
// plan is. The few declarations needed stand here, as the libraries' public
// interfaces define them, so that the runtime builds without the toolkit.
//
#ifndef TRESSE_RUNTIME_CUDA_DRIVER_H
#define TRESSE_RUNTIME_CUDA_DRIVER_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace tresse::runtime::cuda {

using Address = unsigned long long; // CUdeviceptr
using Handle = void *;              // every opaque handle

constexpr int attributeMajor = 75, attributeMinor = 76;
constexpr int functionDynamicShared = 8;
constexpr unsigned streamNonBlocking = 1, eventDefault = 0;
constexpr int captureThreadLocal = 1;

/// The functions of libcuda.so.1 that the runtime calls.
struct Driver {
  /// Opens the library; fails with one sentence when there is no driver.
  Driver();
  ~Driver();
  Driver(const Driver &) = delete;
  Driver &operator=(const Driver &) = delete;

  /// Throws unless `status` is success: `what`, then the driver's own words.
  void check(int status, const std::string &what) const;
  /// The driver's name and words for a status.
  std::string words(int status) const;

  int (*init)(unsigned);
  int (*driverGetVersion)(int *);
  int (*deviceGetCount)(int *);
  int (*deviceGet)(int *, int);
  int (*deviceGetName)(char *, int, int);
  int (*deviceGetAttribute)(int *, int, int);
  int (*primaryRetain)(Handle *, int);
  int (*primaryRelease)(int);
  int (*contextSetCurrent)(Handle);
  int (*memGetInfo)(size_t *, size_t *);
  int (*memAlloc)(Address *, size_t);
  int (*memFree)(Address);
  int (*memAllocHost)(void **, size_t);
  int (*memFreeHost)(void *);
  int (*copyToDevice)(Address, const void *, size_t, Handle);
  int (*copyToHost)(void *, Address, size_t, Handle);
  int (*copyOnDevice)(Address, Address, size_t, Handle);
  int (*fill8)(Address, unsigned char, size_t, Handle);
  int (*fill16)(Address, unsigned short, size_t, Handle);
  int (*fill32)(Address, unsigned, size_t, Handle);
  int (*moduleLoadData)(Handle *, const void *);
  int (*moduleUnload)(Handle);
  int (*moduleGetFunction)(Handle *, Handle, const char *);
  int (*functionSetAttribute)(Handle, int, int);
  int (*launchKernel)(Handle, unsigned, unsigned, unsigned, unsigned, unsigned,
                      unsigned, unsigned, Handle, void **, void **);
  int (*streamCreate)(Handle *, unsigned);
  int (*streamDestroy)(Handle);
  int (*streamSynchronize)(Handle);
  int (*beginCapture)(Handle, int);
  int (*endCapture)(Handle, Handle *);
  int (*graphInstantiate)(Handle *, Handle, unsigned long long);
  int (*graphDestroy)(Handle);
  int (*graphExecDestroy)(Handle);
  int (*graphLaunch)(Handle, Handle);
  int (*getErrorName)(int, const char **);
  int (*getErrorString)(int, const char **);

private:
  void *library;
};

// cuBLASLt: values of its enumerations.
constexpr int typeF32 = 0, typeF64 = 1, typeF16 = 2, typeBF16 = 14;
constexpr int computeF32 = 68, computeF64 = 70;
constexpr int descTransposeA = 3, descTransposeB = 4;
constexpr int layoutBatchCount = 5, layoutBatchStride = 6;
constexpr int preferWorkspace = 1, preferAlignmentA = 5;

struct MatmulAlgorithm {
  uint64_t data[8];
};
struct MatmulChoice {
  MatmulAlgorithm algorithm;
  size_t workspace;
  int state;
  float waves;
  int reserved[4];
};

/// The functions of libcublasLt.so.13 that the runtime calls.
struct Blas {
  Blas();
  ~Blas();
  Blas(const Blas &) = delete;
  Blas &operator=(const Blas &) = delete;
  /// Throws unless `status` is success.
  void check(int status, const std::string &what) const;

  int (*create)(Handle *);
  int (*destroy)(Handle);
  int (*descCreate)(Handle *, int, int);
  int (*descDestroy)(Handle);
  int (*descSet)(Handle, int, const void *, size_t);
  int (*layoutCreate)(Handle *, int, uint64_t, uint64_t, int64_t);
  int (*layoutDestroy)(Handle);
  int (*layoutSet)(Handle, int, const void *, size_t);
  int (*preferenceCreate)(Handle *);
  int (*preferenceDestroy)(Handle);
  int (*preferenceSet)(Handle, int, const void *, size_t);
  int (*heuristic)(Handle, Handle, Handle, Handle, Handle, Handle, Handle, int,
                   MatmulChoice *, int *);
  int (*matmul)(Handle, Handle, const void *, const void *, Handle,
                const void *, Handle, const void *, const void *, Handle,
                void *, Handle, const MatmulAlgorithm *, void *, size_t,
                Handle);
  const char *(*statusName)(int);

private:
  void *library;
};

} // namespace tresse::runtime::cuda

#endif
