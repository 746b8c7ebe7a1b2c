// Syntax.cpp - names of types and special registers.
#include "tools/vgpu/core/Syntax.h"

#include <algorithm>

namespace vgpu {

namespace {
struct TypeEntry {
  std::string_view name;
  Type type;
  uint8_t bytes;
};
constexpr TypeEntry typeTable[] = {
    {"pred", Type::Pred, 0},     {"b8", Type::B8, 1},
    {"b16", Type::B16, 2},       {"b32", Type::B32, 4},
    {"b64", Type::B64, 8},       {"b128", Type::B128, 16},
    {"u8", Type::U8, 1},         {"u16", Type::U16, 2},
    {"u32", Type::U32, 4},       {"u64", Type::U64, 8},
    {"s8", Type::S8, 1},         {"s16", Type::S16, 2},
    {"s32", Type::S32, 4},       {"s64", Type::S64, 8},
    {"f16", Type::F16, 2},       {"f16x2", Type::F16x2, 4},
    {"bf16", Type::BF16, 2},     {"bf16x2", Type::BF16x2, 4},
    {"tf32", Type::TF32, 4},     {"f32", Type::F32, 4},
    {"f32x2", Type::F32x2, 8},   {"f64", Type::F64, 8},
    {"e4m3", Type::E4M3, 1},     {"e5m2", Type::E5M2, 1},
    {"e4m3x2", Type::E4M3x2, 2}, {"e5m2x2", Type::E5M2x2, 2},
    {"s4", Type::S4, 0},         {"u4", Type::U4, 0},
    {"b1", Type::B1, 0},
};

struct SpecialEntry {
  std::string_view name;
  SpecialRegister reg;
};
using SR = SpecialRegister;
constexpr SpecialEntry specialTable[] = {
    {"%tid.x", SR::TidX},
    {"%tid.y", SR::TidY},
    {"%tid.z", SR::TidZ},
    {"%ntid.x", SR::NtidX},
    {"%ntid.y", SR::NtidY},
    {"%ntid.z", SR::NtidZ},
    {"%ctaid.x", SR::CtaidX},
    {"%ctaid.y", SR::CtaidY},
    {"%ctaid.z", SR::CtaidZ},
    {"%nctaid.x", SR::NctaidX},
    {"%nctaid.y", SR::NctaidY},
    {"%nctaid.z", SR::NctaidZ},
    {"%laneid", SR::LaneId},
    {"%warpid", SR::WarpId},
    {"%nwarpid", SR::NwarpId},
    {"%smid", SR::SmId},
    {"%nsmid", SR::NsmId},
    {"%gridid", SR::GridId},
    {"%lanemask_eq", SR::LanemaskEq},
    {"%lanemask_le", SR::LanemaskLe},
    {"%lanemask_lt", SR::LanemaskLt},
    {"%lanemask_ge", SR::LanemaskGe},
    {"%lanemask_gt", SR::LanemaskGt},
    {"%clock", SR::Clock},
    {"%clock_hi", SR::ClockHi},
    {"%clock64", SR::Clock64},
    {"%globaltimer", SR::GlobalTimer},
    {"%globaltimer_lo", SR::GlobalTimerLo},
    {"%globaltimer_hi", SR::GlobalTimerHi},
    {"%clusterid.x", SR::ClusterIdX},
    {"%clusterid.y", SR::ClusterIdY},
    {"%clusterid.z", SR::ClusterIdZ},
    {"%nclusterid.x", SR::NclusterIdX},
    {"%nclusterid.y", SR::NclusterIdY},
    {"%nclusterid.z", SR::NclusterIdZ},
    {"%cluster_ctaid.x", SR::ClusterCtaidX},
    {"%cluster_ctaid.y", SR::ClusterCtaidY},
    {"%cluster_ctaid.z", SR::ClusterCtaidZ},
    {"%cluster_nctaid.x", SR::ClusterNctaidX},
    {"%cluster_nctaid.y", SR::ClusterNctaidY},
    {"%cluster_nctaid.z", SR::ClusterNctaidZ},
    {"%cluster_ctarank", SR::ClusterCtarank},
    {"%cluster_nctarank", SR::ClusterNctarank},
    {"%is_explicit_cluster", SR::IsExplicitCluster},
    {"%dynamic_smem_size", SR::DynamicSmemSize},
    {"%total_smem_size", SR::TotalSmemSize},
    {"%aggr_smem_size", SR::AggrSmemSize},
    {"%reserved_smem_offset_begin", SR::ReservedSmemOffsetBegin},
    {"%reserved_smem_offset_end", SR::ReservedSmemOffsetEnd},
    {"%reserved_smem_offset_cap", SR::ReservedSmemOffsetCap},
    {"%current_graph_exec", SR::CurrentGraphExec},
    {"%envreg1", SR::EnvReg1},
    {"%envreg2", SR::EnvReg2},
    {"%tid.w", SR::Zero},
    {"%ctaid.w", SR::Zero},
};
} // namespace

Type parseType(std::string_view name) {
  for (const TypeEntry &entry : typeTable)
    if (entry.name == name)
      return entry.type;
  return Type::None;
}

unsigned typeBytes(Type type) {
  for (const TypeEntry &entry : typeTable)
    if (entry.type == type)
      return entry.bytes;
  return 0;
}

bool isFloatType(Type type) {
  return type >= Type::F16 && type <= Type::E5M2x2;
}

bool isSignedType(Type type) { return type >= Type::S8 && type <= Type::S64; }

bool findSpecialRegister(std::string_view name, SpecialRegister &out) {
  for (const SpecialEntry &entry : specialTable)
    if (entry.name == name) {
      out = entry.reg;
      return true;
    }
  return false;
}

unsigned specialRegisterBytes(SpecialRegister reg) {
  switch (reg) {
  case SR::Clock64:
  case SR::GlobalTimer:
  case SR::GridId:
  case SR::CurrentGraphExec:
  case SR::DynamicShared:
  case SR::FrameLocal:
    return 8;
  default:
    return 4;
  }
}

} // namespace vgpu
