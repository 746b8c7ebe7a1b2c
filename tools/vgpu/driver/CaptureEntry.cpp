// CaptureEntry.cpp: stream capture.

#include "tools/vgpu/driver/State.h"

#include <set>

using namespace vgpu;
using namespace vgpu::driver;

static CUresult needStream(Call &call, CUstream handle, CUstream &stream) {
  VGPU_TRY(call.needContext());
  stream = call.stream(handle);
  return stream ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

static CUresult begin(Call &call, CUstream stream,
                      std::shared_ptr<CUgraph_st> graph,
                      std::vector<CUgraphNode> tail, CUstreamCaptureMode mode) {
  if (stream == &stream->context->legacy)
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  if (stream->capture)
    return CUDA_ERROR_ILLEGAL_STATE;
  auto capture = std::make_shared<Capture>();
  capture->graph = std::move(graph);
  capture->origin = stream;
  capture->mode = mode;
  capture->thread = std::this_thread::get_id();
  capture->id = call.driver.nextId++;
  capture->streams = {stream};
  stream->capture = std::move(capture);
  stream->captureTail = std::move(tail);
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuStreamBeginCapture(CUstream handle,
                                      CUstreamCaptureMode mode) {
  Call call;
  CUstream stream;
  VGPU_TRY(needStream(call, handle, stream));
  auto graph = std::make_shared<CUgraph_st>();
  graph->id = call.driver.nextId++;
  return begin(call, stream, std::move(graph), {}, mode);
}

CUresult CUDAAPI cuStreamBeginCaptureToGraph(CUstream handle, CUgraph graph,
                                             const CUgraphNode *dependencies,
                                             const CUgraphEdgeData *edges,
                                             size_t count,
                                             CUstreamCaptureMode mode) {
  Call call;
  CUstream stream;
  VGPU_TRY(needStream(call, handle, stream));
  auto found = call.driver.graphs.find(graph);
  if (found == call.driver.graphs.end() || (count && !dependencies))
    return CUDA_ERROR_INVALID_VALUE;
  if (edges)
    return CUDA_ERROR_NOT_SUPPORTED;
  return begin(call, stream, found->second,
               {dependencies, dependencies + count}, mode);
}

/// True when every node is reached backwards from `tail`, so that the origin
/// stream has joined all the others.
static bool joined(const Capture &capture) {
  std::set<CUgraphNode> reached;
  std::vector<CUgraphNode> open = capture.origin->captureTail;
  while (!open.empty()) {
    CUgraphNode node = open.back();
    open.pop_back();
    if (reached.insert(node).second)
      open.insert(open.end(), node->after.begin(), node->after.end());
  }
  for (CUstream stream : capture.streams)
    for (CUgraphNode node : stream->captureTail)
      if (!reached.count(node))
        return false;
  return true;
}

CUresult CUDAAPI cuStreamEndCapture(CUstream handle, CUgraph *graph) {
  Call call;
  CUstream stream;
  VGPU_TRY(needStream(call, handle, stream));
  if (!graph)
    return CUDA_ERROR_INVALID_VALUE;
  *graph = nullptr;
  std::shared_ptr<Capture> capture = stream->capture;
  if (!capture)
    return CUDA_ERROR_ILLEGAL_STATE;
  if (capture->origin != stream)
    return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
  if (capture->mode != CU_STREAM_CAPTURE_MODE_RELAXED &&
      capture->thread != std::this_thread::get_id())
    return CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;
  bool complete = joined(*capture);
  for (CUstream member : capture->streams) {
    member->capture.reset();
    member->captureTail.clear();
  }
  if (capture->invalid)
    return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  if (!complete)
    return CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
  *graph = capture->graph.get();
  call.driver.graphs.emplace(*graph, capture->graph);
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuStreamIsCapturing(CUstream handle,
                                     CUstreamCaptureStatus *status) {
  Call call;
  CUstream stream;
  VGPU_TRY(needStream(call, handle, stream));
  if (!status)
    return CUDA_ERROR_INVALID_VALUE;
  *status = !stream->capture           ? CU_STREAM_CAPTURE_STATUS_NONE
            : stream->capture->invalid ? CU_STREAM_CAPTURE_STATUS_INVALIDATED
                                       : CU_STREAM_CAPTURE_STATUS_ACTIVE;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuStreamGetCaptureInfo(CUstream handle,
                                        CUstreamCaptureStatus *status,
                                        cuuint64_t *id, CUgraph *graph,
                                        const CUgraphNode **dependencies,
                                        const CUgraphEdgeData **edges,
                                        size_t *count) {
  VGPU_TRY(cuStreamIsCapturing(handle, status));
  Call call;
  CUstream stream;
  VGPU_TRY(needStream(call, handle, stream));
  if (edges)
    *edges = nullptr;
  if (!stream->capture)
    return CUDA_SUCCESS;
  if (id)
    *id = stream->capture->id;
  if (graph) {
    *graph = stream->capture->graph.get();
    call.driver.graphs.emplace(*graph, stream->capture->graph);
  }
  if (dependencies)
    *dependencies = stream->captureTail.data();
  if (count)
    *count = stream->captureTail.size();
  return CUDA_SUCCESS;
}

extern "C" CUresult CUDAAPI cuStreamGetCaptureInfo_v2(
    CUstream handle, CUstreamCaptureStatus *status, cuuint64_t *id,
    CUgraph *graph, const CUgraphNode **dependencies, size_t *count) {
  return cuStreamGetCaptureInfo_v3(handle, status, id, graph, dependencies,
                                   nullptr, count);
}

CUresult CUDAAPI cuStreamUpdateCaptureDependencies(CUstream handle,
                                                   CUgraphNode *dependencies,
                                                   const CUgraphEdgeData *edges,
                                                   size_t count,
                                                   unsigned flags) {
  Call call;
  CUstream stream;
  VGPU_TRY(needStream(call, handle, stream));
  if (!stream->capture)
    return CUDA_ERROR_ILLEGAL_STATE;
  if (count && !dependencies)
    return CUDA_ERROR_INVALID_VALUE;
  if (edges)
    return CUDA_ERROR_NOT_SUPPORTED;
  if (flags == CU_STREAM_SET_CAPTURE_DEPENDENCIES)
    stream->captureTail.clear();
  else if (flags != CU_STREAM_ADD_CAPTURE_DEPENDENCIES)
    return CUDA_ERROR_INVALID_VALUE;
  stream->captureTail.insert(stream->captureTail.end(), dependencies,
                             dependencies + count);
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode *mode) {
  Call call;
  VGPU_TRY(call.ready());
  if (!mode)
    return CUDA_ERROR_INVALID_VALUE;
  std::swap(*mode, threadCaptureMode());
  return CUDA_SUCCESS;
}
