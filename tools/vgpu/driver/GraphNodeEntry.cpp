// GraphNodeEntry.cpp: making graph nodes and changing what they do.

#include "tools/vgpu/driver/Launch.h"
#include "tools/vgpu/driver/Totals.h"

#include <algorithm>

using namespace vgpu;
using namespace vgpu::driver;

static CUresult needNode(Call &call, CUgraphNode node) {
  VGPU_TRY(call.needContext());
  for (auto &[handle, graph] : call.driver.graphs)
    for (auto &owned : graph->nodes)
      if (owned.get() == node)
        return CUDA_SUCCESS;
  return CUDA_ERROR_INVALID_VALUE;
}

/// The node of `exec` that was made from `node` of its source graph.
static CUresult needClone(Call &call, CUgraphExec exec, CUgraphNode &node) {
  VGPU_TRY(call.needContext());
  if (!call.driver.execs.count(exec))
    return CUDA_ERROR_INVALID_HANDLE;
  auto found = exec->clones.find(node);
  if (found == exec->clones.end())
    return CUDA_ERROR_INVALID_VALUE;
  node = found->second;
  return CUDA_SUCCESS;
}

/// Adds `operation` to `graph` behind `dependencies`.
static CUresult add(Call &call, CUgraphNode *node, CUgraph graph,
                    const CUgraphNode *dependencies, size_t count,
                    Operation operation) {
  if (!node || !call.driver.graphs.count(graph) || (count && !dependencies))
    return CUDA_ERROR_INVALID_VALUE;
  for (size_t i = 0; i < count; ++i)
    if (!dependencies[i] || dependencies[i]->graph != graph)
      return CUDA_ERROR_INVALID_VALUE;
  *node = addNode(*graph, call.context, std::move(operation),
                  {dependencies, dependencies + count});
  return CUDA_SUCCESS;
}

/// Changes what `node` does to `operation`, which must be of the same kind.
static CUresult replace(CUgraphNode node, Operation operation) {
  if (node->operation.index() != operation.index())
    return CUDA_ERROR_INVALID_VALUE;
  node->operation = std::move(operation);
  return CUDA_SUCCESS;
}

/// How an operation is read from the parameters that a program gives.
template <class Parameters, class Made>
using Make = CUresult (*)(const Parameters *, Made &);

template <class Parameters, class Made>
static CUresult addMade(CUgraphNode *node, CUgraph graph,
                        const CUgraphNode *dependencies, size_t count,
                        const Parameters *from, Make<Parameters, Made> make) {
  Call call;
  VGPU_TRY(call.needContext());
  Made operation;
  VGPU_TRY(make(from, operation));
  return add(call, node, graph, dependencies, count, operation);
}

template <class Parameters, class Made>
static CUresult setMade(CUgraphNode node, const Parameters *from,
                        Make<Parameters, Made> make) {
  Call call;
  VGPU_TRY(needNode(call, node));
  Made operation;
  VGPU_TRY(make(from, operation));
  return replace(node, operation);
}

/// The same for the node of `exec` that was made from `node`.
template <class Parameters, class Made>
static CUresult setMade(CUgraphExec exec, CUgraphNode node,
                        const Parameters *from, Make<Parameters, Made> make) {
  Call call;
  VGPU_TRY(needClone(call, exec, node));
  Made operation;
  VGPU_TRY(make(from, operation));
  return replace(node, operation);
}

static CUresult makeKernel(Call &call, const CUDA_KERNEL_NODE_PARAMS *from,
                           KernelOperation &operation) {
  if (!from)
    return CUDA_ERROR_INVALID_VALUE;
  CUfunction handle =
      from->func ? from->func : reinterpret_cast<CUfunction>(from->kern);
  operation.function = resolveFunction(call.driver, call.context, handle);
  if (!operation.function)
    return CUDA_ERROR_INVALID_HANDLE;
  operation.grid = {from->gridDimX, from->gridDimY, from->gridDimZ};
  operation.block = {from->blockDimX, from->blockDimY, from->blockDimZ};
  operation.dynamicShared = from->sharedMemBytes;
  VGPU_TRY(packParameters(*operation.function->kernel, from->kernelParams,
                          from->extra, operation.parameters));
  return validateKernel(call.driver, call.context, operation);
}

CUresult CUDAAPI cuGraphAddKernelNode(CUgraphNode *node, CUgraph graph,
                                      const CUgraphNode *dependencies,
                                      size_t count,
                                      const CUDA_KERNEL_NODE_PARAMS *from) {
  Call call;
  VGPU_TRY(call.needContext());
  KernelOperation operation;
  VGPU_TRY(makeKernel(call, from, operation));
  return add(call, node, graph, dependencies, count, std::move(operation));
}

CUresult CUDAAPI cuGraphKernelNodeGetParams(CUgraphNode node,
                                            CUDA_KERNEL_NODE_PARAMS *to) {
  Call call;
  VGPU_TRY(needNode(call, node));
  auto *kernel = std::get_if<KernelOperation>(&node->operation);
  // A library call is a kernel node without a function of its own.
  if (!kernel)
    return node->type == CU_GRAPH_NODE_TYPE_KERNEL ? CUDA_ERROR_NOT_SUPPORTED
                                                   : CUDA_ERROR_INVALID_VALUE;
  if (!to)
    return CUDA_ERROR_INVALID_VALUE;
  *to = {};
  to->func = kernel->function;
  to->gridDimX = kernel->grid.x;
  to->gridDimY = kernel->grid.y;
  to->gridDimZ = kernel->grid.z;
  to->blockDimX = kernel->block.x;
  to->blockDimY = kernel->block.y;
  to->blockDimZ = kernel->block.z;
  to->sharedMemBytes = kernel->dynamicShared;
  to->ctx = node->context;
  node->parameterPointers.clear();
  for (const KernelParameter &p : kernel->function->kernel->parameters)
    node->parameterPointers.push_back(kernel->parameters.data() + p.offset);
  to->kernelParams = node->parameterPointers.data();
  return CUDA_SUCCESS;
}

/// Keeps what a kernel node has beyond the plain parameters.
static CUresult replaceKernel(Call &call, CUgraphNode node,
                              const CUDA_KERNEL_NODE_PARAMS *from) {
  auto *old = std::get_if<KernelOperation>(&node->operation);
  if (!old)
    return CUDA_ERROR_INVALID_VALUE;
  KernelOperation operation;
  operation.cluster = old->cluster;
  operation.cooperative = old->cooperative;
  VGPU_TRY(makeKernel(call, from, operation));
  *old = std::move(operation);
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuGraphKernelNodeSetParams(
    CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS *from) {
  Call call;
  VGPU_TRY(needNode(call, node));
  return replaceKernel(call, node, from);
}

CUresult CUDAAPI cuGraphExecKernelNodeSetParams(
    CUgraphExec exec, CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS *from) {
  Call call;
  VGPU_TRY(needClone(call, exec, node));
  return replaceKernel(call, node, from);
}

CUresult CUDAAPI
cuGraphKernelNodeSetAttribute(CUgraphNode node, CUkernelNodeAttrID attribute,
                              const CUkernelNodeAttrValue *value) {
  Call call;
  VGPU_TRY(needNode(call, node));
  auto *kernel = std::get_if<KernelOperation>(&node->operation);
  if (!kernel || !value)
    return CUDA_ERROR_INVALID_VALUE;
  KernelOperation changed = *kernel;
  if (attribute == CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION)
    changed.cluster = {value->clusterDim.x, value->clusterDim.y,
                       value->clusterDim.z};
  else if (attribute == CU_LAUNCH_ATTRIBUTE_COOPERATIVE)
    changed.cooperative = value->cooperative;
  VGPU_TRY(validateKernel(call.driver, node->context, changed));
  *kernel = std::move(changed);
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuGraphKernelNodeGetAttribute(CUgraphNode node,
                                               CUkernelNodeAttrID attribute,
                                               CUkernelNodeAttrValue *value) {
  Call call;
  VGPU_TRY(needNode(call, node));
  auto *kernel = std::get_if<KernelOperation>(&node->operation);
  if (!kernel || !value)
    return CUDA_ERROR_INVALID_VALUE;
  *value = {};
  if (attribute == CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION) {
    value->clusterDim.x = kernel->cluster.x;
    value->clusterDim.y = kernel->cluster.y;
    value->clusterDim.z = kernel->cluster.z;
  } else if (attribute == CU_LAUNCH_ATTRIBUTE_COOPERATIVE) {
    value->cooperative = kernel->cooperative;
  }
  return CUDA_SUCCESS;
}

static CUresult makeCopyNode(const CUDA_MEMCPY3D *from,
                             CopyOperation &operation) {
  return from ? makeCopy(*from, operation) : CUDA_ERROR_INVALID_VALUE;
}

CUresult CUDAAPI cuGraphAddMemcpyNode(CUgraphNode *node, CUgraph graph,
                                      const CUgraphNode *dependencies,
                                      size_t count, const CUDA_MEMCPY3D *from,
                                      CUcontext) {
  return addMade(node, graph, dependencies, count, from, makeCopyNode);
}

CUresult CUDAAPI cuGraphMemcpyNodeSetParams(CUgraphNode node,
                                            const CUDA_MEMCPY3D *from) {
  return setMade(node, from, makeCopyNode);
}

CUresult CUDAAPI cuGraphExecMemcpyNodeSetParams(CUgraphExec exec,
                                                CUgraphNode node,
                                                const CUDA_MEMCPY3D *from,
                                                CUcontext) {
  return setMade(exec, node, from, makeCopyNode);
}

static CUresult makeFill(const CUDA_MEMSET_NODE_PARAMS *from,
                         FillOperation &operation) {
  if (!from || (from->elementSize != 1 && from->elementSize != 2 &&
                from->elementSize != 4))
    return CUDA_ERROR_INVALID_VALUE;
  if (from->height > 1 && from->pitch < from->width * from->elementSize)
    return CUDA_ERROR_INVALID_VALUE;
  operation = {from->dst,         from->pitch, from->value,
               from->elementSize, from->width, from->height};
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuGraphAddMemsetNode(CUgraphNode *node, CUgraph graph,
                                      const CUgraphNode *dependencies,
                                      size_t count,
                                      const CUDA_MEMSET_NODE_PARAMS *from,
                                      CUcontext) {
  return addMade(node, graph, dependencies, count, from, makeFill);
}

CUresult CUDAAPI cuGraphMemsetNodeGetParams(CUgraphNode node,
                                            CUDA_MEMSET_NODE_PARAMS *to) {
  Call call;
  VGPU_TRY(needNode(call, node));
  auto *fill = std::get_if<FillOperation>(&node->operation);
  if (!fill || !to)
    return CUDA_ERROR_INVALID_VALUE;
  *to = {};
  to->dst = fill->target;
  to->pitch = fill->pitch;
  to->value = fill->value;
  to->elementSize = fill->width;
  to->width = fill->count;
  to->height = fill->rows;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuGraphMemsetNodeSetParams(
    CUgraphNode node, const CUDA_MEMSET_NODE_PARAMS *from) {
  return setMade(node, from, makeFill);
}

CUresult CUDAAPI
cuGraphExecMemsetNodeSetParams(CUgraphExec exec, CUgraphNode node,
                               const CUDA_MEMSET_NODE_PARAMS *from, CUcontext) {
  return setMade(exec, node, from, makeFill);
}

static CUresult makeHost(const CUDA_HOST_NODE_PARAMS *from,
                         HostOperation &operation) {
  if (!from || !from->fn)
    return CUDA_ERROR_INVALID_VALUE;
  operation.function = from->fn;
  operation.data = from->userData;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuGraphAddHostNode(CUgraphNode *node, CUgraph graph,
                                    const CUgraphNode *dependencies,
                                    size_t count,
                                    const CUDA_HOST_NODE_PARAMS *from) {
  return addMade(node, graph, dependencies, count, from, makeHost);
}

CUresult CUDAAPI cuGraphHostNodeGetParams(CUgraphNode node,
                                          CUDA_HOST_NODE_PARAMS *to) {
  Call call;
  VGPU_TRY(needNode(call, node));
  auto *host = std::get_if<HostOperation>(&node->operation);
  if (!host || !to)
    return CUDA_ERROR_INVALID_VALUE;
  *to = {host->function, host->data};
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuGraphHostNodeSetParams(CUgraphNode node,
                                          const CUDA_HOST_NODE_PARAMS *from) {
  return setMade(node, from, makeHost);
}

CUresult CUDAAPI cuGraphExecHostNodeSetParams(
    CUgraphExec exec, CUgraphNode node, const CUDA_HOST_NODE_PARAMS *from) {
  return setMade(exec, node, from, makeHost);
}

CUresult CUDAAPI cuGraphAddChildGraphNode(CUgraphNode *node, CUgraph graph,
                                          const CUgraphNode *dependencies,
                                          size_t count, CUgraph child) {
  Call call;
  VGPU_TRY(call.needContext());
  if (!call.driver.graphs.count(child) || child == graph)
    return CUDA_ERROR_INVALID_VALUE;
  std::map<CUgraphNode, CUgraphNode> clones;
  return add(call, node, graph, dependencies, count,
             ChildOperation{cloneGraph(*child, clones)});
}

CUresult CUDAAPI cuGraphChildGraphNodeGetGraph(CUgraphNode node,
                                               CUgraph *graph) {
  Call call;
  VGPU_TRY(needNode(call, node));
  auto *child = std::get_if<ChildOperation>(&node->operation);
  if (!child || !graph)
    return CUDA_ERROR_INVALID_VALUE;
  *graph = child->graph.get();
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuGraphAddEmptyNode(CUgraphNode *node, CUgraph graph,
                                     const CUgraphNode *dependencies,
                                     size_t count) {
  Call call;
  VGPU_TRY(call.needContext());
  return add(call, node, graph, dependencies, count, EmptyOperation{});
}

CUresult CUDAAPI cuGraphAddEventRecordNode(CUgraphNode *node, CUgraph graph,
                                           const CUgraphNode *dependencies,
                                           size_t count, CUevent event) {
  Call call;
  VGPU_TRY(call.needContext());
  if (!call.driver.events.count(event))
    return CUDA_ERROR_INVALID_HANDLE;
  return add(call, node, graph, dependencies, count, RecordOperation{event});
}

CUresult CUDAAPI cuGraphAddEventWaitNode(CUgraphNode *node, CUgraph graph,
                                         const CUgraphNode *dependencies,
                                         size_t count, CUevent event) {
  Call call;
  VGPU_TRY(call.needContext());
  if (!call.driver.events.count(event))
    return CUDA_ERROR_INVALID_HANDLE;
  return add(call, node, graph, dependencies, count, WaitOperation{event});
}

CUresult CUDAAPI cuGraphAddMemAllocNode(CUgraphNode *node, CUgraph graph,
                                        const CUgraphNode *dependencies,
                                        size_t count,
                                        CUDA_MEM_ALLOC_NODE_PARAMS *from) {
  Call call;
  VGPU_TRY(call.needContext());
  if (!from || from->bytesize == 0 || !call.driver.graphs.count(graph))
    return CUDA_ERROR_INVALID_VALUE;
  uint64_t address = call.device().allocate(from->bytesize);
  if (!address)
    return CUDA_ERROR_OUT_OF_MEMORY;
  MemoryRecord record;
  record.bytes = from->bytesize;
  record.context = call.context;
  record.id = call.driver.nextId++;
  call.driver.memory[address] = record;
  ownMemory(*graph, address);
  from->dptr = address;
  return add(call, node, graph, dependencies, count,
             AllocateOperation{address, from->bytesize});
}

CUresult CUDAAPI cuGraphAddMemFreeNode(CUgraphNode *node, CUgraph graph,
                                       const CUgraphNode *dependencies,
                                       size_t count, CUdeviceptr pointer) {
  Call call;
  VGPU_TRY(call.needContext());
  if (!call.driver.memory.count(pointer))
    return CUDA_ERROR_INVALID_VALUE;
  return add(call, node, graph, dependencies, count,
             FreeOperation{pointer, true});
}

CUresult CUDAAPI cuGraphMemFreeNodeGetParams(CUgraphNode node,
                                             CUdeviceptr *pointer) {
  Call call;
  VGPU_TRY(needNode(call, node));
  auto *release = std::get_if<FreeOperation>(&node->operation);
  if (!release || !pointer)
    return CUDA_ERROR_INVALID_VALUE;
  *pointer = release->address;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuGraphNodeSetEnabled(CUgraphExec exec, CUgraphNode node,
                                       unsigned enabled) {
  Call call;
  VGPU_TRY(needClone(call, exec, node));
  if (node->type != CU_GRAPH_NODE_TYPE_KERNEL &&
      node->type != CU_GRAPH_NODE_TYPE_MEMCPY &&
      node->type != CU_GRAPH_NODE_TYPE_MEMSET)
    return CUDA_ERROR_INVALID_VALUE;
  node->enabled = enabled != 0;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuGraphNodeGetEnabled(CUgraphExec exec, CUgraphNode node,
                                       unsigned *enabled) {
  Call call;
  VGPU_TRY(needClone(call, exec, node));
  if (!enabled)
    return CUDA_ERROR_INVALID_VALUE;
  *enabled = node->enabled;
  return CUDA_SUCCESS;
}
