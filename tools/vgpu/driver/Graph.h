// Graph.h: graphs of operations, their executable form, and captures.
#pragma once

#include "tools/vgpu/driver/Scheduler.h"

#include <map>
#include <set>
#include <thread>

namespace vgpu::driver {
/// Memory of a graph's allocation nodes: mapped from the node's creation until
/// the graph and all that was instantiated from it are gone.
struct GraphMemory {
  std::vector<uint64_t> addresses;
  ~GraphMemory();
};
} // namespace vgpu::driver

/// A node: an operation and the nodes it follows.
struct CUgraphNode_st {
  CUgraph_st *graph = nullptr;
  CUgraphNodeType type = CU_GRAPH_NODE_TYPE_EMPTY;
  vgpu::driver::Operation operation;
  std::vector<CUgraphNode> after;
  CUcontext context = nullptr;
  bool enabled = true;
  /// Parameter pointers handed out by cuGraphKernelNodeGetParams.
  std::vector<void *> parameterPointers;
};

struct CUgraph_st {
  std::vector<std::unique_ptr<CUgraphNode_st>> nodes;
  std::shared_ptr<vgpu::driver::GraphMemory> memory;
  unsigned long long id = 0;
};

struct CUgraphExec_st {
  std::shared_ptr<CUgraph_st> graph;
  /// Where each node of the source graph went.
  std::map<CUgraphNode, CUgraphNode> clones;
  vgpu::driver::TaskRef last;
  unsigned long long flags = 0;
};

namespace vgpu::driver {

/// A stream capture under way.
struct Capture {
  std::shared_ptr<CUgraph_st> graph;
  CUstream origin = nullptr;
  CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
  std::thread::id thread;
  unsigned long long id = 0;
  bool invalid = false;
  /// The streams that take part.
  std::set<CUstream> streams;
};

/// Adds a node to `graph`.
CUgraphNode addNode(CUgraph_st &graph, CUcontext context, Operation operation,
                    std::vector<CUgraphNode> after);
/// Makes `graph` the owner of an allocation.
void ownMemory(CUgraph_st &graph, uint64_t address);
/// The node type that an operation shows.
CUgraphNodeType nodeTypeOf(const Operation &operation);
/// A copy of `graph`; `clones` receives where each node went.
std::shared_ptr<CUgraph_st>
cloneGraph(const CUgraph_st &graph, std::map<CUgraphNode, CUgraphNode> &clones);
/// The nodes so that each follows those it depends on; empty when the edges
/// form a cycle.
std::vector<CUgraphNode> topologicalOrder(const CUgraph_st &graph);
/// Adds a task for every node of `graph` behind `before`; returns the task
/// that all of them precede.
TaskRef launchGraph(Scheduler &scheduler, CUgraph_st &graph, CUcontext context,
                    const TaskRef &before);

} // namespace vgpu::driver
