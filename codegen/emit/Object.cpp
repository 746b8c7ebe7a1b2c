// Object.cpp - a plan and its kernels as an object file.
#include "codegen/emit/Object.h"

#include "codegen/cpu/Target.h"
#include "tresse/plan.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;
using namespace tresse;

Expected<std::unique_ptr<TargetMachine>>
tresse::createCpuTargetMachine(StringRef name) {
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  Triple triple(sys::getDefaultTargetTriple());
  std::string error;
  const Target *target = TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return createStringError("expects a known target, but got " + error);
  auto parsed = cpu::parseTarget(name);
  if (!parsed)
    return parsed.takeError();
  return std::unique_ptr<TargetMachine>(target->createTargetMachine(
      triple, parsed->level, parsed->features(), TargetOptions(), Reloc::PIC_,
      std::nullopt, CodeGenOptLevel::Aggressive));
}

/// The plan's bytes in their own section, found there without running anything.
static GlobalVariable *addPlan(Module &module, ArrayRef<uint64_t> plan) {
  Constant *bytes = ConstantDataArray::get(module.getContext(), plan);
  auto *global =
      new GlobalVariable(module, bytes->getType(), /*isConstant=*/true,
                         GlobalValue::InternalLinkage, bytes, "tresse_plan");
  global->setSection(".tresse.plan");
  global->setAlignment(Align(8));
  return global;
}

/// Device code, or null.
static Constant *addDeviceCode(Module &module, StringRef code) {
  LLVMContext &context = module.getContext();
  if (code.empty())
    return ConstantPointerNull::get(PointerType::get(context, 0));
  Constant *bytes = ConstantDataArray::getString(context, code, false);
  auto *global = new GlobalVariable(
      module, bytes->getType(), /*isConstant=*/true,
      GlobalValue::InternalLinkage, bytes, "tresse_device_code");
  global->setAlignment(Align(64));
  return global;
}

/// A null-terminated table of functions.
static Constant *addTable(Module &module, StringRef name,
                          ArrayRef<std::string> functions) {
  LLVMContext &context = module.getContext();
  auto *pointer = PointerType::get(context, 0);
  SmallVector<Constant *> elements;
  for (const std::string &function : functions) {
    Function *found = module.getFunction(function);
    if (!found)
      found = Function::Create(
          FunctionType::get(Type::getVoidTy(context), {pointer}, false),
          GlobalValue::ExternalLinkage, function, module);
    elements.push_back(found);
  }
  elements.push_back(ConstantPointerNull::get(pointer));
  auto *type = ArrayType::get(pointer, elements.size());
  return new GlobalVariable(module, type, /*isConstant=*/true,
                            GlobalValue::InternalLinkage,
                            ConstantArray::get(type, elements), name);
}

/// const tresse_model *tresse_model_query(uint32_t runtime_version)
static void addQuery(Module &module, Constant *model, uint32_t minimum) {
  LLVMContext &context = module.getContext();
  auto *pointer = PointerType::get(context, 0);
  auto *version = Type::getInt32Ty(context);
  auto *query = Function::Create(FunctionType::get(pointer, {version}, false),
                                 GlobalValue::ExternalLinkage,
                                 "tresse_model_query", module);
  IRBuilder<> builder(BasicBlock::Create(context, "entry", query));
  Value *enough = builder.CreateICmpUGE(query->getArg(0),
                                        ConstantInt::get(version, minimum));
  builder.CreateRet(
      builder.CreateSelect(enough, model, ConstantPointerNull::get(pointer)));
}

static void addModel(Module &module, const ModelCode &code) {
  LLVMContext &context = module.getContext();
  auto *pointer = PointerType::get(context, 0);
  // struct tresse_model: plan, device_code, cpu_kernels, reference_kernels.
  SmallVector<Constant *> fields{
      addPlan(module, code.plan), addDeviceCode(module, code.deviceCode),
      addTable(module, "tresse_cpu_kernels", code.cpuKernels),
      addTable(module, "tresse_reference_kernels", code.referenceKernels)};
  auto *type = StructType::get(context, {pointer, pointer, pointer, pointer});
  auto *model = new GlobalVariable(
      module, type, /*isConstant=*/true, GlobalValue::InternalLinkage,
      ConstantStruct::get(type, fields), "tresse_model");
  auto *header = reinterpret_cast<const tresse_plan *>(code.plan.data());
  addQuery(module, model, header->minimum_runtime);
}

static void optimize(Module &module, TargetMachine &machine) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(OptimizationLevel::O2)
      .run(module, modules);
}

Expected<SmallVector<char, 0>> tresse::emitObject(ModelCode code,
                                                  TargetMachine &machine) {
  LLVMContext ownContext;
  std::unique_ptr<Module> module = std::move(code.kernels);
  if (!module)
    module = std::make_unique<Module>("tresse", ownContext);
  module->setTargetTriple(machine.getTargetTriple());
  module->setDataLayout(machine.createDataLayout());
  for (Function &function : *module)
    if (!function.isDeclaration())
      function.setLinkage(GlobalValue::InternalLinkage);
  addModel(*module, code);
  optimize(*module, machine);
  SmallVector<char, 0> object;
  raw_svector_ostream stream(object);
  legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr,
                                  CodeGenFileType::ObjectFile))
    return createStringError("expects a target that writes object files");
  passes.run(*module);
  return object;
}
