// GraphEntry.cpp: graphs, their structure, and their executable form.

#include "tools/vgpu/driver/State.h"

#include <algorithm>

using namespace vgpu;
using namespace vgpu::driver;

static CUresult needGraph(Call &call, CUgraph graph) {
  VGPU_TRY(call.needContext());
  return call.driver.graphs.count(graph) ? CUDA_SUCCESS
                                         : CUDA_ERROR_INVALID_VALUE;
}

static CUresult needExec(Call &call, CUgraphExec exec) {
  VGPU_TRY(call.needContext());
  return call.driver.execs.count(exec) ? CUDA_SUCCESS
                                       : CUDA_ERROR_INVALID_HANDLE;
}

CUresult CUDAAPI cuGraphCreate(CUgraph *graph, unsigned flags) {
  Call call;
  VGPU_TRY(call.needContext());
  if (!graph || flags != 0)
    return CUDA_ERROR_INVALID_VALUE;
  auto made = std::make_shared<CUgraph_st>();
  made->id = call.driver.nextId++;
  *graph = made.get();
  call.driver.graphs.emplace(*graph, std::move(made));
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuGraphDestroy(CUgraph graph) {
  Call call;
  VGPU_TRY(needGraph(call, graph));
  call.driver.graphs.erase(graph);
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuGraphClone(CUgraph *clone, CUgraph graph) {
  Call call;
  VGPU_TRY(needGraph(call, graph));
  if (!clone)
    return CUDA_ERROR_INVALID_VALUE;
  std::map<CUgraphNode, CUgraphNode> clones;
  auto made = cloneGraph(*graph, clones);
  *clone = made.get();
  call.driver.graphs.emplace(*clone, std::move(made));
  return CUDA_SUCCESS;
}

/// Hands out `found`: only the count when `nodes` is null, else at most
/// `*count` of them, the rest of the array null, as the driver documents.
static CUresult handOut(const std::vector<CUgraphNode> &found,
                        CUgraphNode *nodes, size_t *count) {
  if (!count)
    return CUDA_ERROR_INVALID_VALUE;
  for (size_t i = 0; nodes && i < *count; ++i)
    nodes[i] = i < found.size() ? found[i] : nullptr;
  *count = nodes ? std::min(*count, found.size()) : found.size();
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuGraphGetNodes(CUgraph graph, CUgraphNode *nodes,
                                 size_t *count) {
  Call call;
  VGPU_TRY(needGraph(call, graph));
  std::vector<CUgraphNode> found;
  for (auto &node : graph->nodes)
    found.push_back(node.get());
  return handOut(found, nodes, count);
}

CUresult CUDAAPI cuGraphGetRootNodes(CUgraph graph, CUgraphNode *nodes,
                                     size_t *count) {
  Call call;
  VGPU_TRY(needGraph(call, graph));
  std::vector<CUgraphNode> found;
  for (auto &node : graph->nodes)
    if (node->after.empty())
      found.push_back(node.get());
  return handOut(found, nodes, count);
}

CUresult CUDAAPI cuGraphGetEdges(CUgraph graph, CUgraphNode *from,
                                 CUgraphNode *to, CUgraphEdgeData *data,
                                 size_t *count) {
  Call call;
  VGPU_TRY(needGraph(call, graph));
  if (!count || !from != !to)
    return CUDA_ERROR_INVALID_VALUE;
  size_t found = 0;
  for (auto &node : graph->nodes)
    for (CUgraphNode before : node->after) {
      if (from && found < *count) {
        from[found] = before;
        to[found] = node.get();
        if (data)
          data[found] = {};
      }
      ++found;
    }
  *count = from ? std::min(*count, found) : found;
  return CUDA_SUCCESS;
}

/// True when `node` belongs to a live graph.
static bool isNode(Call &call, CUgraphNode node) {
  for (auto &[handle, graph] : call.driver.graphs)
    for (auto &owned : graph->nodes)
      if (owned.get() == node)
        return true;
  return false;
}

static CUresult needNode(Call &call, CUgraphNode node) {
  VGPU_TRY(call.needContext());
  return isNode(call, node) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult CUDAAPI cuGraphNodeGetType(CUgraphNode node, CUgraphNodeType *type) {
  Call call;
  VGPU_TRY(needNode(call, node));
  if (!type)
    return CUDA_ERROR_INVALID_VALUE;
  *type = node->type;
  return CUDA_SUCCESS;
}

static void clearEdges(CUgraphEdgeData *edges, const size_t *count) {
  for (size_t i = 0; edges && i < *count; ++i)
    edges[i] = {};
}

CUresult CUDAAPI cuGraphNodeGetDependencies(CUgraphNode node,
                                            CUgraphNode *nodes,
                                            CUgraphEdgeData *edges,
                                            size_t *count) {
  Call call;
  VGPU_TRY(needNode(call, node));
  VGPU_TRY(handOut(node->after, nodes, count));
  clearEdges(edges, count);
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuGraphNodeGetDependentNodes(CUgraphNode node,
                                              CUgraphNode *nodes,
                                              CUgraphEdgeData *edges,
                                              size_t *count) {
  Call call;
  VGPU_TRY(needNode(call, node));
  std::vector<CUgraphNode> found;
  for (auto &other : node->graph->nodes)
    if (std::count(other->after.begin(), other->after.end(), node))
      found.push_back(other.get());
  VGPU_TRY(handOut(found, nodes, count));
  clearEdges(edges, count);
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuGraphAddDependencies(CUgraph graph, const CUgraphNode *from,
                                        const CUgraphNode *to,
                                        const CUgraphEdgeData *edges,
                                        size_t count) {
  Call call;
  VGPU_TRY(needGraph(call, graph));
  if (count && (!from || !to))
    return CUDA_ERROR_INVALID_VALUE;
  if (edges)
    return CUDA_ERROR_NOT_SUPPORTED;
  for (size_t i = 0; i < count; ++i) {
    if (!isNode(call, from[i]) || !isNode(call, to[i]) ||
        from[i]->graph != graph || to[i]->graph != graph || from[i] == to[i])
      return CUDA_ERROR_INVALID_VALUE;
    if (std::count(to[i]->after.begin(), to[i]->after.end(), from[i]))
      return CUDA_ERROR_INVALID_VALUE;
    to[i]->after.push_back(from[i]);
  }
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuGraphRemoveDependencies(CUgraph graph,
                                           const CUgraphNode *from,
                                           const CUgraphNode *to,
                                           const CUgraphEdgeData *,
                                           size_t count) {
  Call call;
  VGPU_TRY(needGraph(call, graph));
  for (size_t i = 0; i < count; ++i)
    if (!isNode(call, to[i]) || std::erase(to[i]->after, from[i]) == 0)
      return CUDA_ERROR_INVALID_VALUE;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuGraphDestroyNode(CUgraphNode node) {
  Call call;
  VGPU_TRY(needNode(call, node));
  CUgraph graph = node->graph;
  for (auto &other : graph->nodes)
    std::erase(other->after, node);
  std::erase_if(graph->nodes, [&](auto &own) { return own.get() == node; });
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuGraphNodeFindInClone(CUgraphNode *found, CUgraphNode node,
                                        CUgraph clone) {
  Call call;
  VGPU_TRY(needNode(call, node));
  VGPU_TRY(needGraph(call, clone));
  // A clone keeps the order of nodes.
  auto &nodes = node->graph->nodes;
  size_t index =
      size_t(std::find_if(nodes.begin(), nodes.end(),
                          [&](auto &own) { return own.get() == node; }) -
             nodes.begin());
  if (!found || index >= clone->nodes.size() ||
      clone->nodes[index]->type != node->type)
    return CUDA_ERROR_INVALID_VALUE;
  *found = clone->nodes[index].get();
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuGraphInstantiate(CUgraphExec *exec, CUgraph graph,
                                    unsigned long long flags) {
  Call call;
  VGPU_TRY(needGraph(call, graph));
  constexpr unsigned long long known =
      CUDA_GRAPH_INSTANTIATE_FLAG_AUTO_FREE_ON_LAUNCH |
      CUDA_GRAPH_INSTANTIATE_FLAG_UPLOAD |
      CUDA_GRAPH_INSTANTIATE_FLAG_USE_NODE_PRIORITY;
  if (!exec)
    return CUDA_ERROR_INVALID_VALUE;
  if (flags & ~known)
    return CUDA_ERROR_NOT_SUPPORTED;
  if (!graph->nodes.empty() && topologicalOrder(*graph).empty())
    return CUDA_ERROR_INVALID_VALUE;
  auto made = std::make_unique<CUgraphExec_st>();
  made->graph = cloneGraph(*graph, made->clones);
  made->flags = flags;
  *exec = made.get();
  call.driver.execs.emplace(*exec, std::move(made));
  return CUDA_SUCCESS;
}

extern "C" CUresult CUDAAPI cuGraphInstantiate_v2(CUgraphExec *exec,
                                                  CUgraph graph, CUgraphNode *,
                                                  char *, size_t) {
  return cuGraphInstantiateWithFlags(exec, graph, 0);
}

CUresult CUDAAPI
cuGraphInstantiateWithParams(CUgraphExec *exec, CUgraph graph,
                             CUDA_GRAPH_INSTANTIATE_PARAMS *parameters) {
  if (!parameters)
    return CUDA_ERROR_INVALID_VALUE;
  CUresult result = cuGraphInstantiateWithFlags(exec, graph, parameters->flags);
  parameters->hErrNode_out = nullptr;
  parameters->result_out = result == CUDA_SUCCESS
                               ? CUDA_GRAPH_INSTANTIATE_SUCCESS
                               : CUDA_GRAPH_INSTANTIATE_ERROR;
  return result;
}

CUresult CUDAAPI cuGraphExecGetFlags(CUgraphExec exec, cuuint64_t *flags) {
  Call call;
  VGPU_TRY(needExec(call, exec));
  if (!flags)
    return CUDA_ERROR_INVALID_VALUE;
  *flags = exec->flags;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuGraphUpload(CUgraphExec exec, CUstream handle) {
  Call call;
  VGPU_TRY(needExec(call, exec));
  return call.stream(handle) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

CUresult CUDAAPI cuGraphLaunch(CUgraphExec exec, CUstream handle) {
  Call call;
  VGPU_TRY(needExec(call, exec));
  CUstream stream = call.stream(handle);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  if (stream->capture) {
    std::map<CUgraphNode, CUgraphNode> clones;
    return call.enqueue(stream,
                        ChildOperation{cloneGraph(*exec->graph, clones)});
  }
  // One executable graph runs once at a time.
  TaskRef start;
  VGPU_TRY(call.enqueue(stream, EmptyOperation{}, &start));
  if (exec->last && !exec->last->done && !start->done)
    start->after.push_back(exec->last);
  exec->last =
      launchGraph(call.driver.scheduler, *exec->graph, stream->context, start);
  stream->tail = exec->last;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuGraphExecDestroy(CUgraphExec exec) {
  Call call;
  VGPU_TRY(needExec(call, exec));
  call.driver.execs.erase(exec);
  return CUDA_SUCCESS;
}

/// Compares the shapes of two graphs node by node, then takes the operations
/// of `from`.
static CUgraphExecUpdateResult update(CUgraph_st &to, const CUgraph_st &from,
                                      CUgraphNode &wrong) {
  if (to.nodes.size() != from.nodes.size())
    return CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
  std::map<CUgraphNode, size_t> index;
  for (size_t i = 0; i < to.nodes.size(); ++i) {
    index[to.nodes[i].get()] = i;
    index[from.nodes[i].get()] = i;
  }
  for (size_t i = 0; i < to.nodes.size(); ++i) {
    CUgraphNode_st &a = *to.nodes[i], &b = *from.nodes[i];
    wrong = &b;
    if (a.type != b.type)
      return CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED;
    if (a.after.size() != b.after.size())
      return CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
    for (size_t k = 0; k < a.after.size(); ++k)
      if (index[a.after[k]] != index[b.after[k]])
        return CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
    if (a.operation.index() != b.operation.index())
      return CU_GRAPH_EXEC_UPDATE_ERROR_PARAMETERS_CHANGED;
    if (a.type == CU_GRAPH_NODE_TYPE_MEM_ALLOC ||
        a.type == CU_GRAPH_NODE_TYPE_MEM_FREE)
      return CU_GRAPH_EXEC_UPDATE_ERROR_NOT_SUPPORTED;
  }
  for (size_t i = 0; i < to.nodes.size(); ++i) {
    auto *child = std::get_if<ChildOperation>(&to.nodes[i]->operation);
    if (!child) {
      to.nodes[i]->operation = from.nodes[i]->operation;
      continue;
    }
    CUgraphExecUpdateResult result = update(
        *child->graph,
        *std::get<ChildOperation>(from.nodes[i]->operation).graph, wrong);
    if (result != CU_GRAPH_EXEC_UPDATE_SUCCESS)
      return result;
  }
  wrong = nullptr;
  return CU_GRAPH_EXEC_UPDATE_SUCCESS;
}

CUresult CUDAAPI cuGraphExecUpdate(CUgraphExec exec, CUgraph graph,
                                   CUgraphExecUpdateResultInfo *info) {
  Call call;
  VGPU_TRY(needExec(call, exec));
  VGPU_TRY(needGraph(call, graph));
  if (!info)
    return CUDA_ERROR_INVALID_VALUE;
  *info = {};
  info->result = update(*exec->graph, *graph, info->errorNode);
  return info->result == CU_GRAPH_EXEC_UPDATE_SUCCESS
             ? CUDA_SUCCESS
             : CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE;
}
