// PlanReader.h - the records of a valid plan as ops (private to its reading).
#ifndef TRESSE_CODEGEN_EMIT_PLANREADER_H
#define TRESSE_CODEGEN_EMIT_PLANREADER_H

#include "dialects/plan/Plan.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "runtime/core/plan_bytes.h"

namespace tresse::plan {

/// Equal bits: 0.0 and -0.0 are different plans.
inline bool is(double value, double wanted) {
  return llvm::bit_cast<uint64_t>(value) == llvm::bit_cast<uint64_t>(wanted);
}

/// Builds the ops of a plan that tresse_plan_validate accepted. What it left to
/// check are the rules that only the ops have: names are symbols, and the
/// operands of a step other than a launch are those of its record.
class PlanReader {
public:
  PlanReader(const tresse_plan *plan, mlir::Location loc)
      : plan(plan), loc(loc), builder(loc.getContext()) {}

  mlir::OwningOpRef<mlir::ModuleOp> read();

private:
  template <typename Record>
  const Record &at(tresse_table table, uint32_t index) const {
    return *static_cast<const Record *>(tresse_plan_record(plan, table, index));
  }
  mlir::StringAttr string(uint32_t offset) {
    return builder.getStringAttr(tresse_plan_string(plan, offset));
  }
  mlir::ArrayRef<int64_t> numbers(tresse_span span) {
    return {tresse_plan_numbers(plan, span), span.count};
  }
  mlir::DenseI64ArrayAttr list(tresse_span span) {
    return builder.getDenseI64ArrayAttr(numbers(span));
  }
  mlir::DenseI64ArrayAttr optionalList(tresse_span span) {
    return span.count ? list(span) : mlir::DenseI64ArrayAttr();
  }
  mlir::TypeAttr type(uint32_t code) {
    return mlir::TypeAttr::get(decodeType(code, builder.getContext()));
  }
  mlir::IntegerAttr i32(uint32_t value) {
    return builder.getI32IntegerAttr(static_cast<int32_t>(value));
  }
  mlir::IntegerAttr i64(uint64_t value) {
    return builder.getI64IntegerAttr(static_cast<int64_t>(value));
  }
  mlir::FloatAttr f64(double value) { return builder.getF64FloatAttr(value); }
  mlir::Value tensor(uint32_t index) {
    return index == TRESSE_NONE ? mlir::Value() : tensors[index];
  }
  mlir::FlatSymbolRefAttr kernel(uint32_t index) {
    if (index == TRESSE_NONE)
      return {};
    return mlir::FlatSymbolRefAttr::get(
        string(at<tresse_kernel>(plan->kernels, index).name));
  }

  /// Builds an op from properties set by `set`.
  template <typename Op, typename Set>
  Op build(mlir::ArrayRef<mlir::Type> results, mlir::ValueRange operands,
           Set set, unsigned regions = 0);
  /// Sets the attribute unless it has its default value.
  template <typename Field>
  static void unlessDefault(Field &field, Field value, bool isDefault) {
    if (!isDefault)
      field = value;
  }

  mlir::LogicalResult checkNames();
  void readMesh();
  void readCode();
  void readBuffers();
  void readTensors();
  void readGlobals();
  PieceAttr readPiece(const tresse_piece &piece);
  mlir::LogicalResult readProgram(const tresse_program &program);
  mlir::LogicalResult readEntry(const tresse_entry &entry);
  void readArguments(tresse_span span, bool isInput);
  mlir::LogicalResult readStep(uint32_t index);
  StepInterface readMove(const tresse_step &step);
  StepInterface readLaunch(const tresse_step &step);
  mlir::NamedAttribute readAttribute(const tresse_attribute &attribute);
  StepInterface readGemm(const tresse_step &step);
  StepInterface readGroupedGemm(const tresse_step &step);
  template <typename Properties>
  void placeStep(Properties &properties, const tresse_step &step);
  template <typename Properties, typename Record>
  void readProduct(Properties &properties, const Record &gemm);
  mlir::LogicalResult checkOperands(StepInterface step, uint32_t index,
                                    tresse_span span);
  mlir::LogicalResult checkParameters(const tresse_launch &launch);

  const tresse_plan *plan;
  mlir::Location loc;
  mlir::OpBuilder builder;
  llvm::SmallVector<mlir::Value> buffers, tensors, maps, modules;
};

template <typename Op, typename Set>
Op PlanReader::build(mlir::ArrayRef<mlir::Type> results,
                     mlir::ValueRange operands, Set set, unsigned regions) {
  mlir::OperationState state(loc, Op::getOperationName());
  state.addTypes(results);
  state.addOperands(operands);
  for (unsigned i = 0; i < regions; ++i)
    state.addRegion();
  set(state.getOrAddProperties<typename Op::Properties>());
  return llvm::cast<Op>(builder.create(state));
}

} // namespace tresse::plan

#endif // TRESSE_CODEGEN_EMIT_PLANREADER_H
