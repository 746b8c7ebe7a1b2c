/* elementwise.c: the arith and math ops on tensors, one interpreter for all.
 *
 * The string attribute "op" is the op's name ("arith.addf"). Integers pass
 * through doubles: exact below 2^53. */
#include "tensor.h"

/* One element of an op of up to three operands; `mode` is the predicate of a
 * comparison. */
typedef double (*element_function)(const double *x, int64_t mode);

#define ELEMENT(name, expression)                                              \
  static double name(const double *x, int64_t mode) {                          \
    (void)mode;                                                                \
    return expression;                                                         \
  }

ELEMENT(add, x[0] + x[1])
ELEMENT(subtract, x[0] - x[1])
ELEMENT(multiply, x[0] * x[1])
ELEMENT(divide, x[0] / x[1])
ELEMENT(remainder_of, fmod(x[0], x[1]))
ELEMENT(divide_integers, x[1] == 0 ? 0 : trunc(x[0] / x[1]))
ELEMENT(remainder_of_integers, x[1] == 0 ? 0 : fmod(x[0], x[1]))
ELEMENT(negate, -x[0])
ELEMENT(same, x[0])
ELEMENT(larger, isnan(x[0]) ? x[0] : isnan(x[1]) || x[1] > x[0] ? x[1] : x[0])
ELEMENT(smaller, isnan(x[0]) ? x[0] : isnan(x[1]) || x[1] < x[0] ? x[1] : x[0])
ELEMENT(larger_number, fmax(x[0], x[1]))
ELEMENT(smaller_number, fmin(x[0], x[1]))
ELEMENT(choose, x[0] != 0 ? x[1] : x[2])
ELEMENT(both, (double)((int64_t)x[0] & (int64_t)x[1]))
ELEMENT(either, (double)((int64_t)x[0] | (int64_t)x[1]))
ELEMENT(exclusive, (double)((int64_t)x[0] ^ (int64_t)x[1]))
ELEMENT(absolute, fabs(x[0]))
ELEMENT(exponential, exp(x[0]))
ELEMENT(exponential2, exp2(x[0]))
ELEMENT(exponential_minus_one, expm1(x[0]))
ELEMENT(logarithm, log(x[0]))
ELEMENT(logarithm2, log2(x[0]))
ELEMENT(logarithm_plus_one, log1p(x[0]))
ELEMENT(root, sqrt(x[0]))
ELEMENT(inverse_root, 1 / sqrt(x[0]))
ELEMENT(hyperbolic_tangent, tanh(x[0]))
ELEMENT(sine, sin(x[0]))
ELEMENT(cosine, cos(x[0]))
ELEMENT(error_function, erf(x[0]))
ELEMENT(power, pow(x[0], x[1]))
ELEMENT(multiply_add, fma(x[0], x[1], x[2]))
ELEMENT(down, floor(x[0]))
ELEMENT(up, ceil(x[0]))
ELEMENT(nearest_even, rint(x[0]))

/* Predicates as MLIR numbers them: bits 1 equal, 2 greater, 4 less, 8 also
 * true when either is a NaN. (oeq 1, ogt 2, oge 3, olt 4, ..., uno 8.) */
static double compare_floats(const double *x, int64_t mode) {
  static const int64_t orders[16] = {0,     1,     2,     2 | 1, 4,     4 | 1,
                                     4 | 2, 7,     8 | 1, 8 | 2, 8 | 3, 8 | 4,
                                     8 | 5, 8 | 6, 8,     15};
  int64_t wanted = orders[mode & 15];
  if (isnan(x[0]) || isnan(x[1]))
    return (wanted & 8) != 0;
  int64_t found = x[0] == x[1] ? 1 : x[0] > x[1] ? 2 : 4;
  return (wanted & found) != 0;
}

/* eq ne slt sle sgt sge ult ule ugt uge */
static double compare_integers(const double *x, int64_t mode) {
  double a = x[0], b = x[1];
  if (mode >= 6) { /* unsigned: negative numbers are the largest */
    if ((a < 0) != (b < 0)) {
      double swap = a;
      a = b;
      b = swap;
    }
    mode -= 4;
  }
  switch (mode) {
  case 0:
    return a == b;
  case 1:
    return a != b;
  case 2:
    return a < b;
  case 3:
    return a <= b;
  case 4:
    return a > b;
  default:
    return a >= b;
  }
}

static const struct {
  const char *op;
  element_function function;
} functions[] = {{"arith.addf", add},
                 {"arith.addi", add},
                 {"arith.subf", subtract},
                 {"arith.subi", subtract},
                 {"arith.mulf", multiply},
                 {"arith.muli", multiply},
                 {"arith.divf", divide},
                 {"arith.divsi", divide_integers},
                 {"arith.remf", remainder_of},
                 {"arith.remsi", remainder_of_integers},
                 {"arith.negf", negate},
                 {"arith.maximumf", larger},
                 {"arith.minimumf", smaller},
                 {"arith.maxnumf", larger_number},
                 {"arith.minnumf", smaller_number},
                 {"arith.maxsi", larger},
                 {"arith.minsi", smaller},
                 {"arith.andi", both},
                 {"arith.ori", either},
                 {"arith.xori", exclusive},
                 {"arith.extf", same},
                 {"arith.truncf", same},
                 {"arith.extsi", same},
                 {"arith.extui", same},
                 {"arith.trunci", same},
                 {"arith.index_cast", same},
                 {"arith.sitofp", same},
                 {"arith.uitofp", same},
                 {"arith.fptosi", same},
                 {"arith.select", choose},
                 {"arith.cmpf", compare_floats},
                 {"arith.cmpi", compare_integers},
                 {"tensor.splat", same},
                 {"math.absf", absolute},
                 {"math.absi", absolute},
                 {"math.ceil", up},
                 {"math.cos", cosine},
                 {"math.erf", error_function},
                 {"math.exp", exponential},
                 {"math.exp2", exponential2},
                 {"math.expm1", exponential_minus_one},
                 {"math.floor", down},
                 {"math.fma", multiply_add},
                 {"math.log", logarithm},
                 {"math.log1p", logarithm_plus_one},
                 {"math.log2", logarithm2},
                 {"math.powf", power},
                 {"math.roundeven", nearest_even},
                 {"math.rsqrt", inverse_root},
                 {"math.sin", sine},
                 {"math.sqrt", root},
                 {"math.tanh", hyperbolic_tangent}};

static element_function find_function(const char *op) {
  for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i)
    if (strcmp(functions[i].op, op) == 0)
      return functions[i].function;
  reference_fail("no elementwise function for", op);
  return NULL;
}

/* result: any shape. Attribute "value": a number for every element, or a list
 * with one entry per element: integers, or the bits of doubles when the
 * result's type is a float. */
static void constant(const tresse_reference_call *call) {
  scope s = scope_begin(call);
  const tresse_reference_attribute *value = attribute_find(call, "value");
  double *result = scope_zeros_like(&s, 0);
  uint32_t dtype = scope_tensor(&s, 0)->dtype;
  int floating =
      dtype == TRESSE_F64 || dtype == TRESSE_F32 || dtype == TRESSE_BF16;
  for (int64_t i = 0; i < tensor_count(scope_tensor(&s, 0)); ++i)
    if (!value || value->kind != TRESSE_ATTRIBUTE_LIST)
      result[i] = attribute_float(call, "value");
    else if (i < (int64_t)value->count && floating)
      memcpy(&result[i], &value->value.list[i], sizeof(double));
    else if (i < (int64_t)value->count)
      result[i] = (double)value->value.list[i];
  scope_write(&s, 0, result);
  scope_end(&s);
}

/* operands: one to three tensors of the result's shape, or of one element,
 * which then stands for all   result: the last tensor of the call */
void tresse_ref_elementwise(const tresse_reference_call *call) {
  const tresse_reference_attribute *op = attribute_find(call, "op");
  if (!op || op->kind != TRESSE_ATTRIBUTE_STRING)
    reference_fail("missing attribute", "op");
  if (strcmp(op->value.string, "arith.constant") == 0) {
    constant(call);
    return;
  }
  element_function function = find_function(op->value.string);
  scope s = scope_begin(call);
  uint32_t inputs = call->operand_count - 1;
  if (inputs < 1 || inputs > 3)
    reference_fail("one to three operands expected by", op->value.string);
  const double *values[3] = {NULL, NULL, NULL};
  int64_t step[3] = {0, 0, 0};
  for (uint32_t k = 0; k < inputs; ++k) {
    values[k] = scope_read(&s, k);
    step[k] = tensor_count(scope_tensor(&s, k)) == 1 ? 0 : 1;
  }
  double *result = scope_zeros_like(&s, inputs);
  int64_t mode = attribute_int_or(call, "predicate", 0);
  for (int64_t i = 0; i < tensor_count(scope_tensor(&s, inputs)); ++i) {
    double x[3] = {0, 0, 0};
    for (uint32_t k = 0; k < inputs; ++k)
      x[k] = values[k][i * step[k]];
    result[i] = function(x, mode);
  }
  scope_write(&s, inputs, result);
  scope_end(&s);
}
