// State.cpp: the one driver, its contexts, and what every call begins with.

#include "tools/vgpu/driver/State.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

namespace vgpu::driver {

Driver &Driver::get() {
  // Never destroyed: the program's own destructors may still call the driver.
  static Driver *driver = new Driver;
  return *driver;
}

Driver::Driver() { scheduler.setSeed(channel.options().scheduleSeed); }

static void atProcessEnd() {
  Driver &driver = Driver::get();
  // The worker still holds the lock for a moment after it has woken a waiter;
  // a program that exits within a call holds it for good.
  std::unique_lock<std::mutex> lock(driver.mutex, std::try_to_lock);
  for (int turn = 0; !lock && turn < 1000; ++turn) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    lock.try_lock();
  }
  if (!lock)
    return;
  if (size_t left = driver.scheduler.queued())
    driver.note("the program ended with " + std::to_string(left) +
                " operations still queued; they were not run");
  driver.sendStatistics();
}

CUresult Driver::initialise() {
  if (initialised)
    return CUDA_SUCCESS;
  const DeviceModel *model = findDeviceModel(channel.options().device);
  std::string error;
  DeviceState state;
  state.device = Device::create(*model, 0, error);
  if (!state.device) {
    note(error);
    return CUDA_ERROR_NO_DEVICE;
  }
  if (channel.options().checkUninitialised)
    state.device->trackInitialised();
  devices.push_back(std::move(state));
  for (DeviceState &device : devices)
    device.currentPool = &device.defaultPool;
  initialised = true;
  std::atexit(atProcessEnd);
  return CUDA_SUCCESS;
}

void Driver::note(const std::string &text) {
  if (noted.insert(text).second)
    channel.send(MessageKind::note, text);
}

Device *Driver::findDevice(uint64_t address) {
  for (DeviceState &state : devices)
    if (state.device->inRange(address))
      return state.device.get();
  for (DeviceState &state : devices)
    if (state.device->find(address))
      return state.device.get();
  return nullptr;
}

std::map<uint64_t, MemoryRecord>::iterator
Driver::findMemory(uint64_t address) {
  auto next = memory.upper_bound(address);
  if (next == memory.begin())
    return memory.end();
  auto found = std::prev(next);
  return address - found->first < found->second.bytes ? found : memory.end();
}

std::vector<CUcontext> &contextStack() {
  thread_local std::vector<CUcontext> stack;
  return stack;
}

bool &insideCallback() {
  thread_local bool inside = false;
  return inside;
}

bool &nullMeansPerThread() {
  thread_local bool perThread = false;
  return perThread;
}

CUstreamCaptureMode &threadCaptureMode() {
  thread_local CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
  return mode;
}

bool isContext(Driver &driver, CUcontext context) {
  if (driver.contexts.count(context))
    return true;
  return context && std::any_of(driver.devices.begin(), driver.devices.end(),
                                [&](const DeviceState &state) {
                                  return state.primary.get() == context &&
                                         state.primaryUses > 0;
                                });
}

std::vector<CUstream> streamsOf(CUcontext context) {
  std::vector<CUstream> streams = {&context->legacy};
  for (auto &[thread, stream] : context->perThread)
    streams.push_back(stream.get());
  for (auto &[handle, stream] : context->streams)
    streams.push_back(handle);
  return streams;
}

std::vector<TaskRef> tailsOf(CUcontext context) {
  std::vector<TaskRef> tails;
  for (CUstream stream : streamsOf(context))
    if (stream->tail)
      tails.push_back(stream->tail);
  return tails;
}

void destroyContextState(Driver &driver, CUcontext context) {
  driver.scheduler.discard(context);
  std::vector<uint64_t> owned;
  for (auto &[address, record] : driver.memory)
    if (record.context == context)
      owned.push_back(address);
  for (uint64_t address : owned)
    releaseMemory(driver, address);
  for (auto &[handle, module] : context->modules)
    for (auto &[name, function] : module->functions)
      driver.functions.erase(function.get());
  for (auto &[handle, library] : driver.libraries)
    library->modules.erase(context);
  std::erase_if(driver.events,
                [&](auto &entry) { return entry.second->context == context; });
}

Call::Call()
    : driver(Driver::get()), lock(driver.mutex),
      perThreadDefault(std::exchange(nullMeansPerThread(), false)) {}

CUresult Call::ready() {
  if (insideCallback())
    return CUDA_ERROR_NOT_PERMITTED;
  return driver.initialised ? CUDA_SUCCESS : CUDA_ERROR_NOT_INITIALIZED;
}

CUresult Call::needContext() {
  VGPU_TRY(ready());
  if (contextStack().empty() || !contextStack().back())
    return CUDA_ERROR_INVALID_CONTEXT;
  context = contextStack().back();
  if (!isContext(driver, context))
    return CUDA_ERROR_CONTEXT_IS_DESTROYED;
  return context->sticky;
}

CUresult Call::needUncaptured() {
  VGPU_TRY(needContext());
  if (threadCaptureMode() == CU_STREAM_CAPTURE_MODE_RELAXED)
    return CUDA_SUCCESS;
  for (CUstream stream : streamsOf(context)) {
    Capture *capture = stream->capture.get();
    if (!capture || capture->mode == CU_STREAM_CAPTURE_MODE_RELAXED)
      continue;
    bool own = capture->thread == std::this_thread::get_id();
    bool global = capture->mode == CU_STREAM_CAPTURE_MODE_GLOBAL &&
                  threadCaptureMode() == CU_STREAM_CAPTURE_MODE_GLOBAL;
    if (own || global) {
      capture->invalid = true;
      return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    }
  }
  return CUDA_SUCCESS;
}

CUstream Call::stream(CUstream handle) {
  bool perThread =
      handle == CU_STREAM_PER_THREAD || (!handle && perThreadDefault);
  if (!perThread && (!handle || handle == CU_STREAM_LEGACY))
    return &context->legacy;
  if (perThread) {
    auto &stream = context->perThread[std::this_thread::get_id()];
    if (!stream) {
      stream = std::make_unique<CUstream_st>();
      stream->context = context;
      stream->id = driver.nextId++;
    }
    return stream.get();
  }
  if (handle == &context->legacy || context->streams.count(handle))
    return handle;
  // A stream of another context may be used from here.
  auto holds = [&](CUcontext other) {
    return other && other->streams.count(handle);
  };
  for (DeviceState &state : driver.devices)
    if (holds(state.primary.get()))
      return handle;
  for (auto &[other, owned] : driver.contexts)
    if (holds(other))
      return handle;
  return nullptr;
}

CUresult Call::enqueue(CUstream stream, Operation operation, TaskRef *queued) {
  CUcontext owner = stream->context;
  if (stream->capture) {
    if (stream->capture->invalid)
      return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    CUgraphNode node = addNode(*stream->capture->graph, owner,
                               std::move(operation), stream->captureTail);
    stream->captureTail = {node};
    return CUDA_SUCCESS;
  }
  auto task = std::make_shared<Task>();
  task->operation = std::move(operation);
  task->context = owner;
  task->after.push_back(stream->tail);
  bool legacy = stream == &owner->legacy;
  if (legacy || stream->blocking()) {
    for (CUstream other : streamsOf(owner)) {
      if (!other->blocking() || (!legacy && other != &owner->legacy))
        continue;
      if (legacy && other->capture) {
        other->capture->invalid = true;
        return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
      }
      task->after.push_back(other->tail);
    }
  }
  stream->tail = task;
  if (queued)
    *queued = task;
  driver.scheduler.add(std::move(task));
  return CUDA_SUCCESS;
}

CUresult Call::wait(const std::vector<TaskRef> &tasks) {
  // The context may be destroyed by another thread while a callback runs.
  driver.scheduler.runUntil(lock, tasks);
  return isContext(driver, context) ? context->sticky
                                    : CUDA_ERROR_CONTEXT_IS_DESTROYED;
}

CUresult Call::drain() { return wait(tailsOf(context)); }

} // namespace vgpu::driver
