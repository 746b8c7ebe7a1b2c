// Graphs.cpp - capture, explicit graphs, replay and update.

#include "test/vgpu/api/Fixture.h"

namespace {
/// A fixture with a stream that can capture.
class Graphs : public Driver {
protected:
  void SetUp() override {
    Driver::SetUp();
    ASSERT_CU(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  }
  CUDA_KERNEL_NODE_PARAMS addNode(void **arguments) {
    CUDA_KERNEL_NODE_PARAMS parameters = {};
    parameters.func = addKernel;
    parameters.gridDimX = 1;
    parameters.gridDimY = parameters.gridDimZ = 1;
    parameters.blockDimX = 64;
    parameters.blockDimY = parameters.blockDimZ = 1;
    parameters.kernelParams = arguments;
    return parameters;
  }
  CUstream stream = nullptr;
};
} // namespace

TEST_F(Graphs, CapturedWorkReplays) {
  CUdeviceptr a = allocate(64, 0);
  ASSERT_CU(cuCtxSynchronize());
  ASSERT_CU(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  EXPECT_CU(add(a, 64, 3, stream));
  EXPECT_CU(add(a, 64, 4, stream));
  CUgraph graph = nullptr;
  ASSERT_CU(cuStreamEndCapture(stream, &graph));
  size_t nodes = 0;
  EXPECT_CU(cuGraphGetNodes(graph, nullptr, &nodes));
  EXPECT_EQ(nodes, 2u);
  CUgraphExec exec = nullptr;
  ASSERT_CU(cuGraphInstantiate(&exec, graph, 0));
  EXPECT_EQ(read(a, 64), std::vector<int>(64, 0)); // capturing runs nothing
  for (int i = 0; i < 3; ++i)
    EXPECT_CU(cuGraphLaunch(exec, stream));
  EXPECT_CU(cuStreamSynchronize(stream));
  EXPECT_EQ(read(a, 64), std::vector<int>(64, 21));
  EXPECT_CU(cuGraphExecDestroy(exec));
  EXPECT_CU(cuGraphDestroy(graph));
}

TEST_F(Graphs, CaptureSpreadsOverStreamsThroughEvents) {
  CUstream side = nullptr;
  ASSERT_CU(cuStreamCreate(&side, CU_STREAM_NON_BLOCKING));
  CUevent fork = nullptr, join = nullptr;
  ASSERT_CU(cuEventCreate(&fork, CU_EVENT_DISABLE_TIMING));
  ASSERT_CU(cuEventCreate(&join, CU_EVENT_DISABLE_TIMING));
  CUdeviceptr a = allocate(64, 1), b = allocate(64, 0);
  ASSERT_CU(cuCtxSynchronize());
  ASSERT_CU(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  EXPECT_CU(add(a, 64, 1, stream));
  EXPECT_CU(cuEventRecord(fork, stream));
  EXPECT_CU(cuStreamWaitEvent(side, fork, 0));
  EXPECT_CU(cuMemcpyDtoDAsync(b, a, 256, side));
  EXPECT_CU(cuEventRecord(join, side));
  EXPECT_CU(cuStreamWaitEvent(stream, join, 0));
  EXPECT_CU(add(b, 64, 10, stream));
  CUgraph graph = nullptr;
  ASSERT_CU(cuStreamEndCapture(stream, &graph));
  size_t edges = 0;
  EXPECT_CU(cuGraphGetEdges(graph, nullptr, nullptr, nullptr, &edges));
  EXPECT_EQ(edges, 3u); // add -> copy, add -> add, copy -> add
  CUgraphExec exec = nullptr;
  ASSERT_CU(cuGraphInstantiate(&exec, graph, 0));
  EXPECT_CU(cuGraphLaunch(exec, stream));
  EXPECT_CU(cuGraphLaunch(exec, stream));
  EXPECT_CU(cuStreamSynchronize(stream));
  EXPECT_EQ(read(b, 64), std::vector<int>(64, 13));
}

TEST_F(Graphs, UnjoinedAndWrongCapturesAreRefused) {
  CUstream side = nullptr;
  ASSERT_CU(cuStreamCreate(&side, CU_STREAM_NON_BLOCKING));
  CUevent event = nullptr;
  ASSERT_CU(cuEventCreate(&event, 0));
  CUdeviceptr a = allocate(64, 0);
  ASSERT_CU(cuCtxSynchronize());
  ASSERT_CU(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  EXPECT_CU(cuEventRecord(event, stream));
  EXPECT_CU(cuStreamWaitEvent(side, event, 0));
  EXPECT_CU(add(a, 64, 1, side));
  CUgraph graph = nullptr;
  EXPECT_EQ(cuStreamEndCapture(side, &graph),
            CUDA_ERROR_STREAM_CAPTURE_UNMATCHED);
  EXPECT_EQ(cuStreamEndCapture(stream, &graph),
            CUDA_ERROR_STREAM_CAPTURE_UNJOINED);
  EXPECT_EQ(cuStreamBeginCapture(nullptr, CU_STREAM_CAPTURE_MODE_GLOBAL),
            CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  EXPECT_EQ(cuStreamEndCapture(stream, &graph), CUDA_ERROR_ILLEGAL_STATE);
}

TEST_F(Graphs, WaitingInvalidatesACapture) {
  ASSERT_CU(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  EXPECT_EQ(cuStreamSynchronize(stream), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  CUstreamCaptureStatus status;
  EXPECT_CU(cuStreamIsCapturing(stream, &status));
  EXPECT_EQ(status, CU_STREAM_CAPTURE_STATUS_INVALIDATED);
  CUgraph graph = nullptr;
  EXPECT_EQ(cuStreamEndCapture(stream, &graph),
            CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  EXPECT_EQ(graph, nullptr);
}

TEST_F(Graphs, ExplicitNodesAndUpdates) {
  CUdeviceptr a = allocate(64, 0), b = allocate(64, 0);
  ASSERT_CU(cuCtxSynchronize());
  int count = 64, value = 5;
  void *arguments[] = {&a, &count, &value};
  CUgraph graph = nullptr;
  ASSERT_CU(cuGraphCreate(&graph, 0));
  CUgraphNode set = nullptr, first = nullptr, copy = nullptr, sum = nullptr;
  CUDA_MEMSET_NODE_PARAMS fill = {};
  fill.dst = a;
  fill.value = 100;
  fill.elementSize = 4;
  fill.width = 64;
  fill.height = 1;
  ASSERT_CU(cuGraphAddMemsetNode(&set, graph, nullptr, 0, &fill, context));
  CUDA_KERNEL_NODE_PARAMS kernel = addNode(arguments);
  ASSERT_CU(cuGraphAddKernelNode(&first, graph, &set, 1, &kernel));
  CUDA_MEMCPY3D move = {};
  move.srcMemoryType = move.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  move.srcDevice = a;
  move.dstDevice = b;
  move.WidthInBytes = 256;
  move.Height = move.Depth = 1;
  ASSERT_CU(cuGraphAddMemcpyNode(&copy, graph, nullptr, 0, &move, context));
  EXPECT_CU(cuGraphAddDependencies(graph, &first, &copy, nullptr, 1));
  ASSERT_CU(cuGraphAddEmptyNode(&sum, graph, &copy, 1));
  CUgraphExec exec = nullptr;
  ASSERT_CU(cuGraphInstantiate(&exec, graph, 0));
  EXPECT_CU(cuGraphLaunch(exec, stream));
  EXPECT_CU(cuStreamSynchronize(stream));
  EXPECT_EQ(read(b, 64), std::vector<int>(64, 105));

  value = 7; // the node keeps its own copy until it is set again
  EXPECT_CU(cuGraphLaunch(exec, stream));
  EXPECT_CU(cuStreamSynchronize(stream));
  EXPECT_EQ(read(b, 64), std::vector<int>(64, 105));
  EXPECT_CU(cuGraphExecKernelNodeSetParams(exec, first, &kernel));
  EXPECT_CU(cuGraphLaunch(exec, stream));
  EXPECT_CU(cuStreamSynchronize(stream));
  EXPECT_EQ(read(b, 64), std::vector<int>(64, 107));

  fill.value = 200;
  EXPECT_CU(cuGraphMemsetNodeSetParams(set, &fill));
  CUgraphExecUpdateResultInfo info = {};
  EXPECT_CU(cuGraphExecUpdate(exec, graph, &info));
  EXPECT_CU(cuGraphLaunch(exec, stream));
  EXPECT_CU(cuStreamSynchronize(stream));
  EXPECT_EQ(read(b, 64), std::vector<int>(64, 205));

  CUgraphNode extra = nullptr;
  ASSERT_CU(cuGraphAddEmptyNode(&extra, graph, nullptr, 0));
  EXPECT_EQ(cuGraphExecUpdate(exec, graph, &info),
            CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE);
  EXPECT_EQ(info.result, CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED);
}

TEST_F(Graphs, CyclesAreRefused) {
  CUgraph graph = nullptr;
  ASSERT_CU(cuGraphCreate(&graph, 0));
  CUgraphNode a = nullptr, b = nullptr;
  ASSERT_CU(cuGraphAddEmptyNode(&a, graph, nullptr, 0));
  ASSERT_CU(cuGraphAddEmptyNode(&b, graph, &a, 1));
  EXPECT_CU(cuGraphAddDependencies(graph, &b, &a, nullptr, 1));
  CUgraphExec exec = nullptr;
  EXPECT_EQ(cuGraphInstantiate(&exec, graph, 0), CUDA_ERROR_INVALID_VALUE);
}

static void CUDA_CB bump(void *data) { ++*static_cast<int *>(data); }

TEST_F(Graphs, ChildGraphsAndHostNodes) {
  int calls = 0;
  CUgraph inner = nullptr, outer = nullptr;
  ASSERT_CU(cuGraphCreate(&inner, 0));
  ASSERT_CU(cuGraphCreate(&outer, 0));
  CUDA_HOST_NODE_PARAMS host = {bump, &calls};
  CUgraphNode node = nullptr, child = nullptr, last = nullptr;
  ASSERT_CU(cuGraphAddHostNode(&node, inner, nullptr, 0, &host));
  ASSERT_CU(cuGraphAddChildGraphNode(&child, outer, nullptr, 0, inner));
  ASSERT_CU(cuGraphAddChildGraphNode(&last, outer, &child, 1, inner));
  CUgraphExec exec = nullptr;
  ASSERT_CU(cuGraphInstantiate(&exec, outer, 0));
  EXPECT_CU(cuGraphLaunch(exec, stream));
  EXPECT_CU(cuStreamSynchronize(stream));
  EXPECT_EQ(calls, 2);
}

TEST_F(Graphs, AllocationsInACapture) {
  ASSERT_CU(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  CUdeviceptr a = 0;
  ASSERT_CU(cuMemAllocAsync(&a, 256, stream));
  EXPECT_CU(cuMemsetD32Async(a, 1, 64, stream));
  EXPECT_CU(add(a, 64, 1, stream));
  EXPECT_CU(cuMemFreeAsync(a, stream));
  CUgraph graph = nullptr;
  ASSERT_CU(cuStreamEndCapture(stream, &graph));
  CUgraphExec exec = nullptr;
  ASSERT_CU(cuGraphInstantiate(&exec, graph, 0));
  EXPECT_CU(cuGraphLaunch(exec, stream));
  EXPECT_CU(cuGraphLaunch(exec, stream));
  EXPECT_CU(cuStreamSynchronize(stream));
}
