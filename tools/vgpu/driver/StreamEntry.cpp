// StreamEntry.cpp: streams and events.

#include "tools/vgpu/driver/State.h"

#include <algorithm>

using namespace vgpu;
using namespace vgpu::driver;

CUresult CUDAAPI cuStreamCreateWithPriority(CUstream *handle, unsigned flags,
                                            int priority) {
  Call call;
  VGPU_TRY(call.needContext());
  if (!handle || flags & ~CU_STREAM_NON_BLOCKING)
    return CUDA_ERROR_INVALID_VALUE;
  auto stream = std::make_unique<CUstream_st>();
  stream->context = call.context;
  stream->flags = flags;
  stream->priority = std::clamp(priority, -5, 0);
  stream->id = call.driver.nextId++;
  *handle = stream.get();
  call.context->streams.emplace(*handle, std::move(stream));
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuStreamCreate(CUstream *handle, unsigned flags) {
  return cuStreamCreateWithPriority(handle, flags, 0);
}

static CUresult needStream(Call &call, CUstream handle, CUstream &stream) {
  VGPU_TRY(call.needContext());
  stream = call.stream(handle);
  return stream ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

/// Tells one thing about a stream: `read` takes it from the stream.
template <class Value, class Read>
static CUresult tell(CUstream handle, Value *value, Read read) {
  Call call;
  CUstream stream;
  VGPU_TRY(needStream(call, handle, stream));
  if (!value)
    return CUDA_ERROR_INVALID_VALUE;
  *value = Value(read(stream));
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuStreamDestroy(CUstream handle) {
  Call call;
  CUstream stream;
  VGPU_TRY(needStream(call, handle, stream));
  if (!stream->context->streams.count(stream))
    return CUDA_ERROR_INVALID_HANDLE;
  if (stream->capture) {
    stream->capture->invalid = true;
    stream->capture->streams.erase(stream);
  }
  // Its work goes on; only the handle ends.
  if (stream->blocking() && stream->tail && !stream->tail->done) {
    TaskRef rest = stream->tail;
    auto join = std::make_shared<Task>();
    join->context = stream->context;
    join->after = {rest, stream->context->legacy.tail};
    stream->context->legacy.tail = join;
    call.driver.scheduler.add(join);
  }
  stream->context->streams.erase(stream);
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuStreamGetPriority(CUstream handle, int *priority) {
  return tell(handle, priority,
              [](CUstream stream) { return stream->priority; });
}

CUresult CUDAAPI cuStreamGetFlags(CUstream handle, unsigned *flags) {
  return tell(handle, flags, [](CUstream stream) { return stream->flags; });
}

CUresult CUDAAPI cuStreamGetId(CUstream handle, unsigned long long *id) {
  return tell(handle, id, [](CUstream stream) { return stream->id; });
}

CUresult CUDAAPI cuStreamGetCtx(CUstream handle, CUcontext *context) {
  return tell(handle, context, [](CUstream stream) { return stream->context; });
}

CUresult CUDAAPI cuStreamGetDevice(CUstream handle, CUdevice *device) {
  return tell(handle, device,
              [](CUstream stream) { return stream->context->device; });
}

/// Waiting on a stream that captures ends the capture.
static CUresult refuseCapture(CUstream stream) {
  if (!stream->capture)
    return CUDA_SUCCESS;
  stream->capture->invalid = true;
  return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
}

/// The tasks that `stream` waits for: the legacy stream waits for all.
static std::vector<TaskRef> pendingOf(CUstream stream) {
  std::vector<TaskRef> tasks = {stream->tail};
  if (stream == &stream->context->legacy)
    for (CUstream other : streamsOf(stream->context))
      if (other->blocking())
        tasks.push_back(other->tail);
  return tasks;
}

static bool allDone(const std::vector<TaskRef> &tasks) {
  return std::all_of(tasks.begin(), tasks.end(),
                     [](const TaskRef &task) { return !task || task->done; });
}

CUresult CUDAAPI cuStreamSynchronize(CUstream handle) {
  Call call;
  CUstream stream;
  VGPU_TRY(needStream(call, handle, stream));
  VGPU_TRY(refuseCapture(stream));
  return call.wait(pendingOf(stream));
}

CUresult CUDAAPI cuStreamQuery(CUstream handle) {
  Call call;
  CUstream stream;
  VGPU_TRY(needStream(call, handle, stream));
  VGPU_TRY(refuseCapture(stream));
  std::vector<TaskRef> tasks = pendingOf(stream);
  // Every question lets the device do one more thing, so a loop of questions
  // ends.
  if (!allDone(tasks))
    call.driver.scheduler.runOne(call.lock);
  VGPU_TRY(call.context->sticky);
  return allDone(tasks) ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
}

CUresult CUDAAPI cuEventCreate(CUevent *handle, unsigned flags) {
  Call call;
  VGPU_TRY(call.needContext());
  constexpr unsigned known = CU_EVENT_BLOCKING_SYNC | CU_EVENT_DISABLE_TIMING;
  if (!handle)
    return CUDA_ERROR_INVALID_VALUE;
  if (flags & CU_EVENT_INTERPROCESS)
    return CUDA_ERROR_NOT_SUPPORTED;
  if (flags & ~known)
    return CUDA_ERROR_INVALID_VALUE;
  auto event = std::make_unique<CUevent_st>();
  event->context = call.context;
  event->flags = flags;
  *handle = event.get();
  call.driver.events.emplace(*handle, std::move(event));
  return CUDA_SUCCESS;
}

static CUresult needEvent(Call &call, CUevent event) {
  VGPU_TRY(call.needContext());
  return call.driver.events.count(event) ? CUDA_SUCCESS
                                         : CUDA_ERROR_INVALID_HANDLE;
}

CUresult CUDAAPI cuEventDestroy(CUevent event) {
  Call call;
  VGPU_TRY(needEvent(call, event));
  call.driver.events.erase(event);
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuEventRecordWithFlags(CUevent event, CUstream handle,
                                        unsigned flags) {
  Call call;
  CUstream stream;
  VGPU_TRY(needStream(call, handle, stream));
  VGPU_TRY(needEvent(call, event));
  if (flags & ~CU_EVENT_RECORD_EXTERNAL)
    return CUDA_ERROR_INVALID_VALUE;
  if (event->context != stream->context)
    return CUDA_ERROR_INVALID_HANDLE;
  if (stream->capture) {
    if (stream->capture->invalid)
      return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    if (flags & CU_EVENT_RECORD_EXTERNAL)
      return call.enqueue(stream, RecordOperation{event});
    event->capture = stream->capture;
    event->captureNodes = stream->captureTail;
    event->task.reset();
    return CUDA_SUCCESS;
  }
  event->capture.reset();
  event->captureNodes.clear();
  return call.enqueue(stream, EmptyOperation{}, &event->task);
}

CUresult CUDAAPI cuEventRecord(CUevent event, CUstream handle) {
  return cuEventRecordWithFlags(event, handle, 0);
}

/// A wait during a capture: joins `stream` to the event's capture.
static CUresult joinCapture(CUstream stream, CUevent event,
                            const std::shared_ptr<Capture> &capture) {
  if (capture->invalid)
    return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  if (stream == &stream->context->legacy)
    return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
  if (stream->capture && stream->capture != capture) {
    stream->capture->invalid = capture->invalid = true;
    return CUDA_ERROR_STREAM_CAPTURE_MERGE;
  }
  if (!stream->capture) {
    stream->capture = capture;
    stream->captureTail.clear();
    capture->streams.insert(stream);
  }
  for (CUgraphNode node : event->captureNodes)
    if (std::find(stream->captureTail.begin(), stream->captureTail.end(),
                  node) == stream->captureTail.end())
      stream->captureTail.push_back(node);
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuStreamWaitEvent(CUstream handle, CUevent event,
                                   unsigned flags) {
  Call call;
  CUstream stream;
  VGPU_TRY(needStream(call, handle, stream));
  VGPU_TRY(needEvent(call, event));
  if (flags & ~CU_EVENT_WAIT_EXTERNAL)
    return CUDA_ERROR_INVALID_VALUE;
  if (flags & CU_EVENT_WAIT_EXTERNAL && stream->capture)
    return call.enqueue(stream, WaitOperation{event});
  if (std::shared_ptr<Capture> capture = event->capture.lock())
    return joinCapture(stream, event, capture);
  if (stream->capture) {
    stream->capture->invalid = true;
    return CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
  }
  if (!event->task || event->task->done)
    return CUDA_SUCCESS;
  TaskRef task;
  TaskRef awaited = event->task;
  // The edge must be there before the task can run, so it is made by hand.
  task = std::make_shared<Task>();
  task->context = stream->context;
  task->after = pendingOf(stream);
  if (stream != &stream->context->legacy && stream->blocking())
    task->after.push_back(stream->context->legacy.tail);
  task->after.push_back(awaited);
  stream->tail = task;
  call.driver.scheduler.add(task);
  return CUDA_SUCCESS;
}

/// An event of a running capture cannot be asked or waited for.
static CUresult refuseCaptured(CUevent event) {
  std::shared_ptr<Capture> capture = event->capture.lock();
  if (!capture)
    return CUDA_SUCCESS;
  capture->invalid = true;
  return CUDA_ERROR_CAPTURED_EVENT;
}

CUresult CUDAAPI cuEventQuery(CUevent event) {
  Call call;
  VGPU_TRY(needEvent(call, event));
  VGPU_TRY(refuseCaptured(event));
  TaskRef task = event->task;
  if (!allDone({task}))
    call.driver.scheduler.runOne(call.lock);
  VGPU_TRY(call.context->sticky);
  return allDone({task}) ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
}

CUresult CUDAAPI cuEventSynchronize(CUevent event) {
  Call call;
  VGPU_TRY(needEvent(call, event));
  VGPU_TRY(refuseCaptured(event));
  return call.wait({event->task});
}

CUresult CUDAAPI cuEventElapsedTime(float *milliseconds, CUevent begin,
                                    CUevent end) {
  Call call;
  VGPU_TRY(needEvent(call, begin));
  VGPU_TRY(needEvent(call, end));
  if (!milliseconds)
    return CUDA_ERROR_INVALID_VALUE;
  if (!begin->task || !end->task ||
      (begin->flags | end->flags) & CU_EVENT_DISABLE_TIMING)
    return CUDA_ERROR_INVALID_HANDLE;
  if (!allDone({begin->task, end->task}))
    return CUDA_ERROR_NOT_READY;
  *milliseconds = std::chrono::duration<float, std::milli>(
                      end->task->finishedAt - begin->task->finishedAt)
                      .count();
  return CUDA_SUCCESS;
}

#undef cuEventElapsedTime
extern "C" CUresult CUDAAPI cuEventElapsedTime(float *milliseconds,
                                               CUevent begin, CUevent end) {
  return cuEventElapsedTime_v2(milliseconds, begin, end);
}
