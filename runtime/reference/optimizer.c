/* optimizer.c: AdamW (Loshchilov and Hutter, arXiv 1711.05101) with clipping
 * by the global norm. */
#include "tensor.h"

/* Places in the vector of hyperparameters, [16]. */
enum {
  RATE,
  BETA1,
  BETA2,
  EPSILON,
  WEIGHT_DECAY,
  CLIP,        /* 0 or less: none */
  CORRECTION1, /* 1 - beta1^t */
  CORRECTION2  /* 1 - beta2^t */
};

/* p, g, m, v: any one shape   norm: [1]   hyper: [16]
 * results p, m, v (tied)
 *   g <- g * min(1, clip / (norm + 1e-6))
 *   m <- beta1 m + (1 - beta1) g;   v <- beta2 v + (1 - beta2) g^2
 *   p <- p (1 - rate decay)
 *        - rate (m / correction1) / (sqrt(v / correction2) + epsilon) */
void tresse_ref_adamw(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  double *p = scope_read(&s, 0);
  const double *g = scope_read(&s, 1);
  double *m = scope_read(&s, 2), *v = scope_read(&s, 3);
  const double *norm = scope_read(&s, 4), *hyper = scope_read(&s, 5);
  double scale = 1;
  if (hyper[CLIP] > 0)
    scale = fmin(1, hyper[CLIP] / (*norm + 1e-6));
  for (int64_t i = 0; i < tensor_count(scope_tensor(&s, 0)); ++i) {
    double clipped = g[i] * scale;
    m[i] = hyper[BETA1] * m[i] + (1 - hyper[BETA1]) * clipped;
    v[i] = hyper[BETA2] * v[i] + (1 - hyper[BETA2]) * clipped * clipped;
    double step = m[i] / hyper[CORRECTION1] /
                  (sqrt(v[i]) / sqrt(hyper[CORRECTION2]) + hyper[EPSILON]);
    p[i] = p[i] * (1 - hyper[RATE] * hyper[WEIGHT_DECAY]) - hyper[RATE] * step;
  }
  scope_write(&s, 6, p);
  scope_write(&s, 7, m);
  scope_write(&s, 8, v);
  scope_end(&s);
}

/* x: any shape, N elements   accumulator: [chunks]   result (tied): [chunks]
 * result[c] += squares of the elements [c * ceil(N / chunks), ...) */
void tresse_ref_square_sum(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *x = scope_read(&s, 0);
  double *sum = scope_read(&s, 1);
  int64_t count = tensor_count(scope_tensor(&s, 0));
  int64_t chunks = tensor_count(scope_tensor(&s, 2));
  int64_t size = (count + chunks - 1) / chunks;
  for (int64_t i = 0; i < count; ++i)
    sum[i / size] += x[i] * x[i];
  scope_write(&s, 2, sum);
  scope_end(&s);
}

/* partial: [chunks]   result: [1] = sqrt(sum(partial)) */
void tresse_ref_global_norm(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *partial = scope_read(&s, 0);
  double sum = 0;
  for (int64_t c = 0; c < tensor_count(scope_tensor(&s, 0)); ++c)
    sum += partial[c];
  sum = sqrt(sum);
  scope_write(&s, 1, &sum);
  scope_end(&s);
}
