// Graph.cpp: nodes, clones, and how a graph becomes tasks.

#include "tools/vgpu/driver/Graph.h"
#include "tools/vgpu/driver/State.h"

#include <algorithm>

namespace vgpu::driver {

GraphMemory::~GraphMemory() {
  for (uint64_t address : addresses)
    releaseMemory(Driver::get(), address);
}

CUgraphNodeType nodeTypeOf(const Operation &operation) {
  struct Visitor {
    using T = CUgraphNodeType;
    T operator()(const EmptyOperation &) { return CU_GRAPH_NODE_TYPE_EMPTY; }
    T operator()(const KernelOperation &) { return CU_GRAPH_NODE_TYPE_KERNEL; }
    T operator()(const BuiltinOperation &) { return CU_GRAPH_NODE_TYPE_KERNEL; }
    T operator()(const CopyOperation &) { return CU_GRAPH_NODE_TYPE_MEMCPY; }
    T operator()(const FillOperation &) { return CU_GRAPH_NODE_TYPE_MEMSET; }
    T operator()(const HostOperation &) { return CU_GRAPH_NODE_TYPE_HOST; }
    T operator()(const AllocateOperation &) {
      return CU_GRAPH_NODE_TYPE_MEM_ALLOC;
    }
    T operator()(const FreeOperation &) { return CU_GRAPH_NODE_TYPE_MEM_FREE; }
    T operator()(const RecordOperation &) {
      return CU_GRAPH_NODE_TYPE_EVENT_RECORD;
    }
    T operator()(const WaitOperation &) {
      return CU_GRAPH_NODE_TYPE_WAIT_EVENT;
    }
    T operator()(const ChildOperation &) { return CU_GRAPH_NODE_TYPE_GRAPH; }
  };
  return std::visit(Visitor{}, operation);
}

CUgraphNode addNode(CUgraph_st &graph, CUcontext context, Operation operation,
                    std::vector<CUgraphNode> after) {
  auto node = std::make_unique<CUgraphNode_st>();
  node->graph = &graph;
  node->type = nodeTypeOf(operation);
  node->operation = std::move(operation);
  node->after = std::move(after);
  node->context = context;
  graph.nodes.push_back(std::move(node));
  return graph.nodes.back().get();
}

void ownMemory(CUgraph_st &graph, uint64_t address) {
  if (!graph.memory)
    graph.memory = std::make_shared<GraphMemory>();
  graph.memory->addresses.push_back(address);
}

std::shared_ptr<CUgraph_st>
cloneGraph(const CUgraph_st &graph,
           std::map<CUgraphNode, CUgraphNode> &clones) {
  auto copy = std::make_shared<CUgraph_st>();
  copy->memory = graph.memory;
  copy->id = Driver::get().nextId++;
  for (const auto &node : graph.nodes) {
    CUgraphNode made = addNode(*copy, node->context, node->operation, {});
    made->enabled = node->enabled;
    if (auto *child = std::get_if<ChildOperation>(&made->operation))
      child->graph = cloneGraph(*child->graph, clones);
    clones[node.get()] = made;
  }
  for (const auto &node : graph.nodes)
    for (CUgraphNode before : node->after)
      clones[node.get()]->after.push_back(clones[before]);
  return copy;
}

std::vector<CUgraphNode> topologicalOrder(const CUgraph_st &graph) {
  std::map<CUgraphNode, size_t> waiting;
  std::map<CUgraphNode, std::vector<CUgraphNode>> followers;
  std::vector<CUgraphNode> order;
  for (const auto &node : graph.nodes) {
    waiting[node.get()] = node->after.size();
    for (CUgraphNode before : node->after)
      followers[before].push_back(node.get());
    if (node->after.empty())
      order.push_back(node.get());
  }
  for (size_t i = 0; i < order.size(); ++i)
    for (CUgraphNode follower : followers[order[i]])
      if (--waiting[follower] == 0)
        order.push_back(follower);
  if (order.size() != graph.nodes.size())
    order.clear();
  return order;
}

static TaskRef addTask(Scheduler &scheduler, CUcontext context,
                       Operation operation, std::vector<TaskRef> after) {
  auto task = std::make_shared<Task>();
  task->operation = std::move(operation);
  task->context = context;
  task->after = std::move(after);
  scheduler.add(task);
  return task;
}

TaskRef launchGraph(Scheduler &scheduler, CUgraph_st &graph, CUcontext context,
                    const TaskRef &before) {
  std::map<CUgraphNode, TaskRef> tasks;
  std::vector<TaskRef> all = {before};
  for (CUgraphNode node : topologicalOrder(graph)) {
    std::vector<TaskRef> after = {before};
    for (CUgraphNode dependency : node->after)
      after.push_back(tasks[dependency]);
    TaskRef task;
    if (auto *child = std::get_if<ChildOperation>(&node->operation)) {
      TaskRef start = addTask(scheduler, context, EmptyOperation{}, after);
      task = launchGraph(scheduler, *child->graph, context, start);
    } else {
      auto *wait = std::get_if<WaitOperation>(&node->operation);
      if (wait && Driver::get().events.count(wait->event))
        after.push_back(wait->event->task);
      Operation operation =
          node->enabled ? node->operation : Operation(EmptyOperation{});
      task = addTask(scheduler, context, std::move(operation), after);
      auto *record = std::get_if<RecordOperation>(&node->operation);
      if (record && Driver::get().events.count(record->event))
        record->event->task = task;
    }
    tasks[node] = task;
    all.push_back(task);
  }
  return addTask(scheduler, context, EmptyOperation{}, std::move(all));
}

} // namespace vgpu::driver
