//===- CudaEngine.cpp - executes a plan on a GPU --------------------------===//
//
// An entry's first run waits behind every step, so that an error has the name
// of its step. The second records the steps, and the copies of inputs and
// outputs around them, as a graph, which later runs replay.
//
#include "runtime/cuda/CudaEngine.h"

#include "runtime/core/model/Memory.h"
#include "runtime/cuda/CudaSteps.h"

#include <chrono>

namespace tresse::runtime::cuda {

namespace {

class CudaEngine : public Engine {
public:
  CudaEngine(const Plan &plan, const tresse_model &model)
      : plan(plan), device(plan), memory(plan, device),
        code(plan, model, device), arguments(device, placeArguments()),
        mirror(plan.program().persistent_size, "the copy of the weights"),
        isFresh(plan.globals.size(), true) {
    if (plan.program().stream_count > 1)
      fail("cuda: expected a plan of one stream, but it has ",
           plan.program().stream_count);
    if (plan.gemms.size())
      blas = std::make_unique<BlasContext>();
    tresse_span span = plan.program().entries;
    for (uint32_t i = 0; i < span.count; ++i)
      entries.push_back(prepare(span.first + i));
  }

  ~CudaEngine() override {
    for (Entry &entry : entries)
      if (entry.graph)
        device.driver.graphExecDestroy(entry.graph);
  }

  void run(size_t index) override {
    Entry &entry = entries[index];
    if (!entry.hasRun)
      runWatched(entry, nullptr);
    else
      replay(entry);
    entry.hasRun = true;
    std::fill(isFresh.begin(), isFresh.end(), false);
  }

  void profile(size_t index, std::vector<StepTime> &times) override {
    runWatched(entries[index], &times);
    std::fill(isFresh.begin(), isFresh.end(), false);
  }

  char *argument(uint32_t tensor) override {
    for (const Argument &each : places)
      if (each.tensor == tensor)
        return arguments.data() + each.offset;
    fail("cuda: expected an input or output, but tensor ", tensor,
         " is neither");
  }

  char *global(uint32_t index) override {
    const tresse_global &global = plan.globals[index];
    const tresse_buffer &buffer = plan.buffers[global.buffer];
    char *host = mirror.data() + buffer.offset;
    if (!isFresh[index]) {
      device.driver.check(device.driver.copyToHost(host,
                                                   memory.buffer(global.buffer),
                                                   buffer.size, device.stream),
                          nameOf(global));
      device.finish(nameOf(global));
      isFresh[index] = true;
    }
    return host;
  }

  void globalsChanged() override {
    for (uint32_t g = 0; g < plan.globals.size(); ++g) {
      const tresse_global &global = plan.globals[g];
      const tresse_buffer &buffer = plan.buffers[global.buffer];
      if (isFresh[g] && buffer.size)
        device.driver.check(
            device.driver.copyToDevice(memory.buffer(global.buffer),
                                       mirror.data() + buffer.offset,
                                       buffer.size, device.stream),
            nameOf(global));
    }
    device.finish("copy of the weights");
  }

private:
  /// Where an argument's host memory lies among all of them.
  struct Argument {
    uint32_t tensor;
    uint64_t offset;
  };
  struct Entry {
    uint32_t index;
    std::vector<std::unique_ptr<CudaStep>> steps;
    std::vector<uint32_t> inputs, outputs; // tensors
    bool hasRun = false;
    Handle graph = nullptr;
  };

  std::string nameOf(const tresse_global &global) const {
    return text("global ", inQuotes(plan.string(global.name)));
  }

  /// Fills `places`; returns the bytes of all.
  uint64_t placeArguments() {
    uint64_t bytes = 0;
    for (uint32_t a = 0; a < plan.arguments.size(); ++a) {
      uint32_t tensor = plan.arguments[a].tensor;
      places.push_back({tensor, bytes});
      bytes += (plan.extent(plan.tensors[tensor]) + 255) / 256 * 256;
    }
    return bytes;
  }

  Entry prepare(uint32_t index) {
    const tresse_entry &record = plan.entries[index];
    Entry entry;
    entry.index = index;
    for (uint32_t i = 0; i < record.steps.count; ++i)
      entry.steps.push_back(
          makeStep(plan, memory, code, blas.get(), record.steps.first + i));
    for (uint32_t i = 0; i < record.inputs.count; ++i)
      entry.inputs.push_back(plan.arguments[record.inputs.first + i].tensor);
    for (uint32_t i = 0; i < record.outputs.count; ++i)
      entry.outputs.push_back(plan.arguments[record.outputs.first + i].tensor);
    return entry;
  }

  std::string nameOf(const Entry &entry) const {
    return text("entry ",
                inQuotes(plan.string(plan.entries[entry.index].name)));
  }

  void copyInputs(const Entry &entry) {
    for (uint32_t tensor : entry.inputs)
      device.driver.check(device.driver.copyToDevice(
                              memory.tensor(tensor), argument(tensor),
                              plan.extent(plan.tensors[tensor]), device.stream),
                          "copy of an input");
  }
  void copyOutputs(const Entry &entry) {
    for (uint32_t tensor : entry.outputs)
      device.driver.check(device.driver.copyToHost(
                              argument(tensor), memory.tensor(tensor),
                              plan.extent(plan.tensors[tensor]), device.stream),
                          "copy of an output");
  }

  /// Waits behind every step.
  void runWatched(Entry &entry, std::vector<StepTime> *times) {
    using Clock = std::chrono::steady_clock;
    copyInputs(entry);
    device.finish(nameOf(entry));
    for (const auto &step : entry.steps) {
      auto begin = Clock::now();
      step->enqueue(device);
      device.finish(step->what);
      if (times)
        times->push_back(
            {step->index,
             std::chrono::duration<double>(Clock::now() - begin).count()});
    }
    copyOutputs(entry);
    device.finish(nameOf(entry));
  }

  void replay(Entry &entry) {
    const Driver &driver = device.driver;
    std::string what = nameOf(entry);
    if (!entry.graph) {
      Handle graph = nullptr;
      driver.check(driver.beginCapture(device.stream, captureThreadLocal),
                   what);
      copyInputs(entry);
      for (const auto &step : entry.steps)
        step->enqueue(device);
      copyOutputs(entry);
      driver.check(driver.endCapture(device.stream, &graph), what);
      driver.check(driver.graphInstantiate(&entry.graph, graph, 0), what);
      driver.graphDestroy(graph);
    }
    driver.check(driver.graphLaunch(entry.graph, device.stream), what);
    device.finish(what);
  }

  const Plan &plan;
  Device device;
  DeviceMemory memory;
  DeviceCode code;
  std::unique_ptr<BlasContext> blas;
  std::vector<Argument> places;
  PinnedBytes arguments;
  Pages mirror;              // of the persistent block, on the host
  std::vector<bool> isFresh; // per global: the mirror holds its value
  std::vector<Entry> entries;
};

} // namespace

std::unique_ptr<Engine> makeEngine(const Plan &plan,
                                   const tresse_model &model) {
  return std::make_unique<CudaEngine>(plan, model);
}

} // namespace tresse::runtime::cuda
