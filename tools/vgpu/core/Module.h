// Module.h - a loaded PTX module: kernels and global variables.
#pragma once

#include "tools/vgpu/core/Report.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vgpu {

class Device;
struct Program;

/// Why a PTX text was refused: "line:column: text" with the text of the line.
struct LoadError {
  uint32_t line = 0;
  uint32_t column = 0;
  std::string text;
  /// True when the PTX asks for a newer architecture than the device's.
  bool wrongArchitecture = false;
  /// True when the PTX is well formed but an instruction is not modelled.
  bool unsupported = false;
  std::string str() const;
};

/// One kernel parameter within the parameter buffer.
struct KernelParameter {
  uint32_t offset = 0;
  uint32_t bytes = 0;
  uint32_t alignment = 1;
};

/// What a launch must know about a kernel.
struct Kernel {
  std::string name;
  std::vector<KernelParameter> parameters;
  uint32_t parameterBytes = 0;
  /// Registers per thread, estimated from the most values live at once and
  /// bounded by .maxnreg and .maxntid.
  uint32_t registers = 0;
  uint32_t staticShared = 0;
  uint32_t localBytes = 0;
  uint32_t constantBytes = 0;
  /// The most threads a block may have: .maxntid or the device's limit.
  uint32_t maxThreadsPerBlock = 0;
  /// .reqntid, or zeros.
  Dim3 requiredBlock{0, 0, 0};
  /// .reqnctapercluster, or zeros; clusterRequired follows .explicitcluster.
  Dim3 requiredCluster{0, 0, 0};
  bool clusterRequired = false;
  uint32_t maxClusterRank = 0;
  int ptxVersion = 0; ///< 10 * major + minor of .version
  int target = 0;     ///< 80, 90
  /// Index of the entry function in the program.
  uint32_t function = 0;
  const Program *program = nullptr;
};

/// A global variable with an address in its device.
struct GlobalVariable {
  std::string name;
  uint64_t address = 0;
  uint64_t bytes = 0;
  bool constant = false;
};

/// A module loaded into one device; frees its globals when destroyed.
class Module {
public:
  /// Parses and decodes PTX text (a trailing zero byte is allowed). Returns
  /// null and fills `error` when the text is refused; never crashes on bad
  /// text.
  static std::unique_ptr<Module> load(Device &device, std::string_view ptx,
                                      LoadError &error);
  ~Module();
  Module(const Module &) = delete;
  Module &operator=(const Module &) = delete;

  const Kernel *findKernel(std::string_view name) const;
  const GlobalVariable *findGlobal(std::string_view name) const;
  const std::vector<Kernel> &kernels() const { return kernelList; }
  const std::vector<GlobalVariable> &globals() const { return globalList; }
  Device &device() const { return owner; }

private:
  explicit Module(Device &device);
  Device &owner;
  std::unique_ptr<Program> program;
  std::vector<Kernel> kernelList;
  std::vector<GlobalVariable> globalList;
};

} // namespace vgpu
