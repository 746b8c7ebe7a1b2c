/* linear.c: products with a weight stored [out, in], their gradients, the same
 * over groups of rows and over heads, and sums over rows. */
#include "tensor.h"

/* y[rows, out] = x[rows, in] w[out, in]^T */
static void multiply(const double *x, const double *w, double *y, int64_t rows,
                     int64_t out, int64_t in) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t o = 0; o < out; ++o)
      y[r * out + o] = dot(x + r * in, w + o * in, in);
}

/* dx[rows, in] = dy[rows, out] w[out, in] */
static void multiply_grad_input(const double *dy, const double *w, double *dx,
                                int64_t rows, int64_t out, int64_t in) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t o = 0; o < out; ++o)
      add_scaled(dx + r * in, dy[r * out + o], w + o * in, in);
}

/* dw[out, in] += dy[rows, out]^T x[rows, in] */
static void multiply_grad_weight(const double *dy, const double *x, double *dw,
                                 int64_t rows, int64_t out, int64_t in) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t o = 0; o < out; ++o)
      add_scaled(dw + o * in, dy[r * out + o], x + r * in, in);
}

/* x: [R.., in]   w: [out, in]   result: [R.., out] */
void tresse_ref_linear(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *x = scope_read(&s, 0);
  const double *w = scope_read(&s, 1);
  double *y = scope_zeros_like(&s, 2);
  multiply(x, w, y, tensor_rows(scope_tensor(&s, 0), 1),
           tensor_size(scope_tensor(&s, 1), 1),
           tensor_size(scope_tensor(&s, 1), 0));
  scope_write(&s, 2, y);
  scope_end(&s);
}

/* dy: [R.., out]   w: [out, in]   result: [R.., in] */
void tresse_ref_linear_grad_input(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *dy = scope_read(&s, 0);
  const double *w = scope_read(&s, 1);
  double *dx = scope_zeros_like(&s, 2);
  multiply_grad_input(dy, w, dx, tensor_rows(scope_tensor(&s, 0), 1),
                      tensor_size(scope_tensor(&s, 1), 1),
                      tensor_size(scope_tensor(&s, 1), 0));
  scope_write(&s, 2, dx);
  scope_end(&s);
}

/* dy: [R.., out]   x: [R.., in]   accumulator: [out, in], optional
 * result: [out, in] = accumulator + dy^T x */
void tresse_ref_linear_grad_weight(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *dy = scope_read(&s, 0);
  const double *x = scope_read(&s, 1);
  double *dw = scope_read(&s, 2);
  if (!dw)
    dw = scope_zeros_like(&s, 3);
  multiply_grad_weight(dy, x, dw, tensor_rows(scope_tensor(&s, 0), 1),
                       tensor_size(scope_tensor(&s, 3), 1),
                       tensor_size(scope_tensor(&s, 3), 0));
  scope_write(&s, 3, dw);
  scope_end(&s);
}

/* x: [R, in]   w: [E, out, in]   ends: i32 [E]   result: [R, out]
 * Row r in [ends[e-1], ends[e]) is multiplied by w[e]; rows from ends[E-1] on
 * are neither read nor written. `transposed`: the gradient's direction, out
 * and in exchanged. */
static void grouped_rows(const tresse_reference_call *call, int transposed) {
  scope s = scope_begin(call);
  int64_t groups = scope_tensor(&s, 1)->sizes[0];
  int64_t out = tensor_size(scope_tensor(&s, 1), 1);
  int64_t in = tensor_size(scope_tensor(&s, 1), 0);
  const double *ends = scope_read(&s, 2);
  int64_t rows = group_total(ends, groups, scope_tensor(&s, 0)->sizes[0]);
  const double *x = scope_read_rows(&s, 0, rows);
  const double *w = scope_read(&s, 1);
  double *y = scope_zeros_like(&s, 3);
  for (int64_t e = 0, first = 0; e < groups; ++e) {
    int64_t last = group_total(ends, e + 1, rows);
    const double *we = w + e * out * in;
    if (transposed)
      multiply_grad_input(x + first * out, we, y + first * in, last - first,
                          out, in);
    else
      multiply(x + first * in, we, y + first * out, last - first, out, in);
    first = last;
  }
  scope_write_rows(&s, 3, y, 0, rows);
  scope_end(&s);
}

void tresse_ref_grouped_linear(const tresse_reference_call *call) {
  grouped_rows(call, 0);
}

/* dy: [R, out]   w: [E, out, in]   ends: i32 [E]   result: [R, in] */
void tresse_ref_grouped_linear_grad_input(const tresse_reference_call *call) {
  grouped_rows(call, 1);
}

/* dy: [R, out]   x: [R, in]   ends: i32 [E]   accumulator: [E, out, in]
 * result: [E, out, in] = accumulator + dy^T x over each group's rows */
void tresse_ref_grouped_linear_grad_weight(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const tensor *result = scope_tensor(&s, 4);
  int64_t groups = result->sizes[0], out = result->sizes[1],
          in = result->sizes[2];
  const double *ends = scope_read(&s, 2);
  int64_t rows = group_total(ends, groups, scope_tensor(&s, 0)->sizes[0]);
  const double *dy = scope_read_rows(&s, 0, rows);
  const double *x = scope_read_rows(&s, 1, rows);
  double *dw = scope_read(&s, 3);
  if (!dw)
    dw = scope_zeros_like(&s, 4);
  for (int64_t e = 0, first = 0; e < groups; ++e) {
    int64_t last = group_total(ends, e + 1, rows);
    multiply_grad_weight(dy + first * out, x + first * in, dw + e * out * in,
                         last - first, out, in);
    first = last;
  }
  scope_write(&s, 4, dw);
  scope_end(&s);
}

/* x: [R.., H, in]   w: [H, out, in], or [H, in, out] when `transposed`
 * result: [R.., H, out] */
void tresse_ref_head_linear(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *x = scope_read(&s, 0);
  const double *w = scope_read(&s, 1);
  double *y = scope_zeros_like(&s, 2);
  int64_t rows = tensor_rows(scope_tensor(&s, 0), 2);
  int64_t heads = tensor_size(scope_tensor(&s, 0), 1);
  int64_t in = tensor_size(scope_tensor(&s, 0), 0);
  int64_t out = tensor_size(scope_tensor(&s, 2), 0);
  int64_t transposed = attribute_int_or(call, "transposed", 0);
  for (int64_t row = 0; row < rows * heads; ++row) {
    const double *wh = w + row % heads * out * in;
    if (transposed)
      multiply_grad_input(x + row * in, wh, y + row * out, 1, in, out);
    else
      multiply(x + row * in, wh, y + row * out, 1, out, in);
  }
  scope_write(&s, 2, y);
  scope_end(&s);
}

/* x: [R.., C]   accumulator: [C], optional   result: [C] */
void tresse_ref_row_sum(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *x = scope_read(&s, 0);
  double *sum = scope_read(&s, 1);
  if (!sum)
    sum = scope_zeros_like(&s, 2);
  int64_t rows = tensor_rows(scope_tensor(&s, 0), 1);
  int64_t channels = tensor_size(scope_tensor(&s, 0), 0);
  for (int64_t r = 0; r < rows; ++r)
    add_scaled(sum, 1, x + r * channels, channels);
  scope_write(&s, 2, sum);
  scope_end(&s);
}
