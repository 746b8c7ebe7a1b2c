// ExtensionEntry.cpp: what the virtual cuBLASLt uses of the driver.

#include "tools/vgpu/driver/Extension.h"
#include "tools/vgpu/driver/State.h"

using namespace vgpu;
using namespace vgpu::driver;

CUresult tresse_vgpu_enqueue(CUstream handle, const char *name,
                             void (*run)(const void *payload),
                             const void *payload, size_t payloadBytes,
                             const tresse_vgpu_range *ranges, size_t rangeCount,
                             uint64_t multiplyAdds) {
  Call call;
  VGPU_TRY(call.needContext());
  CUstream stream = call.stream(handle);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  const char *bytes = static_cast<const char *>(payload);
  BuiltinOperation operation;
  operation.name = name;
  operation.run = run;
  operation.payload.assign(bytes, bytes + payloadBytes);
  operation.ranges.assign(ranges, ranges + rangeCount);
  operation.multiplyAdds = multiplyAdds;
  return call.enqueue(stream, std::move(operation));
}

CUresult tresse_vgpu_device(int *capability, int *exactTensorCore) {
  Call call;
  VGPU_TRY(call.needContext());
  *capability = call.device().model().architecture();
  *exactTensorCore = call.driver.channel.options().exactTensorCore;
  return CUDA_SUCCESS;
}

void tresse_vgpu_note(const char *text) {
  Call call;
  call.driver.note(text);
}
