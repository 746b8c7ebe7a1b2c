/* tensor.h: how reference functions read, round and write tensors. */
#ifndef TRESSE_RUNTIME_REFERENCE_TENSOR_H
#define TRESSE_RUNTIME_REFERENCE_TENSOR_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "functions.h"

typedef tresse_reference_tensor tensor;

/* ---- sizes ---------------------------------------------------------- */

/// Number of elements; 1 for rank 0.
static inline int64_t tensor_count(const tensor *t) {
  int64_t count = 1;
  for (uint32_t d = 0; d < t->rank; ++d)
    count *= t->sizes[d];
  return count;
}

/// Size of the dimension `back` places before the last one (0: the last).
static inline int64_t tensor_size(const tensor *t, uint32_t back) {
  return back < t->rank ? t->sizes[t->rank - 1 - back] : 1;
}

/// Number of rows when the last `inner` dimensions form a row.
static inline int64_t tensor_rows(const tensor *t, uint32_t inner) {
  int64_t rows = 1;
  for (uint32_t d = 0; d + inner < t->rank; ++d)
    rows *= t->sizes[d];
  return rows;
}

/// Distance, in elements, from the first element to the first element of row
/// `row`, where a row is the last dimension.
static inline int64_t tensor_row_offset(const tensor *t, int64_t row) {
  int64_t offset = 0;
  for (uint32_t d = t->rank > 0 ? t->rank - 1 : 0; d-- > 0;) {
    offset += row % t->sizes[d] * t->strides[d];
    row /= t->sizes[d];
  }
  return offset;
}

/* ---- one element ---------------------------------------------------- */

/// Nearest bf16, ties to even, rounded once: the f32 in between is rounded to
/// odd, so that it never sits on a tie that the double was not on.
static inline uint16_t bf16_from_double(double value) {
  if (isnan(value))
    return 0x7fc0;
  float single = (float)value;
  uint32_t bits;
  memcpy(&bits, &single, sizeof bits);
  if ((double)single != value) {
    if (fabs((double)single) > fabs(value))
      bits -= 1; /* toward zero */
    bits |= 1;
  }
  return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

static inline double bf16_to_double(uint16_t half) {
  uint32_t bits = (uint32_t)half << 16;
  float single;
  memcpy(&single, &bits, sizeof single);
  return single;
}

/// Nearest integer toward zero; saturates, so that no input is undefined.
static inline int64_t integer_from_double(double value) {
  if (isnan(value))
    return 0;
  if (value >= 9223372036854775808.0)
    return INT64_MAX;
  if (value <= -9223372036854775808.0)
    return INT64_MIN;
  return (int64_t)value;
}

/// Stops the program: the compiler emitted a call that no reference function
/// can run. Never reached by user input.
static inline void reference_fail(const char *what, const char *name) {
  fprintf(stderr, "tresse: reference: %s '%s'\n", what, name);
  abort();
}

static inline double element_read(const tensor *t, int64_t offset) {
  switch (t->dtype) {
  case TRESSE_F64:
    return ((const double *)t->data)[offset];
  case TRESSE_F32:
    return ((const float *)t->data)[offset];
  case TRESSE_BF16:
    return bf16_to_double(((const uint16_t *)t->data)[offset]);
  case TRESSE_I64:
    return (double)((const int64_t *)t->data)[offset];
  case TRESSE_I32:
    return ((const int32_t *)t->data)[offset];
  case TRESSE_U32:
    return ((const uint32_t *)t->data)[offset];
  case TRESSE_U8:
  case TRESSE_I1:
    return ((const uint8_t *)t->data)[offset];
  default:
    reference_fail("no reader for dtype of", "tensor");
    return 0;
  }
}

static inline void element_write(const tensor *t, int64_t offset,
                                 double value) {
  switch (t->dtype) {
  case TRESSE_F64:
    ((double *)t->data)[offset] = value;
    break;
  case TRESSE_F32:
    ((float *)t->data)[offset] = (float)value;
    break;
  case TRESSE_BF16:
    ((uint16_t *)t->data)[offset] = bf16_from_double(value);
    break;
  case TRESSE_I64:
    ((int64_t *)t->data)[offset] = integer_from_double(value);
    break;
  case TRESSE_I32:
    ((int32_t *)t->data)[offset] = (int32_t)integer_from_double(value);
    break;
  case TRESSE_U32:
    ((uint32_t *)t->data)[offset] = (uint32_t)integer_from_double(value);
    break;
  case TRESSE_U8:
    ((uint8_t *)t->data)[offset] = (uint8_t)integer_from_double(value);
    break;
  case TRESSE_I1:
    ((uint8_t *)t->data)[offset] = value != 0;
    break;
  default:
    reference_fail("no writer for dtype of", "tensor");
  }
}

/* ---- attributes ----------------------------------------------------- */

/// The attribute called `name`, or NULL.
static inline const tresse_reference_attribute *
attribute_find(const tresse_reference_call *call, const char *name) {
  for (uint32_t i = 0; i < call->attribute_count; ++i)
    if (strcmp(call->attributes[i].name, name) == 0)
      return &call->attributes[i];
  return NULL;
}

/// The value of a number attribute, or `fallback` when it is absent.
static inline double attribute_float_or(const tresse_reference_call *call,
                                        const char *name, double fallback) {
  const tresse_reference_attribute *found = attribute_find(call, name);
  if (!found)
    return fallback;
  return found->kind == TRESSE_ATTRIBUTE_FLOAT ? found->value.f
                                               : (double)found->value.i;
}

static inline int64_t attribute_int_or(const tresse_reference_call *call,
                                       const char *name, int64_t fallback) {
  const tresse_reference_attribute *found = attribute_find(call, name);
  if (!found)
    return fallback;
  return found->kind == TRESSE_ATTRIBUTE_FLOAT
             ? integer_from_double(found->value.f)
             : found->value.i;
}

/// The value of an attribute that the op always has.
static inline double attribute_float(const tresse_reference_call *call,
                                     const char *name) {
  if (!attribute_find(call, name))
    reference_fail("missing attribute", name);
  return attribute_float_or(call, name, 0);
}

static inline int64_t attribute_int(const tresse_reference_call *call,
                                    const char *name) {
  if (!attribute_find(call, name))
    reference_fail("missing attribute", name);
  return attribute_int_or(call, name, 0);
}

/* ---- one call's scratch --------------------------------------------- */

enum { SCOPE_BLOCKS = 32 };

/// The operands of one call and the scratch it took, freed together.
typedef struct scope {
  const tresse_reference_call *call;
  int block_count;
  void *blocks[SCOPE_BLOCKS];
} scope;

static inline scope scope_begin(const tresse_reference_call *call) {
  scope s = {call, 0, {0}};
  return s;
}

static inline void scope_end(scope *s) {
  while (s->block_count > 0)
    free(s->blocks[--s->block_count]);
}

/// Operand (or result) number `index` of the call.
static inline const tensor *scope_tensor(const scope *s, uint32_t index) {
  if (index >= s->call->operand_count)
    reference_fail("too few operands for", "call");
  return &s->call->operands[index];
}

/// True when operand `index` was given.
static inline int scope_has(const scope *s, uint32_t index) {
  return scope_tensor(s, index)->data != NULL;
}

/// `count` zeros.
static inline double *scope_zeros(scope *s, int64_t count) {
  double *block = calloc(count > 0 ? (size_t)count : 1, sizeof(double));
  if (!block || s->block_count == SCOPE_BLOCKS)
    reference_fail("out of memory for", "scratch");
  s->blocks[s->block_count++] = block;
  return block;
}

/// As many zeros as operand `index` has elements.
static inline double *scope_zeros_like(scope *s, uint32_t index) {
  return scope_zeros(s, tensor_count(scope_tensor(s, index)));
}

/// Operand `index`, row-major, of which the first `limit` rows (of the first
/// dimension) were read; the others are zero. NULL when it is absent.
static inline double *scope_read_rows(scope *s, uint32_t index, int64_t limit) {
  const tensor *t = scope_tensor(s, index);
  if (!t->data)
    return NULL;
  double *values = scope_zeros_like(s, index);
  int64_t inner = tensor_size(t, 0);
  int64_t rows = tensor_rows(t, 1);
  if (t->rank > 1)
    rows = rows / (t->sizes[0] > 0 ? t->sizes[0] : 1) * limit;
  else if (t->rank == 1 && limit < inner)
    inner = limit;
  int64_t step = t->rank > 0 ? t->strides[t->rank - 1] : 1;
  for (int64_t row = 0; row < rows; ++row) {
    int64_t offset = tensor_row_offset(t, row);
    for (int64_t i = 0; i < inner; ++i)
      values[row * inner + i] = element_read(t, offset + i * step);
  }
  return values;
}

/// All of operand `index`, row-major; NULL when it is absent.
static inline double *scope_read(scope *s, uint32_t index) {
  const tensor *t = scope_tensor(s, index);
  return scope_read_rows(s, index, t->rank > 0 ? t->sizes[0] : 1);
}

/// Rounds the rows [first, first + count) of `values`, a row being the last
/// dimension, into result `index`.
static inline void scope_write_rows(const scope *s, uint32_t index,
                                    const double *values, int64_t first,
                                    int64_t count) {
  const tensor *t = scope_tensor(s, index);
  int64_t inner = tensor_size(t, 0);
  int64_t step = t->rank > 0 ? t->strides[t->rank - 1] : 1;
  for (int64_t row = first; row < first + count; ++row) {
    int64_t offset = tensor_row_offset(t, row);
    for (int64_t i = 0; i < inner; ++i)
      element_write(t, offset + i * step, values[row * inner + i]);
  }
}

/// Rounds all of `values` into result `index`; nothing when it is absent.
static inline void scope_write(const scope *s, uint32_t index,
                               const double *values) {
  if (scope_has(s, index))
    scope_write_rows(s, index, values, 0,
                     tensor_rows(scope_tensor(s, index), 1));
}

/// A running total per group: rows [ends[e-1], ends[e]) belong to group e.
/// Returns the number of valid rows, never more than `rows`.
static inline int64_t group_total(const double *ends, int64_t groups,
                                  int64_t rows) {
  int64_t total = groups > 0 ? (int64_t)ends[groups - 1] : 0;
  return total < rows ? total : rows;
}

/* ---- the three functions of a number that many ops share ------------- */

static inline double sigmoid(double x) { return 1 / (1 + exp(-x)); }

/// Inner product of two rows.
static inline double dot(const double *a, const double *b, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i)
    sum += a[i] * b[i];
  return sum;
}

/// y += a x.
static inline void add_scaled(double *y, double a, const double *x,
                              int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    y[i] += a * x[i];
}

#endif
