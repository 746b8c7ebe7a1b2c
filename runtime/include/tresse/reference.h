/* reference.h: how the `reference` target's functions are called. One function
 * per op of the lm dialect; every tensor is read as doubles, every result is
 * rounded once to its declared type.
 *
 * Operand order: all operands of the op in the order of its definition, then
 * all its results. An absent optional operand has `data == NULL`. A result that
 * is tied to an operand has the same data pointer. Strides are in elements. */
#ifndef TRESSE_REFERENCE_H
#define TRESSE_REFERENCE_H
#include <stdint.h>

#include "tresse/plan.h"

typedef struct tresse_reference_tensor {
  void *data; /* first element; NULL when an optional operand is absent */
  uint32_t dtype, rank;
  const int64_t *sizes, *strides;
} tresse_reference_tensor;

typedef struct tresse_reference_attribute {
  const char *name;
  uint32_t kind;  /* enum tresse_attribute_kind */
  uint32_t count; /* length of list */
  union {
    int64_t i; /* integers, booleans, enum cases */
    double f;
    const int64_t *list;
    const char *string;
  } value;
} tresse_reference_attribute;

typedef struct tresse_reference_call {
  const tresse_reference_tensor *operands;
  const tresse_reference_attribute *attributes;
  uint32_t operand_count, attribute_count;
} tresse_reference_call;

#endif
