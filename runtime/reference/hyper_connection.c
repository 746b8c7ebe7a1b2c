/* hyper_connection.c: manifold-constrained hyper-connections in the form of
 * the paper (arXiv 2512.24880, section 4) and of DeepSeek-V4.
 *
 * n streams of C channels. mix holds (2 + n) n inner products of the flattened
 * streams: n for pre, n for post, n * n for comb (row-major). */
#include "tensor.h"

enum { PAPER, V4 }; /* form */

/* The maps of one token, and what their gradients need. */
typedef struct maps {
  double rsqrt, square; /* 1 / sqrt(mean(x^2) + norm_epsilon); sum(x^2) */
  double *mixed;        /* mix * rsqrt, [(2 + n) n] */
  double *z;            /* mixed * scale + base */
  double *pre, *post, *comb;
} maps;

/* Divides every row (`axis` 1) or column (`axis` 0) of the n x n matrix x by
 * its sum + epsilon. The sums + epsilon go to `sums` when it is given. */
static void normalize(double *x, int64_t n, int axis, double epsilon,
                      double *sums) {
  for (int64_t i = 0; i < n; ++i) {
    double sum = epsilon;
    for (int64_t j = 0; j < n; ++j)
      sum += x[axis ? i * n + j : j * n + i];
    for (int64_t j = 0; j < n; ++j)
      x[axis ? i * n + j : j * n + i] /= sum;
    if (sums)
      sums[i] = sum;
  }
}

/* Every division of a Sinkhorn run, in order: [steps][n * n + n] holds the
 * matrix before it and the divisors. */
static int64_t step_count(int64_t form, int64_t iterations) {
  return form == V4 ? 2 * iterations - 1 : 2 * iterations;
}

/* Step k divides columns (0) or rows (1): both forms begin with columns. */
static int step_axis(int64_t k) { return k % 2 == 0 ? 0 : 1; }

/* y = exp(c), scaled so that the largest entry of each row (V4: the softmax's
 * axis) or column (paper: the first division's axis) is 1; V4 then divides the
 * rows by their sums. */
static void sinkhorn_start(const double *c, double *y, int64_t n,
                           int64_t form) {
  for (int64_t i = 0; i < n; ++i) {
    double highest = -INFINITY;
    for (int64_t j = 0; j < n; ++j)
      highest = fmax(highest, c[form == V4 ? i * n + j : j * n + i]);
    for (int64_t j = 0; j < n; ++j) {
      int64_t at = form == V4 ? i * n + j : j * n + i;
      y[at] = exp(c[at] - highest);
    }
  }
  if (form == V4)
    normalize(y, n, 1, 0, NULL);
}

/* c: [n, n] -> y: [n, n]; `states` as step_count says, or NULL.
 * V4: softmax over rows, + epsilon, columns, then (iterations - 1) times rows
 * and columns, epsilon in every divisor. Paper: exp, then `iterations` times
 * columns and rows, no epsilon. */
static void sinkhorn(const double *c, double *y, int64_t n, int64_t form,
                     int64_t iterations, double epsilon, double *states) {
  double added = form == V4 ? epsilon : 0;
  sinkhorn_start(c, y, n, form);
  for (int64_t i = 0; i < n * n; ++i)
    y[i] += added;
  for (int64_t k = 0; k < step_count(form, iterations); ++k) {
    double *state = states ? states + k * (n * n + n) : NULL;
    if (state)
      memcpy(state, y, (size_t)(n * n) * sizeof(double));
    normalize(y, n, step_axis(k), added, state ? state + n * n : NULL);
  }
}

/* c, dy: [n, n] -> dc: [n, n], the unrolled gradient. For y = x / sum(x):
 * dx = (dy - sum(dy * x) / sum(x)) / sum(x) along the axis of the sum. */
static void sinkhorn_backward(const double *c, const double *dy, double *dc,
                              int64_t n, int64_t form, int64_t iterations,
                              double epsilon,
                              const tresse_reference_call *call) {
  scope s = scope_begin(call);
  int64_t steps = step_count(form, iterations);
  double *states = scope_zeros(&s, steps * (n * n + n));
  double *start = scope_zeros(&s, n * n);
  sinkhorn(c, start, n, form, iterations, epsilon, states);
  sinkhorn_start(c, start, n, form);
  memcpy(dc, dy, (size_t)(n * n) * sizeof(double));
  for (int64_t k = steps; k-- > 0;) {
    const double *x = states + k * (n * n + n), *sums = x + n * n;
    for (int64_t i = 0; i < n; ++i) {
      double inner = 0;
      for (int64_t j = 0; j < n; ++j) {
        int64_t at = step_axis(k) ? i * n + j : j * n + i;
        inner += dc[at] * x[at] / sums[i];
      }
      for (int64_t j = 0; j < n; ++j) {
        int64_t at = step_axis(k) ? i * n + j : j * n + i;
        dc[at] = (dc[at] - inner) / sums[i];
      }
    }
  }
  for (int64_t i = 0; i < n; ++i) {
    double inner = form == V4 ? dot(dc + i * n, start + i * n, n) : 0;
    for (int64_t j = 0; j < n; ++j)
      dc[i * n + j] = (dc[i * n + j] - inner) * start[i * n + j];
  }
  scope_end(&s);
}

/* The attributes shared by the ops of this family. */
typedef struct settings {
  int64_t n, channels, form, iterations;
  double epsilon, norm_epsilon;
} settings;

static settings read_settings(const scope *s) {
  const tresse_reference_call *call = s->call;
  settings a;
  a.n = tensor_size(scope_tensor(s, 0), 1);
  a.channels = tensor_size(scope_tensor(s, 0), 0);
  a.form = attribute_int_or(call, "form", V4);
  a.iterations = attribute_int_or(call, "iterations", 1);
  a.epsilon = attribute_float_or(call, "epsilon", 0);
  a.norm_epsilon = attribute_float_or(call, "norm_epsilon", 0);
  return a;
}

/* Room for the maps of one token. */
static maps make_maps(scope *s, int64_t n) {
  maps m = {0, 0, NULL, NULL, NULL, NULL, NULL};
  m.mixed = scope_zeros(s, (2 + n) * n);
  m.z = scope_zeros(s, (2 + n) * n);
  m.pre = scope_zeros(s, n);
  m.post = scope_zeros(s, n);
  m.comb = scope_zeros(s, n * n);
  return m;
}

/* Which of the three scales belongs to row k of mix. */
static int64_t scale_of(int64_t k, int64_t n) {
  return k < n ? 0 : k < 2 * n ? 1 : 2;
}

static void transpose(double *x, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < i; ++j) {
      double swap = x[i * n + j];
      x[i * n + j] = x[j * n + i];
      x[j * n + i] = swap;
    }
}

/* z = mix / rms(x) * scale + base, of the first `rows` rows of mix. */
static void compute_z(settings a, const double *x, const double *mix,
                      const double *base, const double *scale, int64_t rows,
                      maps *m) {
  int64_t width = a.n * a.channels;
  m->square = dot(x, x, width);
  m->rsqrt = 1 / sqrt(m->square / (double)width + a.norm_epsilon);
  for (int64_t k = 0; k < rows; ++k) {
    m->mixed[k] = mix[k] * m->rsqrt;
    m->z[k] = m->mixed[k] * scale[scale_of(k, a.n)] + base[k];
  }
}

/* x: [n, C]   mix, base: [(2 + n) n]   scale: [3]
 * pre = sigmoid(z_pre) (+ epsilon in V4), post = 2 sigmoid(z_post),
 * comb = sinkhorn(z_comb), transposed in the paper's form, so that both forms
 * go on with sum_m comb[m, n] x[m]. */
static void compute_maps(settings a, const double *x, const double *mix,
                         const double *base, const double *scale, maps *m) {
  compute_z(a, x, mix, base, scale, (2 + a.n) * a.n, m);
  for (int64_t k = 0; k < a.n; ++k) {
    m->pre[k] = sigmoid(m->z[k]) + (a.form == V4 ? a.epsilon : 0);
    m->post[k] = 2 * sigmoid(m->z[a.n + k]);
  }
  sinkhorn(m->z + 2 * a.n, m->comb, a.n, a.form, a.iterations, a.epsilon, NULL);
  if (a.form == PAPER)
    transpose(m->comb, a.n);
}

/* x: [R.., C]   result: [R.., n, C], every stream a copy of x */
void tresse_ref_mhc_expand(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *x = scope_read(&s, 0);
  double *y = scope_zeros_like(&s, 1);
  int64_t rows = tensor_rows(scope_tensor(&s, 0), 1);
  int64_t n = tensor_size(scope_tensor(&s, 1), 1);
  int64_t channels = tensor_size(scope_tensor(&s, 0), 0);
  for (int64_t i = 0; i < rows * n; ++i)
    memcpy(y + i * channels, x + i / n * channels,
           (size_t)channels * sizeof(double));
  scope_write(&s, 1, y);
  scope_end(&s);
}

/* dy: [R.., n, C]   result: [R.., C], the sum over streams */
void tresse_ref_mhc_expand_grad(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *dy = scope_read(&s, 0);
  double *dx = scope_zeros_like(&s, 1);
  int64_t n = tensor_size(scope_tensor(&s, 0), 1);
  int64_t channels = tensor_size(scope_tensor(&s, 0), 0);
  for (int64_t i = 0; i < tensor_rows(scope_tensor(&s, 0), 1); ++i)
    add_scaled(dx + i / n * channels, 1, dy + i * channels, channels);
  scope_write(&s, 1, dx);
  scope_end(&s);
}

/* x: [R.., n, C]   mix: [R.., (2 + n) n]   base: [(2 + n) n]   scale: [3]
 * results: h [R.., C] = sum_m pre[m] x[m], post [R.., n], comb [R.., n, n] */
void tresse_ref_mhc_pre(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  settings a = read_settings(&s);
  const double *x = scope_read(&s, 0), *mix = scope_read(&s, 1);
  const double *base = scope_read(&s, 2), *scale = scope_read(&s, 3);
  double *h = scope_zeros_like(&s, 4), *post = scope_zeros_like(&s, 5);
  double *comb = scope_zeros_like(&s, 6);
  maps m = make_maps(&s, a.n);
  int64_t width = (2 + a.n) * a.n;
  for (int64_t r = 0; r < tensor_rows(scope_tensor(&s, 0), 2); ++r) {
    const double *xr = x + r * a.n * a.channels;
    compute_maps(a, xr, mix + r * width, base, scale, &m);
    for (int64_t k = 0; k < a.n; ++k)
      add_scaled(h + r * a.channels, m.pre[k], xr + k * a.channels, a.channels);
    memcpy(post + r * a.n, m.post, (size_t)a.n * sizeof(double));
    memcpy(comb + r * a.n * a.n, m.comb, (size_t)(a.n * a.n) * sizeof(double));
  }
  scope_write(&s, 4, h);
  scope_write(&s, 5, post);
  scope_write(&s, 6, comb);
  scope_end(&s);
}

/* From dz back to mix, the scales and, through the norm, x:
 *   dm = dz * scale;  dmix = dm / rms;  dscale_g = sum over g of dz * m
 *   d(sum x^2) = -1/2 * sum(dm * mix) * r / (sum x^2 + norm_epsilon * n C) */
static void backward_z(settings a, const maps *m, const double *x,
                       const double *mix, const double *scale, const double *dz,
                       int64_t rows, double *dx, double *dmix, double *dscale) {
  int64_t width = a.n * a.channels;
  double inner = 0;
  for (int64_t k = 0; k < rows; ++k) {
    double dm = dz[k] * scale[scale_of(k, a.n)];
    dmix[k] = dm * m->rsqrt;
    dscale[scale_of(k, a.n)] += dz[k] * m->mixed[k];
    inner += dm * mix[k];
  }
  double dsquare =
      -0.5 * inner * m->rsqrt / (m->square + a.norm_epsilon * (double)width);
  add_scaled(dx, 2 * dsquare, x, width);
}

/* Gradients of one token's maps with respect to z: [(2 + n) n]. */
static void backward_maps(settings a, const maps *m, const double *dpre,
                          const double *dpost, const double *dcomb, double *dz,
                          const tresse_reference_call *call) {
  scope s = scope_begin(call);
  double *oriented = scope_zeros(&s, a.n * a.n);
  if (dcomb)
    memcpy(oriented, dcomb, (size_t)(a.n * a.n) * sizeof(double));
  if (a.form == PAPER)
    transpose(oriented, a.n);
  for (int64_t k = 0; k < a.n; ++k) {
    double sig = m->pre[k] - (a.form == V4 ? a.epsilon : 0);
    dz[k] = dpre[k] * sig * (1 - sig);
    dz[a.n + k] = dpost ? dpost[k] * m->post[k] * (1 - m->post[k] / 2) : 0;
  }
  sinkhorn_backward(m->z + 2 * a.n, oriented, dz + 2 * a.n, a.n, a.form,
                    a.iterations, a.epsilon, call);
  scope_end(&s);
}

/* x, mix, base, scale as mhc_pre; dh: [R.., C]   dpost: [R.., n]
 * dcomb: [R.., n, n]   results: dx [R.., n, C], dmix and dz [R.., (2 + n) n],
 * dscale [R.., 3]. dx lacks the part that comes through mix's linear. */
void tresse_ref_mhc_pre_grad(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  settings a = read_settings(&s);
  const double *x = scope_read(&s, 0), *mix = scope_read(&s, 1);
  const double *base = scope_read(&s, 2), *scale = scope_read(&s, 3);
  const double *dh = scope_read(&s, 4), *dpost = scope_read(&s, 5);
  const double *dcomb = scope_read(&s, 6);
  double *dx = scope_zeros_like(&s, 7), *dmix = scope_zeros_like(&s, 8);
  double *dz = scope_zeros_like(&s, 9), *dscale = scope_zeros_like(&s, 10);
  double *dpre = scope_zeros(&s, a.n);
  maps m = make_maps(&s, a.n);
  int64_t n = a.n, channels = a.channels, width = (2 + n) * n;
  for (int64_t r = 0; r < tensor_rows(scope_tensor(&s, 0), 2); ++r) {
    const double *xr = x + r * n * channels, *dhr = dh + r * channels;
    double *dxr = dx + r * n * channels;
    compute_maps(a, xr, mix + r * width, base, scale, &m);
    for (int64_t k = 0; k < n; ++k) {
      dpre[k] = dot(xr + k * channels, dhr, channels);
      add_scaled(dxr + k * channels, m.pre[k], dhr, channels);
    }
    backward_maps(a, &m, dpre, dpost ? dpost + r * n : NULL,
                  dcomb ? dcomb + r * n * n : NULL, dz + r * width, call);
    backward_z(a, &m, xr, mix + r * width, scale, dz + r * width, width, dxr,
               dmix + r * width, dscale + r * 3);
  }
  scope_write(&s, 7, dx);
  scope_write(&s, 8, dmix);
  scope_write(&s, 9, dz);
  scope_write(&s, 10, dscale);
  scope_end(&s);
}

/* x: [R.., n, C]   y: [R.., C]   post: [R.., n]   comb: [R.., n, n]
 * result: [R.., n, C], result[k] = post[k] y + sum_m comb[m, k] x[m] */
void tresse_ref_mhc_post(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *x = scope_read(&s, 0), *y = scope_read(&s, 1);
  const double *post = scope_read(&s, 2), *comb = scope_read(&s, 3);
  double *result = scope_zeros_like(&s, 4);
  int64_t n = tensor_size(scope_tensor(&s, 0), 1);
  int64_t channels = tensor_size(scope_tensor(&s, 0), 0);
  for (int64_t i = 0; i < tensor_rows(scope_tensor(&s, 0), 1); ++i) {
    int64_t r = i / n, k = i % n;
    add_scaled(result + i * channels, post[i], y + r * channels, channels);
    for (int64_t m = 0; m < n; ++m)
      add_scaled(result + i * channels, comb[(r * n + m) * n + k],
                 x + (r * n + m) * channels, channels);
  }
  scope_write(&s, 4, result);
  scope_end(&s);
}

/* x, y, post, comb as mhc_post; dout: [R.., n, C]
 * results: dx, dy, dpost, dcomb
 *   dcomb[m, k] = x[m] . dout[k]     dpost[k] = y . dout[k]
 *   dy = sum_k post[k] dout[k]       dx[m] = sum_k comb[m, k] dout[k] */
void tresse_ref_mhc_post_grad(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *x = scope_read(&s, 0), *y = scope_read(&s, 1);
  const double *post = scope_read(&s, 2), *comb = scope_read(&s, 3);
  const double *dout = scope_read(&s, 4);
  double *dx = scope_zeros_like(&s, 5), *dy = scope_zeros_like(&s, 6);
  double *dpost = scope_zeros_like(&s, 7), *dcomb = scope_zeros_like(&s, 8);
  int64_t n = tensor_size(scope_tensor(&s, 0), 1);
  int64_t channels = tensor_size(scope_tensor(&s, 0), 0);
  for (int64_t i = 0; i < tensor_rows(scope_tensor(&s, 0), 1); ++i) {
    int64_t r = i / n, k = i % n;
    const double *dk = dout + i * channels;
    dpost[i] = dot(y + r * channels, dk, channels);
    add_scaled(dy + r * channels, post[i], dk, channels);
    for (int64_t m = 0; m < n; ++m) {
      dcomb[(r * n + m) * n + k] =
          dot(x + (r * n + m) * channels, dk, channels);
      add_scaled(dx + (r * n + m) * channels, comb[(r * n + m) * n + k], dk,
                 channels);
    }
  }
  scope_write(&s, 5, dx);
  scope_write(&s, 6, dy);
  scope_write(&s, 7, dpost);
  scope_write(&s, 8, dcomb);
  scope_end(&s);
}

/* x: [R.., n, C]   mix: [R.., n]   base: [n]   scale: [1]   result: [R.., C]
 * result = sum_m p[m] x[m], p = sigmoid(mix / rms(x) * scale + base) + epsilon
 */
void tresse_ref_mhc_head(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  settings a = read_settings(&s);
  const double *x = scope_read(&s, 0), *mix = scope_read(&s, 1);
  const double *base = scope_read(&s, 2), *scale = scope_read(&s, 3);
  double *y = scope_zeros_like(&s, 4);
  maps m = make_maps(&s, a.n);
  for (int64_t r = 0; r < tensor_rows(scope_tensor(&s, 0), 2); ++r) {
    const double *xr = x + r * a.n * a.channels;
    compute_z(a, xr, mix + r * a.n, base, scale, a.n, &m);
    for (int64_t k = 0; k < a.n; ++k)
      add_scaled(y + r * a.channels, sigmoid(m.z[k]) + a.epsilon,
                 xr + k * a.channels, a.channels);
  }
  scope_write(&s, 4, y);
  scope_end(&s);
}

/* x, mix, base, scale as mhc_head; dy: [R.., C]
 * results: dx [R.., n, C], dmix and dz [R.., n], dscale [R.., 1] */
void tresse_ref_mhc_head_grad(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  settings a = read_settings(&s);
  const double *x = scope_read(&s, 0), *mix = scope_read(&s, 1);
  const double *base = scope_read(&s, 2), *scale = scope_read(&s, 3);
  const double *dy = scope_read(&s, 4);
  double *dx = scope_zeros_like(&s, 5), *dmix = scope_zeros_like(&s, 6);
  double *dz = scope_zeros_like(&s, 7), *dscale = scope_zeros_like(&s, 8);
  maps m = make_maps(&s, a.n);
  int64_t n = a.n, channels = a.channels;
  for (int64_t r = 0; r < tensor_rows(scope_tensor(&s, 0), 2); ++r) {
    const double *xr = x + r * n * channels, *dyr = dy + r * channels;
    double *dxr = dx + r * n * channels, *dzr = dz + r * n;
    compute_z(a, xr, mix + r * n, base, scale, n, &m);
    for (int64_t k = 0; k < n; ++k) {
      double sig = sigmoid(m.z[k]);
      dzr[k] = dot(xr + k * channels, dyr, channels) * sig * (1 - sig);
      add_scaled(dxr + k * channels, sig + a.epsilon, dyr, channels);
    }
    backward_z(a, &m, xr, mix + r * n, scale, dzr, n, dxr, dmix + r * n,
               dscale + r);
  }
  scope_write(&s, 5, dx);
  scope_write(&s, 6, dmix);
  scope_write(&s, 7, dz);
  scope_write(&s, 8, dscale);
  scope_end(&s);
}

/* c: [R.., n, n]   result: the same */
void tresse_ref_sinkhorn(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  settings a = read_settings(&s);
  const double *c = scope_read(&s, 0);
  double *y = scope_zeros_like(&s, 1);
  for (int64_t r = 0; r < tensor_rows(scope_tensor(&s, 0), 2); ++r)
    sinkhorn(c + r * a.n * a.n, y + r * a.n * a.n, a.n, a.form, a.iterations,
             a.epsilon, NULL);
  scope_write(&s, 1, y);
  scope_end(&s);
}

/* c: [R.., n, n]   dy: the same   result: dc, the same */
void tresse_ref_sinkhorn_grad(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  settings a = read_settings(&s);
  const double *c = scope_read(&s, 0), *dy = scope_read(&s, 1);
  double *dc = scope_zeros_like(&s, 2);
  for (int64_t r = 0; r < tensor_rows(scope_tensor(&s, 0), 2); ++r) {
    int64_t at = r * a.n * a.n;
    sinkhorn_backward(c + at, dy + at, dc + at, a.n, a.form, a.iterations,
                      a.epsilon, call);
  }
  scope_write(&s, 2, dc);
  scope_end(&s);
}
