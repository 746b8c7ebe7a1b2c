// Trace.cpp - a plan as a Chrome/Perfetto trace, with estimated durations.
#include "tools/tresse-plan/Trace.h"

#include "passes/schedule/Liveness.h"
#include "llvm/Support/JSON.h"

#include <map>

using namespace mlir;

namespace tresse {
namespace {

class TraceWriter {
public:
  TraceWriter(plan::ModelOp model, const TraceMachine &machine,
              llvm::raw_ostream &out)
      : model(model), machine(machine), json(out) {}

  void write();

private:
  double seconds(plan::StepInterface step) const;
  void event(StringRef name, StringRef phase, double time, int64_t thread,
             llvm::function_ref<void()> rest);
  void writeEntry(plan::EntryOp entry, plan::ProgramOp program);
  void writeStep(plan::EntryOp entry, plan::StepInterface step);
  void writeWait(uint32_t eventNumber, double recorded, double waited,
                 uint32_t fromStream, uint32_t toStream);
  void countLiveBytes();

  plan::ModelOp model;
  const TraceMachine &machine;
  llvm::json::OStream json;
  std::vector<double> streamTime;
  std::map<uint32_t, std::pair<double, uint32_t>>
      recorded;                   // event: when, where
  std::vector<int64_t> liveBytes; // per step of the plan
  uint32_t process = 0, number = 0, arrow = 0;
};

double TraceWriter::seconds(plan::StepInterface step) const {
  double compute = static_cast<double>(step.getFlops()) / machine.flops;
  double memory =
      static_cast<double>(step.getBytesRead() + step.getBytesWritten()) /
      machine.bandwidth;
  return std::max(machine.overhead, std::max(compute, memory));
}

void TraceWriter::event(StringRef name, StringRef phase, double time,
                        int64_t thread, llvm::function_ref<void()> rest) {
  json.object([&] {
    json.attribute("name", name);
    json.attribute("ph", phase);
    json.attribute("ts", time * 1e6);
    json.attribute("pid", static_cast<int64_t>(process));
    json.attribute("tid", thread);
    rest();
  });
}

/// The sum of the live arena buffers at every step.
void TraceWriter::countLiveBytes() {
  std::map<uint32_t, int64_t> change;
  for (auto &[key, range] : computeLiveness(model)) {
    plan::BufferOp buffer = key;
    if (buffer.getSpace() != plan::Space::Arena)
      continue;
    change[range.first] += static_cast<int64_t>(buffer.getSize());
    change[range.last + 1] -= static_cast<int64_t>(buffer.getSize());
  }
  int64_t live = 0;
  for (auto [step, bytes] : change) {
    liveBytes.resize(step, live);
    live += bytes;
  }
  liveBytes.push_back(live);
}

void TraceWriter::writeWait(uint32_t eventNumber, double from, double to,
                            uint32_t fromStream, uint32_t toStream) {
  std::string name = ("event " + Twine(eventNumber)).str();
  int64_t id = ++arrow;
  event(name, "s", from, fromStream, [&] {
    json.attribute("id", id);
    json.attribute("cat", "wait");
  });
  event(name, "f", to, toStream, [&] {
    json.attribute("id", id);
    json.attribute("cat", "wait");
    json.attribute("bp", "e");
  });
}

void TraceWriter::writeStep(plan::EntryOp entry, plan::StepInterface step) {
  uint32_t stream = step.getStream();
  double &now = streamTime[stream];
  if (auto wait = dyn_cast<plan::WaitOp>(step.getOperation())) {
    auto found = recorded.find(wait.getEvent());
    if (found != recorded.end()) {
      auto [time, from] = found->second;
      now = std::max(now, time);
      writeWait(wait.getEvent(), time, now, from, stream);
    }
  }
  double duration = seconds(step);
  event(step.getStepName(), "X", now, stream, [&] {
    json.attribute("dur", duration * 1e6);
    json.attribute("cat", entry.getName());
    json.attributeObject("args", [&] {
      json.attribute("step", static_cast<int64_t>(number));
      json.attribute("kind", step->getName().getStringRef());
      json.attribute("flops", static_cast<int64_t>(step.getFlops()));
      json.attribute("bytes_read", static_cast<int64_t>(step.getBytesRead()));
      json.attribute("bytes_written",
                     static_cast<int64_t>(step.getBytesWritten()));
    });
  });
  event("live arena bytes", "C", now, stream, [&] {
    json.attributeObject("args", [&] {
      json.attribute("bytes", number < liveBytes.size() ? liveBytes[number]
                                                        : int64_t(0));
    });
  });
  now += duration;
  if (auto record = dyn_cast<plan::RecordOp>(step.getOperation()))
    recorded[record.getEvent()] = {now, stream};
  ++number;
}

void TraceWriter::writeEntry(plan::EntryOp entry, plan::ProgramOp program) {
  double start = *llvm::max_element(streamTime);
  llvm::fill(streamTime, start);
  recorded.clear();
  for (auto step : entry.getBody().getOps<plan::StepInterface>())
    writeStep(entry, step);
}

void TraceWriter::write() {
  countLiveBytes();
  json.object([&] {
    json.attributeArray("traceEvents", [&] {
      for (auto program : model.getOps<plan::ProgramOp>()) {
        streamTime.assign(std::max<uint32_t>(program.getStreams(), 1), 0);
        event("process_name", "M", 0, 0, [&] {
          json.attributeObject(
              "args", [&] { json.attribute("name", program.getSymName()); });
        });
        for (uint32_t i = 0; i < streamTime.size(); ++i)
          event("thread_name", "M", 0, i, [&] {
            json.attributeObject("args", [&] {
              json.attribute("name", ("stream " + Twine(i)).str());
            });
          });
        for (auto entry : program.getBody().getOps<plan::EntryOp>())
          writeEntry(entry, program);
        ++process;
      }
    });
    json.attribute("displayTimeUnit", "ns");
    json.attributeObject("otherData", [&] {
      json.attribute("durations", "estimated from operations and bytes, not "
                                  "measured");
      json.attribute("assumed flops per second", machine.flops);
      json.attribute("assumed bytes per second", machine.bandwidth);
    });
  });
}

} // namespace

void writeTrace(plan::ModelOp model, const TraceMachine &machine,
                llvm::raw_ostream &out) {
  TraceWriter(model, machine, out).write();
  out << '\n';
}

} // namespace tresse
