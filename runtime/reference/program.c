/* program.c: movement of whole tensors. */
#include "tensor.h"

/* x: any shape   result: as many elements, in row-major order, in its dtype */
void tresse_ref_copy(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  scope_write(&s, 1, scope_read(&s, 0));
  scope_end(&s);
}

/* result: any shape, every element = `value` */
void tresse_ref_fill(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  double *result = scope_zeros_like(&s, 0);
  double value = attribute_float_or(call, "value", 0);
  for (int64_t i = 0; i < tensor_count(scope_tensor(&s, 0)); ++i)
    result[i] = value;
  scope_write(&s, 0, result);
  scope_end(&s);
}

/* x: any shape   result (tied to x): zeros */
void tresse_ref_clear(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  scope_write(&s, 1, scope_zeros_like(&s, 1));
  scope_end(&s);
}

/* result: i32 [.., S], result[.., s] = s */
void tresse_ref_iota(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  double *result = scope_zeros_like(&s, 0);
  int64_t length = tensor_size(scope_tensor(&s, 0), 0);
  for (int64_t i = 0; i < tensor_count(scope_tensor(&s, 0)); ++i)
    result[i] = (double)(i % length);
  scope_write(&s, 0, result);
  scope_end(&s);
}

/* Elements below dimension `axis` of a tensor. */
static int64_t inner_count(const tensor *t, int64_t axis) {
  int64_t count = 1;
  for (int64_t d = axis; d < (int64_t)t->rank; ++d)
    count *= t->sizes[d];
  return count;
}

/* The `axis` attribute of `whole`; by default the last dimension. */
static int64_t read_axis(const tresse_reference_call *call,
                         const tensor *whole) {
  return attribute_int_or(call, "axis", (int64_t)whole->rank - 1);
}

/* parts: [.., a_i, ..]   result: [.., sum of a_i, ..], side by side along
 * `axis`. All operands but the last are parts. */
void tresse_ref_concat(const tresse_reference_call *call) {
  uint32_t parts = call->operand_count - 1;
  const tensor *whole = &call->operands[parts];
  int64_t axis = read_axis(call, whole), width = inner_count(whole, axis);
  int64_t rows = width > 0 ? tensor_count(whole) / width : 0, first = 0;
  scope outer = scope_begin(call);
  double *result = scope_zeros_like(&outer, parts);
  for (uint32_t i = 0; i < parts; ++i) {
    scope s = scope_begin(call);
    const double *part = scope_read(&s, i);
    int64_t size = inner_count(scope_tensor(&s, i), axis);
    for (int64_t r = 0; r < rows; ++r)
      memcpy(result + r * width + first, part + r * size,
             (size_t)size * sizeof(double));
    first += size;
    scope_end(&s);
  }
  scope_write(&outer, parts, result);
  scope_end(&outer);
}

/* x: [.., sum of a_i, ..]   results: [.., a_i, ..], the parts of x along
 * `axis` */
void tresse_ref_split(const tresse_reference_call *call) {
  scope outer = scope_begin(call);
  const double *x = scope_read(&outer, 0);
  const tensor *whole = scope_tensor(&outer, 0);
  int64_t axis = read_axis(call, whole), width = inner_count(whole, axis);
  int64_t rows = width > 0 ? tensor_count(whole) / width : 0, first = 0;
  for (uint32_t i = 1; i < call->operand_count; ++i) {
    scope s = scope_begin(call);
    double *part = scope_zeros_like(&s, i);
    int64_t size = inner_count(scope_tensor(&s, i), axis);
    for (int64_t r = 0; r < rows; ++r)
      memcpy(part + r * size, x + r * width + first,
             (size_t)size * sizeof(double));
    first += size;
    scope_write(&s, i, part);
    scope_end(&s);
  }
  scope_end(&outer);
}

/* x: any shape   result: x; no gradient flows back */
void tresse_ref_stop_gradient(const tresse_reference_call *call) {
  tresse_ref_copy(call);
}

/* x: any shape   after: any, its value is not used   result: x
 * The result is the last operand, whatever stands between. */
void tresse_ref_barrier(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  scope_write(&s, call->operand_count - 1, scope_read(&s, 0));
  scope_end(&s);
}
