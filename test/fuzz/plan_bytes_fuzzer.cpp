// plan_bytes_fuzzer.cpp - any bytes as a plan or a compiled model: refused, or
// read and written again as the same bytes, checked and compared.
#include "codegen/emit/FindPlan.h"
#include "codegen/emit/PlanBytes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "passes/schedule/CheckPlan.h"
#include "runtime/core/plan_bytes.h"

#include <cstdlib>
#include <cstring>

using namespace tresse;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string message;
  llvm::StringRef bytes = plan::findPlan(
      llvm::StringRef(reinterpret_cast<const char *>(data), size), message);
  if (bytes.empty())
    return 0;
  plan::PlanBytes aligned((bytes.size() + 7) / 8);
  std::memcpy(aligned.data(), bytes.data(), bytes.size());
  // With a right checksum the fuzzer gets past the first gate.
  if (bytes.size() >= sizeof(tresse_plan)) {
    auto *header = reinterpret_cast<tresse_plan *>(aligned.data());
    if (header->byte_size <= bytes.size())
      header->checksum = tresse_plan_checksum(header, header->byte_size);
  }
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  mlir::ScopedDiagnosticHandler silent(
      &context, [](mlir::Diagnostic &) { return mlir::success(); });
  auto module = plan::readPlan(aligned.data(), bytes.size(),
                               mlir::UnknownLoc::get(&context));
  if (!module)
    return 0;
  plan::ModelOp model = plan::findModel(*module);
  checkPlan(model);
  auto written = plan::writePlan(model);
  if (mlir::failed(written))
    abort();
  auto again = plan::readPlan(written->data(), written->size() * 8,
                              mlir::UnknownLoc::get(&context));
  if (!again)
    abort();
  auto twice = plan::writePlan(plan::findModel(*again));
  if (mlir::failed(twice) || *twice != *written)
    abort();
  return 0;
}
