/* embedding.c: rows of a table, and the gradient of the table. */
#include "tensor.h"

/* tokens: i32 [T]   table: [V, d]   result: [T, d]
 * result[t] = table[tokens[t]]; a zero row where the token is negative. */
void tresse_ref_embed(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *tokens = scope_read(&s, 0);
  const double *table = scope_read(&s, 1);
  double *result = scope_zeros_like(&s, 2);
  int64_t count = tensor_count(scope_tensor(&s, 0));
  int64_t vocabulary = scope_tensor(&s, 1)->sizes[0];
  int64_t d = tensor_size(scope_tensor(&s, 1), 0);
  for (int64_t t = 0; t < count; ++t) {
    int64_t token = (int64_t)tokens[t];
    if (token >= 0 && token < vocabulary)
      memcpy(result + t * d, table + token * d, (size_t)d * sizeof(double));
  }
  scope_write(&s, 2, result);
  scope_end(&s);
}

/* tokens: i32 [T]   dy: [T, d]   accumulator: [V, d], optional
 * result: [V, d] = accumulator + sum over t of dy[t] at row tokens[t] */
void tresse_ref_embed_grad(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *tokens = scope_read(&s, 0);
  const double *dy = scope_read(&s, 1);
  double *result = scope_read(&s, 2);
  if (!result)
    result = scope_zeros_like(&s, 3);
  int64_t count = tensor_count(scope_tensor(&s, 0));
  int64_t vocabulary = scope_tensor(&s, 3)->sizes[0];
  int64_t d = tensor_size(scope_tensor(&s, 3), 0);
  for (int64_t t = 0; t < count; ++t) {
    int64_t token = (int64_t)tokens[t];
    if (token >= 0 && token < vocabulary)
      add_scaled(result + token * d, 1, dy + t * d, d);
  }
  scope_write(&s, 3, result);
  scope_end(&s);
}
