// Problem.cpp: which matmuls the library documents, and which it refuses.
//
// The rules are those of the cuBLASLt documentation for Hopper: table of type
// tuples, fp8 as "TN" with sizes and addresses in multiples of 16 bytes, scale
// modes per operand. What the documentation leaves open is refused.

#include "tools/vgpu/blas/Problem.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace vgpu::blas {

size_t elementBytes(uint32_t type) {
  switch (type) {
  case CUDA_R_8F_E4M3:
  case CUDA_R_8F_E5M2:
    return 1;
  case CUDA_R_16F:
  case CUDA_R_16BF:
    return 2;
  case CUDA_R_32F:
    return 4;
  case CUDA_R_64F:
    return 8;
  default:
    return 0;
  }
}

bool isFp8(uint32_t type) {
  return type == CUDA_R_8F_E4M3 || type == CUDA_R_8F_E5M2;
}

EpilogueParts epilogueParts(uint32_t epilogue) {
  EpilogueParts parts = {};
  parts.relu = epilogue & CUBLASLT_EPILOGUE_RELU;
  parts.bias = epilogue & CUBLASLT_EPILOGUE_BIAS;
  parts.gelu = epilogue & CUBLASLT_EPILOGUE_GELU;
  parts.reluGradient = epilogue & 8;
  parts.geluGradient = epilogue & 64;
  parts.biasGradient = epilogue & 16;
  parts.auxOut = epilogue & 128 && !parts.reluGradient && !parts.geluGradient;
  parts.biasGradientA = epilogue == CUBLASLT_EPILOGUE_BGRADA;
  parts.biasGradientB = epilogue == CUBLASLT_EPILOGUE_BGRADB;
  return parts;
}

static bool knownEpilogue(uint32_t epilogue) {
  switch (epilogue) {
  case CUBLASLT_EPILOGUE_DEFAULT:
  case CUBLASLT_EPILOGUE_RELU:
  case CUBLASLT_EPILOGUE_RELU_AUX:
  case CUBLASLT_EPILOGUE_BIAS:
  case CUBLASLT_EPILOGUE_RELU_BIAS:
  case CUBLASLT_EPILOGUE_RELU_AUX_BIAS:
  case CUBLASLT_EPILOGUE_DRELU:
  case CUBLASLT_EPILOGUE_DRELU_BGRAD:
  case CUBLASLT_EPILOGUE_GELU:
  case CUBLASLT_EPILOGUE_GELU_AUX:
  case CUBLASLT_EPILOGUE_GELU_BIAS:
  case CUBLASLT_EPILOGUE_GELU_AUX_BIAS:
  case CUBLASLT_EPILOGUE_DGELU:
  case CUBLASLT_EPILOGUE_DGELU_BGRAD:
  case CUBLASLT_EPILOGUE_BGRADA:
  case CUBLASLT_EPILOGUE_BGRADB:
    return true;
  default:
    return false;
  }
}

uint32_t biasTypeOf(const Problem &p) {
  if (p.matmul.biasType >= 0)
    return uint32_t(p.matmul.biasType);
  if (!isFp8(p.a.type))
    return p.d.type;
  // fp8: the bias is as C when that has 16 bits, else bf16.
  return p.c.type == CUDA_R_16F ? CUDA_R_16F : CUDA_R_16BF;
}

uint32_t auxTypeOf(const Problem &p) {
  return p.matmul.auxType >= 0 ? uint32_t(p.matmul.auxType) : p.d.type;
}

static std::string number(uint64_t value) { return std::to_string(value); }

/// One matrix on its own: order, leading dimension, batch.
static cublasStatus_t checkLayout(const char *name, const Layout &l,
                                  std::string &why) {
  auto refuse = [&](const std::string &text) {
    why = std::string("matrix ") + name + ": " + text;
    return CUBLAS_STATUS_INVALID_VALUE;
  };
  if (l.order != CUBLASLT_ORDER_COL && l.order != CUBLASLT_ORDER_ROW) {
    why = std::string("matrix ") + name + ": order " + number(l.order) +
          " is not supported; supported: column and row";
    return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  if (l.planeOffset != 0 || l.batchMode != CUBLASLT_BATCH_MODE_STRIDED) {
    why = std::string("matrix ") + name +
          ": planar complex and pointer-array batches are not supported";
    return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  if (l.rows == 0 || l.columns == 0 || l.rows > INT32_MAX ||
      l.columns > INT32_MAX)
    return refuse("expected between 1 and 2^31 - 1 rows and columns, but got " +
                  number(l.rows) + " x " + number(l.columns));
  uint64_t least = l.order == CUBLASLT_ORDER_COL ? l.rows : l.columns;
  if (l.leading < 0 || uint64_t(l.leading) < least)
    return refuse("expected a leading dimension of at least " + number(least) +
                  ", but got " + std::to_string(l.leading));
  if (l.batchCount < 1)
    return refuse("expected a batch count of at least 1");
  return CUBLAS_STATUS_SUCCESS;
}

namespace {
/// One row of the documented table of types.
struct TypeRow {
  int32_t compute, scale;
  uint32_t ab, cd, bias;
};
} // namespace

static constexpr TypeRow typeRows[] = {
    {CUBLAS_COMPUTE_16F, CUDA_R_16F, CUDA_R_16F, CUDA_R_16F, CUDA_R_16F},
    {CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16BF, CUDA_R_16BF, CUDA_R_16BF},
    {CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16F, CUDA_R_16F, CUDA_R_16F},
    {CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16BF, CUDA_R_32F, CUDA_R_32F},
    {CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16F, CUDA_R_32F, CUDA_R_32F},
    {CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F},
    {CUBLAS_COMPUTE_32F_FAST_16F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F,
     CUDA_R_32F},
    {CUBLAS_COMPUTE_32F_FAST_16BF, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F,
     CUDA_R_32F},
    {CUBLAS_COMPUTE_32F_FAST_TF32, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F,
     CUDA_R_32F},
    {CUBLAS_COMPUTE_64F, CUDA_R_64F, CUDA_R_64F, CUDA_R_64F, CUDA_R_64F},
};

static std::string typesOf(const Problem &p) {
  char text[160];
  std::snprintf(text, sizeof text,
                "compute type %d, scale type %d, A %u, B %u, C %u, D %u, "
                "bias %u",
                p.matmul.computeType, p.matmul.scaleType, p.a.type, p.b.type,
                p.c.type, p.d.type, biasTypeOf(p));
  return text;
}

static bool supportedTypes(const Problem &p, bool bias) {
  int32_t compute = p.matmul.computeType;
  if (compute == CUBLAS_COMPUTE_32F_PEDANTIC)
    compute = CUBLAS_COMPUTE_32F;
  if (compute == CUBLAS_COMPUTE_16F_PEDANTIC)
    compute = CUBLAS_COMPUTE_16F;
  if (compute == CUBLAS_COMPUTE_64F_PEDANTIC)
    compute = CUBLAS_COMPUTE_64F;
  for (const TypeRow &row : typeRows)
    if (row.compute == compute && row.scale == p.matmul.scaleType &&
        row.ab == p.a.type && row.ab == p.b.type && row.cd == p.c.type &&
        row.cd == p.d.type && (!bias || row.bias == biasTypeOf(p)))
      return true;
  return false;
}

/// fp8: A x B with C and D; e5m2 x e5m2 does not exist.
static bool supportedFp8Types(const Problem &p, bool bias) {
  if (p.matmul.computeType != CUBLAS_COMPUTE_32F ||
      p.matmul.scaleType != CUDA_R_32F || !isFp8(p.b.type) ||
      (p.a.type == CUDA_R_8F_E5M2 && p.b.type == CUDA_R_8F_E5M2))
    return false;
  uint32_t c = p.c.type, d = p.d.type, biasType = biasTypeOf(p);
  if (c == CUDA_R_32F)
    return d == CUDA_R_32F && (!bias || biasType == CUDA_R_16BF);
  if (c != CUDA_R_16BF && c != CUDA_R_16F)
    return false;
  bool bothE4m3 = p.a.type == p.b.type;
  bool output =
      d == c || d == CUDA_R_8F_E4M3 || (d == CUDA_R_8F_E5M2 && !bothE4m3);
  return output && (!bias || biasType == c);
}

static bool isBlockMode(int32_t mode) {
  return mode == CUBLASLT_MATMUL_MATRIX_SCALE_VEC128_32F ||
         mode == CUBLASLT_MATMUL_MATRIX_SCALE_BLK128x128_32F;
}

/// Scale pointers and modes.
static cublasStatus_t checkScales(const Problem &p, std::string &why) {
  const Matmul &m = p.matmul;
  bool fp8 = isFp8(p.a.type);
  auto refuse = [&](const char *text, cublasStatus_t status) {
    why = text;
    return status;
  };
  if (!fp8 && (m.scaleA || m.scaleB || m.modeA || m.modeB))
    return refuse("scales of A and B are for fp8 operands",
                  CUBLAS_STATUS_INVALID_VALUE);
  if (!isFp8(p.d.type) && (m.scaleD || m.amaxD))
    return refuse("a scale or amax of D is for an fp8 output",
                  CUBLAS_STATUS_INVALID_VALUE);
  if (!isFp8(p.c.type) && m.scaleC)
    return refuse("a scale of C is for an fp8 C", CUBLAS_STATUS_INVALID_VALUE);
  if (m.modeC || m.modeD || m.modeAux || m.modeDOut || m.scaleDOut)
    return refuse("on this device only A and B have scale modes other than "
                  "scalar",
                  CUBLAS_STATUS_NOT_SUPPORTED);
  for (int32_t mode : {m.modeA, m.modeB})
    if (mode != CUBLASLT_MATMUL_MATRIX_SCALE_SCALAR_32F &&
        mode != CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F &&
        !isBlockMode(mode))
      return refuse("16- and 32-element block scales belong to later devices",
                    CUBLAS_STATUS_NOT_SUPPORTED);
  if (m.modeA == CUBLASLT_MATMUL_MATRIX_SCALE_SCALAR_32F &&
      m.modeB == CUBLASLT_MATMUL_MATRIX_SCALE_SCALAR_32F)
    return CUBLAS_STATUS_SUCCESS;
  if (isBlockMode(m.modeA) != isBlockMode(m.modeB) ||
      (!isBlockMode(m.modeA) && m.modeA != m.modeB))
    return refuse("expected scale modes of one kind for A and B",
                  CUBLAS_STATUS_NOT_SUPPORTED);
  if (m.modeA == CUBLASLT_MATMUL_MATRIX_SCALE_BLK128x128_32F &&
      m.modeA == m.modeB)
    return refuse("expected 128-element scales for A or B: both 128x128 is "
                  "not supported",
                  CUBLAS_STATUS_NOT_SUPPORTED);
  if (!m.scaleA || !m.scaleB)
    return refuse("vector and block scale modes need both scale pointers",
                  CUBLAS_STATUS_INVALID_VALUE);
  if (isFp8(p.d.type))
    return refuse("vector and block scale modes need a 16- or 32-bit output",
                  CUBLAS_STATUS_NOT_SUPPORTED);
  if (isBlockMode(m.modeA) && m.fastAccumulation)
    return refuse("block scales exclude fast accumulation",
                  CUBLAS_STATUS_NOT_SUPPORTED);
  return CUBLAS_STATUS_SUCCESS;
}

/// fp8 runs as "TN" (both operands have k innermost) in multiples of 16.
static cublasStatus_t checkFp8(const Problem &p, std::string &why) {
  const Matmul &m = p.matmul;
  why.clear();
  if (p.capability < 89)
    why = "fp8 needs compute capability 8.9 or higher";
  else if (m.transposeA != CUBLAS_OP_T || m.transposeB != CUBLAS_OP_N ||
           p.a.order != CUBLASLT_ORDER_COL || p.b.order != CUBLASLT_ORDER_COL ||
           p.c.order != CUBLASLT_ORDER_COL || p.d.order != CUBLASLT_ORDER_COL)
    why = "fp8 needs A transposed, B not transposed and all matrices in "
          "column order";
  else if (p.m % 16 || p.n % 16 || p.k % 16)
    why = "fp8 needs sizes in multiples of 16, but got m " + number(p.m) +
          ", n " + number(p.n) + ", k " + number(p.k);
  return why.empty() ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

static cublasStatus_t checkEpilogue(const Problem &p, std::string &why) {
  const Matmul &m = p.matmul;
  EpilogueParts parts = epilogueParts(m.epilogue);
  if (!knownEpilogue(m.epilogue)) {
    why = "unknown epilogue " + number(m.epilogue);
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (p.d.type == CUDA_R_64F && m.epilogue != CUBLASLT_EPILOGUE_DEFAULT) {
    why = "64-bit matrices have no epilogue";
    return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  if (isFp8(p.a.type) &&
      (parts.writesBias() || parts.reluGradient || parts.geluGradient)) {
    why = "gradients in the epilogue are not supported for fp8";
    return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  if (!parts.aux())
    return CUBLAS_STATUS_SUCCESS;
  bool bits = parts.relu || parts.reluGradient;
  int64_t multiple = bits ? 128 : 8;
  if (m.auxLeading % multiple || uint64_t(m.auxLeading) < p.m ||
      m.auxLeading < 0 || (p.batch > 1 && m.auxBatchStride % multiple)) {
    why = "expected an auxiliary leading dimension of at least " + number(p.m) +
          " in multiples of " + number(uint64_t(multiple)) + ", but got " +
          std::to_string(m.auxLeading);
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (!bits && !elementBytes(auxTypeOf(p))) {
    why = "unknown type of the auxiliary matrix";
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (p.d.order != CUBLASLT_ORDER_COL) {
    why = "an auxiliary matrix needs D in column order";
    return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  return CUBLAS_STATUS_SUCCESS;
}

static cublasStatus_t checkShapes(Problem &p, std::string &why) {
  const Matmul &m = p.matmul;
  bool ta = m.transposeA != CUBLAS_OP_N, tb = m.transposeB != CUBLAS_OP_N;
  p.m = ta ? p.a.columns : p.a.rows;
  p.k = ta ? p.a.rows : p.a.columns;
  p.n = tb ? p.b.rows : p.b.columns;
  uint64_t innerB = tb ? p.b.columns : p.b.rows;
  if (innerB != p.k || p.d.rows != p.m || p.d.columns != p.n ||
      p.c.rows != p.m || p.c.columns != p.n) {
    char text[256];
    std::snprintf(
        text, sizeof text,
        "shapes disagree: op(A) %" PRIu64 " x %" PRIu64 ", op(B) %" PRIu64
        " x %" PRIu64 ", C %" PRIu64 " x %" PRIu64 ", D %" PRIu64 " x %" PRIu64,
        p.m, p.k, innerB, p.n, p.c.rows, p.c.columns, p.d.rows, p.d.columns);
    why = text;
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  p.batch = p.d.batchCount;
  if (p.a.batchCount != p.batch || p.b.batchCount != p.batch ||
      p.c.batchCount != p.batch) {
    why = "expected the same batch count for all matrices";
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t describe(Problem &p, std::string &why) {
  const Matmul &m = p.matmul;
  struct {
    const char *name;
    const Layout &layout;
  } matrices[] = {{"A", p.a}, {"B", p.b}, {"C", p.c}, {"D", p.d}};
  for (auto &[name, layout] : matrices)
    if (cublasStatus_t status = checkLayout(name, layout, why))
      return status;
  if (m.transposeC != CUBLAS_OP_N || m.fillMode != CUBLAS_FILL_MODE_FULL ||
      m.emulation) {
    why = "a transposed C, a fill mode and emulation are not supported";
    return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  if (m.transposeA < CUBLAS_OP_N || m.transposeA > CUBLAS_OP_C ||
      m.transposeB < CUBLAS_OP_N || m.transposeB > CUBLAS_OP_C ||
      m.pointerMode < CUBLASLT_POINTER_MODE_HOST ||
      m.pointerMode > CUBLASLT_POINTER_MODE_ALPHA_DEVICE_VECTOR_BETA_HOST) {
    why = "unknown transpose or pointer mode";
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (cublasStatus_t status = checkShapes(p, why))
    return status;
  EpilogueParts parts = epilogueParts(m.epilogue);
  bool bias = parts.bias || parts.writesBias();
  bool fp8 = isFp8(p.a.type);
  if (!(fp8 ? supportedFp8Types(p, bias) : supportedTypes(p, bias))) {
    why = "unsupported types: " + typesOf(p);
    return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  if (fp8)
    if (cublasStatus_t status = checkFp8(p, why))
      return status;
  if (cublasStatus_t status = checkScales(p, why))
    return status;
  return checkEpilogue(p, why);
}

cublasStatus_t checkPlacement(const Problem &p, const Algorithm *algorithm,
                              std::string &why) {
  const Matmul &m = p.matmul;
  struct {
    const char *name;
    const void *address;
    const Layout &layout;
  } matrices[] = {
      {"A", p.A, p.a}, {"B", p.B, p.b}, {"C", p.C, p.c}, {"D", p.D, p.d}};
  for (int i = 0; i < 4; ++i) {
    auto &[name, address, layout] = matrices[i];
    if (!address)
      continue;
    uint64_t element = elementBytes(layout.type);
    uint64_t needed = algorithm ? algorithm->alignment[i] : element;
    if (isFp8(p.a.type))
      needed = 16;
    needed = std::max(needed, element);
    bool strides =
        uint64_t(layout.leading) * element % needed == 0 &&
        (p.batch == 1 || uint64_t(layout.batchStride) * element % needed == 0);
    if (reinterpret_cast<uint64_t>(address) % needed || !strides) {
      why = std::string("matrix ") + name +
            ": expected its address, leading "
            "dimension and batch stride in multiples of " +
            number(needed) + " bytes";
      return CUBLAS_STATUS_NOT_SUPPORTED;
    }
  }
  if (p.C == p.D &&
      (p.c.leading != p.d.leading || p.c.order != p.d.order ||
       p.c.type != p.d.type || p.c.batchStride != p.d.batchStride)) {
    why = "C in the place of D needs the same layout";
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  EpilogueParts parts = epilogueParts(m.epilogue);
  if ((parts.bias || parts.writesBias()) && !m.bias) {
    why = "the epilogue needs a bias pointer";
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (parts.aux() && (!m.aux || reinterpret_cast<uint64_t>(m.aux) % 16)) {
    why = "the epilogue needs an auxiliary pointer in multiples of 16 bytes";
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  for (const void *scale : {m.scaleA, m.scaleB, m.scaleC, m.scaleD})
    if (reinterpret_cast<uint64_t>(scale) % 4) {
      why = "expected scale pointers in multiples of 4 bytes";
      return CUBLAS_STATUS_INVALID_VALUE;
    }
  if (isBlockMode(m.modeA) && (reinterpret_cast<uint64_t>(m.scaleA) % 16 ||
                               reinterpret_cast<uint64_t>(m.scaleB) % 16)) {
    why = "expected block scales in multiples of 16 bytes";
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (algorithm && p.workspaceBytes < algorithm->workspace) {
    why = "expected a workspace of " + number(algorithm->workspace) +
          " bytes, but got " + number(p.workspaceBytes);
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (p.workspaceBytes &&
      (!p.workspace || reinterpret_cast<uint64_t>(p.workspace) % 256)) {
    why = "expected a workspace in multiples of 256 bytes";
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  return CUBLAS_STATUS_SUCCESS;
}

} // namespace vgpu::blas
