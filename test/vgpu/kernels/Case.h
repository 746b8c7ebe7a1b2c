// Case.h - one test case: kernels for the device, their check for the host.
//
// A case file is compiled three times: by nvcc and by clang to PTX (then it
// defines kernels), and as plain C++ (then it defines the check). A kernel is
// written once as a template over the number of a seeded bug; 0 is the right
// one. A comment `// bug N: KIND` marks the line that the report of bug N must
// name; several kinds are split by `|`, several lines may carry one number.
#pragma once

#ifdef __CUDACC__

/// Device code: `if constexpr (Bug == n)` and this macro seed the bugs.
#define WITHOUT(n) if constexpr (Bug != (n))
#define WITH(n) if constexpr (Bug == (n))

#define KERNEL_VARIANT(name, suffix, bug, parameters, arguments)               \
  extern "C" __global__ void name##suffix parameters {                         \
    name##Body<bug> arguments;                                                 \
  }
#define KERNELS_0(name, p, a) KERNEL_VARIANT(name, , 0, p, a)
#define KERNELS_1(name, p, a)                                                  \
  KERNELS_0(name, p, a) KERNEL_VARIANT(name, _bug1, 1, p, a)
#define KERNELS_2(name, p, a)                                                  \
  KERNELS_1(name, p, a) KERNEL_VARIANT(name, _bug2, 2, p, a)
#define KERNELS_3(name, p, a)                                                  \
  KERNELS_2(name, p, a) KERNEL_VARIANT(name, _bug3, 3, p, a)
#define KERNELS_4(name, p, a)                                                  \
  KERNELS_3(name, p, a) KERNEL_VARIANT(name, _bug4, 4, p, a)
#define KERNELS_5(name, p, a)                                                  \
  KERNELS_4(name, p, a) KERNEL_VARIANT(name, _bug5, 5, p, a)
#define KERNELS_6(name, p, a)                                                  \
  KERNELS_5(name, p, a) KERNEL_VARIANT(name, _bug6, 6, p, a)
#define KERNELS_7(name, p, a)                                                  \
  KERNELS_6(name, p, a) KERNEL_VARIANT(name, _bug7, 7, p, a)
#define KERNELS_8(name, p, a)                                                  \
  KERNELS_7(name, p, a) KERNEL_VARIANT(name, _bug8, 8, p, a)
#define KERNELS_9(name, p, a)                                                  \
  KERNELS_8(name, p, a) KERNEL_VARIANT(name, _bug9, 9, p, a)
#define KERNELS_10(name, p, a)                                                 \
  KERNELS_9(name, p, a) KERNEL_VARIANT(name, _bug10, 10, p, a)
/// Defines kernel `name` and `name_bug1` ... from `nameBody<Bug>`.
#define KERNELS(name, bugs, parameters, arguments)                             \
  KERNELS_##bugs(name, parameters, arguments)

#define BODY(name) template <int Bug> __device__ __forceinline__ void name##Body

#else

#include "test/vgpu/kernels/Harness.h"

#endif
