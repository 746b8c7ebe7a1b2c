// Tile.h - the verbs in which kernel bodies are written.
//
// An op's math is written once, against rows, channels and lanes; the builder
// says what a lane is. Here lanes are the elements of a vector, and the last
// lanes of a row are masked.
#ifndef TRESSE_CODEGEN_TILE_TILE_H
#define TRESSE_CODEGEN_TILE_TILE_H

#include "codegen/tile/Num.h"
#include "mlir/IR/Builders.h"

namespace tresse::tile {

/// A strided tensor in memory. `memory` is a flat memref of the storage type
/// (bf16 is stored as i16, truth values as i8); the element at indices i lies
/// at offset + sum(i * strides).
struct View {
  mlir::Value memory;
  Num offset;
  llvm::SmallVector<int64_t> sizes, strides;
  /// The declared element type.
  mlir::Type element;

  int64_t rank() const { return sizes.size(); }
  /// Size of the dimension `back` places before the last one; 1 beyond rank.
  int64_t size(int64_t back = 0) const {
    return back < rank() ? sizes[rank() - 1 - back] : 1;
  }
  int64_t count() const;
  /// The part at the given leading indices.
  View at(llvm::ArrayRef<Num> indices) const;
  /// Elements [start, start + size) of the last dimension.
  View slice(int64_t start, int64_t size) const;
  View slice(Num start, int64_t size) const;
  /// True when the elements are row-major without gaps.
  bool isContiguous() const;
  /// The same elements in one dimension; needs isContiguous().
  View flat() const;
  /// The row-major tensor of `sizes` on the same memory; needs isContiguous().
  View reshape(llvm::ArrayRef<int64_t> sizes) const;
};

/// One step through a row: elements [first, first + lanes), of which those
/// where `mask` holds exist; without a mask all do.
struct Lanes {
  Num first;
  Num mask;
};

/// How the lanes of an accumulator become one number.
enum class Combine { Sum, Max, Min };

/// Emits kernel code at an insertion point.
class TileBuilder {
public:
  /// `wide` is the type of sums; a step through a row has `lanes` elements.
  TileBuilder(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type wide,
              int64_t lanes)
      : builder(builder), location(loc), wideType(wide), laneCount(lanes) {}
  virtual ~TileBuilder() = default;

  mlir::OpBuilder &ops() { return builder; }
  mlir::Location loc() const { return location; }
  void setLoc(mlir::Location loc) { location = loc; }
  mlir::Type wide() const { return wideType; }
  int64_t lanes() const { return laneCount; }

  // Constants and conversions.
  Num constant(mlir::Type type, double number);
  Num index(int64_t number);
  Num i32(int64_t number);
  Num truth(bool value);
  Num number(double number) { return constant(wideType, number); }
  /// The number in every lane; unchanged when it has lanes.
  Num broadcast(Num number);
  /// 0, 1, 2, ... as i32.
  Num laneNumbers();
  /// The mask of lanes [0, count).
  Num firstLanes(Num count);
  /// Values given per lane.
  Num laneTable(llvm::ArrayRef<double> values, mlir::Type element);
  Num toIndex(Num integer);
  Num toInteger(Num number, unsigned bits = 32);
  /// Integer or other float -> float of type `to` (default: wide).
  Num toFloat(Num number, mlir::Type to = {});
  Num bitcast(Num number, mlir::Type element);
  /// Nearest value of a storage type, ties to even, in the type of `number`.
  Num roundTo(Num number, mlir::Type storage);
  /// Lanes of a|b picked by position (b's begin at lanes()).
  Num shuffle(Num a, Num b, llvm::ArrayRef<int64_t> positions);
  /// One number out of all lanes, in a fixed order: a tree of halves here, or
  /// one vector.reduction whose order the target decides.
  Num combine(Num lanes, Combine how);
  void leaveReductionsToTarget() { targetReduces = true; }

  // Control.
  using Body = llvm::function_ref<void(Num)>;
  using Nums = llvm::SmallVector<Num>;
  using CarryBody = llvm::function_ref<Nums(Num, llvm::ArrayRef<Num>)>;
  void loop(Num from, Num to, int64_t step, Body body);
  void loop(int64_t from, int64_t to, int64_t step, Body body) {
    loop(index(from), index(to), step, body);
  }
  Nums loop(Num from, Num to, int64_t step, llvm::ArrayRef<Num> start,
            CarryBody body);
  void when(Num condition, llvm::function_ref<void()> then,
            llvm::function_ref<void()> otherwise = nullptr);
  Nums choose(Num condition, llvm::function_ref<Nums()> then,
              llvm::function_ref<Nums()> otherwise);

  // Rows of n elements.
  using LanesBody = llvm::function_ref<void(Lanes)>;
  using LanesCarryBody = llvm::function_ref<Nums(Lanes, llvm::ArrayRef<Num>)>;
  void forLanes(Num n, LanesBody body);
  void forLanes(int64_t n, LanesBody body) { forLanes(index(n), body); }
  /// Carries one accumulator per `how` through the row; masked lanes keep
  /// theirs. Every lane begins with `start`, which must be neutral: 0 for sums.
  /// Returns one number each.
  Nums reduce(Num n, llvm::ArrayRef<Combine> how, llvm::ArrayRef<Num> start,
              LanesCarryBody body);
  /// Sum over n elements of `term`.
  Num sum(Num n, llvm::function_ref<Num(Lanes)> term);
  Num sum(int64_t n, llvm::function_ref<Num(Lanes)> term) {
    return sum(index(n), term);
  }
  Num maximum(Num n, llvm::function_ref<Num(Lanes)> term);
  Num maximum(int64_t n, llvm::function_ref<Num(Lanes)> term) {
    return maximum(index(n), term);
  }
  /// Inner product of two rows of the same size.
  Num dot(const View &a, const View &b);

  // Memory. `load` widens floats to wide() and keeps integers; `store` rounds
  // to the view's type.
  Num load(const View &row, Lanes lanes);
  void store(const View &row, Lanes lanes, Num value);
  /// The element at the given indices, all of them.
  Num loadAt(const View &view, llvm::ArrayRef<Num> indices);
  void storeAt(const View &view, llvm::ArrayRef<Num> indices, Num value);
  /// Without widening f32 to f64: bf16 becomes f32, others stay.
  Num loadNative(const View &row, Lanes lanes);
  Num loadNativeAt(const View &view, llvm::ArrayRef<Num> indices);
  /// to = from, rows of the same size; converts.
  void copyRow(const View &from, const View &to);
  void fillRow(const View &row, Num value);

  // Scratch, the worker's own memory.
  View scratch(llvm::ArrayRef<int64_t> sizes, mlir::Type element);
  View scratch(llvm::ArrayRef<int64_t> sizes) {
    return scratch(sizes, wideType);
  }
  void setScratch(mlir::Value memory) { scratchMemory = memory; }
  int64_t scratchBytes() const { return scratchUsed; }

private:
  Num fromStorage(Num stored, mlir::Type element);
  Num toStorage(Num value, mlir::Type element);
  Num place(const View &row, Num first);

  mlir::OpBuilder &builder;
  mlir::Location location;
  mlir::Type wideType;
  int64_t laneCount;
  bool targetReduces = false;
  mlir::Value scratchMemory;
  int64_t scratchUsed = 0;
};

/// The type in which elements lie in memory.
mlir::Type storageOf(mlir::Type element);

} // namespace tresse::tile

#endif // TRESSE_CODEGEN_TILE_TILE_H
