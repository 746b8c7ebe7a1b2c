// CheckOperands.cpp - types and shapes of the operands of one step.
#include "passes/schedule/CheckOperands.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace tresse {

static std::string shapeText(ArrayRef<int64_t> sizes) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << '[';
  llvm::interleaveComma(sizes, out);
  out << ']';
  return text;
}

static std::string typeText(Type type) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << type;
  return text;
}

std::string tensorText(plan::ViewOp tensor) {
  return typeText(tensor.getDtype()) + shapeText(tensor.getSizes());
}

namespace {

plan::ViewOp viewOf(Value value) {
  return value ? value.getDefiningOp<plan::ViewOp>() : plan::ViewOp();
}

class OperandChecker {
public:
  std::vector<std::string> defects;

  void expect(bool holds, const Twine &expected, const Twine &got) {
    if (!holds)
      defects.push_back(("expected " + expected + ", but got " + got).str());
  }

  /// A float tensor of at least two dimensions whose rows have no gaps.
  bool matrix(StringRef name, plan::ViewOp tensor) {
    size_t before = defects.size();
    expect(isa<FloatType>(tensor.getDtype()), name + " of a float type",
           tensorText(tensor));
    expect(tensor.getSizes().size() >= 2, name + " of at least two dimensions",
           tensorText(tensor));
    if (tensor.getSizes().size() >= 2)
      expect(tensor.getSizes().back() <= 1 || tensor.getStrides().back() == 1,
             name + " with a last stride of 1",
             Twine(tensor.getStrides().back()));
    return defects.size() == before;
  }

  void shape(StringRef name, plan::ViewOp tensor, int64_t rows,
             int64_t columns) {
    ArrayRef<int64_t> sizes = tensor.getSizes().take_back(2);
    expect(sizes[0] == rows && sizes[1] == columns,
           name + " of " + shapeText({rows, columns}), tensorText(tensor));
  }

  void compute(Type type, plan::ViewOp result) {
    expect(type.isF32() || type.isF64(), "sums in f32 or f64", typeText(type));
    expect(!result.getDtype().isF64() || type.isF64(),
           "sums at least as wide as the result",
           typeText(type) + " for " + tensorText(result));
  }

  void check(plan::GemmOp gemm);
  void check(plan::GroupedGemmOp gemm);
  void check(plan::CopyOp copy);
  void check(plan::FillOp fill);
  void check(plan::LaunchOp launch);
};

void OperandChecker::check(plan::GemmOp gemm) {
  plan::ViewOp a = viewOf(gemm.getA()), b = viewOf(gemm.getB()),
               d = viewOf(gemm.getD());
  // Every operand is looked at, so that each defect is named.
  bool aFits = matrix("a", a), bFits = matrix("b", b), dFits = matrix("d", d);
  if (!aFits || !bFits || !dFits)
    return;
  compute(gemm.getCompute(), d);
  ArrayRef<int64_t> result = d.getSizes().take_back(2);
  int64_t k = a.getSizes().take_back(2)[gemm.getTransposeA() ? 0 : 1];
  gemm.getTransposeA() ? shape("a", a, k, result[0])
                       : shape("a", a, result[0], k);
  gemm.getTransposeB() ? shape("b", b, result[1], k)
                       : shape("b", b, k, result[1]);
  for (auto [name, tensor] : {std::pair{"a", a}, std::pair{"b", b}}) {
    ArrayRef<int64_t> own = tensor.getSizes().drop_back(2);
    ArrayRef<int64_t> all = d.getSizes().drop_back(2);
    expect(own.empty() || own == all,
           Twine(name) + " with the batch " + shapeText(all),
           tensorText(tensor));
  }
  if (plan::ViewOp c = viewOf(gemm.getC()))
    expect(c.getSizes() == d.getSizes(), "c of the shape of d", tensorText(c));
  expect(gemm.getC() || gemm.getBeta().isZero(),
         "a tensor c to multiply by beta", "none");
}

void OperandChecker::check(plan::GroupedGemmOp gemm) {
  plan::ViewOp a = viewOf(gemm.getA()), b = viewOf(gemm.getB()),
               d = viewOf(gemm.getD()), ends = viewOf(gemm.getEnds());
  int64_t groups = gemm.getGroupCount();
  expect(ends.getDtype().isSignlessInteger(32) &&
             ends.getElementCount() == groups,
         "ends of i32[" + Twine(groups) + "]", tensorText(ends));
  bool aFits = matrix("a", a), bFits = matrix("b", b), dFits = matrix("d", d);
  if (!aFits || !bFits || !dFits)
    return;
  compute(gemm.getCompute(), d);
  bool varyingK = gemm.getVarying() == plan::Varying::K;
  plan::ViewOp stack = varyingK ? d : b;
  expect(stack.getSizes().size() == 3 && stack.getSizes()[0] == groups,
         Twine(varyingK ? "d" : "b") + " of " + Twine(groups) + " matrices",
         tensorText(stack));
  int64_t rows = a.getSizes().take_back(2)[0];
  int64_t inner = a.getSizes().back();
  ArrayRef<int64_t> result = d.getSizes().take_back(2);
  expect(static_cast<int64_t>(gemm.getMaximumRows()) == rows,
         "as many rows as a has", Twine(gemm.getMaximumRows()));
  if (varyingK) {
    shape("a", a, rows, result[0]);
    shape("b", b, rows, result[1]);
    return;
  }
  shape("d", d, rows, result[1]);
  gemm.getTransposeB() ? shape("b", b, result[1], inner)
                       : shape("b", b, inner, result[1]);
}

void OperandChecker::check(plan::CopyOp copy) {
  plan::ViewOp from = viewOf(copy.getFrom()), to = viewOf(copy.getTo());
  expect(from.getSizes() == to.getSizes(), "tensors of one shape",
         tensorText(from) + " and " + tensorText(to));
}

void OperandChecker::check(plan::FillOp fill) {
  plan::ViewOp to = viewOf(fill.getTo());
  expect(fill.getWidth() == plan::bytesOfElement(to.getDtype()),
         "a width of " + Twine(plan::bytesOfElement(to.getDtype())) +
             " bytes for " + tensorText(to),
         Twine(fill.getWidth()));
}

void OperandChecker::check(plan::LaunchOp launch) {
  expect(launch.getTileCount() > 0, "at least one tile", "0");
  if (plan::ViewOp count = viewOf(launch.getTileCountFrom()))
    expect(count.getDtype().isSignlessInteger(32) &&
               count.getElementCount() == 1,
           "a tile count of i32[1]", tensorText(count));
}

} // namespace

std::vector<std::string> checkOperands(plan::StepInterface step) {
  OperandChecker checker;
  llvm::TypeSwitch<Operation *>(step.getOperation())
      .Case<plan::GemmOp, plan::GroupedGemmOp, plan::CopyOp, plan::FillOp,
            plan::LaunchOp>([&](auto op) { checker.check(op); });
  for (const plan::StepOperand &operand : step.getStepOperands()) {
    plan::ViewOp tensor = operand.kind == plan::StepOperand::Tensor
                              ? viewOf(operand.value)
                              : plan::ViewOp();
    if (plan::ViewOp rows = tensor ? viewOf(tensor.getRows()) : tensor)
      checker.expect(rows.getDtype().isSignlessInteger(32) &&
                         rows.getElementCount() >= 1,
                     "a row count of i32[1]", tensorText(rows));
  }
  return checker.defects;
}

} // namespace tresse
