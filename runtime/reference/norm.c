/* norm.c: RMSNorm and its gradients. */
#include "tensor.h"

/* 1 / sqrt(mean(x^2) + epsilon) of one row. */
static double inverse_rms(const double *x, int64_t channels, double epsilon) {
  return 1 / sqrt(dot(x, x, channels) / (double)channels + epsilon);
}

/* x: [R.., C]   weight: [C]   result: [R.., C]
 * result = x / sqrt(mean(x^2) + epsilon) * weight */
void tresse_ref_rms_norm(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *x = scope_read(&s, 0);
  const double *weight = scope_read(&s, 1);
  double *y = scope_zeros_like(&s, 2);
  int64_t rows = tensor_rows(scope_tensor(&s, 0), 1);
  int64_t channels = tensor_size(scope_tensor(&s, 0), 0);
  double epsilon = attribute_float(call, "epsilon");
  for (int64_t r = 0; r < rows; ++r) {
    double scale = inverse_rms(x + r * channels, channels, epsilon);
    for (int64_t c = 0; c < channels; ++c)
      y[r * channels + c] = x[r * channels + c] * scale * weight[c];
  }
  scope_write(&s, 2, y);
  scope_end(&s);
}

/* x: [R.., C]   weight: [C]   dy: [R.., C]   result: dx [R.., C]
 * With q = 1 / sqrt(mean(x^2) + epsilon) and g = dy * weight:
 *   dx = q * g - x * q^3 * mean(g * x) */
void tresse_ref_rms_norm_grad_input(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *x = scope_read(&s, 0);
  const double *weight = scope_read(&s, 1);
  const double *dy = scope_read(&s, 2);
  double *dx = scope_zeros_like(&s, 3);
  int64_t rows = tensor_rows(scope_tensor(&s, 0), 1);
  int64_t channels = tensor_size(scope_tensor(&s, 0), 0);
  double epsilon = attribute_float(call, "epsilon");
  for (int64_t r = 0; r < rows; ++r) {
    const double *xr = x + r * channels, *dyr = dy + r * channels;
    double scale = inverse_rms(xr, channels, epsilon);
    double mean = 0;
    for (int64_t c = 0; c < channels; ++c)
      mean += dyr[c] * weight[c] * xr[c] / (double)channels;
    for (int64_t c = 0; c < channels; ++c)
      dx[r * channels + c] =
          scale * dyr[c] * weight[c] - xr[c] * scale * scale * scale * mean;
  }
  scope_write(&s, 3, dx);
  scope_end(&s);
}

/* x: [R.., C]   dy: [R.., C]   result: [chunks, C]
 * result[k] = sum of dy * x / sqrt(mean(x^2) + epsilon) over the rows
 * [k * ceil(R / chunks), (k + 1) * ceil(R / chunks)) */
void tresse_ref_rms_norm_grad_weight(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *x = scope_read(&s, 0);
  const double *dy = scope_read(&s, 1);
  double *dw = scope_zeros_like(&s, 2);
  int64_t rows = tensor_rows(scope_tensor(&s, 0), 1);
  int64_t channels = tensor_size(scope_tensor(&s, 0), 0);
  int64_t chunks = scope_tensor(&s, 2)->sizes[0];
  int64_t chunk_rows = (rows + chunks - 1) / chunks;
  double epsilon = attribute_float(call, "epsilon");
  for (int64_t r = 0; r < rows; ++r) {
    double scale = inverse_rms(x + r * channels, channels, epsilon);
    for (int64_t c = 0; c < channels; ++c)
      dw[r / chunk_rows * channels + c] +=
          dy[r * channels + c] * x[r * channels + c] * scale;
  }
  scope_write(&s, 2, dw);
  scope_end(&s);
}
