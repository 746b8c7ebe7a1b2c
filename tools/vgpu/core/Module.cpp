// Module.cpp - loading PTX: parse, place variables, decode, describe kernels.
#include "tools/vgpu/core/Module.h"

#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/Numbers.h"
#include "tools/vgpu/core/Parser.h"
#include "tools/vgpu/core/SharedLayout.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <unordered_set>

namespace vgpu {

std::string LoadError::str() const {
  return std::to_string(line) + ":" + std::to_string(column) + ": " + text;
}

namespace {

/// Loads one module; a step returns false once `error` is filled.
class Loader {
public:
  Loader(Device &device, Program &program, LoadError &error)
      : device(device), program(program), error(error) {}

  bool run();
  void kernels(std::vector<Kernel> &list) const;
  void globals(std::vector<GlobalVariable> &list) const;

private:
  bool checkTarget();
  bool placeGlobals();
  bool initialise(const Symbol &symbol);
  bool elementBits(const Initializer &element, Type type, uint64_t &bits);
  void prepareFunctions();
  bool placeSharedVariables();
  bool decodeFunctions();
  std::vector<uint32_t> reachable(uint32_t function) const;
  bool fail(uint32_t line, std::string text);

  Device &device;
  Program &program;
  LoadError &error;
  ParsedModule module;
};

bool Loader::fail(uint32_t line, std::string text) {
  error.line = line;
  error.column = 1;
  error.text = std::move(text);
  return false;
}

bool Loader::run() {
  if (!parseModule(program.text, module, error))
    return false;
  program.target = module.target;
  for (const auto &[number, name] : module.files)
    program.files.push_back({number, std::string(name)});
  if (!checkTarget() || !placeGlobals())
    return false;
  prepareFunctions();
  if (!placeSharedVariables() || !decodeFunctions())
    return false;
  for (const Symbol &symbol : module.symbols)
    if (!initialise(symbol))
      return false;
  return true;
}

bool Loader::checkTarget() {
  int have = device.model().architecture();
  bool good = module.architectureSpecific ? module.target == have
                                          : module.target <= have;
  if (good)
    return true;
  error.wrongArchitecture = true;
  return fail(1, "the PTX targets " + std::string(module.targetName) +
                     ", but the device is sm_" + std::to_string(have));
}

/// Variables of the module and of function bodies that live in device memory.
bool Loader::placeGlobals() {
  for (Symbol &symbol : module.symbols) {
    if (symbol.kind != Symbol::Kind::Variable || symbol.external ||
        (symbol.space != Space::Global && symbol.space != Space::Const))
      continue;
    symbol.offset = device.allocate(std::max<uint64_t>(symbol.bytes, 1),
                                    std::max(symbol.alignment, 256u),
                                    AllocationKind::ModuleData);
    if (symbol.offset == 0)
      return fail(symbol.line,
                  "no memory for the " + std::to_string(symbol.bytes) +
                      " bytes of '" + std::string(symbol.name) + "'");
    program.allocations.push_back(symbol.offset);
    // What has no initializer starts as zeros.
    if (symbol.bytes <= (1 << 20))
      std::memset(reinterpret_cast<void *>(symbol.offset), 0, symbol.bytes);
    device.markInitialised(symbol.offset, symbol.bytes);
  }
  return true;
}

bool Loader::elementBits(const Initializer &element, Type type,
                         uint64_t &bits) {
  bits = element.value;
  if (element.isFloat) {
    double value = std::bit_cast<double>(bits);
    if (type == Type::F64 || typeBytes(type) == 8)
      return true;
    if (typeBytes(type) == 4)
      bits = std::bit_cast<uint32_t>(float(value));
    else if (type == Type::F16)
      bits = halfBits(float(value));
    else
      bits = bfloatBits(float(value));
    return true;
  }
  if (element.symbol < 0)
    return true;
  const Symbol &named = module.symbols[size_t(element.symbol)];
  if (named.kind == Symbol::Kind::Function)
    bits += functionWindow | named.offset;
  else
    bits += named.offset;
  if (element.maskShift < 8)
    bits = bits >> (8 * element.maskShift) & 0xff;
  return true;
}

bool Loader::initialise(const Symbol &symbol) {
  if (symbol.initializerCount == 0 || symbol.offset == 0 ||
      (symbol.space != Space::Global && symbol.space != Space::Const))
    return true;
  unsigned size = typeBytes(symbol.element);
  auto *to = reinterpret_cast<uint8_t *>(symbol.offset);
  for (uint32_t k = 0; k < symbol.initializerCount; ++k) {
    uint64_t bits[2] = {};
    if (!elementBits(module.initializers[symbol.firstInitializer + k],
                     symbol.element, bits[0]))
      return false;
    std::memcpy(to + size_t(k) * size, bits, size);
  }
  return true;
}

void Loader::prepareFunctions() {
  program.functions.resize(module.functions.size());
  for (size_t f = 0; f < module.functions.size(); ++f) {
    const ParsedFunction &parsed = module.functions[f];
    DecodedFunction &decoded = program.functions[f];
    decoded.name = parsed.name;
    decoded.entry = parsed.entry;
    decoded.defined = parsed.defined;
    decoded.frameBytes = (parsed.frameBytes + 15) & ~15u;
    decoded.locations = parsed.locations;
    auto slots = [&](const std::vector<uint32_t> &symbols, auto &out) {
      for (uint32_t index : symbols)
        out.push_back({uint32_t(module.symbols[index].offset),
                       uint32_t(module.symbols[index].bytes)});
    };
    if (!parsed.entry) {
      slots(parsed.results, decoded.results);
      slots(parsed.parameters, decoded.parameters);
    }
  }
}

bool Loader::placeSharedVariables() {
  constexpr uint64_t limit = 256 << 10;
  const Symbol *tooMuch = placeShared(module, limit, program.layouts);
  return !tooMuch || fail(tooMuch->line, "shared variables exceed 256 KiB");
}

bool Loader::decodeFunctions() {
  for (uint32_t f = 0; f < module.functions.size(); ++f)
    if (module.functions[f].defined &&
        !Builder(program, module, f, error).decode())
      return false;
  return true;
}

std::vector<uint32_t> Loader::reachable(uint32_t function) const {
  std::unordered_set<uint32_t> seen{function};
  std::vector<uint32_t> list{function};
  bool indirect = false;
  for (size_t i = 0; i < list.size(); ++i) {
    const DecodedFunction &at = program.functions[list[i]];
    for (uint32_t callee : at.callees)
      if (seen.insert(callee).second)
        list.push_back(callee);
    if (at.callsIndirect && !indirect) {
      indirect = true;
      for (uint32_t f = 0; f < program.functions.size(); ++f)
        if (!program.functions[f].entry && seen.insert(f).second)
          list.push_back(f);
    }
  }
  return list;
}

uint32_t registerEstimate(const DeviceModel &model,
                          const ParsedFunction &function, uint32_t live) {
  uint32_t registers = std::max(16u, (live + 6 + 7) & ~7u);
  uint32_t most = model.maxRegistersPerThread;
  uint64_t threads = 1;
  for (uint32_t n : function.maxThreads)
    threads *= std::max(n, 1u);
  if (function.maxThreads[0])
    most = std::min<uint64_t>(
        most, std::max<uint64_t>(
                  16, (model.registersPerBlock /
                       std::max<uint64_t>((threads + 31) / 32 * 32, 32)) &
                          ~uint64_t(7)));
  if (function.maxRegisters)
    most = std::min(most, std::max(function.maxRegisters, 16u));
  return std::min(registers, most);
}

void Loader::kernels(std::vector<Kernel> &list) const {
  const DeviceModel &model = device.model();
  for (uint32_t f = 0; f < module.functions.size(); ++f) {
    const ParsedFunction &parsed = module.functions[f];
    if (!parsed.entry || !parsed.defined)
      continue;
    const DecodedFunction &decoded = program.functions[f];
    Kernel kernel;
    kernel.name = parsed.name;
    for (uint32_t index : parsed.parameters) {
      const Symbol &symbol = module.symbols[index];
      kernel.parameters.push_back(
          {uint32_t(symbol.offset), uint32_t(symbol.bytes), symbol.alignment});
    }
    kernel.parameterBytes = parsed.parameterBytes;
    uint32_t live = decoded.liveRegisters;
    for (uint32_t callee : reachable(f))
      live = std::max(live, program.functions[callee].liveRegisters);
    kernel.registers = registerEstimate(model, parsed, live);
    kernel.staticShared = program.layouts[f].staticShared;
    kernel.localBytes = decoded.frameBytes;
    for (const Symbol &symbol : module.symbols)
      if (symbol.space == Space::Const && symbol.kind == Symbol::Kind::Variable)
        kernel.constantBytes += uint32_t(symbol.bytes);
    uint64_t threads = 1;
    for (uint32_t n : parsed.maxThreads)
      threads *= std::max(n, 1u);
    kernel.maxThreadsPerBlock =
        parsed.maxThreads[0]
            ? uint32_t(std::min<uint64_t>(threads, model.maxThreadsPerBlock))
            : std::min(model.maxThreadsPerBlock,
                       model.registersPerBlock / kernel.registers & ~31u);
    if (parsed.requiredThreads)
      kernel.requiredBlock = {parsed.maxThreads[0], parsed.maxThreads[1],
                              parsed.maxThreads[2]};
    kernel.requiredCluster = {parsed.cluster[0], parsed.cluster[1],
                              parsed.cluster[2]};
    kernel.clusterRequired = parsed.explicitCluster;
    kernel.maxClusterRank = parsed.maxClusterRank;
    kernel.ptxVersion = module.ptxVersion;
    kernel.target = module.target;
    kernel.function = f;
    kernel.program = &program;
    list.push_back(std::move(kernel));
  }
}

void Loader::globals(std::vector<GlobalVariable> &list) const {
  for (const Symbol &symbol : module.symbols)
    if (symbol.kind == Symbol::Kind::Variable && symbol.owner < 0 &&
        !symbol.external &&
        (symbol.space == Space::Global || symbol.space == Space::Const))
      list.push_back({std::string(symbol.name), symbol.offset, symbol.bytes,
                      symbol.space == Space::Const});
}

} // namespace

Module::Module(Device &device) : owner(device) {}

Module::~Module() {
  if (program)
    for (uint64_t address : program->allocations)
      owner.free(address);
}

std::unique_ptr<Module> Module::load(Device &device, std::string_view ptx,
                                     LoadError &error) {
  error = LoadError();
  std::unique_ptr<Module> module(new Module(device));
  module->program = std::make_unique<Program>();
  if (ptx.size() <= (size_t(128) << 20)) {
    module->program->text = ptx;
    Loader loader(device, *module->program, error);
    if (!loader.run())
      return nullptr;
    loader.kernels(module->kernelList);
    loader.globals(module->globalList);
    return module;
  }
  error.line = 1;
  error.text = "expected PTX text of at most 128 MiB, but got " +
               std::to_string(ptx.size()) + " bytes";
  return nullptr;
}

const Kernel *Module::findKernel(std::string_view name) const {
  for (const Kernel &kernel : kernelList)
    if (kernel.name == name)
      return &kernel;
  return nullptr;
}

const GlobalVariable *Module::findGlobal(std::string_view name) const {
  for (const GlobalVariable &global : globalList)
    if (global.name == name)
      return &global;
  return nullptr;
}

} // namespace vgpu
