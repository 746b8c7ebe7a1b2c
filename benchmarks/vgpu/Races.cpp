// Races.cpp - what race checking costs, on the CUDA kernels of the tests.
#include "benchmarks/vgpu/Bench.h"
#include "tools/vgpu/core/TensorMap.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <sstream>

namespace vgpu::bench {

namespace {

/// Device memory filled with `value` in every 32-bit word.
struct Words {
  Device &device;
  uint64_t address, bytes;

  Words(Device &device, uint64_t count, uint32_t value)
      : device(device), address(device.allocate(4 * count)), bytes(4 * count) {
    device.fill(address, value, 4, count);
  }
  ~Words() { device.free(address); }
  Words(const Words &) = delete;
  std::vector<uint8_t> read() const {
    auto *from = reinterpret_cast<const uint8_t *>(address);
    return {from, from + bytes};
  }
};

constexpr uint32_t one = 0x3f800000, ones16 = 0x3f803f80; // f32, two bf16

/// One kernel, run twice on fresh operands: without and with race checks.
class Comparison {
public:
  Comparison(Bench &bench, const std::string &folder, const char *name)
      : bench(bench), name(name) {
    std::ifstream file(folder + "/" + name + ".ptx");
    std::ostringstream text;
    text << file.rdbuf();
    ptx = text.str();
  }
  Comparison(Bench &bench, const char *ptx, const char *name)
      : bench(bench), name(name), ptx(ptx) {}

  /// `prepare` makes the operands and returns the arguments; `out` is the
  /// operand whose content is compared.
  bool run(Dim3 grid, Dim3 block, uint32_t shared,
           const std::function<Arguments(
               std::vector<std::unique_ptr<Words>> &operands, Words *&out)>
               &prepare) {
    if (ptx.empty()) {
      printf("%-16s no PTX\n", name);
      return true;
    }
    double best[2] = {1e9, 1e9};
    std::vector<uint8_t> results[2];
    for (unsigned turn = 0; turn < 4; ++turn) {
      bool races = turn % 2;
      std::vector<std::unique_ptr<Words>> operands;
      Words *out = nullptr;
      Arguments arguments = prepare(operands, out);
      bench.options.checkRaces = races;
      double time = bench.run(ptx, name, grid, block, arguments, shared);
      bench.options.checkRaces = false;
      if (time < 0)
        return false;
      best[races] = std::min(best[races], time);
      results[races] = out->read();
    }
    bool good = results[0] == results[1];
    printf("%-16s %8.1f ms  with races %8.1f ms  %6.2f times slower%s\n", name,
           best[0] * 1e3, best[1] * 1e3, best[1] / best[0],
           good ? "" : "  WRONG RESULT");
    return good;
  }

private:
  Bench &bench;
  const char *name;
  std::string ptx;
};

using Operands = std::vector<std::unique_ptr<Words>>;

uint64_t put(Bench &bench, Operands &list, uint64_t count, uint32_t value) {
  list.push_back(std::make_unique<Words>(*bench.device, count, value));
  return list.back()->address;
}

/// Every lane reads where the random number before led it.
const char *gatherKernel =
    ".version 8.0\n.target sm_90a\n.address_size 64\n.visible .entry gather("
    ".param .u64 table, .param .u64 out, .param .u32 turns) {\n.reg .b32 "
    "%r<8>;\n.reg .b64 %d<4>;\n.reg .pred %p;\nld.param.u64 %d1, [table];\n"
    "ld.param.u64 %d2, [out];\nld.param.u32 %r1, [turns];\n"
    "mov.u32 %r2, %tid.x;\nmov.u32 %r3, %ctaid.x;\n"
    "mad.lo.u32 %r2, %r3, 256, %r2;\nmul.lo.u32 %r4, %r2, 747796405;\n"
    "mov.u32 %r5, 0;\n$loop:\nmad.lo.u32 %r4, %r4, 1664525, 1013904223;\n"
    "shr.u32 %r6, %r4, 16;\nmad.wide.u32 %d3, %r6, 4, %d1;\n"
    "ld.global.u32 %r7, [%d3];\nadd.u32 %r4, %r4, %r7;\n"
    "add.u32 %r5, %r5, 1;\nsetp.lt.u32 %p, %r5, %r1;\n@%p bra $loop;\n"
    "mad.wide.u32 %d3, %r2, 4, %d2;\nst.global.u32 [%d3], %r4;\nret;\n}\n";

/// Kernels over rows of numbers.
bool measureRows(Bench &bench, const std::string &folder) {
  auto rows = [&](const char *name, Dim3 grid, Dim3 block, uint64_t in,
                  uint64_t out, auto... sizes) {
    return Comparison(bench, folder, name)
        .run(grid, block, 0, [&](Operands &list, Words *&result) {
          uint64_t x = put(bench, list, in, one);
          uint64_t y = put(bench, list, out, 0);
          result = list.back().get();
          return Arguments(x, y, sizes...);
        });
  };
  const int n = 4096, count = 256;
  uint64_t all = uint64_t(n) * count;
  bool good =
      Comparison(bench, folder, "axpy")
          .run({64, 1, 1}, {256, 1, 1}, 0, [&](Operands &list, Words *&out) {
            uint64_t x = put(bench, list, all, one);
            uint64_t y = put(bench, list, all, one);
            out = list.back().get();
            return Arguments(2.0f, x, y, int(all));
          });
  good &= rows("reduce_tree", {count, 1, 1}, {128, 1, 1}, all, count, n);
  good &= rows("reduce_shuffle", {count, 1, 1}, {128, 1, 1}, all, count, n);
  good &= rows("softmax", {count / 4, 1, 1}, {128, 1, 1}, all, all, count, n);
  good &= rows("transpose", {1024 / 32, 1024 / 32, 1}, {32, 8, 1}, 1 << 20,
               1 << 20, 1024, 1024);
  good &=
      Comparison(bench, gatherKernel, "gather")
          .run({16, 1, 1}, {256, 1, 1}, 0, [&](Operands &list, Words *&out) {
            uint64_t table = put(bench, list, 1 << 16, 12345);
            uint64_t o = put(bench, list, 16 * 256, 0);
            out = list.back().get();
            return Arguments(table, o, 500u);
          });
  good &= rows("histogram", {count, 1, 1}, {64, 1, 1}, all, 64, int(all));
  return good;
}

/// Products of matrices and attention.
bool measureProducts(Bench &bench, const std::string &folder) {
  auto product = [&](const char *name, Dim3 grid, Dim3 block, uint64_t a,
                     uint64_t b, uint64_t c, uint32_t value, auto... sizes) {
    return Comparison(bench, folder, name)
        .run(grid, block, 0, [&](Operands &list, Words *&out) {
          uint64_t x = put(bench, list, a, value);
          uint64_t y = put(bench, list, b, value);
          uint64_t z = put(bench, list, c, 0);
          out = list.back().get();
          return Arguments(x, y, z, sizes...);
        });
  };
  const int n = 256;
  const uint64_t square = n * n;
  bool good = product("sgemm_naive", {n / 16, n / 16, 1}, {16, 16, 1}, square,
                      square, square, one, n, n, n);
  good &= product("sgemm_tiled", {n / 16, n / 16, 1}, {16, 16, 1}, square,
                  square, square, one, n, n, n);
  good &= product("mma_gemm", {n / 32, n / 32, 1}, {128, 1, 1}, square / 2,
                  square / 2, square, ones16, n, n);
  const int queries = 1024, keys = 512;
  good &= Comparison(bench, folder, "flash_attention")
              .run({queries / 64, 1, 1}, {128, 1, 1}, 0,
                   [&](Operands &list, Words *&out) {
                     uint64_t q = put(bench, list, queries * 32, ones16);
                     uint64_t k = put(bench, list, keys * 32, ones16);
                     uint64_t v = put(bench, list, keys * 32, ones16);
                     uint64_t o = put(bench, list, queries * 64, 0);
                     out = list.back().get();
                     return Arguments(q, k, v, o, keys);
                   });
  return good;
}

struct alignas(64) MapBytes {
  uint8_t bytes[tensorMapBytes];
};

/// [rows, columns] of bf16 in boxes of `box` rows and 64 columns.
MapBytes matrixMap(uint64_t address, unsigned rows, unsigned columns,
                   unsigned box) {
  TensorMap map;
  map.type = TensorMapType::BF16;
  map.rank = 2;
  map.address = address;
  map.sizes[0] = columns;
  map.sizes[1] = rows;
  map.strides[0] = columns * 2;
  map.box[0] = 64;
  map.box[1] = box;
  map.elementStrides[0] = map.elementStrides[1] = 1;
  map.swizzle = TensorMapSwizzle::Bytes128;
  MapBytes encoded{};
  std::string error;
  if (!encodeTensorMap(map, encoded.bytes, error))
    fprintf(stderr, "%s\n", error.c_str());
  return encoded;
}

/// A producer warp with tensor copies, a warpgroup with wgmma.
bool measureWarpgroups(Bench &bench, const std::string &folder) {
  const int n = 256, k = 1024;
  return Comparison(bench, folder, "wgmma_gemm")
      .run({n / 32, n / 64, 1}, {160, 1, 1}, 24576 + 32,
           [&](Operands &list, Words *&out) {
             uint64_t a = put(bench, list, n * k / 2, ones16);
             uint64_t b = put(bench, list, n * k / 2, ones16);
             uint64_t c = put(bench, list, n * n, 0);
             out = list.back().get();
             return Arguments(matrixMap(a, n, k, 64), matrixMap(b, n, k, 32), c,
                              n, k);
           });
}

} // namespace

bool measureRaces(Bench &bench, const std::string &folder) {
  bench.options.tensorCore = TensorCoreMode::Fast;
  bool good = measureRows(bench, folder);
  good &= measureProducts(bench, folder);
  good &= measureWarpgroups(bench, folder);
  return good;
}

} // namespace vgpu::bench
