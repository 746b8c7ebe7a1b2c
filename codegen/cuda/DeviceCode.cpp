// DeviceCode.cpp - device functions as PTX, and assembled.
#include "codegen/cuda/DeviceCode.h"

#include "codegen/cuda/Toolkit.h"

#include "mlir/Target/LLVMIR/Export.h"
#include "passes/common/ModuleError.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

extern "C" {
void LLVMInitializeNVPTXTarget();
void LLVMInitializeNVPTXTargetInfo();
void LLVMInitializeNVPTXTargetMC();
void LLVMInitializeNVPTXAsmPrinter();
}

namespace tresse::cuda {

static std::unique_ptr<TargetMachine> createMachine(const Target &target,
                                                    std::string &error) {
  LLVMInitializeNVPTXTarget();
  LLVMInitializeNVPTXTargetInfo();
  LLVMInitializeNVPTXTargetMC();
  LLVMInitializeNVPTXAsmPrinter();
  Triple triple("nvptx64-nvidia-cuda");
  const llvm::Target *found = TargetRegistry::lookupTarget(triple, error);
  if (!found)
    return nullptr;
  return std::unique_ptr<TargetMachine>(found->createTargetMachine(
      triple, target.chip, target.features, TargetOptions(), Reloc::PIC_,
      std::nullopt, CodeGenOptLevel::Aggressive));
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

FailureOr<std::string> writePtx(mlir::ModuleOp device, const Target &target) {
  std::string error;
  auto machine = createMachine(target, error);
  if (!machine)
    return emitModuleError(device)
           << ("expects LLVM with the NVPTX target, but got: ") << error;
  LLVMContext context;
  auto module = mlir::translateModuleToLLVMIR(device, context, "tresse");
  if (!module)
    return failure();
  module->setTargetTriple(machine->getTargetTriple());
  module->setDataLayout(machine->createDataLayout());
  optimize(*module, *machine);
  SmallString<0> text;
  raw_svector_ostream stream(text);
  legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, stream, nullptr,
                                   CodeGenFileType::AssemblyFile))
    return emitModuleError(device) << ("expects a target that writes assembly");
  passes.run(*module);
  return text.str().str();
}

/// A file that is gone at the end of the scope.
struct TemporaryFile {
  SmallString<128> path;
  explicit TemporaryFile(StringRef suffix) {
    if (sys::fs::createTemporaryFile("tresse-device", suffix, path))
      path.clear();
  }
  ~TemporaryFile() {
    if (!path.empty())
      sys::fs::remove(path);
  }
};

static Expected<std::string> findAssembler(StringRef given) {
  if (!given.empty() && !sys::fs::can_execute(given))
    return createStringError("expects the assembler of device code in '" +
                             given + "', but it is no program");
  if (!given.empty())
    return given.str();
  if (auto found = sys::findProgramByName("ptxas"))
    return *found;
  StringRef known(TRESSE_PTXAS);
  if (!known.empty() && sys::fs::can_execute(known))
    return known.str();
  return createStringError("expects the assembler 'ptxas' of the CUDA toolkit "
                           "on the search path (or --ptxas=FILE), but found "
                           "none");
}

/// Reads what `ptxas -v` says: a line that names a function, one with its
/// spills, one with its registers.
static StringMap<KernelUse> readUse(StringRef text) {
  StringMap<KernelUse> kernels;
  Regex name("Compiling entry function '([^']+)'");
  Regex spills("([0-9]+) bytes spill stores, ([0-9]+) bytes spill loads");
  Regex registers("Used ([0-9]+) registers"), shared("([0-9]+) bytes smem");
  KernelUse *use = nullptr;
  SmallVector<StringRef> lines, found;
  text.split(lines, '\n');
  auto number = [&](size_t i) {
    int64_t value = 0;
    found[i].getAsInteger(10, value);
    return value;
  };
  for (StringRef line : lines) {
    if (name.match(line, &found))
      use = &kernels[found[1]];
    else if (!use)
      continue;
    else if (spills.match(line, &found))
      use->spilledBytes = number(1) + number(2);
    else if (registers.match(line, &found)) {
      use->registers = number(1);
      if (shared.match(line, &found))
        use->staticSharedBytes = number(1);
    }
  }
  return kernels;
}

Expected<Cubin> assemble(StringRef ptx, const Target &target,
                         StringRef assembler) {
  auto program = findAssembler(assembler);
  if (!program)
    return program.takeError();
  TemporaryFile source("ptx"), code("cubin"), messages("txt");
  if (source.path.empty() || code.path.empty() || messages.path.empty())
    return createStringError("expects a writable temporary folder");
  std::error_code error;
  {
    raw_fd_ostream out(source.path, error);
    out << ptx;
  }
  if (error)
    return createStringError(error, "expects room for the device code");
  // -lineinfo keeps the PTX in the machine code: debuggers and the virtual GPU
  // read it.
  std::string arch = "-arch=" + target.chip;
  StringRef arguments[] = {*program, arch, "-O3",           "-lineinfo",
                           "-v",     "-o", code.path.str(), source.path.str()};
  std::optional<StringRef> streams[] = {std::nullopt, messages.path.str(),
                                        messages.path.str()};
  std::string message;
  int status = sys::ExecuteAndWait(*program, arguments, std::nullopt, streams,
                                   0, 0, &message);
  auto said = MemoryBuffer::getFile(messages.path);
  StringRef text = said ? (*said)->getBuffer() : StringRef();
  if (status != 0)
    return createStringError("expects '" + *program +
                             "' to assemble the kernels, but it ended with "
                             "code " +
                             Twine(status) + " " + message + "\n" + text);
  auto bytes = MemoryBuffer::getFile(code.path, /*IsText=*/false);
  if (!bytes)
    return createStringError(bytes.getError(), "expects the assembled code");
  return Cubin{(*bytes)->getBuffer().str(), readUse(text)};
}

} // namespace tresse::cuda
