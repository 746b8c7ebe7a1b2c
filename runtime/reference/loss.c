/* loss.c: cross-entropy of next tokens, its gradient, and means over the
 * tokens that have a target. */
#include "tensor.h"

/* log(sum(exp(x))) of one row. */
static double log_sum_exp(const double *x, int64_t count) {
  double highest = -INFINITY, sum = 0;
  for (int64_t i = 0; i < count; ++i)
    highest = fmax(highest, x[i]);
  if (isinf(highest))
    return highest;
  for (int64_t i = 0; i < count; ++i)
    sum += exp(x[i] - highest);
  return highest + log(sum);
}

/* logits: [R.., V]   targets: i32 [R..]   results: [R..], lse [R..]
 * result = sign * (logits[target] - lse); 0 where the target is negative */
static void target_log_probability(const tresse_reference_call *call,
                                   double sign) {
  scope s = scope_begin(call);
  const double *logits = scope_read(&s, 0), *targets = scope_read(&s, 1);
  double *result = scope_zeros_like(&s, 2), *lse = scope_zeros_like(&s, 3);
  int64_t vocabulary = tensor_size(scope_tensor(&s, 0), 0);
  for (int64_t r = 0; r < tensor_count(scope_tensor(&s, 1)); ++r) {
    int64_t target = (int64_t)targets[r];
    lse[r] = log_sum_exp(logits + r * vocabulary, vocabulary);
    if (target >= 0 && target < vocabulary)
      result[r] = sign * (logits[r * vocabulary + target] - lse[r]);
  }
  scope_write(&s, 2, result);
  scope_write(&s, 3, lse);
  scope_end(&s);
}

/* losses[r] = lse - logits[target] */
void tresse_ref_cross_entropy(const tresse_reference_call *call) {
  target_log_probability(call, -1);
}

/* logp[r] = logits[target] - lse */
void tresse_ref_token_log_prob(const tresse_reference_call *call) {
  target_log_probability(call, 1);
}

/* logits: [R.., V]   targets: i32 [R..]   lse: [R..]   dlosses: [R..]
 * result: [R.., V] = dloss * (exp(logits - lse) - onehot(target)); zero rows
 * where the target is negative */
void tresse_ref_cross_entropy_grad(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *logits = scope_read(&s, 0), *targets = scope_read(&s, 1);
  const double *lse = scope_read(&s, 2), *dlosses = scope_read(&s, 3);
  double *result = scope_zeros_like(&s, 4);
  int64_t vocabulary = tensor_size(scope_tensor(&s, 0), 0);
  for (int64_t r = 0; r < tensor_count(scope_tensor(&s, 1)); ++r) {
    int64_t target = (int64_t)targets[r];
    if (target < 0)
      continue;
    for (int64_t v = 0; v < vocabulary; ++v)
      result[r * vocabulary + v] =
          dlosses[r] *
          (exp(logits[r * vocabulary + v] - lse[r]) - (v == target ? 1 : 0));
  }
  scope_write(&s, 4, result);
  scope_end(&s);
}

/* The number of targets that count. */
static double count_valid(const double *targets, int64_t count) {
  double valid = 0;
  for (int64_t r = 0; r < count; ++r)
    valid += targets[r] >= 0;
  return valid;
}

/* losses: [R..]   targets: i32 [R..]   result: [1]
 * The mean over the rows whose target is not negative; 0 over none. */
void tresse_ref_mean_valid(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *losses = scope_read(&s, 0), *targets = scope_read(&s, 1);
  int64_t rows = tensor_count(scope_tensor(&s, 1));
  double sum = 0, valid = count_valid(targets, rows);
  for (int64_t r = 0; r < rows; ++r)
    sum += targets[r] >= 0 ? losses[r] : 0;
  double mean = valid > 0 ? sum / valid : 0;
  scope_write(&s, 2, &mean);
  scope_end(&s);
}

/* dloss: [1]   targets: i32 [R..]   result: [R..] */
void tresse_ref_mean_valid_grad(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *dloss = scope_read(&s, 0), *targets = scope_read(&s, 1);
  double *result = scope_zeros_like(&s, 2);
  int64_t rows = tensor_count(scope_tensor(&s, 1));
  double valid = count_valid(targets, rows);
  for (int64_t r = 0; r < rows; ++r)
    if (targets[r] >= 0)
      result[r] = *dloss / valid;
  scope_write(&s, 2, result);
  scope_end(&s);
}
