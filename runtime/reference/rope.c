/* rope.c: rotary position embedding, with YaRN's frequencies (Peng et al.,
 * arXiv 2309.00071, section 3.2, as DeepSeek-V2 uses it). */
#include "tensor.h"

static const double pi = 3.14159265358979323846;

/* The pair number at which a wave turns `turns` times over `positions`. */
static double turning_pair(double turns, double dim, double theta,
                           double positions) {
  return dim * log(positions / (2 * pi * turns)) / (2 * log(theta));
}

/* The angle per position of pair k. */
static double frequency(const tresse_reference_call *call, int64_t k,
                        double dim) {
  double theta = attribute_float(call, "theta");
  double factor = attribute_float(call, "factor");
  double plain = pow(theta, -2.0 * (double)k / dim);
  if (factor == 1)
    return plain;
  double positions = attribute_float(call, "original_positions");
  double low = floor(
      turning_pair(attribute_float(call, "beta_fast"), dim, theta, positions));
  double high = ceil(
      turning_pair(attribute_float(call, "beta_slow"), dim, theta, positions));
  low = fmax(low, 0);
  high = fmin(high, dim - 1);
  if (low == high)
    high += 0.001;
  double ramp = fmin(fmax(((double)k - low) / (high - low), 0), 1);
  return plain / factor * ramp + plain * (1 - ramp);
}

/* positions: i32 [R..]   result: [R.., dim]
 * result[r] = amplitude * [cos(p f_0) .. cos(p f_h) | sin(p f_0) .. sin(p f_h)]
 * with p = max(positions[r], 0) and h = dim / 2 - 1. */
void tresse_ref_rotary(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const double *positions = scope_read(&s, 0);
  double *table = scope_zeros_like(&s, 1);
  int64_t rows = tensor_count(scope_tensor(&s, 0));
  int64_t half = tensor_size(scope_tensor(&s, 1), 0) / 2;
  double amplitude = attribute_float_or(call, "amplitude", 1);
  for (int64_t k = 0; k < half; ++k) {
    double f = frequency(call, k, 2.0 * (double)half);
    for (int64_t r = 0; r < rows; ++r) {
      double angle = fmax(positions[r], 0) * f;
      table[r * 2 * half + k] = amplitude * cos(angle);
      table[r * 2 * half + half + k] = amplitude * sin(angle);
    }
  }
  scope_write(&s, 1, table);
  scope_end(&s);
}

/* x: [R.., D] or [R.., H, D]   table: [R.., dr]   result: like x
 * Rotates the channels [offset, offset + dr), copies the others:
 *   interleaved: pairs (2k, 2k + 1)      half: pairs (k, k + dr / 2)
 *   y_a = x_a cos - x_b sin,  y_b = x_a sin + x_b cos
 * `inverse` negates the sines. */
void tresse_ref_rope(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  double *x = scope_read(&s, 0);
  const double *table = scope_read(&s, 1);
  int64_t channels = tensor_size(scope_tensor(&s, 0), 0);
  int64_t rows = tensor_rows(scope_tensor(&s, 0), 1);
  int64_t dim = tensor_size(scope_tensor(&s, 1), 0);
  int64_t table_rows = tensor_rows(scope_tensor(&s, 1), 1);
  int64_t heads = table_rows > 0 ? rows / table_rows : 0;
  int64_t offset = attribute_int_or(call, "offset", 0);
  int64_t interleaved = attribute_int_or(call, "interleaved", 0);
  double sign = attribute_int_or(call, "inverse", 0) ? -1 : 1;
  for (int64_t r = 0; r < rows; ++r) {
    double *row = x + r * channels + offset;
    const double *angles = table + r / heads * dim;
    for (int64_t k = 0; k < dim / 2; ++k) {
      double *a = row + (interleaved ? 2 * k : k);
      double *b = a + (interleaved ? 1 : dim / 2);
      double cosine = angles[k], sine = sign * angles[dim / 2 + k];
      double rotated = *a * cosine - *b * sine;
      *b = *a * sine + *b * cosine;
      *a = rotated;
    }
  }
  scope_write(&s, 2, x);
  scope_end(&s);
}
