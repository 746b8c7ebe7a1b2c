// PlanWriter.h - plan ops as records (private to their writing).
#ifndef TRESSE_CODEGEN_EMIT_PLANWRITER_H
#define TRESSE_CODEGEN_EMIT_PLANWRITER_H

#include "codegen/emit/PlanBytes.h"
#include "llvm/ADT/StringMap.h"

#include <map>

namespace tresse::plan {

/// TRESSE_NONE for a value without a record.
inline uint32_t indexOf(const llvm::DenseMap<mlir::Value, uint32_t> &indices,
                        mlir::Value value) {
  auto found = indices.find(value);
  return found == indices.end() ? TRESSE_NONE : found->second;
}

/// One walk collects the records of each table in the order of the ops; indices
/// are positions in that order. Strings and lists of numbers are stored once.
class PlanWriter {
public:
  explicit PlanWriter(ModelOp model) : model(model) { addString(""); }

  mlir::FailureOr<PlanBytes> write();

private:
  uint32_t addString(mlir::StringRef text);
  tresse_span addNumbers(mlir::ArrayRef<int64_t> list);
  uint32_t kernelIndex(mlir::FlatSymbolRefAttr name) {
    return name ? kernelIndices.lookup(name.getValue()) : TRESSE_NONE;
  }
  uint32_t tensorIndex(mlir::Value value) {
    return value ? indexOf(tensorIndices, value) : TRESSE_NONE;
  }

  void numberRecords();
  void addMesh();
  void addStorage();
  void addGlobal(GlobalOp global);
  tresse_piece encodePiece(PieceAttr piece);
  void addCode();
  void addProgram(ProgramOp program);
  void addEntry(EntryOp entry);
  void addArgument(mlir::StringRef name, mlir::Value tensor,
                   llvm::APFloat minimum, llvm::APFloat maximum,
                   llvm::APFloat fallback);
  void addStep(StepInterface step);
  uint32_t addRecord(StepInterface step, uint32_t &kind);
  uint32_t addLaunch(LaunchOp launch);
  tresse_attribute encodeAttribute(mlir::NamedAttribute named);
  template <typename Record, typename Op>
  void encodeProduct(Record &record, Op gemm);
  uint32_t addGemm(GemmOp gemm);
  uint32_t addGroupedGemm(GroupedGemmOp gemm);
  mlir::FailureOr<PlanBytes> layOut();

  ModelOp model;
  llvm::StringMap<uint32_t> stringOffsets, kernelIndices, globalIndices,
      programIndices, communicatorIndices;
  std::map<std::vector<int64_t>, uint32_t> numberOffsets;
  llvm::DenseMap<mlir::Value, uint32_t> bufferIndices, tensorIndices,
      mapIndices, moduleIndices;

  std::string strings;
  std::vector<int64_t> numbers;
  std::vector<tresse_record> records;
  std::vector<tresse_axis> axes;
  std::vector<tresse_communicator> communicators;
  std::vector<tresse_program> programs;
  std::vector<tresse_span> programOfRank;
  std::vector<tresse_global> globals;
  std::vector<tresse_piece> pieces;
  std::vector<tresse_buffer> buffers;
  std::vector<tresse_tensor> tensors;
  std::vector<tresse_entry> entries;
  std::vector<tresse_argument> arguments;
  std::vector<tresse_step> steps;
  std::vector<tresse_operand> operands;
  std::vector<tresse_launch> launches;
  std::vector<tresse_gemm> gemms;
  std::vector<tresse_grouped_gemm> groupedGemms;
  std::vector<tresse_collective> collectives;
  std::vector<tresse_copy> copies;
  std::vector<tresse_fill> fills;
  std::vector<tresse_kernel> kernels;
  std::vector<tresse_module> modules;
  std::vector<tresse_tensor_map> tensorMaps;
  std::vector<tresse_attribute> attributes;
};

} // namespace tresse::plan

#endif // TRESSE_CODEGEN_EMIT_PLANWRITER_H
