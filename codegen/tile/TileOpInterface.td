// TileOpInterface.td - how ops write their kernels.
#ifndef TRESSE_CODEGEN_TILE_INTERFACE
#define TRESSE_CODEGEN_TILE_INTERFACE

include "mlir/IR/OpBase.td"

def TileOpInterface : OpInterface<"TileOpInterface"> {
  let cppNamespace = "::tresse::tile";
  let description = [{
    An op that is a kernel by itself: its results are cut into tiles that do
    not depend on each other, nor on the number of threads.
  }];
  let methods = [
    InterfaceMethod<"Returns how many tiles there are.",
      "int64_t", "getTileCount", (ins "int64_t":$lanes)>,
    InterfaceMethod<"Emits the computation of tile number `index`.",
      "void", "emitTile", (ins "::tresse::tile::TileBuilder &":$tile,
        "const ::tresse::tile::Operands &":$operands,
        "::tresse::tile::Num":$index)>
  ];
}

def RowTileOpInterface : OpInterface<"RowTileOpInterface"> {
  let cppNamespace = "::tresse::tile";
  let description = [{
    An op whose result rows depend only on the same rows of its row operands
    (lm::RowwiseOpInterface says which). Several become one kernel; rows that
    do not leave it stay in scratch, rounded to their type, so that fusing
    never changes a bit.
  }];
  let methods = [
    InterfaceMethod<[{Returns how many rows a tile should have: 1, or the number
      of lanes where the lanes are rows.}], "int64_t", "getRowsPerTile",
      (ins "int64_t":$lanes), "", "return 1;">,
    InterfaceMethod<"Emits the computation of a block of rows.",
      "void", "emitRows", (ins "::tresse::tile::TileBuilder &":$tile,
        "const ::tresse::tile::Rows &":$rows)>
  ];
}

#endif
