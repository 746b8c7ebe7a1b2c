/* plan_bytes.c: the validation of a plan's bytes (plan_bytes.h). */
#include "plan_bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

__attribute__((format(printf, 2, 3))) static int fail(const reader *r,
                                                      const char *format, ...) {
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

uint32_t tresse_plan_dtype_size(uint32_t dtype) {
  static const uint8_t sizes[] = {0, 8, 4, 2, 2, 1, 1, 1, 8, 4, 4, 1, 1};
  return dtype < sizeof sizes ? sizes[dtype] : 0;
}

uint64_t tresse_plan_checksum(const void *bytes, uint64_t size) {
  const uint8_t *at = bytes;
  const uint64_t skip = offsetof(tresse_plan, checksum);
  uint64_t hash = 14695981039346656037u;
  for (uint64_t i = 0; i < size; ++i) {
    uint8_t byte = i - skip < 8 ? 0 : at[i];
    hash = (hash ^ byte) * 1099511628211u;
  }
  return hash;
}

/* References. */

static int check_string(const reader *r, const char *field, uint32_t offset) {
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

static int check_index(const reader *r, const char *field, uint32_t index,
                       uint32_t count) {
  if (index < count)
    return 1;
  return fail(r, "%s: expected an index below %u, but got %u", field, count,
              index);
}

static int check_optional(const reader *r, const char *field, uint32_t index,
                          uint32_t count) {
  return index == TRESSE_NONE || check_index(r, field, index, count);
}

static int check_span(const reader *r, const char *field, tresse_span span,
                      uint32_t count, uint32_t limit) {
  if (span.first > count || span.count > count - span.first)
    return fail(r, "%s: expected a list inside %u records, but got %u from %u",
                field, count, span.count, span.first);
  if (span.count > limit)
    return fail(r, "%s: expected at most %u numbers, but got %u", field, limit,
                span.count);
  return 1;
}

static int check_numbers(const reader *r, const char *field, tresse_span span) {
  return check_span(r, field, span, r->plan->numbers.count,
                    TRESSE_MAXIMUM_RANK);
}

/* A list that owns the next records of its table: `next` moves past it. */
static int check_next(const reader *r, const char *field, tresse_span span,
                      uint32_t count, uint32_t *next) {
  if (!check_span(r, field, span, count, UINT32_MAX))
    return 0;
  if (span.first != *next && span.count)
    return fail(r, "%s: expected the list to begin at %u, but got %u", field,
                *next, span.first);
  *next += span.count;
  return 1;
}

static int check_limit(const reader *r, const char *field, uint64_t value,
                       uint64_t limit) {
  if (value < limit)
    return 1;
  return fail(r, "%s: expected a value below %llu, but got %llu", field,
              (unsigned long long)limit, (unsigned long long)value);
}

static int check_all_used(reader *r, const char *what, uint32_t used,
                          uint32_t count) {
  r->what = NULL;
  if (used == count)
    return 1;
  return fail(r, "%u of %u %s belong to nothing", count - used, count, what);
}

/* Header. */

static int check_table(reader *r, const char *name, tresse_table table,
                       uint32_t record, uint32_t alignment) {
  uint64_t size = r->plan->byte_size, bytes;
  r->what = NULL;
  if (table.stride < record || table.stride % alignment)
    return fail(r,
                "table '%s': expected records of at least %u bytes, but "
                "got %u",
                name, record, table.stride);
  bytes = (uint64_t)table.count * table.stride;
  if (table.offset > size || bytes > size - table.offset ||
      table.offset % alignment)
    return fail(r,
                "table '%s': expected an aligned table inside %llu bytes, "
                "but got %llu bytes at %u",
                name, (unsigned long long)size, (unsigned long long)bytes,
                table.offset);
  return 1;
}

static int check_tables(reader *r) {
  const tresse_plan *p = r->plan;
  if (!check_table(r, "strings", p->strings, 1, 1) || p->strings.stride != 1 ||
      !check_table(r, "numbers", p->numbers, 8, 8) || p->numbers.stride != 8)
    return r->message_size && *r->message
               ? 0
               : fail(r,
                      "expected strings of stride 1 and numbers of stride "
                      "8, but got %u and %u",
                      p->strings.stride, p->numbers.stride);
  if (!p->strings.count || tresse_plan_string(p, 0)[p->strings.count - 1] != 0)
    return fail(r, "expected the string table to end with a NUL");
#define TABLE(name, type)                                                      \
  if (!check_table(r, #name, p->name, sizeof(type), 8))                        \
    return 0;
  TABLE(records, tresse_record)
  TABLE(axes, tresse_axis)
  TABLE(communicators, tresse_communicator)
  TABLE(programs, tresse_program)
  TABLE(program_of_rank, tresse_span)
  TABLE(globals, tresse_global)
  TABLE(pieces, tresse_piece)
  TABLE(buffers, tresse_buffer)
  TABLE(tensors, tresse_tensor)
  TABLE(entries, tresse_entry)
  TABLE(arguments, tresse_argument)
  TABLE(steps, tresse_step)
  TABLE(operands, tresse_operand)
  TABLE(launches, tresse_launch)
  TABLE(gemms, tresse_gemm)
  TABLE(grouped_gemms, tresse_grouped_gemm)
  TABLE(collectives, tresse_collective)
  TABLE(copies, tresse_copy)
  TABLE(fills, tresse_fill)
  TABLE(kernels, tresse_kernel)
  TABLE(modules, tresse_module)
  TABLE(tensor_maps, tresse_tensor_map)
  TABLE(attributes, tresse_attribute)
#undef TABLE
  return 1;
}

static int check_header(reader *r, uint64_t size) {
  const tresse_plan *p = r->plan;
  uint64_t sum;
  if (size < sizeof(tresse_plan))
    return fail(r, "expected at least %zu bytes, but got %llu",
                sizeof(tresse_plan), (unsigned long long)size);
  if (memcmp(p->magic, "TRESSE\0\0", 8))
    return fail(r, "expected the magic bytes 'TRESSE'");
  if (p->minimum_runtime > TRESSE_PLAN_VERSION)
    return fail(r, "needs version %u of the runtime, but this is version %u",
                p->minimum_runtime, TRESSE_PLAN_VERSION);
  if (p->byte_size < sizeof(tresse_plan) || p->byte_size > size)
    return fail(r, "expected %llu bytes as the header says, but got %llu",
                (unsigned long long)p->byte_size, (unsigned long long)size);
  sum = tresse_plan_checksum(p, p->byte_size);
  if (sum != p->checksum)
    return fail(r, "expected the checksum %016llx, but got %016llx",
                (unsigned long long)p->checksum, (unsigned long long)sum);
  if (p->target > TRESSE_CUDA)
    return fail(r, "expected a target below 3, but got %u", p->target);
  return 1;
}

/* Tables, in the order of plan.h. */

static int check_names(reader *r) {
  const tresse_plan *p = r->plan;
  r->what = "record";
  for (r->index = 0; r->index < p->records.count; ++r->index) {
    const tresse_record *record = RECORD(tresse_record, records, r->index);
    if (!check_string(r, "name", record->name) ||
        !check_string(r, "value", record->value))
      return 0;
  }
  r->what = "axis";
  for (r->index = 0; r->index < p->axes.count; ++r->index)
    if (!check_string(r, "name", RECORD(tresse_axis, axes, r->index)->name))
      return 0;
  r->what = "communicator";
  for (r->index = 0; r->index < p->communicators.count; ++r->index)
    if (!check_string(
            r, "name",
            RECORD(tresse_communicator, communicators, r->index)->name))
      return 0;
  if (p->target != TRESSE_CUDA) {
    r->what = NULL;
    return check_string(r, "architecture", p->architecture);
  }
  return 1;
}

static int check_programs(reader *r) {
  const tresse_plan *p = r->plan;
  uint32_t next = 0;
  r->what = "program";
  for (r->index = 0; r->index < p->programs.count; ++r->index) {
    const tresse_program *program = RECORD(tresse_program, programs, r->index);
    if (!check_string(r, "name", program->name) ||
        !check_next(r, "entries", program->entries, p->entries.count, &next) ||
        !check_limit(r, "streams", program->stream_count, 1u << 16) ||
        !check_limit(r, "arena", program->arena_size, UINT64_MAX / 4) ||
        !check_limit(r, "persistent", program->persistent_size,
                     UINT64_MAX / 4) ||
        !check_limit(r, "pinned", program->pinned_size, UINT64_MAX / 4))
      return 0;
    if (program->arena_size > r->arena)
      r->arena = program->arena_size;
    if (program->persistent_size > r->persistent)
      r->persistent = program->persistent_size;
    if (program->pinned_size > r->pinned)
      r->pinned = program->pinned_size;
  }
  if (!check_all_used(r, "entries", next, p->entries.count))
    return 0;
  r->what = "rank";
  for (r->index = 0; r->index < p->program_of_rank.count; ++r->index)
    if (!check_index(r, "program", *RECORD(uint32_t, program_of_rank, r->index),
                     p->programs.count))
      return 0;
  return 1;
}

static int check_globals(reader *r) {
  const tresse_plan *p = r->plan;
  uint32_t next = 0;
  r->what = "global";
  for (r->index = 0; r->index < p->globals.count; ++r->index) {
    const tresse_global *g = RECORD(tresse_global, globals, r->index);
    if (!check_string(r, "name", g->name) ||
        !check_limit(r, "role", g->role, TRESSE_DERIVED + 1) ||
        !check_limit(r, "initializer", g->initializer,
                     TRESSE_INIT_UNIFORM + 1) ||
        !check_index(r, "buffer", g->buffer, p->buffers.count) ||
        !check_optional(r, "of", g->of, p->globals.count) ||
        !check_numbers(r, "shape", g->shape) ||
        !check_numbers(r, "shard", g->shard) ||
        !check_next(r, "pieces", g->pieces, p->pieces.count, &next))
      return 0;
    if (!tresse_plan_dtype_size(g->dtype))
      return fail(r, "dtype: expected a known type, but got %u", g->dtype);
    for (uint32_t k = 0; k < g->shape.count; ++k)
      if (tresse_plan_numbers(p, g->shape)[k] < 0)
        return fail(r, "shape: expected sizes of at least 0, but got %lld",
                    (long long)tresse_plan_numbers(p, g->shape)[k]);
  }
  return check_all_used(r, "pieces", next, p->pieces.count);
}

static int check_pieces(reader *r) {
  const tresse_plan *p = r->plan;
  r->what = "piece";
  for (r->index = 0; r->index < p->pieces.count; ++r->index) {
    const tresse_piece *piece = RECORD(tresse_piece, pieces, r->index);
    if (!check_string(r, "pattern", piece->pattern) ||
        !check_optional(r, "scale pattern", piece->scale_pattern,
                        p->strings.count) ||
        !check_numbers(r, "source shape", piece->source_shape) ||
        !check_numbers(r, "source start", piece->source_start) ||
        !check_numbers(r, "target start", piece->target_start) ||
        !check_numbers(r, "target shape", piece->target_shape) ||
        !check_numbers(r, "permutation", piece->permutation))
      return 0;
    if (piece->scale_pattern != TRESSE_NONE &&
        !check_string(r, "scale pattern", piece->scale_pattern))
      return 0;
    if (piece->step <= 0 || piece->first < 0 || piece->last < piece->first)
      return fail(r,
                  "expected 0 <= first <= last and a step above 0, but got "
                  "%lld, %lld, %lld",
                  (long long)piece->first, (long long)piece->last,
                  (long long)piece->step);
  }
  return 1;
}

static int check_buffers(reader *r) {
  const tresse_plan *p = r->plan;
  r->what = "buffer";
  for (r->index = 0; r->index < p->buffers.count; ++r->index) {
    const tresse_buffer *b = RECORD(tresse_buffer, buffers, r->index);
    uint64_t room = b->space == TRESSE_ARENA        ? r->arena
                    : b->space == TRESSE_PERSISTENT ? r->persistent
                    : b->space == TRESSE_PINNED     ? r->pinned
                                                    : UINT64_MAX;
    if (!check_string(r, "name", b->name) ||
        !check_limit(r, "space", b->space, TRESSE_CONSTANT + 1))
      return 0;
    if (b->offset > room || b->size > room - b->offset)
      return fail(r,
                  "'%s': expected to end inside the %s of %llu bytes, but "
                  "got %llu bytes at offset %llu",
                  tresse_plan_string(p, b->name),
                  b->space == TRESSE_ARENA        ? "arena"
                  : b->space == TRESSE_PERSISTENT ? "persistent block"
                                                  : "address space",
                  (unsigned long long)room, (unsigned long long)b->size,
                  (unsigned long long)b->offset);
    if (b->last_step < b->first_step)
      return fail(r,
                  "'%s': expected its last step at or after step %u, but "
                  "got %u",
                  tresse_plan_string(p, b->name), b->first_step, b->last_step);
  }
  return 1;
}

/* Bytes from the first to behind the last element; 0 on overflow. */
static int tensor_extent(const tresse_plan *p, const tresse_tensor *t,
                         uint64_t *bytes) {
  const int64_t *sizes = tresse_plan_numbers(p, t->sizes);
  const int64_t *strides = tresse_plan_numbers(p, t->strides);
  int64_t last = 0, elements = 1, term, zero = 0;
  for (uint32_t k = 0; k < t->sizes.count; ++k) {
    if (sizes[k] < 0 || strides[k] < 0)
      return 0;
    zero |= sizes[k] == 0;
    if (__builtin_mul_overflow(elements, sizes[k] ? sizes[k] : 1, &elements) ||
        __builtin_mul_overflow(sizes[k] ? sizes[k] - 1 : 0, strides[k],
                               &term) ||
        __builtin_add_overflow(last, term, &last))
      return 0;
  }
  if (zero) {
    *bytes = 0;
    return 1;
  }
  return !__builtin_add_overflow(last, 1, &last) &&
         !__builtin_mul_overflow((uint64_t)last,
                                 tresse_plan_dtype_size(t->dtype), bytes);
}

static int check_tensors(reader *r) {
  const tresse_plan *p = r->plan;
  uint64_t extent;
  r->what = "tensor";
  for (r->index = 0; r->index < p->tensors.count; ++r->index) {
    const tresse_tensor *t = RECORD(tresse_tensor, tensors, r->index);
    if (!check_index(r, "buffer", t->buffer, p->buffers.count) ||
        !check_numbers(r, "sizes", t->sizes) ||
        !check_numbers(r, "strides", t->strides) ||
        !check_optional(r, "rows", t->rows, p->tensors.count))
      return 0;
    if (!tresse_plan_dtype_size(t->dtype))
      return fail(r, "dtype: expected a known type, but got %u", t->dtype);
    if (t->sizes.count != t->strides.count)
      return fail(r, "expected as many strides as sizes, but got %u and %u",
                  t->strides.count, t->sizes.count);
    if (t->offset % tresse_plan_dtype_size(t->dtype))
      return fail(r,
                  "expected an offset that is a multiple of %u, but got "
                  "%llu",
                  tresse_plan_dtype_size(t->dtype),
                  (unsigned long long)t->offset);
    const tresse_buffer *b = RECORD(tresse_buffer, buffers, t->buffer);
    if (!tensor_extent(p, t, &extent) || t->offset > b->size ||
        extent > b->size - t->offset)
      return fail(r,
                  "expected to lie inside buffer '%s' of %llu bytes, but "
                  "its sizes and strides lead out of it",
                  tresse_plan_string(p, b->name), (unsigned long long)b->size);
    if (t->rows != TRESSE_NONE &&
        RECORD(tresse_tensor, tensors, t->rows)->dtype != TRESSE_I32)
      return fail(r, "rows: expected an i32 tensor, but tensor %u is not one",
                  t->rows);
  }
  return 1;
}

static int check_entries(reader *r) {
  const tresse_plan *p = r->plan;
  uint32_t arguments = 0, steps = 0;
  r->what = "entry";
  for (r->index = 0; r->index < p->entries.count; ++r->index) {
    const tresse_entry *e = RECORD(tresse_entry, entries, r->index);
    if (!check_string(r, "name", e->name) ||
        !check_next(r, "inputs", e->inputs, p->arguments.count, &arguments) ||
        !check_next(r, "outputs", e->outputs, p->arguments.count, &arguments) ||
        !check_next(r, "steps", e->steps, p->steps.count, &steps) ||
        !check_optional(r, "status", e->status, p->tensors.count))
      return 0;
  }
  if (!check_all_used(r, "steps", steps, p->steps.count) ||
      !check_all_used(r, "arguments", arguments, p->arguments.count))
    return 0;
  r->what = "argument";
  for (r->index = 0; r->index < p->arguments.count; ++r->index) {
    const tresse_argument *a = RECORD(tresse_argument, arguments, r->index);
    if (!check_string(r, "name", a->name) ||
        !check_index(r, "tensor", a->tensor, p->tensors.count))
      return 0;
  }
  return 1;
}

/* Every record of a kind belongs to one step, in order of the steps. */
static int check_step_record(const reader *r, const tresse_step *s,
                             uint32_t next[TRESSE_WAIT + 1]) {
  const tresse_plan *p = r->plan;
  const uint32_t counts[] = {p->launches.count,      p->gemms.count,
                             p->grouped_gemms.count, p->collectives.count,
                             p->copies.count,        p->fills.count};
  if (s->kind >= TRESSE_RECORD)
    return check_limit(r, "event", s->index, r->events);
  if (!check_index(r, "record", s->index, counts[s->kind]))
    return 0;
  if (s->index != next[s->kind])
    return fail(r, "expected record %u of its kind, but got %u", next[s->kind],
                s->index);
  ++next[s->kind];
  return 1;
}

static int check_program_steps(reader *r, const tresse_program *program,
                               uint32_t *operands, uint32_t *next) {
  const tresse_plan *p = r->plan;
  r->events = program->event_count;
  for (uint32_t k = 0; k < program->entries.count; ++k) {
    const tresse_entry *e =
        RECORD(tresse_entry, entries, program->entries.first + k);
    for (uint32_t i = 0; i < e->steps.count; ++i) {
      r->index = e->steps.first + i;
      const tresse_step *s = RECORD(tresse_step, steps, r->index);
      if (!check_limit(r, "kind", s->kind, TRESSE_WAIT + 1) ||
          !check_string(r, "name", s->name) ||
          !check_limit(r, "stream", s->stream, program->stream_count) ||
          !check_next(r, "operands", s->operands, p->operands.count,
                      operands) ||
          !check_step_record(r, s, next))
        return 0;
    }
  }
  return 1;
}

static int check_steps(reader *r) {
  const tresse_plan *p = r->plan;
  uint32_t operands = 0, next[TRESSE_WAIT + 1] = {0};
  for (uint32_t i = 0; i < p->programs.count; ++i) {
    r->what = "step";
    if (!check_program_steps(r, RECORD(tresse_program, programs, i), &operands,
                             next))
      return 0;
  }
  if (!check_all_used(r, "operands", operands, p->operands.count) ||
      !check_all_used(r, "launches", next[TRESSE_LAUNCH], p->launches.count) ||
      !check_all_used(r, "gemms", next[TRESSE_GEMM], p->gemms.count) ||
      !check_all_used(r, "grouped gemms", next[TRESSE_GROUPED_GEMM],
                      p->grouped_gemms.count) ||
      !check_all_used(r, "collectives", next[TRESSE_COLLECTIVE],
                      p->collectives.count) ||
      !check_all_used(r, "copies", next[TRESSE_COPY], p->copies.count) ||
      !check_all_used(r, "fills", next[TRESSE_FILL], p->fills.count))
    return 0;
  r->what = "operand";
  for (r->index = 0; r->index < p->operands.count; ++r->index) {
    const tresse_operand *o = RECORD(tresse_operand, operands, r->index);
    if (!check_limit(r, "kind", o->kind, TRESSE_OPERAND_BITS + 1) ||
        !check_limit(r, "access", o->access, TRESSE_ACCUMULATE + 1))
      return 0;
    if (o->kind == TRESSE_OPERAND_TENSOR &&
        !check_optional(r, "tensor", o->index, p->tensors.count))
      return 0;
    if (o->kind == TRESSE_OPERAND_TENSOR_MAP &&
        !check_index(r, "tensor map", o->index, p->tensor_maps.count))
      return 0;
  }
  return 1;
}

static int check_launches(reader *r) {
  const tresse_plan *p = r->plan;
  uint32_t attributes = 0;
  r->what = "launch";
  for (r->index = 0; r->index < p->launches.count; ++r->index) {
    const tresse_launch *l = RECORD(tresse_launch, launches, r->index);
    if (!check_index(r, "kernel", l->kernel, p->kernels.count) ||
        !check_optional(r, "tile count from", l->tile_count_from,
                        p->tensors.count) ||
        !check_limit(r, "tile count", l->tile_count, (uint64_t)INT64_MAX) ||
        !check_next(r, "attributes", l->attributes, p->attributes.count,
                    &attributes))
      return 0;
  }
  if (!check_all_used(r, "attributes", attributes, p->attributes.count))
    return 0;
  r->what = "attribute";
  for (r->index = 0; r->index < p->attributes.count; ++r->index) {
    const tresse_attribute *a = RECORD(tresse_attribute, attributes, r->index);
    if (!check_string(r, "name", a->name) ||
        !check_limit(r, "kind", a->kind, TRESSE_ATTRIBUTE_STRING + 1))
      return 0;
    if (a->kind == TRESSE_ATTRIBUTE_LIST &&
        !check_span(r, "list", a->value.list, p->numbers.count,
                    TRESSE_MAXIMUM_LIST))
      return 0;
    if (a->kind == TRESSE_ATTRIBUTE_STRING &&
        (!check_limit(r, "string", a->value.string, UINT32_MAX) ||
         !check_string(r, "string", (uint32_t)a->value.string)))
      return 0;
  }
  return 1;
}

static int check_gemms(reader *r) {
  const tresse_plan *p = r->plan;
  const uint32_t tensors = p->tensors.count;
  r->what = "gemm";
  for (r->index = 0; r->index < p->gemms.count; ++r->index) {
    const tresse_gemm *g = RECORD(tresse_gemm, gemms, r->index);
    if (!check_index(r, "a", g->a, tensors) ||
        !check_index(r, "b", g->b, tensors) ||
        !check_optional(r, "c", g->c, tensors) ||
        !check_index(r, "d", g->d, tensors) ||
        !check_optional(r, "bias", g->bias, tensors) ||
        !check_optional(r, "auxiliary", g->auxiliary, tensors) ||
        !check_optional(r, "a_scale", g->a_scale, tensors) ||
        !check_optional(r, "b_scale", g->b_scale, tensors) ||
        !check_optional(r, "c_scale", g->c_scale, tensors) ||
        !check_optional(r, "d_scale", g->d_scale, tensors) ||
        !check_optional(r, "workspace", g->workspace, tensors) ||
        !check_optional(r, "rows_from", g->rows_from, tensors) ||
        !check_optional(r, "kernel", g->kernel, p->kernels.count) ||
        !check_limit(r, "transpose", g->transpose, 4) ||
        !check_limit(r, "provider", g->provider, TRESSE_PROVIDER_KERNEL + 1))
      return 0;
    if (!tresse_plan_dtype_size(g->compute))
      return fail(r, "compute: expected a known type, but got %u", g->compute);
    if (g->provider == TRESSE_PROVIDER_KERNEL && g->kernel == TRESSE_NONE)
      return fail(r, "expected a kernel, the provider, but got none");
  }
  return 1;
}

static int check_grouped_gemms(reader *r) {
  const tresse_plan *p = r->plan;
  const uint32_t tensors = p->tensors.count;
  r->what = "grouped gemm";
  for (r->index = 0; r->index < p->grouped_gemms.count; ++r->index) {
    const tresse_grouped_gemm *g =
        RECORD(tresse_grouped_gemm, grouped_gemms, r->index);
    if (!check_index(r, "a", g->a, tensors) ||
        !check_index(r, "b", g->b, tensors) ||
        !check_optional(r, "c", g->c, tensors) ||
        !check_index(r, "d", g->d, tensors) ||
        !check_optional(r, "a_scale", g->a_scale, tensors) ||
        !check_optional(r, "b_scale", g->b_scale, tensors) ||
        !check_optional(r, "d_scale", g->d_scale, tensors) ||
        !check_optional(r, "row_weight", g->row_weight, tensors) ||
        !check_index(r, "ends", g->ends, tensors) ||
        !check_optional(r, "kernel", g->kernel, p->kernels.count) ||
        !check_limit(r, "varying", g->varying, TRESSE_VARYING_K + 1) ||
        !check_limit(r, "transpose", g->transpose, 4))
      return 0;
    if (!tresse_plan_dtype_size(g->compute))
      return fail(r, "compute: expected a known type, but got %u", g->compute);
    if (RECORD(tresse_tensor, tensors, g->ends)->dtype != TRESSE_I32)
      return fail(r, "ends: expected an i32 tensor, but tensor %u is not one",
                  g->ends);
  }
  return 1;
}

static int check_moves(reader *r) {
  const tresse_plan *p = r->plan;
  const uint32_t tensors = p->tensors.count;
  r->what = "collective";
  for (r->index = 0; r->index < p->collectives.count; ++r->index) {
    const tresse_collective *c =
        RECORD(tresse_collective, collectives, r->index);
    if (!check_index(r, "communicator", c->communicator,
                     p->communicators.count) ||
        !check_optional(r, "input", c->input, tensors) ||
        !check_optional(r, "output", c->output, tensors) ||
        !check_optional(r, "counts", c->counts, tensors))
      return 0;
  }
  r->what = "copy";
  for (r->index = 0; r->index < p->copies.count; ++r->index) {
    const tresse_copy *c = RECORD(tresse_copy, copies, r->index);
    if (!check_index(r, "from", c->from, tensors) ||
        !check_index(r, "to", c->to, tensors))
      return 0;
  }
  r->what = "fill";
  for (r->index = 0; r->index < p->fills.count; ++r->index) {
    const tresse_fill *f = RECORD(tresse_fill, fills, r->index);
    if (!check_index(r, "to", f->to, tensors))
      return 0;
    if (f->width != 1 && f->width != 2 && f->width != 4 && f->width != 8)
      return fail(r, "width: expected 1, 2, 4 or 8 bytes, but got %u",
                  f->width);
  }
  return 1;
}

static int check_code(reader *r) {
  const tresse_plan *p = r->plan;
  r->what = "kernel";
  for (r->index = 0; r->index < p->kernels.count; ++r->index) {
    const tresse_kernel *k = RECORD(tresse_kernel, kernels, r->index);
    if (!check_string(r, "name", k->name) ||
        !check_optional(r, "module", k->module, p->modules.count) ||
        !check_limit(r, "scratch", k->scratch_bytes, UINT64_MAX / 4))
      return 0;
  }
  r->what = "tensor map";
  for (r->index = 0; r->index < p->tensor_maps.count; ++r->index) {
    const tresse_tensor_map *m =
        RECORD(tresse_tensor_map, tensor_maps, r->index);
    if (!check_index(r, "tensor", m->tensor, p->tensors.count) ||
        !check_numbers(r, "box", m->box) ||
        !check_numbers(r, "element strides", m->element_strides))
      return 0;
  }
  return 1;
}

int tresse_plan_validate(const void *bytes, uint64_t size, char *message,
                         uint64_t message_size) {
  reader state = {0}, *r = &state;
  r->plan = bytes;
  r->message = message;
  r->message_size = message_size;
  if (message_size)
    *message = 0;
  if ((uintptr_t)bytes % 8)
    return fail(r, "expected bytes aligned to 8");
  return check_header(r, size) && check_tables(r) && check_names(r) &&
         check_programs(r) && check_globals(r) && check_pieces(r) &&
         check_buffers(r) && check_tensors(r) && check_entries(r) &&
         check_steps(r) && check_launches(r) && check_gemms(r) &&
         check_grouped_gemms(r) && check_moves(r) && check_code(r);
}
