/* plan_steps.c: the checks of a plan's entries, steps and code. */
#include "plan_checks.h"

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

int tresse_plan_check_steps(reader *r) {
  return check_entries(r) && check_steps(r) && check_launches(r) &&
         check_gemms(r) && check_grouped_gemms(r) && check_moves(r) &&
         check_code(r);
}
