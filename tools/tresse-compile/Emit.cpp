// Emit.cpp - a planned module becomes a file.
#include "tools/tresse-compile/Emit.h"
#include "passes/common/ModuleError.h"

#include "codegen/cuda/DeviceCode.h"
#include "codegen/emit/Object.h"
#include "codegen/emit/PlanBytes.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;
using namespace tresse;

static LogicalResult writeFile(ModuleOp module, StringRef path,
                               llvm::function_ref<void(raw_ostream &)> write) {
  std::string message;
  auto file = openOutputFile(path, &message);
  if (!file)
    return emitModuleError(module) << message;
  write(file->os());
  file->os().flush();
  if (std::error_code error = file->os().error()) {
    file->os().clear_error();
    return emitModuleError(module) << "expects room to write '" << path
                                   << "', but got " << error.message();
  }
  file->keep();
  return success();
}

/// The kernels' symbols, ordered by their index in the function table.
static std::vector<std::string> functionTable(plan::ModelOp model) {
  std::vector<std::string> table;
  for (auto kernel : model.getOps<plan::KernelOp>()) {
    if (table.size() <= kernel.getCode())
      table.resize(kernel.getCode() + 1);
    table[kernel.getCode()] = kernel.getSymName().str();
  }
  return table;
}

/// The functions beside the plan as an LLVM module; the plan is taken out.
static std::unique_ptr<llvm::Module>
translateKernels(ModuleOp module, plan::ModelOp model,
                 llvm::LLVMContext &context) {
  model.erase();
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  module.getContext()->appendDialectRegistry(registry);
  return translateModuleToLLVMIR(module, context, "tresse");
}

/// The device functions beside the plan.
static FailureOr<ModuleOp> deviceModule(ModuleOp module) {
  auto device = module.lookupSymbol<ModuleOp>("device");
  if (!device)
    return emitModuleError(module)
           << ("expects device functions beside the plan, but got "
               "none");
  return device;
}

static FailureOr<cuda::Target> targetOf(plan::ModelOp model) {
  auto target =
      cuda::parseTarget(model.getArchitecture() == "80" ? "sm_80" : "sm_90a");
  if (!target)
    return model.emitError(llvm::toString(target.takeError()));
  return *target;
}

/// Assembles the device functions of a cuda plan and writes their size and
/// registers into it.
static FailureOr<std::string>
assembleDevice(ModuleOp module, plan::ModelOp model, StringRef ptxas) {
  FailureOr<ModuleOp> device = deviceModule(module);
  FailureOr<cuda::Target> target = targetOf(model);
  if (failed(device) || failed(target))
    return failure();
  FailureOr<std::string> ptx = cuda::writePtx(*device, *target);
  if (failed(ptx))
    return failure();
  auto cubin = cuda::assemble(*ptx, *target, ptxas);
  if (!cubin)
    return emitModuleError(module) << llvm::toString(cubin.takeError());
  for (auto code : model.getOps<plan::DeviceModuleOp>())
    code.setSize(cubin->code.size());
  for (auto kernel : model.getOps<plan::KernelOp>()) {
    auto use = cubin->kernels.find(kernel.getSymName());
    if (use == cubin->kernels.end())
      continue;
    kernel.setRegisters(use->second.registers);
    kernel.setStaticSharedBytes(use->second.staticSharedBytes);
  }
  device->erase();
  return cubin->code;
}

static LogicalResult link(ModuleOp module, plan::ModelOp model,
                          const plan::PlanBytes &bytes, std::string device,
                          const EmitOptions &options) {
  bool reference = model.getTarget() == plan::Target::Reference;
  bool isCuda = model.getTarget() == plan::Target::Cuda;
  ModelCode code;
  code.plan = bytes;
  code.deviceCode = std::move(device);
  if (!isCuda)
    (reference ? code.referenceKernels : code.cpuKernels) =
        functionTable(model);
  auto machine = createCpuTargetMachine(options.cpu);
  if (!machine)
    return emitModuleError(module) << llvm::toString(machine.takeError());
  llvm::LLVMContext context;
  if (!reference && !isCuda) {
    code.kernels = translateKernels(module, model, context);
    if (!code.kernels)
      return failure();
  }
  auto object = emitObject(std::move(code), **machine);
  if (!object)
    return emitModuleError(module) << llvm::toString(object.takeError());
  llvm::Error error =
      options.kind == "so"
          ? linkShared(*object, options.output, options.libraries)
          : linkExecutable(*object, options.output, options.libraries);
  if (error)
    return emitModuleError(module) << llvm::toString(std::move(error));
  return success();
}

LogicalResult tresse::emitModel(ModuleOp module, const EmitOptions &options) {
  if (options.kind == "mlir")
    return writeFile(module, options.output, [&](raw_ostream &out) {
      module.print(out);
      out << '\n';
    });
  plan::ModelOp model = plan::findModel(module);
  if (!model)
    return failure();
  if (options.kind == "ptx") {
    FailureOr<ModuleOp> device = deviceModule(module);
    FailureOr<cuda::Target> target = targetOf(model);
    if (failed(device) || failed(target))
      return failure();
    FailureOr<std::string> ptx = cuda::writePtx(*device, *target);
    if (failed(ptx))
      return failure();
    return writeFile(module, options.output,
                     [&](raw_ostream &out) { out << *ptx; });
  }
  std::string device;
  if (model.getTarget() == plan::Target::Cuda) {
    FailureOr<std::string> code = assembleDevice(module, model, options.ptxas);
    if (failed(code))
      return failure();
    device = std::move(*code);
  }
  FailureOr<plan::PlanBytes> bytes = plan::writePlan(model);
  if (failed(bytes))
    return failure();
  if (options.kind == "plan")
    return writeFile(module, options.output, [&](raw_ostream &out) {
      out.write(reinterpret_cast<const char *>(bytes->data()),
                bytes->size() * sizeof(uint64_t));
    });
  return link(module, model, *bytes, std::move(device), options);
}
