/* plan.h: the plan of a compiled model, as bytes (version 1; C11, no implicit
 * padding).
 *
 * Layout rules. The plan is one block of little-endian bytes in the ELF section
 * `.tresse.plan`. It holds no pointer: tables are found by tresse_table (byte
 * offset from the start of the plan, count, record size), records refer to each
 * other by index, lists by tresse_span into the table named in the comment,
 * names by byte offset into `strings` (NUL-terminated UTF-8). A reader steps
 * through a table by the `stride` that the plan states, so that a later version
 * may append fields to a record; fields are never removed or reordered. Absent
 * index: TRESSE_NONE. Sizes and offsets of storage are bytes, of shapes and
 * strides elements. All records are multiples of 8 bytes without implicit
 * padding. */
#ifndef TRESSE_PLAN_H
#define TRESSE_PLAN_H
#include <stddef.h>
#include <stdint.h>

#define TRESSE_PLAN_VERSION 1u
#define TRESSE_NONE UINT32_MAX

typedef struct tresse_table {
  uint32_t offset, count, stride, zero;
} tresse_table;
typedef struct tresse_span {
  uint32_t first, count;
} tresse_span;

enum tresse_target { TRESSE_REFERENCE, TRESSE_CPU, TRESSE_CUDA };
enum tresse_dtype {
  TRESSE_F64 = 1,
  TRESSE_F32,
  TRESSE_BF16,
  TRESSE_F16,
  TRESSE_F8E4M3,
  TRESSE_F8E5M2,
  TRESSE_F8E8M0,
  TRESSE_I64,
  TRESSE_I32,
  TRESSE_U32,
  TRESSE_U8,
  TRESSE_I1
};
enum tresse_space {
  TRESSE_ARENA,
  TRESSE_PERSISTENT,
  TRESSE_ARGUMENT,
  TRESSE_PINNED,
  TRESSE_CONSTANT
};
enum tresse_role {
  TRESSE_WEIGHT,
  TRESSE_STATE /* trained outside the optimizer: routing bias */,
  TRESSE_MOMENT,
  TRESSE_GRADIENT,
  TRESSE_CACHE,
  TRESSE_DERIVED /* packed or cast copy, made by entry `prepare` */
};
enum tresse_step_kind {
  TRESSE_LAUNCH,
  TRESSE_GEMM,
  TRESSE_GROUPED_GEMM,
  TRESSE_COLLECTIVE,
  TRESSE_COPY,
  TRESSE_FILL,
  TRESSE_RECORD,
  TRESSE_WAIT
};
enum tresse_access { TRESSE_READ = 1, TRESSE_WRITE = 2, TRESSE_ACCUMULATE = 7 };
/* How a global without a checkpoint is filled: ZEROS, ONES, CONSTANT
 * initial[0], NORMAL(mean initial[0], deviation initial[1]),
 * UNIFORM[initial[0], initial[1]). */
enum tresse_initializer {
  TRESSE_INIT_ZEROS,
  TRESSE_INIT_ONES,
  TRESSE_INIT_CONSTANT,
  TRESSE_INIT_NORMAL,
  TRESSE_INIT_UNIFORM
};
/* Who computes a gemm or grouped gemm: the BLAS of the target (OpenBLAS,
 * cuBLASLt) or a kernel of this plan. */
enum tresse_provider { TRESSE_PROVIDER_LIBRARY, TRESSE_PROVIDER_KERNEL };
enum tresse_attribute_kind {
  TRESSE_ATTRIBUTE_INT,
  TRESSE_ATTRIBUTE_FLOAT,
  TRESSE_ATTRIBUTE_LIST,
  TRESSE_ATTRIBUTE_STRING
};
enum tresse_entry_flags {
  TRESSE_ENTRY_CAPTURE = 1,
  TRESSE_ENTRY_PREPARE = 2 /* run once after load */
};
enum tresse_varying { TRESSE_VARYING_M, TRESSE_VARYING_K };
/* What a module of device code holds. */
enum tresse_code_format { TRESSE_CODE_PTX, TRESSE_CODE_CUBIN };

typedef struct tresse_plan {
  char magic[8]; /* "TRESSE\0\0" */
  uint32_t version, minimum_runtime;
  uint64_t byte_size, checksum;
  uint32_t target, architecture; /* cuda: 90 for sm_90a; cpu: index of a string
                                    of required CPU features */
  uint32_t rank_count, zero;
  tresse_table strings,
      numbers;          /* bytes; int64 lists (sizes, strides, coordinates) */
  tresse_table records; /* build record: name, value */
  tresse_table axes, communicators, programs, program_of_rank;
  tresse_table globals, pieces, buffers, tensors;
  tresse_table entries, arguments, steps, operands;
  tresse_table launches, gemms, grouped_gemms, collectives, copies, fills;
  tresse_table kernels, modules, tensor_maps, attributes;
} tresse_plan;

typedef struct tresse_record {
  uint32_t name, value;
} tresse_record;
typedef struct tresse_axis {
  uint32_t name, size, stride /* in ranks */, zero;
} tresse_axis;
typedef struct tresse_communicator {
  uint32_t name, axis_mask /* ranks that differ only on these axes */, size,
      flags;
} tresse_communicator;
typedef struct tresse_program {
  uint32_t name, stream_count, event_count, zero;
  tresse_span entries;
  uint64_t arena_size, persistent_size, pinned_size, alignment;
} tresse_program;

/* A tensor that outlives a call. Where its bytes come from in a checkpoint: its
 * pieces. */
typedef struct tresse_global {
  uint32_t name, role, dtype, buffer;
  uint32_t of /* moment, gradient, derived copy: whose */, initializer, flags,
      zero;
  tresse_span shape /* numbers: the unsharded shape */,
      shard /* numbers: per dimension the axis mask */, pieces;
  double initial[2];
} tresse_global;
/* One checkpoint tensor (or a family of them, `{e}` running over [first, last))
 * that fills a box of a global. */
typedef struct tresse_piece {
  uint32_t pattern, dtype;
  int64_t first, last, step;
  tresse_span source_shape, source_start, target_start, target_shape,
      permutation;
  uint32_t scale_pattern, flags;
} tresse_piece;

typedef struct tresse_buffer {
  uint32_t name, space;
  uint64_t offset, size;
  uint32_t first_step, last_step;
} tresse_buffer;
/* A view of a buffer; `rows` is an i32 tensor holding the number of valid rows
 * of dimension 0, or TRESSE_NONE. */
typedef struct tresse_tensor {
  uint32_t buffer, dtype;
  uint64_t offset;
  tresse_span sizes, strides;
  uint32_t rows, zero;
} tresse_tensor;

typedef struct tresse_entry {
  uint32_t name, flags /* may be captured; run once after load; ... */;
  tresse_span inputs, outputs, steps;
  uint32_t status /* i32 tensor: device-side errors */, repeat;
} tresse_entry;
typedef struct tresse_argument {
  uint32_t name, tensor;
  double minimum, maximum, fallback;
} tresse_argument;

typedef struct tresse_step {
  uint32_t kind, index /* record of that kind; event of record/wait */, stream,
      name;
  tresse_span operands;
  uint64_t flops, bytes_read, bytes_written;
} tresse_step;
enum tresse_operand_kind {
  TRESSE_OPERAND_TENSOR,
  TRESSE_OPERAND_TENSOR_MAP,
  TRESSE_OPERAND_BITS
};
typedef struct tresse_operand {
  uint16_t kind, access;
  uint32_t index;
  uint64_t bits;
} tresse_operand;

/* cpu: tiles [0, tile_count) are shared out to threads. cuda: grid x block; the
 * parameters are the operands' addresses, then, where the kernel has
 * scratch_bytes, that of as many bytes that nothing else uses meanwhile.
 * tile_count_from: i32 tensor that holds the number in force at run time (never
 * more than tile_count). */
typedef struct tresse_launch {
  uint32_t kernel, tile_count_from;
  uint64_t tile_count;
  uint32_t grid[3], block[3], cluster[3], shared_bytes;
  tresse_span attributes;
} tresse_launch;
typedef struct tresse_gemm {
  uint32_t a, b, c, d, bias, auxiliary, a_scale, b_scale, c_scale, d_scale,
      workspace, rows_from;
  uint32_t transpose /* bit 0: a, 1: b */, compute, epilogue, scale_mode;
  uint32_t provider /* cublasLt, library, kernel */, kernel;
  double alpha, beta;
  uint64_t algorithm[8];
} tresse_gemm;
/* D[g] = A[g] B[g]: `varying` says which of M or K is cut into groups by
 * `ends`, i32[groups], running totals. */
typedef struct tresse_grouped_gemm {
  uint32_t a, b, c, d, a_scale, b_scale, d_scale, row_weight, ends, varying,
      transpose, compute, epilogue, scale_mode, kernel, group_count;
  uint64_t maximum_rows;
  uint32_t tile[3], row_alignment;
  double alpha, beta;
} tresse_grouped_gemm;
typedef struct tresse_collective {
  uint32_t kind, communicator, operation, peer, input, output, counts, group;
  uint64_t maximum_bytes;
} tresse_collective;
typedef struct tresse_copy {
  uint32_t from, to, direction, zero;
} tresse_copy;
typedef struct tresse_fill {
  uint32_t to, width;
  uint64_t bits;
} tresse_fill;

typedef struct tresse_kernel {
  uint32_t name /* cuda: of the function in the module */, module,
      code /* index in tresse_model.cpu_kernels */, registers;
  uint64_t scratch_bytes;
  uint32_t static_shared_bytes, flags;
} tresse_kernel;
typedef struct tresse_module {
  uint32_t architecture, format;
  uint64_t offset, size;
} tresse_module;
typedef struct tresse_tensor_map {
  uint32_t tensor, swizzle, interleave, promotion, fill, zero;
  tresse_span box, element_strides;
} tresse_tensor_map;
typedef struct tresse_attribute {
  uint32_t name, kind;
  union {
    int64_t i;
    double f;
    tresse_span list;
    uint64_t string;
  } value;
} tresse_attribute;

/* What one step of a cpu model calls: tiles [begin, end) of the operands;
 * scratch is the calling worker's own. */
typedef void (*tresse_cpu_kernel)(void *const *operands, int64_t begin,
                                  int64_t end, void *scratch);
/* The `reference` target's functions see shapes and attributes
 * (tresse/reference.h). */
struct tresse_reference_call; /* tresse/reference.h */
typedef void (*tresse_reference_kernel)(
    const struct tresse_reference_call *call);
typedef struct tresse_model {
  const void *plan;
  const void *device_code;
  const tresse_cpu_kernel *cpu_kernels;
  const tresse_reference_kernel *reference_kernels;
} tresse_model;
/* The one exported symbol. Null when the plan needs a newer runtime than
 * `runtime_version`. */
const tresse_model *tresse_model_query(uint32_t runtime_version);

#define TRESSE_SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type)
#endif
