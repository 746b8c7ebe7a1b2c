// OrderSteps.cpp - an order of an entry's steps in which less lives at once.
//
// What a step reads and writes says which steps it must follow: the last writer
// of every buffer that it touches and, when it writes, the readers since then.
// Among the orders that keep this, lists are built step by step, from the front
// or from the back, taking the step after which least is live.
#include "passes/schedule/Liveness.h"
#include "passes/schedule/Passes.h"

#include "mlir/IR/Remarks.h"
#include "llvm/Support/MathExtras.h"

#include <set>

using namespace mlir;

namespace tresse {
#define GEN_PASS_DEF_ORDERSTEPSPASS
#include "passes/schedule/Passes.h.inc"

namespace {

// As AssignArena counts them.
constexpr int64_t kAlignment = 64;

using Order = SmallVector<uint32_t>;

/// A buffer of the arena as one entry sees it; 0 bytes for other buffers.
struct Content {
  int64_t bytes = 0;
  /// Written before the entry; read after it.
  bool isInput = false, isOutput = false;
  SmallVector<uint32_t> steps; // that touch it, each once
};

/// The steps of an entry, what they touch and which must follow which.
struct Graph {
  SmallVector<plan::StepInterface> steps;
  SmallVector<SmallVector<uint32_t>> touched; // contents, per step
  SmallVector<SmallVector<uint32_t>> before, after;
  std::vector<Content> contents;

  static std::optional<Graph> of(plan::EntryOp entry);
  uint64_t peak(ArrayRef<uint32_t> order) const;

private:
  uint32_t contentOf(Value tensor);
  void addStep(plan::StepInterface step);
  void follow(uint32_t step, uint32_t earlier);

  struct Uses {
    std::optional<uint32_t> writer;
    SmallVector<uint32_t> readers; // since then
  };
  DenseMap<Value, uint32_t> numbers; // of buffers
  std::vector<Uses> uses;            // per content
};

/// What the order of steps means is known for one stream without events, and
/// for steps that the program runs by itself.
bool mayMove(plan::StepInterface step) {
  return step.getStream() == 0 &&
         isa<plan::LaunchOp, plan::GemmOp, plan::GroupedGemmOp, plan::CopyOp,
             plan::FillOp>(step.getOperation());
}

std::optional<Graph> Graph::of(plan::EntryOp entry) {
  Graph graph;
  for (auto step : entry.getBody().getOps<plan::StepInterface>()) {
    if (!mayMove(step))
      return std::nullopt;
    graph.addStep(step);
  }
  for (auto input : entry.getBody().getOps<plan::InputOp>())
    graph.contents[graph.contentOf(input.getTensor())].isInput = true;
  for (auto output : entry.getBody().getOps<plan::OutputOp>())
    graph.contents[graph.contentOf(output.getTensor())].isOutput = true;
  if (Value status = entry.getStatus())
    graph.contents[graph.contentOf(status)].isOutput = true;
  return graph;
}

uint32_t Graph::contentOf(Value tensor) {
  Value buffer = tensor.getDefiningOp<plan::ViewOp>().getBuffer();
  auto [place, isNew] = numbers.try_emplace(buffer, contents.size());
  if (isNew) {
    auto op = buffer.getDefiningOp<plan::BufferOp>();
    contents.emplace_back();
    uses.emplace_back();
    if (op.getSpace() == plan::Space::Arena)
      contents.back().bytes =
          static_cast<int64_t>(llvm::alignTo(op.getSize(), kAlignment));
  }
  return place->second;
}

void Graph::follow(uint32_t step, uint32_t earlier) {
  if (step == earlier || llvm::is_contained(before[step], earlier))
    return;
  before[step].push_back(earlier);
  after[earlier].push_back(step);
}

void Graph::addStep(plan::StepInterface step) {
  uint32_t number = steps.size();
  steps.push_back(step);
  touched.emplace_back();
  before.emplace_back();
  after.emplace_back();
  llvm::MapVector<uint32_t, bool> writes; // per content that is touched
  for (TensorAccess access : accessesOf(step))
    writes[contentOf(access.tensor.getResult())] |= access.writes();
  for (auto [content, isWritten] : writes) {
    Uses &use = uses[content];
    if (use.writer)
      follow(number, *use.writer);
    if (isWritten) {
      for (uint32_t reader : use.readers)
        follow(number, reader);
      use.readers.clear();
      use.writer = number;
    } else {
      use.readers.push_back(number);
    }
    contents[content].steps.push_back(number);
    touched[number].push_back(content);
  }
}

/// The most bytes live at a step, when steps run in this order.
uint64_t Graph::peak(ArrayRef<uint32_t> order) const {
  int64_t live = 0, most = 0;
  SmallVector<uint32_t> left(contents.size());
  for (auto [content, count] : llvm::zip_equal(contents, left)) {
    count = content.steps.size();
    if (content.isInput || (content.isOutput && count == 0))
      live += content.bytes;
  }
  most = live;
  for (uint32_t step : order) {
    for (uint32_t number : touched[step])
      if (left[number] == contents[number].steps.size() &&
          !contents[number].isInput)
        live += contents[number].bytes;
    most = std::max(most, live);
    for (uint32_t number : touched[step])
      if (--left[number] == 0 && !contents[number].isOutput)
        live -= contents[number].bytes;
  }
  return static_cast<uint64_t>(most);
}

/// Builds one list, from the front or from the back. Only the `window` steps
/// behind the first one not taken yet may be taken, in the order given.
class ListBuilder {
public:
  ListBuilder(const Graph &graph, ArrayRef<uint32_t> given, bool backwards,
              uint32_t window);
  Order run();

private:
  int64_t growthOf(uint32_t step) const;
  void offer(uint32_t step);
  void refresh(uint32_t content);
  void take(uint32_t step);

  const Graph &graph;
  bool backwards;
  uint32_t window;
  Order given;                     // in the direction of building
  SmallVector<uint32_t> positions; // in `given`, per step
  SmallVector<uint32_t> waiting;   // steps to take before, per step
  SmallVector<uint32_t> left;      // steps not taken yet, per content
  SmallVector<bool> isLive;        // per content
  SmallVector<bool> isTaken;       // per step
  SmallVector<std::optional<int64_t>> offered; // growth, per step
  /// Steps that may be taken: by growth, then by position.
  std::set<std::pair<int64_t, uint32_t>> ready;
  uint32_t end = 0; // of the window
};

ListBuilder::ListBuilder(const Graph &graph, ArrayRef<uint32_t> order,
                         bool backwards, uint32_t window)
    : graph(graph), backwards(backwards), window(window),
      given(order.begin(), order.end()) {
  if (backwards)
    std::reverse(given.begin(), given.end());
  size_t count = graph.steps.size();
  positions.resize(count);
  isTaken.resize(count);
  offered.resize(count);
  for (auto [position, step] : llvm::enumerate(given))
    positions[step] = position;
  for (uint32_t step = 0; step < count; ++step)
    waiting.push_back((backwards ? graph.after : graph.before)[step].size());
  for (const Content &content : graph.contents) {
    left.push_back(content.steps.size());
    isLive.push_back(backwards ? content.isOutput : content.isInput);
  }
}

/// How many bytes more are live behind this step than before it.
int64_t ListBuilder::growthOf(uint32_t step) const {
  int64_t growth = 0;
  for (uint32_t number : graph.touched[step]) {
    const Content &content = graph.contents[number];
    bool stays = backwards ? content.isInput : content.isOutput;
    if (!isLive[number])
      growth += content.bytes;
    if (left[number] == 1 && !stays)
      growth -= content.bytes;
  }
  return growth;
}

/// Puts a step among those that may be taken, if it may.
void ListBuilder::offer(uint32_t step) {
  if (isTaken[step] || waiting[step] > 0 || positions[step] >= end)
    return;
  int64_t growth = growthOf(step);
  if (offered[step] == growth)
    return;
  if (offered[step])
    ready.erase({*offered[step], positions[step]});
  offered[step] = growth;
  ready.insert({growth, positions[step]});
}

/// The steps that touch a content have another growth.
void ListBuilder::refresh(uint32_t content) {
  for (uint32_t step : graph.contents[content].steps)
    if (offered[step])
      offer(step);
}

void ListBuilder::take(uint32_t step) {
  ready.erase({*offered[step], positions[step]});
  isTaken[step] = true;
  for (uint32_t number : graph.touched[step]) {
    bool wasLive = isLive[number];
    isLive[number] = true;
    if (--left[number] == 1 || !wasLive)
      refresh(number);
  }
  for (uint32_t next : (backwards ? graph.before : graph.after)[step])
    if (--waiting[next] == 0)
      offer(next);
}

Order ListBuilder::run() {
  Order order;
  size_t first = 0;
  while (order.size() < given.size()) {
    while (isTaken[given[first]])
      ++first;
    size_t until = std::min<size_t>(first + window, given.size());
    while (end < until)
      offer(given[end++]);
    order.push_back(given[ready.begin()->second]);
    take(order.back());
  }
  if (backwards)
    std::reverse(order.begin(), order.end());
  return order;
}

struct OrderStepsPass : impl::OrderStepsPassBase<OrderStepsPass> {
  using OrderStepsPassBase::OrderStepsPassBase;

  void runOnOperation() override {
    for (auto model : getOperation().getOps<plan::ModelOp>())
      for (auto program : model.getOps<plan::ProgramOp>())
        if (program.getStreams() <= 1)
          for (auto entry : program.getBody().getOps<plan::EntryOp>())
            if (std::optional<Graph> graph = Graph::of(entry))
              reorder(entry, *graph);
  }

  /// The given order, unless a list has a lower peak; then lists from there.
  void reorder(plan::EntryOp entry, const Graph &graph) {
    Order best;
    llvm::append_range(best, llvm::seq<uint32_t>(0, graph.steps.size()));
    uint64_t given = graph.peak(best), peak = given;
    for (int64_t round = 0; round < rounds; ++round) {
      Order from = best;
      for (uint32_t window : {2u, 4u, 16u, 64u, UINT32_MAX})
        for (bool backwards : {false, true}) {
          Order list = ListBuilder(graph, from, backwards, window).run();
          uint64_t reached = graph.peak(list);
          if (reached < peak) {
            peak = reached;
            best = std::move(list);
          }
        }
      if (best == from)
        break;
    }
    if (peak == given)
      return;
    remark::passed(entry.getLoc(),
                   remark::RemarkOpts::name("OrderSteps").category("schedule"))
        << remark::metric("peak-before", given) << remark::metric("peak", peak);
    Block *block = &entry.getBody().front();
    for (uint32_t step : best) {
      plan::StepInterface op = graph.steps[step];
      op->moveBefore(block, block->end());
    }
  }
};

} // namespace
} // namespace tresse
