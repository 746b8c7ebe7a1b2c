/* plan_checks.h: what the checks of a plan's tables share (private to them).
 *
 * Every check returns 1, or writes the message and returns 0. */
#ifndef TRESSE_CORE_PLAN_CHECKS_H
#define TRESSE_CORE_PLAN_CHECKS_H
#include "plan_bytes.h"

#include <stdarg.h>
#include <stdio.h>

typedef struct reader {
  const tresse_plan *plan;
  char *message;
  uint64_t message_size;
  const char *what; /* the table being read, for messages */
  uint32_t index;   /* its record */
  uint64_t arena, persistent, pinned, events;
} reader;

#define RECORD(type, table, i)                                                 \
  ((const type *)tresse_plan_record(r->plan, r->plan->table, i))

__attribute__((format(printf, 2, 3))) static inline int
fail(const reader *r, const char *format, ...) {
  if (!r->message_size)
    return 0;
  int used = 0;
  if (r->what)
    used = snprintf(r->message, r->message_size, "plan: %s %u: ", r->what,
                    r->index);
  else
    used = snprintf(r->message, r->message_size, "plan: ");
  if (used < 0 || (uint64_t)used >= r->message_size)
    return 0;
  va_list values;
  va_start(values, format);
  vsnprintf(r->message + used, r->message_size - (uint64_t)used, format,
            values);
  va_end(values);
  return 0;
}

static inline int check_string(const reader *r, const char *field,
                               uint32_t offset) {
  const char *strings = tresse_plan_string(r->plan, 0);
  if (offset >= r->plan->strings.count)
    return fail(r, "%s: expected a string below byte %u, but got %u", field,
                r->plan->strings.count, offset);
  if (offset && strings[offset - 1])
    return fail(r,
                "%s: expected the start of a string, but byte %u is inside "
                "one",
                field, offset);
  return 1;
}

static inline int check_index(const reader *r, const char *field,
                              uint32_t index, uint32_t count) {
  if (index < count)
    return 1;
  return fail(r, "%s: expected an index below %u, but got %u", field, count,
              index);
}

static inline int check_optional(const reader *r, const char *field,
                                 uint32_t index, uint32_t count) {
  return index == TRESSE_NONE || check_index(r, field, index, count);
}

static inline int check_span(const reader *r, const char *field,
                             tresse_span span, uint32_t count, uint32_t limit) {
  if (span.first > count || span.count > count - span.first)
    return fail(r, "%s: expected a list inside %u records, but got %u from %u",
                field, count, span.count, span.first);
  if (span.count > limit)
    return fail(r, "%s: expected at most %u numbers, but got %u", field, limit,
                span.count);
  return 1;
}

static inline int check_numbers(const reader *r, const char *field,
                                tresse_span span) {
  return check_span(r, field, span, r->plan->numbers.count,
                    TRESSE_MAXIMUM_RANK);
}

/* A list that owns the next records of its table: `next` moves past it. */
static inline int check_next(const reader *r, const char *field,
                             tresse_span span, uint32_t count, uint32_t *next) {
  if (!check_span(r, field, span, count, UINT32_MAX))
    return 0;
  if (span.first != *next && span.count)
    return fail(r, "%s: expected the list to begin at %u, but got %u", field,
                *next, span.first);
  *next += span.count;
  return 1;
}

static inline int check_limit(const reader *r, const char *field,
                              uint64_t value, uint64_t limit) {
  if (value < limit)
    return 1;
  return fail(r, "%s: expected a value below %llu, but got %llu", field,
              (unsigned long long)limit, (unsigned long long)value);
}

static inline int check_all_used(reader *r, const char *what, uint32_t used,
                                 uint32_t count) {
  r->what = NULL;
  if (used == count)
    return 1;
  return fail(r, "%u of %u %s belong to nothing", count - used, count, what);
}

/* Entries, their steps and the records of the steps, and what these use; run
 * after everything that they refer to was checked. */
int tresse_plan_check_steps(reader *r);

#endif
