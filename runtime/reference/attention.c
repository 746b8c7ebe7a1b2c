/* attention.c: causal attention over positions, in the expanded and in the
 * absorbed form (DeepSeek-V2, arXiv 2405.04434, section 2.1), and its cache. */
#include "tensor.h"

/* q: [B, S, H, dn + dr]   kv: [B, L, H, dn + dv]   k_rope: [B, L, dr] */
typedef struct extents {
  int64_t batch, queries, keys, heads, nope, rope, value;
} extents;

static extents attention_extents(const scope *s) {
  const tensor *q = scope_tensor(s, 0), *kv = scope_tensor(s, 1),
               *k_rope = scope_tensor(s, 2);
  extents e;
  e.batch = q->sizes[0];
  e.queries = q->sizes[1];
  e.heads = q->sizes[2];
  e.keys = kv->sizes[1];
  e.rope = k_rope->sizes[2];
  e.nope = q->sizes[3] - e.rope;
  e.value = kv->sizes[3] - e.nope;
  return e;
}

/* Query `query` of sequence `b` sees the first `visible` keys. */
static int64_t visible(const double *positions, int64_t query, int64_t keys) {
  int64_t count = (int64_t)positions[query] + 1;
  return count < 0 ? 0 : count < keys ? count : keys;
}

/* One query row against one key row of the same head. */
static double score(extents e, const double *q, const double *kv,
                    const double *k_rope) {
  return dot(q, kv, e.nope) + dot(q + e.nope, k_rope, e.rope);
}

/* Turns scores into probabilities; returns the log of the sum of exponentials,
 * -inf over nothing. */
static double softmax(double *scores, int64_t count) {
  double highest = -INFINITY, sum = 0;
  for (int64_t j = 0; j < count; ++j)
    highest = fmax(highest, scores[j]);
  for (int64_t j = 0; j < count; ++j)
    sum += scores[j] = exp(scores[j] - highest);
  for (int64_t j = 0; j < count; ++j)
    scores[j] /= sum;
  return count > 0 ? highest + log(sum) : -INFINITY;
}

/* q, kv, k_rope, positions: i32 [B, S]   out: [B, S, H, dv]   lse: [B, S, H]
 * out = softmax over j <= positions[b, i] of scale * score(i, j), times v_j */
void tresse_ref_attention(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  extents e = attention_extents(&s);
  const double *q = scope_read(&s, 0), *kv = scope_read(&s, 1);
  const double *k_rope = scope_read(&s, 2), *positions = scope_read(&s, 3);
  double *out = scope_zeros_like(&s, 4), *lse = scope_zeros_like(&s, 5);
  double *p = scope_zeros(&s, e.keys);
  double scale = attribute_float(call, "scale");
  int64_t width = e.nope + e.value;
  for (int64_t row = 0; row < e.batch * e.queries * e.heads; ++row) {
    int64_t head = row % e.heads, query = row / e.heads;
    int64_t first = query / e.queries * e.keys; /* this sequence's keys */
    int64_t count = visible(positions, query, e.keys);
    for (int64_t j = 0; j < count; ++j)
      p[j] = scale * score(e, q + row * (e.nope + e.rope),
                           kv + ((first + j) * e.heads + head) * width,
                           k_rope + (first + j) * e.rope);
    lse[row] = softmax(p, count);
    for (int64_t j = 0; j < count; ++j)
      add_scaled(out + row * e.value, p[j],
                 kv + ((first + j) * e.heads + head) * width + e.nope, e.value);
  }
  scope_write(&s, 4, out);
  scope_write(&s, 5, lse);
  scope_end(&s);
}

/* q, kv, k_rope, positions, out: [B, S, H, dv], lse: [B, S, H], dout: like out
 * results: dq like q, delta: [B, S, H]
 * With p = exp(scale * score - lse):
 *   delta = sum(dout * out)
 *   ds_j = scale * p_j * (dout . v_j - delta);   dq = sum_j ds_j * k_j */
void tresse_ref_attention_grad_query(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  extents e = attention_extents(&s);
  const double *q = scope_read(&s, 0), *kv = scope_read(&s, 1);
  const double *k_rope = scope_read(&s, 2), *positions = scope_read(&s, 3);
  const double *out = scope_read(&s, 4), *lse = scope_read(&s, 5);
  const double *dout = scope_read(&s, 6);
  double *dq = scope_zeros_like(&s, 7), *delta = scope_zeros_like(&s, 8);
  double scale = attribute_float(call, "scale");
  int64_t width = e.nope + e.value;
  for (int64_t row = 0; row < e.batch * e.queries * e.heads; ++row) {
    int64_t head = row % e.heads, query = row / e.heads;
    int64_t first = query / e.queries * e.keys;
    const double *qr = q + row * (e.nope + e.rope), *dr = dout + row * e.value;
    double *dqr = dq + row * (e.nope + e.rope);
    delta[row] = dot(dr, out + row * e.value, e.value);
    int64_t count = visible(positions, query, e.keys);
    for (int64_t j = 0; j < count; ++j) {
      const double *kvj = kv + ((first + j) * e.heads + head) * width;
      const double *krj = k_rope + (first + j) * e.rope;
      double p = exp(scale * score(e, qr, kvj, krj) - lse[row]);
      double ds = scale * p * (dot(dr, kvj + e.nope, e.value) - delta[row]);
      add_scaled(dqr, ds, kvj, e.nope);
      add_scaled(dqr + e.nope, ds, krj, e.rope);
    }
  }
  scope_write(&s, 7, dq);
  scope_write(&s, 8, delta);
  scope_end(&s);
}

/* q, kv, k_rope, positions, lse: [B, S, H], delta: [B, S, H], dout
 * results: dkv like kv, dk_rope like k_rope (summed over heads)
 *   dk_j = sum_i ds_ij * q_i;   dv_j = sum_i p_ij * dout_i */
void tresse_ref_attention_grad_key(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  extents e = attention_extents(&s);
  const double *q = scope_read(&s, 0), *kv = scope_read(&s, 1);
  const double *k_rope = scope_read(&s, 2), *positions = scope_read(&s, 3);
  const double *lse = scope_read(&s, 4), *delta = scope_read(&s, 5);
  const double *dout = scope_read(&s, 6);
  double *dkv = scope_zeros_like(&s, 7), *dk_rope = scope_zeros_like(&s, 8);
  double scale = attribute_float(call, "scale");
  int64_t width = e.nope + e.value;
  for (int64_t row = 0; row < e.batch * e.queries * e.heads; ++row) {
    int64_t head = row % e.heads, query = row / e.heads;
    int64_t first = query / e.queries * e.keys;
    const double *qr = q + row * (e.nope + e.rope), *dr = dout + row * e.value;
    int64_t count = visible(positions, query, e.keys);
    for (int64_t j = 0; j < count; ++j) {
      int64_t at = ((first + j) * e.heads + head) * width;
      const double *krj = k_rope + (first + j) * e.rope;
      double p = exp(scale * score(e, qr, kv + at, krj) - lse[row]);
      double dp = dot(dr, kv + at + e.nope, e.value);
      double ds = scale * p * (dp - delta[row]);
      add_scaled(dkv + at, ds, qr, e.nope);
      add_scaled(dkv + at + e.nope, p, dr, e.value);
      add_scaled(dk_rope + (first + j) * e.rope, ds, qr + e.nope, e.rope);
    }
  }
  scope_write(&s, 7, dkv);
  scope_write(&s, 8, dk_rope);
  scope_end(&s);
}

/* q_latent: [B, S, H, r]   q_rope: [B, S, H, dr]   latent: [B, L, r]
 * k_rope: [B, L, dr]   positions: i32 [B, S]   result: [B, S, H, r]
 * One key for all heads, [latent | k_rope]; the value is the latent. Only the
 * keys that a query sees are read: a cache holds garbage behind them. */
void tresse_ref_latent_attention(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const tensor *shape = scope_tensor(&s, 0);
  int64_t batch = shape->sizes[0], queries = shape->sizes[1];
  int64_t heads = shape->sizes[2], rank = shape->sizes[3];
  int64_t keys = scope_tensor(&s, 2)->sizes[1];
  int64_t rope = scope_tensor(&s, 3)->sizes[2];
  const double *q_latent = scope_read(&s, 0), *q_rope = scope_read(&s, 1);
  const double *latent = scope_read(&s, 2), *k_rope = scope_read(&s, 3);
  const double *positions = scope_read(&s, 4);
  double *out = scope_zeros_like(&s, 5), *p = scope_zeros(&s, keys);
  double scale = attribute_float(call, "scale");
  for (int64_t row = 0; row < batch * queries * heads; ++row) {
    int64_t query = row / heads, first = query / queries * keys;
    int64_t count = visible(positions, query, keys);
    for (int64_t j = 0; j < count; ++j)
      p[j] = scale *
             (dot(q_latent + row * rank, latent + (first + j) * rank, rank) +
              dot(q_rope + row * rope, k_rope + (first + j) * rope, rope));
    softmax(p, count);
    for (int64_t j = 0; j < count; ++j)
      add_scaled(out + row * rank, p[j], latent + (first + j) * rank, rank);
  }
  scope_write(&s, 5, out);
  scope_end(&s);
}

/* cache: [B, L, C]   x: [B, S, C]   positions: i32 [B, S]
 * result (tied to cache): row positions[b, i] of sequence b becomes x[b, i];
 * negative positions are skipped. */
void tresse_ref_cache_write(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const tensor *cache = scope_tensor(&s, 0), *x = scope_tensor(&s, 1);
  double *rows = scope_read(&s, 0);
  const double *values = scope_read(&s, 1), *positions = scope_read(&s, 2);
  int64_t length = cache->sizes[1], channels = cache->sizes[2];
  int64_t queries = x->sizes[1];
  int tied = scope_tensor(&s, 3)->data == cache->data;
  if (!tied)
    scope_write(&s, 3, rows);
  for (int64_t i = 0; i < x->sizes[0] * queries; ++i) {
    int64_t position = (int64_t)positions[i];
    if (position < 0 || position >= length)
      continue;
    int64_t row = i / queries * length + position;
    memcpy(rows + row * channels, values + i * channels,
           (size_t)channels * sizeof(double));
    scope_write_rows(&s, 3, rows, row, 1);
  }
  scope_end(&s);
}

/* x: [B, S, C]   positions: i32 [B, S]   result: [B, C]
 * Of each sequence the last row that holds a token; row 0 when none does. */
void tresse_ref_last_row(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *x = scope_read(&s, 0), *positions = scope_read(&s, 1);
  double *result = scope_zeros_like(&s, 2);
  const tensor *shape = scope_tensor(&s, 0);
  int64_t queries = shape->sizes[1], channels = shape->sizes[2];
  for (int64_t b = 0; b < shape->sizes[0]; ++b) {
    int64_t last = 0;
    for (int64_t i = 0; i < queries; ++i)
      if (positions[b * queries + i] >= 0)
        last = i;
    memcpy(result + b * channels, x + (b * queries + last) * channels,
           (size_t)channels * sizeof(double));
  }
  scope_write(&s, 2, result);
  scope_end(&s);
}
