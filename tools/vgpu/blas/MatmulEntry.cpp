// MatmulEntry.cpp: cublasLtMatmul and the choice of algorithms.

#include "tools/vgpu/blas/Elements.h"
#include "tools/vgpu/driver/Extension.h"

#include <algorithm>
#include <cstring>
#include <vector>

using namespace vgpu::blas;

static cublasStatus_t fail(const char *function, const std::string &why,
                           cublasStatus_t status) {
  tresse_vgpu_note((std::string(function) + ": " + why).c_str());
  return status;
}

static cublasStatus_t statusOf(CUresult result) {
  switch (result) {
  case CUDA_SUCCESS:
    return CUBLAS_STATUS_SUCCESS;
  case CUDA_ERROR_NOT_INITIALIZED:
  case CUDA_ERROR_INVALID_CONTEXT:
    return CUBLAS_STATUS_NOT_INITIALIZED;
  case CUDA_ERROR_INVALID_HANDLE:
    return CUBLAS_STATUS_INVALID_VALUE;
  default:
    return CUBLAS_STATUS_EXECUTION_FAILED;
  }
}

/// Opens all descriptors and checks the problem without its addresses.
static cublasStatus_t openProblem(const char *function, cublasLtHandle_t handle,
                                  cublasLtMatmulDesc_t matmul,
                                  cublasLtMatrixLayout_t a,
                                  cublasLtMatrixLayout_t b,
                                  cublasLtMatrixLayout_t c,
                                  cublasLtMatrixLayout_t d, Problem &problem) {
  if (!handle)
    return CUBLAS_STATUS_NOT_INITIALIZED;
  const Matmul *m = open<Matmul>(matmul);
  const Layout *la = open<Layout>(a), *lb = open<Layout>(b);
  const Layout *lc = open<Layout>(c), *ld = open<Layout>(d);
  if (!m || !la || !lb || !lc || !ld)
    return fail(function, "a descriptor is missing or was not initialised",
                CUBLAS_STATUS_INVALID_VALUE);
  problem.matmul = *m;
  problem.a = *la;
  problem.b = *lb;
  problem.c = *lc;
  problem.d = *ld;
  int exact = 0;
  CUresult result = tresse_vgpu_device(&problem.capability, &exact);
  if (result != CUDA_SUCCESS)
    return statusOf(result);
  problem.exactTensorCore = exact;
  std::string why;
  cublasStatus_t status = describe(problem, why);
  return status ? fail(function, why, status) : status;
}

/// Bytes of workspace that the algorithm with a workspace asks for: room for
/// two partial results.
static uint64_t partialBytes(const Problem &p) {
  uint64_t bytes = p.m * p.n * uint64_t(p.batch) * 2 * 4;
  return (bytes + 255) / 256 * 256;
}

static Algorithm makeAlgorithm(const Problem &p, int32_t id,
                               const uint32_t alignment[4]) {
  Algorithm algorithm = {};
  algorithm.magic = Algorithm::tag;
  algorithm.id = id;
  algorithm.tile = CUBLASLT_MATMUL_TILE_128x128;
  algorithm.splitK = id == 1 ? 2 : 1;
  algorithm.reduction = id == 1 ? CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE
                                : CUBLASLT_REDUCTION_SCHEME_NONE;
  const Layout *layouts[] = {&p.a, &p.b, &p.c, &p.d};
  for (int i = 0; i < 4; ++i) {
    uint32_t element = uint32_t(elementBytes(layouts[i]->type));
    algorithm.alignment[i] =
        uint16_t(std::clamp(alignment[i], element, std::max(16u, element)));
  }
  algorithm.workspace = id == 1 ? partialBytes(p) : 0;
  return algorithm;
}

static cublasLtMatmulHeuristicResult_t resultOf(const Problem &p,
                                                const Algorithm &algorithm) {
  cublasLtMatmulHeuristicResult_t result = {};
  std::memcpy(&result.algo, &algorithm, sizeof algorithm);
  result.workspaceSize = algorithm.workspace;
  result.state = CUBLAS_STATUS_SUCCESS;
  uint64_t tiles = (p.m + 127) / 128 * ((p.n + 127) / 128) * uint64_t(p.batch);
  result.wavesCount = float(tiles * uint64_t(algorithm.splitK)) / 132;
  return result;
}

extern "C" {

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(
    cublasLtHandle_t handle, cublasLtMatmulDesc_t matmul,
    cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
    cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
    cublasLtMatmulPreference_t preference, int requested,
    cublasLtMatmulHeuristicResult_t results[], int *returned) {
  static constexpr const char *name = "cublasLtMatmulAlgoGetHeuristic";
  if (!returned || !results || requested <= 0)
    return CUBLAS_STATUS_INVALID_VALUE;
  *returned = 0;
  const Preference *wanted = open<Preference>(preference);
  if (!wanted)
    return fail(name, "expected a preference descriptor",
                CUBLAS_STATUS_INVALID_VALUE);
  Problem problem = {};
  if (cublasStatus_t status =
          openProblem(name, handle, matmul, a, b, c, d, problem))
    return status;
  if (isFp8(problem.a.type))
    for (uint32_t alignment : wanted->alignment)
      if (alignment < 16)
        return fail(name, "fp8 needs an alignment of 16 bytes",
                    CUBLAS_STATUS_NOT_SUPPORTED);
  const Layout *layouts[] = {&problem.a, &problem.b, &problem.c, &problem.d};
  uint32_t alignment[4];
  for (int i = 0; i < 4; ++i) {
    // A leading dimension that is less aligned excludes the wide kernels.
    uint64_t bytes =
        uint64_t(layouts[i]->leading) * elementBytes(layouts[i]->type);
    alignment[i] = std::min(wanted->alignment[i],
                            uint32_t(std::min<uint64_t>(16, bytes & -bytes)));
  }
  for (int32_t id : {0, 1}) {
    Algorithm algorithm = makeAlgorithm(problem, id, alignment);
    bool fits = algorithm.workspace <= wanted->maxWorkspace &&
                (algorithm.reduction == CUBLASLT_REDUCTION_SCHEME_NONE ||
                 algorithm.reduction & wanted->reductionMask);
    if (fits && *returned < requested)
      results[(*returned)++] = resultOf(problem, algorithm);
  }
  return *returned ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t cublasLtMatmulAlgoGetIds(cublasLtHandle_t handle,
                                        cublasComputeType_t, cudaDataType_t,
                                        cudaDataType_t, cudaDataType_t,
                                        cudaDataType_t, cudaDataType_t,
                                        int requested, int ids[],
                                        int *returned) {
  if (!handle)
    return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!ids || !returned || requested <= 0)
    return CUBLAS_STATUS_INVALID_VALUE;
  *returned = std::min(requested, 2);
  for (int i = 0; i < *returned; ++i)
    ids[i] = i;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoInit(cublasLtHandle_t handle,
                                      cublasComputeType_t, cudaDataType_t,
                                      cudaDataType_t, cudaDataType_t,
                                      cudaDataType_t, cudaDataType_t, int id,
                                      cublasLtMatmulAlgo_t *out) {
  if (!handle)
    return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!out || id < 0 || id > 1)
    return CUBLAS_STATUS_INVALID_VALUE;
  Algorithm algorithm = {};
  algorithm.magic = Algorithm::tag;
  algorithm.id = id;
  algorithm.splitK = 1;
  for (uint16_t &alignment : algorithm.alignment)
    alignment = 16;
  std::memset(out, 0, sizeof *out);
  std::memcpy(out, &algorithm, sizeof algorithm);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatmulAlgoCheck(cublasLtHandle_t handle, cublasLtMatmulDesc_t matmul,
                        cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                        cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                        const cublasLtMatmulAlgo_t *algo,
                        cublasLtMatmulHeuristicResult_t *result) {
  static constexpr const char *name = "cublasLtMatmulAlgoCheck";
  const Algorithm *algorithm = open<Algorithm>(algo);
  if (!algorithm || !result)
    return fail(name, "the algorithm was not initialised",
                CUBLAS_STATUS_INVALID_VALUE);
  Problem problem = {};
  if (cublasStatus_t status =
          openProblem(name, handle, matmul, a, b, c, d, problem))
    return status;
  Algorithm checked = *algorithm;
  checked.workspace = checked.splitK > 1 ? partialBytes(problem) : 0;
  cublasLtMatmulHeuristicResult_t filled = resultOf(problem, checked);
  // The algorithm itself is documented to stay as it is.
  filled.algo = result->algo;
  *result = filled;
  return CUBLAS_STATUS_SUCCESS;
}

} // extern "C"

namespace {
/// Collects the device memory of a call.
struct Ranges {
  std::vector<tresse_vgpu_range> list;

  void matrix(const char *name, const void *base, const Layout &l,
              int32_t batch, uint32_t written) {
    uint64_t element = elementBytes(l.type);
    bool columns = l.order == CUBLASLT_ORDER_COL;
    // A batch stride of 0 names one matrix many times.
    uint64_t planes = l.batchStride ? uint64_t(batch) : 1;
    list.push_back({reinterpret_cast<uint64_t>(base),
                    (columns ? l.rows : l.columns) * element,
                    columns ? l.columns : l.rows, uint64_t(l.leading) * element,
                    planes, uint64_t(l.batchStride) * element, written, name});
  }
  void vector(const char *name, const void *base, uint64_t bytes,
              uint32_t written, uint64_t planes = 1, uint64_t stride = 0) {
    if (base)
      list.push_back({reinterpret_cast<uint64_t>(base), bytes, 1, 0,
                      stride ? planes : 1, stride, written, name});
  }
};
} // namespace

static uint64_t scaleBytes(int32_t mode, uint64_t outer, uint64_t k) {
  uint64_t slices = (k + 127) / 128;
  switch (mode) {
  case CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F:
    return outer * 4;
  case CUBLASLT_MATMUL_MATRIX_SCALE_VEC128_32F:
    return slices * outer * 4;
  case CUBLASLT_MATMUL_MATRIX_SCALE_BLK128x128_32F:
    return ((outer + 127) / 128 - 1) * ((slices + 3) / 4 * 4) * 4 + slices * 4;
  default:
    return 4;
  }
}

static void epilogueRanges(const Problem &p, Ranges &ranges) {
  const Matmul &m = p.matmul;
  EpilogueParts parts = epilogueParts(m.epilogue);
  uint64_t batch = uint64_t(p.batch);
  uint64_t biasBytes = elementBytes(biasTypeOf(p));
  if (parts.bias || parts.writesBias())
    ranges.vector("bias", m.bias, (parts.biasGradientB ? p.n : p.m) * biasBytes,
                  parts.writesBias(), batch,
                  uint64_t(m.biasBatchStride) * biasBytes);
  if (!parts.aux())
    return;
  bool bits = parts.relu || parts.reluGradient;
  uint64_t element = bits ? 1 : elementBytes(auxTypeOf(p));
  uint64_t divisor = bits ? 8 : 1;
  ranges.list.push_back({reinterpret_cast<uint64_t>(m.aux),
                         (p.m * element + divisor - 1) / divisor, p.n,
                         uint64_t(m.auxLeading) * element / divisor,
                         m.auxBatchStride ? batch : 1,
                         uint64_t(m.auxBatchStride) * element / divisor,
                         parts.auxOut ? 1u : 0u, "aux"});
}

static Ranges rangesOf(const Problem &p) {
  const Matmul &m = p.matmul;
  Ranges ranges;
  ranges.matrix("A", p.A, p.a, p.batch, 0);
  ranges.matrix("B", p.B, p.b, p.batch, 0);
  bool hostBeta = m.pointerMode == CUBLASLT_POINTER_MODE_HOST;
  if (p.C && !(hostBeta && p.beta == 0))
    ranges.matrix("C", p.C, p.c, p.batch, 0);
  ranges.matrix("D", p.D, p.d, p.batch, 1);
  ranges.vector("A scale", m.scaleA, scaleBytes(m.modeA, p.m, p.k), 0);
  ranges.vector("B scale", m.scaleB, scaleBytes(m.modeB, p.n, p.k), 0);
  ranges.vector("C scale", m.scaleC, 4, 0);
  ranges.vector("D scale", m.scaleD, 4, 0);
  ranges.vector("aux scale", m.scaleAux, 4, 0);
  ranges.vector("D amax", m.amaxD, 4, 1);
  ranges.vector("workspace", p.workspaceBytes ? p.workspace : nullptr,
                p.workspaceBytes, 1);
  uint64_t factor = elementBytes(uint32_t(m.scaleType));
  uint64_t length =
      m.pointerMode >= CUBLASLT_POINTER_MODE_DEVICE_VECTOR ? p.m : 1;
  ranges.vector("alpha", p.alphaPointer, length * factor, 0);
  ranges.vector("beta", p.betaPointer, length * factor, 0);
  epilogueRanges(p, ranges);
  return ranges;
}

/// Reads host factors now and keeps the addresses of device ones.
static cublasStatus_t takeFactors(Problem &p, const void *alpha,
                                  const void *beta) {
  int32_t mode = p.matmul.pointerMode;
  auto host = [&](const void *from) {
    return readElement(from, uint32_t(p.matmul.scaleType), 0);
  };
  bool betaZero = mode == CUBLASLT_POINTER_MODE_ALPHA_DEVICE_VECTOR_BETA_ZERO;
  bool betaHost = mode == CUBLASLT_POINTER_MODE_HOST ||
                  mode == CUBLASLT_POINTER_MODE_ALPHA_DEVICE_VECTOR_BETA_HOST;
  if (!alpha || (!beta && !betaZero))
    return CUBLAS_STATUS_INVALID_VALUE;
  if (mode == CUBLASLT_POINTER_MODE_HOST)
    p.alpha = host(alpha);
  else
    p.alphaPointer = alpha;
  if (betaHost)
    p.beta = host(beta);
  else if (!betaZero)
    p.betaPointer = beta;
  return CUBLAS_STATUS_SUCCESS;
}

extern "C" cublasStatus_t
cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t matmul,
               const void *alpha, const void *A, cublasLtMatrixLayout_t a,
               const void *B, cublasLtMatrixLayout_t b, const void *beta,
               const void *C, cublasLtMatrixLayout_t c, void *D,
               cublasLtMatrixLayout_t d, const cublasLtMatmulAlgo_t *algo,
               void *workspace, size_t workspaceBytes, cudaStream_t stream) {
  static constexpr const char *name = "cublasLtMatmul";
  Problem problem = {};
  if (cublasStatus_t status =
          openProblem(name, handle, matmul, a, b, c, d, problem))
    return status;
  problem.A = A;
  problem.B = B;
  problem.C = C;
  problem.D = D;
  problem.workspace = workspace;
  problem.workspaceBytes = workspaceBytes;
  const Algorithm *algorithm = algo ? open<Algorithm>(algo) : nullptr;
  if (algo && !algorithm)
    return fail(name, "the algorithm was not initialised",
                CUBLAS_STATUS_INVALID_VALUE);
  if (!A || !B || !D || takeFactors(problem, alpha, beta))
    return fail(name, "expected addresses for A, B, D, alpha and beta",
                CUBLAS_STATUS_INVALID_VALUE);
  if (!C && (problem.beta != 0 || problem.betaPointer))
    return fail(name, "expected an address for C unless beta is 0 on the host",
                CUBLAS_STATUS_INVALID_VALUE);
  std::string why;
  if (cublasStatus_t status = checkPlacement(problem, algorithm, why))
    return fail(name, why, status);
  Ranges ranges = rangesOf(problem);
  auto run = [](const void *payload) {
    Problem copy;
    std::memcpy(&copy, payload, sizeof copy);
    multiply(copy);
  };
  uint64_t work = problem.m * problem.n * problem.k * uint64_t(problem.batch);
  return statusOf(tresse_vgpu_enqueue(
      reinterpret_cast<CUstream>(stream), name, run, &problem, sizeof problem,
      ranges.list.data(), ranges.list.size(), work));
}
