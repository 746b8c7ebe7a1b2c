/* sampling.c: the next token, drawn from logits. */
#include "tensor.h"

/* Places in the sampling row of a slot, [8]. */
enum { TEMPERATURE, TOP_K, TOP_P, MIN_P, UNIFORM };

typedef struct candidate {
  double probability;
  int64_t token;
} candidate;

/* Descending probability; among equals the lower token first. */
static int by_probability(const void *left, const void *right) {
  const candidate *a = left, *b = right;
  if (a->probability != b->probability)
    return a->probability > b->probability ? -1 : 1;
  return a->token < b->token ? -1 : a->token > b->token;
}

/* Probabilities of one row at the given temperature, sorted. */
static void rank_tokens(const double *logits, int64_t vocabulary,
                        double temperature, candidate *ranked) {
  double highest = -INFINITY;
  for (int64_t v = 0; v < vocabulary; ++v)
    highest = fmax(highest, logits[v]);
  for (int64_t v = 0; v < vocabulary; ++v) {
    ranked[v].probability = exp((logits[v] - highest) / temperature);
    ranked[v].token = v;
  }
  qsort(ranked, (size_t)vocabulary, sizeof *ranked, by_probability);
}

/* Sum of the first `count` weights. */
static double total(const candidate *ranked, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i)
    sum += ranked[i].probability;
  return sum;
}

/* How many of the ranked tokens may be drawn: top-k, then the shortest prefix
 * that holds top-p of what is left, then those with at least min-p times the
 * first one's probability. */
static int64_t keep(const candidate *ranked, int64_t vocabulary,
                    const double *sampling) {
  int64_t kept = vocabulary, top_k = (int64_t)sampling[TOP_K];
  if (top_k > 0 && top_k < kept)
    kept = top_k;
  if (sampling[TOP_P] < 1) {
    double target = sampling[TOP_P] * total(ranked, kept), sum = 0;
    int64_t count = 0;
    while (count < kept && (count == 0 || sum < target))
      sum += ranked[count++].probability;
    kept = count;
  }
  while (kept > 1 &&
         ranked[kept - 1].probability < sampling[MIN_P] * ranked[0].probability)
    --kept;
  return kept;
}

static int64_t largest(const double *logits, int64_t vocabulary) {
  int64_t best = 0;
  for (int64_t v = 1; v < vocabulary; ++v)
    if (logits[v] > logits[best])
      best = v;
  return best;
}

/* One slot. */
static int64_t draw(const double *logits, int64_t vocabulary,
                    const double *sampling, candidate *ranked) {
  if (!(sampling[TEMPERATURE] > 0))
    return largest(logits, vocabulary);
  rank_tokens(logits, vocabulary, sampling[TEMPERATURE], ranked);
  int64_t kept = keep(ranked, vocabulary, sampling);
  double threshold = sampling[UNIFORM] * total(ranked, kept), sum = 0;
  for (int64_t i = 0; i < kept; ++i) {
    sum += ranked[i].probability;
    if (sum > threshold)
      return ranked[i].token;
  }
  return ranked[kept - 1].token;
}

/* logits: [slots, V]
 * sampling: [slots, 8] = temperature (0: the largest logit), top-k (0: off),
 *   top-p (1: off), min-p (0: off), a uniform number in [0, 1), 0, 0, 0
 * result: i32 [slots]. Inverse of the cumulative distribution over tokens in
 * descending probability; among equals the lower token first. */
void tresse_ref_sample(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *logits = scope_read(&s, 0), *sampling = scope_read(&s, 1);
  double *result = scope_zeros_like(&s, 2);
  int64_t slots = scope_tensor(&s, 0)->sizes[0];
  int64_t vocabulary = scope_tensor(&s, 0)->sizes[1];
  int64_t settings = scope_tensor(&s, 1)->sizes[1];
  candidate *ranked = malloc((size_t)vocabulary * sizeof *ranked);
  if (!ranked)
    reference_fail("out of memory for", "scratch");
  for (int64_t slot = 0; slot < slots; ++slot)
    result[slot] = (double)draw(logits + slot * vocabulary, vocabulary,
                                sampling + slot * settings, ranked);
  free(ranked);
  scope_write(&s, 2, result);
  scope_end(&s);
}
