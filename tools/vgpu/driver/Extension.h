/* Extension.h: what the virtual cuBLASLt asks of the virtual driver.
 *
 * These names are exported by the virtual libcuda.so.1 beside the driver's
 * own; no application uses them. */
#pragma once

#include <cuda.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Device memory that a library call touches: `planes` planes of `rows` rows
 *  of `row_bytes` bytes, at multiples of the two strides in bytes. */
typedef struct tresse_vgpu_range {
  uint64_t address;
  uint64_t row_bytes;
  uint64_t rows, row_stride;
  uint64_t planes, plane_stride;
  uint32_t written; /**< 0 read, 1 written, 2 both */
  const char *name; /**< for messages: "A", "bias"; a literal */
} tresse_vgpu_range;

/** Queues `run(payload)` on `stream` of the current context (or records it in
 *  the graph that the stream captures). The payload is copied. The ranges are
 *  checked when the call runs, as a kernel's accesses would be: one outside
 *  live memory makes the context fail with CUDA_ERROR_ILLEGAL_ADDRESS.
 *  `multiply_adds` is counted as tensor-core work under `name`. */
CUresult tresse_vgpu_enqueue(CUstream stream, const char *name,
                             void (*run)(const void *payload),
                             const void *payload, size_t payload_bytes,
                             const tresse_vgpu_range *ranges,
                             size_t range_count, uint64_t multiply_adds);

/** Compute capability (90) of the current context's device and whether
 *  tensor-core sums are exact. */
CUresult tresse_vgpu_device(int *capability, int *exact_tensor_core);

/** Tells the user one line, once per distinct text. */
void tresse_vgpu_note(const char *text);

#ifdef __cplusplus
}
#endif
