/* moe.c: routing of tokens to experts, the movement of their rows, SwiGLU and
 * load balance (DeepSeek-V2, arXiv 2405.04434, section 2.2; DeepSeek-V3,
 * arXiv 2412.19437, section 2.1.2). */
#include "tensor.h"

enum { SOFTMAX, SIGMOID };      /* scoring */
enum { GROUP_MAX, GROUP_TOP2 }; /* group_score */

/* Writes to `chosen` the indices of the `k` largest of `values`, in descending
 * order; among equals the lower index comes first. Sets `taken` to 1 at them,
 * to 0 elsewhere. Needs k <= count. */
static void take_largest(double *values, int64_t count, int64_t k,
                         double *chosen, double *taken) {
  for (int64_t i = 0; i < count; ++i)
    taken[i] = 0;
  for (int64_t n = 0; n < k; ++n) {
    int64_t best = -1;
    for (int64_t i = 0; i < count; ++i)
      if (!taken[i] && (best < 0 || values[i] > values[best]))
        best = i;
    chosen[n] = (double)best;
    taken[best] = 1;
  }
}

/* Score of a group of experts: its largest value, or the sum of its two
 * largest. */
static double group_value(const double *values, int64_t size, int64_t form) {
  double first = -INFINITY, second = -INFINITY;
  for (int64_t i = 0; i < size; ++i) {
    if (values[i] > first) {
      second = first;
      first = values[i];
    } else if (values[i] > second) {
      second = values[i];
    }
  }
  return form == GROUP_MAX || size == 1 ? first : first + second;
}

/* logits: [E] -> scores: [E] */
static void score_experts(const double *logits, double *scores, int64_t experts,
                          int64_t scoring) {
  double highest = -INFINITY, sum = 0;
  for (int64_t e = 0; e < experts; ++e)
    highest = fmax(highest, logits[e]);
  for (int64_t e = 0; e < experts; ++e)
    sum += exp(logits[e] - highest);
  for (int64_t e = 0; e < experts; ++e)
    scores[e] = scoring == SIGMOID ? sigmoid(logits[e])
                                   : exp(logits[e] - highest) / sum;
}

/* Sets the values of all but the `kept` best groups to -inf. */
static void keep_groups(scope *s, double *values, int64_t experts,
                        int64_t groups, int64_t kept, int64_t form) {
  double *worth = scope_zeros(s, groups), *chosen = scope_zeros(s, groups);
  double *taken = scope_zeros(s, groups);
  int64_t size = experts / groups;
  for (int64_t g = 0; g < groups; ++g)
    worth[g] = group_value(values + g * size, size, form);
  take_largest(worth, groups, kept, chosen, taken);
  for (int64_t e = 0; e < experts; ++e)
    if (!taken[e / size])
      values[e] = -INFINITY;
}

/* One token: scores and bias -> K chosen experts and their weights. */
static void choose(const tresse_reference_call *call, const double *scores,
                   const double *bias, int64_t experts, int64_t top_k,
                   double *indices, double *weights) {
  scope s = scope_begin(call);
  double *values = scope_zeros(&s, experts), *taken = scope_zeros(&s, experts);
  for (int64_t e = 0; e < experts; ++e)
    values[e] = scores[e] + (bias ? bias[e] : 0);
  int64_t groups = attribute_int_or(call, "groups", 1);
  int64_t kept = attribute_int_or(call, "top_groups", groups);
  if (kept < groups)
    keep_groups(&s, values, experts, groups, kept,
                attribute_int_or(call, "group_score", GROUP_MAX));
  take_largest(values, experts, top_k, indices, taken);
  double scale = attribute_float_or(call, "weight_scale", 1), sum = 1e-20;
  for (int64_t k = 0; k < top_k; ++k)
    sum += scores[(int64_t)indices[k]];
  if (!attribute_int_or(call, "normalize", 0))
    sum = 1;
  for (int64_t k = 0; k < top_k; ++k)
    weights[k] = scores[(int64_t)indices[k]] / sum * scale;
  scope_end(&s);
}

/* logits: [T, E]   bias: [E], optional   positions: i32 [T], optional
 * results: indices i32 [T, K], weights [T, K], scores [T, E]
 * Choice by scores + bias within the best groups; weights from scores alone.
 * A token at a negative position gets indices -1 and weights 0. */
void tresse_ref_route(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *logits = scope_read(&s, 0), *bias = scope_read(&s, 1);
  const double *positions = scope_read(&s, 2);
  double *indices = scope_zeros_like(&s, 3);
  double *weights = scope_zeros_like(&s, 4);
  double *scores = scope_zeros_like(&s, 5);
  int64_t tokens = tensor_rows(scope_tensor(&s, 0), 1);
  int64_t experts = tensor_size(scope_tensor(&s, 0), 0);
  int64_t top_k = tensor_size(scope_tensor(&s, 3), 0);
  int64_t scoring = attribute_int(call, "scoring");
  for (int64_t t = 0; t < tokens; ++t) {
    score_experts(logits + t * experts, scores + t * experts, experts, scoring);
    if (!positions || positions[t] >= 0)
      choose(call, scores + t * experts, bias, experts, top_k,
             indices + t * top_k, weights + t * top_k);
    else
      for (int64_t k = 0; k < top_k; ++k)
        indices[t * top_k + k] = -1;
  }
  scope_write(&s, 3, indices);
  scope_write(&s, 4, weights);
  scope_write(&s, 5, scores);
  scope_end(&s);
}

/* scores: [T, E]   indices: i32 [T, K]   dweights: [T, K]
 * dscores: [T, E], optional   result: dlogits [T, E]
 * The choice and the bias have no gradient. With S = sum of the chosen scores
 * + 1e-20:  normalize: ds_k = scale * (dw_k - sum_j dw_j s_j / S) / S,
 * otherwise ds_k = scale * dw_k; then through the scoring function. */
void tresse_ref_route_grad(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *scores = scope_read(&s, 0), *indices = scope_read(&s, 1);
  const double *dweights = scope_read(&s, 2);
  double *ds = scope_read(&s, 3);
  if (!ds)
    ds = scope_zeros_like(&s, 4);
  int64_t tokens = tensor_rows(scope_tensor(&s, 0), 1);
  int64_t experts = tensor_size(scope_tensor(&s, 0), 0);
  int64_t top_k = tensor_size(scope_tensor(&s, 1), 0);
  int64_t normalize = attribute_int_or(call, "normalize", 0);
  int64_t scoring = attribute_int(call, "scoring");
  double scale = attribute_float_or(call, "weight_scale", 1);
  for (int64_t t = 0; t < tokens; ++t) {
    const double *st = scores + t * experts, *it = indices + t * top_k;
    const double *dwt = dweights + t * top_k;
    double *dst = ds + t * experts;
    double sum = 1e-20, mean = 0;
    for (int64_t k = 0; k < top_k; ++k)
      sum += it[k] < 0 ? 0 : st[(int64_t)it[k]];
    for (int64_t k = 0; k < top_k; ++k)
      mean += it[k] < 0 ? 0 : dwt[k] * st[(int64_t)it[k]] / sum;
    for (int64_t k = 0; k < top_k; ++k)
      if (it[k] >= 0)
        dst[(int64_t)it[k]] +=
            scale * (normalize ? (dwt[k] - mean) / sum : dwt[k]);
    double inner = dot(dst, st, experts);
    for (int64_t e = 0; e < experts; ++e)
      dst[e] = scoring == SIGMOID ? dst[e] * st[e] * (1 - st[e])
                                  : st[e] * (dst[e] - inner);
  }
  scope_write(&s, 4, ds);
  scope_end(&s);
}

/* indices: i32 [T, K]   results: row_of_slot i32 [T, K], slot_of_row i32
 * [T * K], ends i32 [E]. Slots (slot = t * K + k) sorted by expert, stably;
 * skipped slots (index -1) have row -1; rows from ends[E-1] on have slot -1. */
void tresse_ref_group_rows(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *indices = scope_read(&s, 0);
  double *row_of_slot = scope_zeros_like(&s, 1);
  double *slot_of_row = scope_zeros_like(&s, 2);
  double *ends = scope_zeros_like(&s, 3);
  int64_t slots = tensor_count(scope_tensor(&s, 0));
  int64_t experts = tensor_count(scope_tensor(&s, 3));
  int64_t row = 0;
  for (int64_t slot = 0; slot < slots; ++slot)
    row_of_slot[slot] = slot_of_row[slot] = -1;
  for (int64_t e = 0; e < experts; ++e) {
    for (int64_t slot = 0; slot < slots; ++slot)
      if (indices[slot] == (double)e) {
        row_of_slot[slot] = (double)row;
        slot_of_row[row++] = (double)slot;
      }
    ends[e] = (double)row;
  }
  scope_write(&s, 1, row_of_slot);
  scope_write(&s, 2, slot_of_row);
  scope_write(&s, 3, ends);
  scope_end(&s);
}

/* x: [T, d]   slot_of_row: i32 [R]   row_of_slot: i32 [T, K]   ends: i32 [E]
 * weights: [T, K], optional
 * result: [R, d], row r = x[slot / K] (* weights[slot]); rows from ends[E-1] on
 * are not written. */
void tresse_ref_permute(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *x = scope_read(&s, 0), *ends = scope_read(&s, 3);
  const double *weights = scope_read(&s, 4);
  double *result = scope_zeros_like(&s, 5);
  int64_t d = tensor_size(scope_tensor(&s, 0), 0);
  int64_t rows = group_total(ends, tensor_count(scope_tensor(&s, 3)),
                             tensor_count(scope_tensor(&s, 1)));
  const double *slot_of_row = scope_read_rows(&s, 1, rows);
  int64_t top_k = tensor_size(scope_tensor(&s, 2), 0);
  for (int64_t r = 0; r < rows; ++r) {
    int64_t slot = (int64_t)slot_of_row[r];
    add_scaled(result + r * d, weights ? weights[slot] : 1,
               x + slot / top_k * d, d);
  }
  scope_write_rows(&s, 5, result, 0, rows);
  scope_end(&s);
}

/* y: [R, d]   row_of_slot: i32 [T, K]   weights: [T, K], optional
 * slot_of_row, ends: for the gradient only, optional
 * result: [T, d] = sum over k of weights[t, k] * y[row_of_slot[t, k]], without
 * the slots whose row is -1. No other row of y is used. */
void tresse_ref_unpermute(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *y = scope_read(&s, 0), *row_of_slot = scope_read(&s, 1);
  const double *weights = scope_read(&s, 2);
  double *result = scope_zeros_like(&s, 5);
  int64_t d = tensor_size(scope_tensor(&s, 0), 0);
  int64_t slots = tensor_count(scope_tensor(&s, 1));
  int64_t top_k = tensor_size(scope_tensor(&s, 1), 0);
  for (int64_t slot = 0; slot < slots; ++slot)
    if (row_of_slot[slot] >= 0)
      add_scaled(result + slot / top_k * d, weights ? weights[slot] : 1,
                 y + (int64_t)row_of_slot[slot] * d, d);
  scope_write(&s, 5, result);
  scope_end(&s);
}

/* dout: [T, d]   y: [R, d]   row_of_slot: i32 [T, K]
 * result: [T, K] = dout[t] . y[row_of_slot[t, k]]; 0 for skipped slots */
void tresse_ref_unpermute_grad_weights(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *dout = scope_read(&s, 0), *y = scope_read(&s, 1);
  const double *row_of_slot = scope_read(&s, 2);
  double *result = scope_zeros_like(&s, 3);
  int64_t d = tensor_size(scope_tensor(&s, 0), 0);
  int64_t slots = tensor_count(scope_tensor(&s, 2));
  int64_t top_k = tensor_size(scope_tensor(&s, 2), 0);
  for (int64_t slot = 0; slot < slots; ++slot)
    if (row_of_slot[slot] >= 0)
      result[slot] =
          dot(dout + slot / top_k * d, y + (int64_t)row_of_slot[slot] * d, d);
  scope_write(&s, 3, result);
  scope_end(&s);
}

/* The rows of operand 0 that count: all, or those below ends[E-1]. */
static int64_t valid_rows(scope *s, uint32_t ends_index) {
  int64_t rows = tensor_rows(scope_tensor(s, 0), 1);
  const double *ends = scope_read(s, ends_index);
  return ends ? group_total(ends, tensor_count(scope_tensor(s, ends_index)),
                            rows)
              : rows;
}

/* gate_up: [R.., 2I]   ends: i32 [E], optional   result: [R.., I]
 * result = silu(gate) * up, gate the first half of the channels. Rows from
 * ends[E-1] on are neither read nor written. */
void tresse_ref_swiglu(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  int64_t rows = valid_rows(&s, 1);
  const double *x = scope_read(&s, 0);
  double *y = scope_zeros_like(&s, 2);
  int64_t width = tensor_size(scope_tensor(&s, 2), 0);
  for (int64_t i = 0; i < rows * width; ++i) {
    const double *gate = x + i / width * 2 * width + i % width;
    y[i] = gate[0] * sigmoid(gate[0]) * gate[width];
  }
  scope_write_rows(&s, 2, y, 0, rows);
  scope_end(&s);
}

/* gate_up: [R.., 2I]   dy: [R.., I]   ends: i32 [E], optional
 * result: [R.., 2I]
 *   dgate = dy * up * sig * (1 + gate * (1 - sig)),  dup = dy * gate * sig */
void tresse_ref_swiglu_grad(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  int64_t rows = valid_rows(&s, 2);
  const double *x = scope_read(&s, 0), *dy = scope_read(&s, 1);
  double *dx = scope_zeros_like(&s, 3);
  int64_t width = tensor_size(scope_tensor(&s, 1), 0);
  for (int64_t i = 0; i < rows * width; ++i) {
    int64_t at = i / width * 2 * width + i % width;
    double gate = x[at], up = x[at + width], sig = sigmoid(gate);
    dx[at] = dy[i] * up * sig * (1 + gate * (1 - sig));
    dx[at + width] = dy[i] * gate * sig;
  }
  scope_write_rows(&s, 3, dx, 0, rows);
  scope_end(&s);
}

/* indices: i32 [T, K]   accumulator: i32 [E], optional
 * result: i32 [E] = accumulator + the number of slots of each expert */
void tresse_ref_expert_load(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *indices = scope_read(&s, 0);
  double *load = scope_read(&s, 1);
  if (!load)
    load = scope_zeros_like(&s, 2);
  for (int64_t i = 0; i < tensor_count(scope_tensor(&s, 0)); ++i)
    if (indices[i] >= 0)
      load[(int64_t)indices[i]] += 1;
  scope_write(&s, 2, load);
  scope_end(&s);
}

enum { EXPERT, DEVICE, COMMUNICATION }; /* level of a balance loss */

/* Adds `unit` to the experts that a token chose, or, for COMMUNICATION, to all
 * experts of the devices to which it goes. */
static void count_choice(const double *chosen, int64_t top_k, int64_t level,
                         int64_t per_device, double unit, double *row) {
  for (int64_t k = 0; k < top_k; ++k) {
    if (chosen[k] < 0)
      continue;
    int64_t device = (int64_t)chosen[k] / per_device, seen = 0;
    for (int64_t j = 0; j < k; ++j)
      seen |= chosen[j] >= 0 && (int64_t)chosen[j] / per_device == device;
    if (level != COMMUNICATION)
      row[(int64_t)chosen[k]] += unit;
    else if (!seen)
      for (int64_t i = 0; i < per_device; ++i)
        row[device * per_device + i] += unit;
  }
}

/* Every expert gets the mean over the experts of its device. */
static void average_devices(double *row, int64_t experts, int64_t per_device) {
  for (int64_t first = 0; first < experts; first += per_device) {
    double sum = 0;
    for (int64_t i = 0; i < per_device; ++i)
      sum += row[first + i];
    for (int64_t i = 0; i < per_device; ++i)
      row[first + i] = sum / (double)per_device;
  }
}

/* scores: [T, E]   indices: i32 [T, K]   result: [sequences, E]
 * A token of sequence q chooses the K largest scores (form 0) or its `indices`
 * (form 1). With L = T / sequences and D devices of E / D experts each:
 *   level 0: result[q, i] = E / (K * L) * tokens of q that chose expert i
 *   level 1: the mean of that over the experts of i's device
 *   level 2: D / (device_limit * L) * tokens of q that chose i's device */
void tresse_ref_balance_fraction(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  double *scores = scope_read(&s, 0), *indices = scope_read(&s, 1);
  double *fraction = scope_zeros_like(&s, 2);
  int64_t tokens = tensor_rows(scope_tensor(&s, 0), 1);
  int64_t experts = tensor_size(scope_tensor(&s, 0), 0);
  int64_t top_k = tensor_size(scope_tensor(&s, 1), 0);
  int64_t sequences = scope_tensor(&s, 2)->sizes[0];
  int64_t length = tokens / sequences;
  int64_t level = attribute_int_or(call, "level", EXPERT);
  int64_t devices = attribute_int_or(call, "devices", 1);
  int64_t limit = attribute_int_or(call, "device_limit", 1);
  double *taken = scope_zeros(&s, experts);
  double unit = level == COMMUNICATION
                    ? (double)devices / ((double)limit * (double)length)
                    : (double)experts / ((double)top_k * (double)length);
  for (int64_t t = 0; t < tokens; ++t) {
    double *chosen = indices + t * top_k;
    if (attribute_int(call, "form") == 0)
      take_largest(scores + t * experts, experts, top_k, chosen, taken);
    count_choice(chosen, top_k, level, experts / devices, unit,
                 fraction + t / length * experts);
  }
  for (int64_t q = 0; level == DEVICE && q < sequences; ++q)
    average_devices(fraction + q * experts, experts, experts / devices);
  scope_write(&s, 2, fraction);
  scope_end(&s);
}

/* What one score is divided by before it enters the balance loss. */
static double balance_divisor(const tresse_reference_call *call,
                              const double *scores, int64_t experts) {
  if (!attribute_int_or(call, "normalize", 0))
    return 1;
  double sum = 0;
  for (int64_t e = 0; e < experts; ++e)
    sum += scores[e];
  return sum;
}

/* scores: [T, E]   fraction: [sequences, E]   result: [1]
 * mean over sequences of sum_i fraction_i * mean_t s'[t, i], s' = s / sum(s)
 * when `normalize` */
void tresse_ref_balance_loss(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *scores = scope_read(&s, 0), *fraction = scope_read(&s, 1);
  int64_t tokens = tensor_rows(scope_tensor(&s, 0), 1);
  int64_t experts = tensor_size(scope_tensor(&s, 0), 0);
  int64_t length = tokens / scope_tensor(&s, 1)->sizes[0];
  double loss = 0;
  for (int64_t t = 0; t < tokens; ++t)
    loss +=
        dot(scores + t * experts, fraction + t / length * experts, experts) /
        balance_divisor(call, scores + t * experts, experts) / (double)tokens;
  scope_write(&s, 2, &loss);
  scope_end(&s);
}

/* scores: [T, E]   fraction: [sequences, E]   dloss: [1]   result: [T, E] */
void tresse_ref_balance_loss_grad(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *scores = scope_read(&s, 0), *fraction = scope_read(&s, 1);
  const double *dloss = scope_read(&s, 2);
  double *ds = scope_zeros_like(&s, 3);
  int64_t tokens = tensor_rows(scope_tensor(&s, 0), 1);
  int64_t experts = tensor_size(scope_tensor(&s, 0), 0);
  int64_t length = tokens / scope_tensor(&s, 1)->sizes[0];
  int64_t normalize = attribute_int_or(call, "normalize", 0);
  for (int64_t t = 0; t < tokens; ++t) {
    const double *st = scores + t * experts;
    const double *ft = fraction + t / length * experts;
    double divisor = balance_divisor(call, st, experts);
    double mean = normalize ? dot(ft, st, experts) / divisor : 0;
    for (int64_t e = 0; e < experts; ++e)
      ds[t * experts + e] = *dloss * (ft[e] - mean) / divisor / (double)tokens;
  }
  scope_write(&s, 3, ds);
  scope_end(&s);
}

/* bias: [E]   load: i32 [E]   hyper: [16]   result (tied to bias): [E]
 * bias += hyper[8] * sign(mean(load) - load) */
void tresse_ref_update_route_bias(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  double *bias = scope_read(&s, 0);
  const double *load = scope_read(&s, 1), *hyper = scope_read(&s, 2);
  int64_t experts = tensor_count(scope_tensor(&s, 0));
  double total = 0;
  for (int64_t e = 0; e < experts; ++e)
    total += load[e];
  for (int64_t e = 0; e < experts; ++e) {
    double gap = total - load[e] * (double)experts; /* exact: all integers */
    bias[e] += hyper[8] * ((gap > 0) - (gap < 0));
  }
  scope_write(&s, 3, bias);
  scope_end(&s);
}
