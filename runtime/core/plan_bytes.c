/* plan_bytes.c: the validation of a plan's bytes (plan_bytes.h): its header and
 * what outlives a call. */
#include "plan_checks.h"

#include <string.h>

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
         check_buffers(r) && check_tensors(r) && tresse_plan_check_steps(r);
}
