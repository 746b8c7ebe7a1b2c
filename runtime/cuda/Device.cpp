//===- Device.cpp - one GPU: its context, memory and stream ---------------===//
#include "runtime/cuda/Device.h"

#include <algorithm>
#include <cstring>

namespace tresse::runtime::cuda {

/// Device code of this toolkit needs at least this driver.
static constexpr int oldestDriver = 13000;

Device::Device(const Plan &plan) {
  int status = driver.init(0), version = 0, count = 0;
  if (status == 0)
    status = driver.deviceGetCount(&count);
  if (status != 0 || count == 0)
    fail("cuda: expected a GPU, but the driver finds none: ",
         status ? driver.words(status) : "0 devices");
  driver.check(driver.driverGetVersion(&version), "driver version");
  if (version < oldestDriver)
    fail("cuda: expected a driver for CUDA ", oldestDriver / 1000,
         ".0 or newer, but got one for ", version / 1000, ".",
         version % 1000 / 10);
  driver.check(driver.deviceGet(&number, 0), "device 0");
  checkArchitecture(plan);
  driver.check(driver.primaryRetain(&context, number), "context");
  driver.check(driver.contextSetCurrent(context), "context");
  driver.check(driver.streamCreate(&stream, streamNonBlocking), "stream");
}

Device::~Device() {
  if (stream)
    driver.streamDestroy(stream);
  if (context)
    driver.primaryRelease(number);
}

/// Code for sm_90a runs on 9.0 only; other code on its own generation.
void Device::checkArchitecture(const Plan &plan) const {
  int major = 0, minor = 0;
  driver.check(driver.deviceGetAttribute(&major, attributeMajor, number),
               "compute capability");
  driver.check(driver.deviceGetAttribute(&minor, attributeMinor, number),
               "compute capability");
  auto wanted = static_cast<int>(plan.header().architecture);
  bool able = wanted == 90 ? major == 9 && minor == 0
                           : major == wanted / 10 && minor >= wanted % 10;
  if (able)
    return;
  char name[256] = "";
  driver.deviceGetName(name, sizeof name, number);
  fail("cuda: the model was compiled for compute capability ", wanted / 10, ".",
       wanted % 10, wanted == 90 ? " (sm_90a)" : "", ", but ", inQuotes(name),
       " has ", major, ".", minor);
}

void Device::expectFree(uint64_t bytes) const {
  size_t free = 0, total = 0;
  driver.check(driver.memGetInfo(&free, &total), "free memory");
  if (bytes > free)
    throw Failure(Remedy::System,
                  text("cuda: the plan needs ", bytes,
                       " bytes of device memory, but ", free, " of ", total,
                       " are free: ", bytes - free, " are missing"));
}

DeviceBytes::DeviceBytes(const Device &device, uint64_t bytes, const char *what)
    : device(device) {
  if (bytes == 0)
    return;
  device.driver.check(device.driver.memAlloc(&base, bytes),
                      text(what, " of ", bytes, " bytes"));
  device.driver.check(device.driver.fill8(base, 0, bytes, device.stream), what);
  device.finish(what);
}

DeviceBytes::~DeviceBytes() {
  if (base)
    device.driver.memFree(base);
}

PinnedBytes::PinnedBytes(const Device &device, uint64_t bytes)
    : device(device) {
  if (bytes == 0)
    return;
  device.driver.check(device.driver.memAllocHost(&base, bytes),
                      text("arguments of ", bytes, " bytes"));
  std::memset(base, 0, bytes);
}

PinnedBytes::~PinnedBytes() {
  if (base)
    device.driver.memFreeHost(base);
}

/// The most that one launch needs for itself.
static uint64_t scratchOf(const Plan &plan) {
  uint64_t most = 0;
  for (uint32_t k = 0; k < plan.kernels.size(); ++k)
    most = std::max(most, plan.kernels[k].scratch_bytes);
  return most;
}

/// Says what is missing before anything is taken.
static uint64_t expectedArena(const Plan &plan, const Device &device) {
  const tresse_program &program = plan.program();
  device.expectFree(program.arena_size + program.persistent_size +
                    scratchOf(plan) +
                    (plan.gemms.size() ? DeviceMemory::workspaceBytes : 0));
  return program.arena_size;
}

DeviceMemory::DeviceMemory(const Plan &plan, const Device &device)
    : plan(plan), arena(device, expectedArena(plan, device), "the arena"),
      persistent(device, plan.program().persistent_size,
                 "the persistent block"),
      scratch(device, scratchOf(plan), "the scratch memory"),
      workspace(device, plan.gemms.size() ? workspaceBytes : 0,
                "the workspace of matrix products") {}

Address DeviceMemory::buffer(uint32_t index) const {
  const tresse_buffer &buffer = plan.buffers[index];
  if (buffer.space == TRESSE_ARENA)
    return arena.address() + buffer.offset;
  if (buffer.space == TRESSE_PERSISTENT)
    return persistent.address() + buffer.offset;
  fail("cuda: expected buffers in the arena or the persistent block, but ",
       inQuotes(plan.string(buffer.name)), " lies in space ", buffer.space);
}

} // namespace tresse::runtime::cuda
