// PlanBuilder.h - a plan under construction: buffers, views, kernels, globals.
#ifndef TRESSE_PASSES_SCHEDULE_PLANBUILDER_H
#define TRESSE_PASSES_SCHEDULE_PLANBUILDER_H

#include "dialects/lm/LM.h"
#include "dialects/plan/Plan.h"
#include "passes/schedule/Layout.h"
#include "llvm/ADT/StringMap.h"

#include <map>

namespace tresse {

/// Where a tensor lies: a buffer of the plan and a layout in it.
struct Place {
  unsigned buffer = 0;
  Layout layout;
};

/// The cost of a step, for estimates.
struct Cost {
  int64_t flops = 0, bytesRead = 0, bytesWritten = 0;
};

/// Creates the records of one `plan.model` with one program; equal views and
/// equal kernels are created once.
class PlanBuilder {
public:
  PlanBuilder(mlir::ModuleOp module, plan::Target target,
              llvm::StringRef architecture);

  /// Adds a build record.
  void addRecord(llvm::StringRef name, llvm::StringRef value);
  /// Adds a global with its persistent buffer.
  void addGlobal(lm::GlobalOp global);
  /// Adds a buffer of the arena, without an offset yet.
  unsigned addBuffer(llvm::StringRef name, int64_t bytes);
  /// Returns the buffer of a global.
  unsigned bufferOfGlobal(llvm::StringRef global) const {
    return globalBuffers.lookup(global);
  }
  /// True for the buffer of a global.
  bool isGlobal(unsigned buffer) const;
  /// Returns the size of a buffer in bytes.
  int64_t bufferBytes(unsigned buffer) const;
  /// Returns the buffer's name, for messages.
  llvm::StringRef bufferName(unsigned buffer) const;

  /// Returns the tensor record of `place`.
  mlir::Value view(const Place &place);

  /// Returns the kernel that computes `op` (an lm.fusion computes its body) on
  /// operands and results of these layouts.
  mlir::FlatSymbolRefAttr kernel(mlir::Operation *op,
                                 llvm::ArrayRef<Layout> layouts);

  /// Opens an entry; its arguments and steps are added next, in this order.
  void beginEntry(llvm::StringRef name, uint32_t flags, mlir::Location loc);
  void addArgument(llvm::StringRef name, const Place &place, bool isInput);
  /// Where the next step goes.
  mlir::OpBuilder &steps() { return stepBuilder; }

  void launch(mlir::Operation *op, llvm::StringRef name,
              llvm::ArrayRef<Place> operands, llvm::ArrayRef<Place> results);
  void fill(mlir::Location loc, llvm::StringRef name, const Place &to,
            uint64_t bits);
  void copy(mlir::Location loc, llvm::StringRef name, const Place &from,
            const Place &to);
  /// d = op(a) op(b), added to what d holds when `accumulate`.
  void gemm(mlir::Location loc, llvm::StringRef name, const Place &a,
            bool transposeA, const Place &b, bool transposeB, const Place &d,
            bool accumulate, const Cost &cost);
  void groupedGemm(mlir::Location loc, llvm::StringRef name, const Place &a,
                   const Place &b, bool transposeB, const Place &d,
                   const Place &ends, bool varyingK, bool accumulate,
                   const Cost &cost);

  /// Puts the records in the order in which they are dumped.
  void finish();

private:
  mlir::IntegerAttr i64(int64_t value);
  mlir::TypeAttr computeType(const Place &d);

  mlir::MLIRContext *context;
  plan::ModelOp model;
  plan::ProgramOp program;
  mlir::OpBuilder builder, stepBuilder;
  llvm::SmallVector<plan::BufferOp> buffers;
  llvm::StringMap<unsigned> globalBuffers;
  std::map<std::vector<int64_t>, mlir::Value> views;
  std::map<std::vector<uintptr_t>, mlir::FlatSymbolRefAttr> kernels;
};

/// A step's name: the op's mnemonic and the global that it works on.
std::string stepName(mlir::Operation *op);

/// Floating point operations of an op, and the bytes of its tensors.
Cost estimateCost(mlir::Operation *op);

} // namespace tresse

#endif // TRESSE_PASSES_SCHEDULE_PLANBUILDER_H
