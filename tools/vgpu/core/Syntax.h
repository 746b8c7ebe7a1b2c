// Syntax.h - PTX as parsed: names resolved, instructions not yet decoded.
#pragma once

#include "tools/vgpu/core/Report.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vgpu {

/// Operand and register types of PTX.
enum class Type : uint8_t {
  None,
  Pred,
  S4,
  U4,
  B1,
  B8,
  B16,
  B32,
  B64,
  B128,
  U8,
  U16,
  U32,
  U64,
  S8,
  S16,
  S32,
  S64,
  F16,
  F16x2,
  BF16,
  BF16x2,
  TF32,
  F32,
  F32x2,
  F64,
  E4M3,
  E5M2,
  E4M3x2,
  E5M2x2,
};
/// The type named by a modifier, or None.
Type parseType(std::string_view name);
unsigned typeBytes(Type type);
bool isFloatType(Type type);
bool isSignedType(Type type);

enum class Space : uint8_t { Generic, Global, Const, Shared, Local, Param };

/// A variable, parameter or function that has a name.
struct Symbol {
  enum class Kind : uint8_t { Variable, KernelParam, FrameParam, Function };
  std::string_view name;
  Kind kind = Kind::Variable;
  Space space = Space::Generic;
  /// An array without a size: the dynamic shared memory.
  bool dynamicSize = false;
  bool external = false;
  uint32_t alignment = 1;
  uint64_t bytes = 0;
  /// Param: offset in the parameter buffer or frame. Local: offset in the
  /// frame. Shared: offset in the block. Global: device address. Function: its
  /// index.
  uint64_t offset = 0;
  uint32_t line = 0;
  /// The function that declares it, or -1 at module scope.
  int32_t owner = -1;
  /// First entry and count in ParsedModule::initializers.
  uint32_t firstInitializer = 0;
  uint32_t initializerCount = 0;
  Type element = Type::B8;
};

/// One element of an initializer: a value, or the address of a symbol.
struct Initializer {
  uint64_t value = 0; ///< bits, or the addend
  int32_t symbol = -1;
  bool generic = false;
  uint8_t maskShift = 0xff; ///< byte index of 0xff...(symbol), or 0xff
  bool isFloat = false;     ///< value holds f64 bits
};

struct Operand {
  enum class Kind : uint8_t {
    Register, ///< index
    Special,  ///< index = SpecialRegister
    Integer,  ///< value
    Float,    ///< value = bits, width 4 or 8
    Symbol,   ///< index, value = addend
    Address,  ///< [child + value], further children: tensor coordinates
    Vector,   ///< {children} or (children)
    Pair,     ///< child | child
    Label,    ///< index into the function's label table
    Sink,     ///< _
  };
  Kind kind = Kind::Sink;
  bool negated = false;
  uint8_t width = 0;
  /// Children of Address, Vector and Pair: operandPool[first, first + count).
  uint32_t index = 0;
  uint32_t count = 0;
  int64_t value = 0;
};

struct Statement {
  std::string_view opcode;
  uint32_t line = 0;
  uint32_t column = 0;
  uint32_t firstOperand = 0;
  uint16_t operandCount = 0;
  bool guardNegated = false;
  int32_t guard = -1;
  /// Index into ParsedFunction::locations, or -1.
  int32_t location = -1;
  const char *end = nullptr;
};

/// What a label stands for.
struct Label {
  enum class Kind : uint8_t {
    Undefined,
    Position,
    Targets,
    Prototype,
    Forward, ///< the label of an enclosing scope; `statement` is its index
  };
  Kind kind = Kind::Undefined;
  std::string_view name;
  uint32_t line = 0;
  uint32_t statement = 0;        ///< Position
  std::vector<uint32_t> targets; ///< Targets: labels
};

struct SourceLocation {
  uint32_t file = 0;
  uint32_t line = 0;
};

struct ParsedFunction {
  std::string_view name;
  uint32_t line = 0;
  bool entry = false;
  bool defined = false;
  std::vector<uint32_t> results;    ///< symbols
  std::vector<uint32_t> parameters; ///< symbols
  /// Register arguments (old style) are not modelled; each register's type.
  std::vector<Type> registers;
  std::vector<std::string_view> registerNames;
  std::vector<Statement> statements;
  std::vector<Operand> operands;
  std::vector<Label> labels;
  std::vector<SourceLocation> locations;
  uint32_t parameterBytes = 0; ///< of an entry
  uint32_t frameBytes = 0;     ///< .local and .param variables
  uint32_t maxThreads[3] = {0, 0, 0};
  bool requiredThreads = false;
  uint32_t maxRegisters = 0;
  uint32_t minBlocks = 0;
  uint32_t cluster[3] = {0, 0, 0};
  bool explicitCluster = false;
  uint32_t maxClusterRank = 0;
};

struct ParsedModule {
  int ptxVersion = 0;
  int target = 0;
  std::string_view targetName;
  bool architectureSpecific = false; ///< sm_90a
  std::vector<ParsedFunction> functions;
  std::vector<Symbol> symbols;
  std::vector<Initializer> initializers;
  std::vector<std::pair<uint32_t, std::string_view>> files;
};

/// Special registers that `mov` reads.
enum class SpecialRegister : uint8_t {
  TidX,
  TidY,
  TidZ,
  NtidX,
  NtidY,
  NtidZ,
  CtaidX,
  CtaidY,
  CtaidZ,
  NctaidX,
  NctaidY,
  NctaidZ,
  LaneId,
  WarpId,
  NwarpId,
  SmId,
  NsmId,
  GridId,
  LanemaskEq,
  LanemaskLe,
  LanemaskLt,
  LanemaskGe,
  LanemaskGt,
  Clock,
  ClockHi,
  Clock64,
  GlobalTimer,
  GlobalTimerLo,
  GlobalTimerHi,
  ClusterIdX,
  ClusterIdY,
  ClusterIdZ,
  NclusterIdX,
  NclusterIdY,
  NclusterIdZ,
  ClusterCtaidX,
  ClusterCtaidY,
  ClusterCtaidZ,
  ClusterNctaidX,
  ClusterNctaidY,
  ClusterNctaidZ,
  ClusterCtarank,
  ClusterNctarank,
  IsExplicitCluster,
  DynamicSmemSize,
  TotalSmemSize,
  AggrSmemSize,
  ReservedSmemOffsetBegin,
  ReservedSmemOffsetEnd,
  ReservedSmemOffsetCap,
  CurrentGraphExec,
  /// The grid's workspace, high and low: what cooperative groups meet in.
  EnvReg1,
  EnvReg2,
  Zero,
  /// Not in PTX: the address of the dynamic shared memory and of a frame.
  DynamicShared,
  FrameLocal,
};
/// True and the register when `name` (with a component such as ".x") is one.
bool findSpecialRegister(std::string_view name, SpecialRegister &out);
/// Bytes of a special register: 4 or 8.
unsigned specialRegisterBytes(SpecialRegister reg);

} // namespace vgpu
