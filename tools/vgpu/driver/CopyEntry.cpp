// CopyEntry.cpp: copies and fills, with and without a stream.

#include "tools/vgpu/driver/State.h"

#include <cstring>

using namespace vgpu;
using namespace vgpu::driver;

namespace {
/// What a call says about one side of a copy.
enum class Side { host, device, any };
} // namespace

/// The record of memory around `address`, when the driver gave it out.
static const MemoryRecord *recordOf(Driver &driver, uint64_t address) {
  auto found = driver.findMemory(address);
  return found == driver.memory.end() ? nullptr : &found->second;
}

/// True when kernels could access [address, address + bytes).
static bool deviceRange(Call &call, uint64_t address, uint64_t bytes) {
  Device *device = call.driver.findDevice(address);
  return device && device->accessible(address, bytes);
}

static uint64_t spanOf(size_t width, size_t height, size_t depth, size_t pitch,
                       size_t slice) {
  return width + (height - 1) * pitch + (depth - 1) * slice;
}

/// Checks one side against what the call says it is; sets `pageable` when it
/// is host memory that the driver does not know.
static CUresult checkSide(Call &call, Side side, uint64_t address,
                          uint64_t bytes, bool &pageable) {
  const MemoryRecord *record = recordOf(call.driver, address);
  bool inDevice = deviceRange(call, address, bytes);
  bool deviceAddress = record || inDevice;
  for (DeviceState &state : call.driver.devices)
    deviceAddress |= state.device->inRange(address);
  pageable = !deviceAddress;
  if (address == 0 || (side == Side::device && !deviceAddress))
    return CUDA_ERROR_INVALID_VALUE;
  if (deviceAddress && !inDevice)
    return CUDA_ERROR_INVALID_VALUE;
  bool hostVisible =
      !record ? pageable
              : record->type == CU_MEMORYTYPE_HOST || record->managed;
  if (side == Side::host && !hostVisible)
    return CUDA_ERROR_INVALID_VALUE;
  return CUDA_SUCCESS;
}

/// Reads pageable memory now, as the driver does before the call returns.
static void stage(CopyOperation &copy) {
  auto bytes = std::make_shared<std::vector<char>>();
  bytes->reserve(copy.width * copy.height * copy.depth);
  for (size_t z = 0; z < copy.depth; ++z)
    for (size_t y = 0; y < copy.height; ++y) {
      const char *row = reinterpret_cast<const char *>(
          copy.source + z * copy.sourceSlice + y * copy.sourcePitch);
      bytes->insert(bytes->end(), row, row + copy.width);
    }
  copy.source = reinterpret_cast<uint64_t>(bytes->data());
  copy.sourcePitch = copy.width;
  copy.sourceSlice = copy.width * copy.height;
  copy.staged = std::move(bytes);
}

static CUresult copy(Call &call, CopyOperation operation, Side target,
                     Side source, CUstream handle, bool wait) {
  CUstream stream = call.stream(handle);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  if (operation.width == 0 || operation.height == 0 || operation.depth == 0)
    return CUDA_SUCCESS;
  bool targetPageable = false, sourcePageable = false;
  VGPU_TRY(checkSide(call, target, operation.target,
                     spanOf(operation.width, operation.height, operation.depth,
                            operation.targetPitch, operation.targetSlice),
                     targetPageable));
  VGPU_TRY(checkSide(call, source, operation.source,
                     spanOf(operation.width, operation.height, operation.depth,
                            operation.sourcePitch, operation.sourceSlice),
                     sourcePageable));
  if (stream->capture) {
    if (!wait)
      return call.enqueue(stream, std::move(operation));
    stream->capture->invalid = true;
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  if (sourcePageable)
    stage(operation);
  TaskRef task;
  VGPU_TRY(call.enqueue(stream, std::move(operation), &task));
  return wait || targetPageable ? call.wait({task}) : CUDA_SUCCESS;
}

static CUresult copyLinear(CUdeviceptr target, Side targetSide,
                           CUdeviceptr source, Side sourceSide, size_t bytes,
                           CUstream stream, bool wait) {
  Call call;
  VGPU_TRY(wait ? call.needUncaptured() : call.needContext());
  return copy(call, linearCopy(target, source, bytes), targetSide, sourceSide,
              stream, wait);
}

static uint64_t address(const void *pointer) {
  return reinterpret_cast<uint64_t>(pointer);
}

CUresult CUDAAPI cuMemcpy(CUdeviceptr target, CUdeviceptr source,
                          size_t bytes) {
  return copyLinear(target, Side::any, source, Side::any, bytes, nullptr, true);
}

CUresult CUDAAPI cuMemcpyHtoD(CUdeviceptr target, const void *source,
                              size_t bytes) {
  return copyLinear(target, Side::device, address(source), Side::host, bytes,
                    nullptr, true);
}

CUresult CUDAAPI cuMemcpyDtoH(void *target, CUdeviceptr source, size_t bytes) {
  return copyLinear(address(target), Side::host, source, Side::device, bytes,
                    nullptr, true);
}

CUresult CUDAAPI cuMemcpyDtoD(CUdeviceptr target, CUdeviceptr source,
                              size_t bytes) {
  return copyLinear(target, Side::device, source, Side::device, bytes, nullptr,
                    false);
}

CUresult CUDAAPI cuMemcpyAsync(CUdeviceptr target, CUdeviceptr source,
                               size_t bytes, CUstream stream) {
  return copyLinear(target, Side::any, source, Side::any, bytes, stream, false);
}

CUresult CUDAAPI cuMemcpyHtoDAsync(CUdeviceptr target, const void *source,
                                   size_t bytes, CUstream stream) {
  return copyLinear(target, Side::device, address(source), Side::host, bytes,
                    stream, false);
}

CUresult CUDAAPI cuMemcpyDtoHAsync(void *target, CUdeviceptr source,
                                   size_t bytes, CUstream stream) {
  return copyLinear(address(target), Side::host, source, Side::device, bytes,
                    stream, false);
}

CUresult CUDAAPI cuMemcpyDtoDAsync(CUdeviceptr target, CUdeviceptr source,
                                   size_t bytes, CUstream stream) {
  return copyLinear(target, Side::device, source, Side::device, bytes, stream,
                    false);
}

static bool findSide(CUmemorytype type, const void *host, CUdeviceptr device,
                     Side &side, uint64_t &where) {
  side = type == CU_MEMORYTYPE_HOST     ? Side::host
         : type == CU_MEMORYTYPE_DEVICE ? Side::device
                                        : Side::any;
  where = type == CU_MEMORYTYPE_HOST ? address(host) : device;
  return type == CU_MEMORYTYPE_HOST || type == CU_MEMORYTYPE_DEVICE ||
         type == CU_MEMORYTYPE_UNIFIED;
}

/// A CUDA_MEMCPY2D is a CUDA_MEMCPY3D of depth one.
static CUDA_MEMCPY3D widen(const CUDA_MEMCPY2D &two) {
  CUDA_MEMCPY3D three = {};
  three.srcXInBytes = two.srcXInBytes;
  three.srcY = two.srcY;
  three.srcMemoryType = two.srcMemoryType;
  three.srcHost = two.srcHost;
  three.srcDevice = two.srcDevice;
  three.srcPitch = two.srcPitch;
  three.srcHeight = two.Height;
  three.dstXInBytes = two.dstXInBytes;
  three.dstY = two.dstY;
  three.dstMemoryType = two.dstMemoryType;
  three.dstHost = two.dstHost;
  three.dstDevice = two.dstDevice;
  three.dstPitch = two.dstPitch;
  three.dstHeight = two.Height;
  three.WidthInBytes = two.WidthInBytes;
  three.Height = two.Height;
  three.Depth = 1;
  return three;
}

namespace vgpu::driver {

/// Fills `operation` from the driver's structure; false when a side is an
/// array or a pitch is shorter than the rows.
static bool fromDescription(const CUDA_MEMCPY3D &d, CopyOperation &operation,
                            Side &target, Side &source) {
  uint64_t from = 0, to = 0;
  if (!findSide(d.srcMemoryType, d.srcHost, d.srcDevice, source, from) ||
      !findSide(d.dstMemoryType, d.dstHost, d.dstDevice, target, to))
    return false;
  operation.width = d.WidthInBytes;
  operation.height = d.Height;
  operation.depth = d.Depth;
  operation.sourcePitch =
      d.srcPitch ? d.srcPitch : d.WidthInBytes + d.srcXInBytes;
  operation.targetPitch =
      d.dstPitch ? d.dstPitch : d.WidthInBytes + d.dstXInBytes;
  if (operation.sourcePitch < d.WidthInBytes + d.srcXInBytes ||
      operation.targetPitch < d.WidthInBytes + d.dstXInBytes)
    return false;
  operation.sourceSlice =
      operation.sourcePitch * (d.srcHeight ? d.srcHeight : d.Height);
  operation.targetSlice =
      operation.targetPitch * (d.dstHeight ? d.dstHeight : d.Height);
  operation.source = from + d.srcXInBytes + d.srcY * operation.sourcePitch +
                     d.srcZ * operation.sourceSlice;
  operation.target = to + d.dstXInBytes + d.dstY * operation.targetPitch +
                     d.dstZ * operation.targetSlice;
  return true;
}

CUresult makeCopy(const CUDA_MEMCPY3D &description, CopyOperation &operation) {
  Side target, source;
  return fromDescription(description, operation, target, source)
             ? CUDA_SUCCESS
             : CUDA_ERROR_INVALID_VALUE;
}

} // namespace vgpu::driver

static CUresult copyDescribed(const CUDA_MEMCPY3D &description, CUstream stream,
                              bool wait) {
  Call call;
  VGPU_TRY(wait ? call.needUncaptured() : call.needContext());
  CopyOperation operation;
  Side target, source;
  if (!fromDescription(description, operation, target, source))
    return CUDA_ERROR_INVALID_VALUE;
  return copy(call, operation, target, source, stream, wait);
}

CUresult CUDAAPI cuMemcpy2D(const CUDA_MEMCPY2D *description) {
  return description ? copyDescribed(widen(*description), nullptr, true)
                     : CUDA_ERROR_INVALID_VALUE;
}

CUresult CUDAAPI cuMemcpy2DUnaligned(const CUDA_MEMCPY2D *description) {
  return cuMemcpy2D(description);
}

CUresult CUDAAPI cuMemcpy2DAsync(const CUDA_MEMCPY2D *description,
                                 CUstream stream) {
  return description ? copyDescribed(widen(*description), stream, false)
                     : CUDA_ERROR_INVALID_VALUE;
}

CUresult CUDAAPI cuMemcpy3D(const CUDA_MEMCPY3D *description) {
  return description ? copyDescribed(*description, nullptr, true)
                     : CUDA_ERROR_INVALID_VALUE;
}

CUresult CUDAAPI cuMemcpy3DAsync(const CUDA_MEMCPY3D *description,
                                 CUstream stream) {
  return description ? copyDescribed(*description, stream, false)
                     : CUDA_ERROR_INVALID_VALUE;
}

static CUresult fill(CUdeviceptr target, size_t pitch, uint32_t value,
                     unsigned width, size_t count, size_t rows,
                     CUstream handle) {
  Call call;
  VGPU_TRY(call.needContext());
  CUstream stream = call.stream(handle);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  if (count == 0 || rows == 0)
    return CUDA_SUCCESS;
  size_t rowBytes = 0, span = 0;
  if (target % width || pitch % width ||
      __builtin_mul_overflow(count, size_t(width), &rowBytes) ||
      (rows > 1 && pitch < rowBytes) ||
      __builtin_mul_overflow(pitch, rows - 1, &span) ||
      __builtin_add_overflow(span, rowBytes, &span) ||
      !deviceRange(call, target, span))
    return CUDA_ERROR_INVALID_VALUE;
  return call.enqueue(stream,
                      FillOperation{target, pitch, value, width, count, rows});
}

CUresult CUDAAPI cuMemsetD8(CUdeviceptr p, unsigned char v, size_t n) {
  return fill(p, 0, v, 1, n, 1, nullptr);
}
CUresult CUDAAPI cuMemsetD16(CUdeviceptr p, unsigned short v, size_t n) {
  return fill(p, 0, v, 2, n, 1, nullptr);
}
CUresult CUDAAPI cuMemsetD32(CUdeviceptr p, unsigned v, size_t n) {
  return fill(p, 0, v, 4, n, 1, nullptr);
}
CUresult CUDAAPI cuMemsetD2D8(CUdeviceptr p, size_t pitch, unsigned char v,
                              size_t width, size_t height) {
  return fill(p, pitch, v, 1, width, height, nullptr);
}
CUresult CUDAAPI cuMemsetD2D16(CUdeviceptr p, size_t pitch, unsigned short v,
                               size_t width, size_t height) {
  return fill(p, pitch, v, 2, width, height, nullptr);
}
CUresult CUDAAPI cuMemsetD2D32(CUdeviceptr p, size_t pitch, unsigned v,
                               size_t width, size_t height) {
  return fill(p, pitch, v, 4, width, height, nullptr);
}
CUresult CUDAAPI cuMemsetD8Async(CUdeviceptr p, unsigned char v, size_t n,
                                 CUstream s) {
  return fill(p, 0, v, 1, n, 1, s);
}
CUresult CUDAAPI cuMemsetD16Async(CUdeviceptr p, unsigned short v, size_t n,
                                  CUstream s) {
  return fill(p, 0, v, 2, n, 1, s);
}
CUresult CUDAAPI cuMemsetD32Async(CUdeviceptr p, unsigned v, size_t n,
                                  CUstream s) {
  return fill(p, 0, v, 4, n, 1, s);
}
CUresult CUDAAPI cuMemsetD2D8Async(CUdeviceptr p, size_t pitch, unsigned char v,
                                   size_t width, size_t height, CUstream s) {
  return fill(p, pitch, v, 1, width, height, s);
}
CUresult CUDAAPI cuMemsetD2D16Async(CUdeviceptr p, size_t pitch,
                                    unsigned short v, size_t width,
                                    size_t height, CUstream s) {
  return fill(p, pitch, v, 2, width, height, s);
}
CUresult CUDAAPI cuMemsetD2D32Async(CUdeviceptr p, size_t pitch, unsigned v,
                                    size_t width, size_t height, CUstream s) {
  return fill(p, pitch, v, 4, width, height, s);
}
