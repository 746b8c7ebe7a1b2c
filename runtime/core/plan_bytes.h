/* plan_bytes.h: reading the bytes of a plan, hostile or not.
 *
 * tresse_plan_validate is the one gate: after it accepted a block of bytes,
 * every table, index, span, string and number that plan.h names lies inside
 * the block, and the functions below need no further check. */
#ifndef TRESSE_CORE_PLAN_BYTES_H
#define TRESSE_CORE_PLAN_BYTES_H
#include "tresse/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Limits of one list: dimensions of a tensor, integers of an attribute. */
#define TRESSE_MAXIMUM_RANK 8u
#define TRESSE_MAXIMUM_LIST 64u

/* Returns 1 when bytes[0, size) hold a plan that this reader understands and
 * whose checksum is right; otherwise 0, with a sentence that names the record,
 * what was expected and what came in message[0, message_size). `bytes` is
 * aligned to 8. Allocates nothing.
 *
 * Beyond the bounds it asks that the plan is in canonical order: the lists of
 * programs (entries), entries (inputs, outputs, steps), steps (operands and
 * their record), globals (pieces) and launches (attributes) follow each other
 * through their tables, each record used once; a string begins at the start of
 * the table or after a NUL. So reading a plan costs time linear in its size. */
int tresse_plan_validate(const void *bytes, uint64_t size, char *message,
                         uint64_t message_size);

/* FNV-1a (64 bits) of bytes[0, size), the eight bytes of
 * tresse_plan.checksum taken as zero. */
uint64_t tresse_plan_checksum(const void *bytes, uint64_t size);

/* Bytes of one element of `dtype`; 0 when there is no such dtype. */
uint32_t tresse_plan_dtype_size(uint32_t dtype);

/* The `index`-th record of a table of a valid plan. */
static inline const void *tresse_plan_record(const tresse_plan *plan,
                                             tresse_table table,
                                             uint32_t index) {
  return (const char *)plan + table.offset + (uint64_t)index * table.stride;
}

/* The string that begins at byte `offset` of the string table. */
static inline const char *tresse_plan_string(const tresse_plan *plan,
                                             uint32_t offset) {
  return (const char *)plan + plan->strings.offset + offset;
}

/* The first integer of a list of span.count integers. */
static inline const int64_t *tresse_plan_numbers(const tresse_plan *plan,
                                                 tresse_span span) {
  return (const int64_t *)(const void *)((const char *)plan +
                                         plan->numbers.offset) +
         span.first;
}

#ifdef __cplusplus
}
#endif
#endif
