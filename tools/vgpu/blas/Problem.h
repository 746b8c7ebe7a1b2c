// Problem.h: one matmul with everything that it reads and writes.
#pragma once

#include "tools/vgpu/blas/Descriptors.h"

#include <string>

namespace vgpu::blas {

/// D = epilogue(alpha * op(A) * op(B) + beta * C), as plain data: the stream
/// keeps a copy until the call runs.
///   op(A): [m, k]   op(B): [k, n]   C, D: [m, n], `batch` of each
struct Problem {
  Matmul matmul;
  Layout a, b, c, d;
  const void *A, *B, *C;
  void *D;
  uint64_t m, n, k;
  int32_t batch;
  /// Host values when the pointer mode says so, else device pointers.
  double alpha, beta;
  const void *alphaPointer, *betaPointer;
  void *workspace;
  uint64_t workspaceBytes;
  int capability;
  bool exactTensorCore;
};

/// What the epilogue of a matmul needs.
struct EpilogueParts {
  bool bias, relu, gelu, auxOut, reluGradient, geluGradient, biasGradient,
      biasGradientA, biasGradientB;
  bool aux() const { return auxOut || reluGradient || geluGradient; }
  bool writesBias() const {
    return biasGradient || biasGradientA || biasGradientB;
  }
};
EpilogueParts epilogueParts(uint32_t epilogue);

/// Bytes of one element of `type`; 0 when the type is not one of the real
/// floating-point types.
size_t elementBytes(uint32_t type);
/// True for e4m3 and e5m2.
bool isFp8(uint32_t type);
/// The types that the bias and the auxiliary matrix have when nothing is said.
uint32_t biasTypeOf(const Problem &problem);
uint32_t auxTypeOf(const Problem &problem);

/// Fills the sizes from the layouts and checks every documented rule. On
/// failure `why` says which one is broken.
cublasStatus_t describe(Problem &problem, std::string &why);
/// Checks what depends on addresses, leading dimensions and the algorithm.
cublasStatus_t checkPlacement(const Problem &problem,
                              const Algorithm *algorithm, std::string &why);

/// Carries the problem out; called when its turn in the stream comes.
void multiply(const Problem &problem);

} // namespace vgpu::blas
