// State.h: the driver's objects behind its opaque handles, and the one driver.
#pragma once

#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/Launch.h"
#include "tools/vgpu/core/Module.h"
#include "tools/vgpu/driver/Channel.h"
#include "tools/vgpu/driver/Graph.h"
#include "tools/vgpu/driver/Scheduler.h"

#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <unordered_set>

/// A stream: a chain of tasks, or the tail of a capture.
struct CUstream_st {
  CUcontext context = nullptr;
  unsigned flags = 0;
  int priority = 0;
  unsigned long long id = 0;
  /// The last task queued.
  vgpu::driver::TaskRef tail;
  /// The capture that this stream takes part in, and its last nodes there.
  std::shared_ptr<vgpu::driver::Capture> capture;
  std::vector<CUgraphNode> captureTail;

  bool blocking() const { return !(flags & CU_STREAM_NON_BLOCKING); }
};

/// An event: the task it was last recorded as, or nodes of a capture.
struct CUevent_st {
  CUcontext context = nullptr;
  unsigned flags = 0;
  vgpu::driver::TaskRef task;
  std::weak_ptr<vgpu::driver::Capture> capture;
  std::vector<CUgraphNode> captureNodes;
};

struct CUfunc_st {
  CUmodule module = nullptr;
  const vgpu::Kernel *kernel = nullptr;
  /// Attribute MAX_DYNAMIC_SHARED_SIZE_BYTES; 0 until it is set.
  uint32_t maxDynamicShared = 0;
  bool nonPortableCluster = false;
  int carveout = -1;
};

struct CUmod_st {
  CUcontext context = nullptr;
  std::unique_ptr<vgpu::Module> module;
  std::map<std::string, std::unique_ptr<CUfunc_st>, std::less<>> functions;
};

struct CUkern_st {
  CUlibrary library = nullptr;
  std::string name;
};

/// A library: code that is loaded into a context when it is first used there.
struct CUlib_st {
  std::string ptx;
  std::map<std::string, std::unique_ptr<CUkern_st>, std::less<>> kernels;
  std::map<CUcontext, CUmodule> modules;
};

struct CUmemPoolHandle_st {
  int device = 0;
  uint64_t releaseThreshold = 0;
  uint64_t used = 0, usedHigh = 0;
  int reuse[3] = {1, 1, 1};
};

struct CUctx_st {
  int device = 0;
  bool primary = false;
  unsigned flags = 0;
  unsigned long long id = 0;
  /// The error that every later call returns.
  CUresult sticky = CUDA_SUCCESS;
  CUstream_st legacy;
  std::map<std::thread::id, std::unique_ptr<CUstream_st>> perThread;
  std::map<CUlimit, size_t> limits;
  std::unordered_map<CUstream, std::unique_ptr<CUstream_st>> streams;
  std::unordered_map<CUmodule, std::unique_ptr<CUmod_st>> modules;
};

namespace vgpu::driver {

/// One virtual device and its primary context.
struct DeviceState {
  std::unique_ptr<Device> device;
  std::unique_ptr<CUctx_st> primary;
  unsigned primaryFlags = 0;
  unsigned primaryUses = 0;
  CUmemPoolHandle_st defaultPool;
  CUmemoryPool currentPool = nullptr;
};

/// What the driver remembers of memory that it gave out.
struct MemoryRecord {
  uint64_t bytes = 0;
  CUmemorytype type = CU_MEMORYTYPE_DEVICE;
  bool managed = false;
  /// Registered by the program, not allocated here.
  bool registered = false;
  unsigned hostFlags = 0;
  CUcontext context = nullptr;
  CUmemoryPool pool = nullptr;
  unsigned long long id = 0;
};

/// Statistics of one kernel over all its launches.
struct KernelTotals {
  KernelStatistics statistics;
  Dim3 lastGrid, lastBlock;
};

/// The process's driver. All state is guarded by one mutex that every entry
/// point takes; kernels run while it is held, callbacks while it is not.
class Driver {
public:
  static Driver &get();

  std::mutex mutex;
  Channel channel;
  bool initialised = false;
  std::vector<DeviceState> devices;
  Scheduler scheduler;
  std::unordered_map<CUcontext, std::unique_ptr<CUctx_st>> contexts;
  std::unordered_map<CUevent, std::unique_ptr<CUevent_st>> events;
  std::unordered_map<CUlibrary, std::unique_ptr<CUlib_st>> libraries;
  std::unordered_set<CUkernel> kernels;
  std::unordered_set<CUfunction> functions;
  std::unordered_map<CUmemoryPool, std::unique_ptr<CUmemPoolHandle_st>> pools;
  std::unordered_map<CUgraph, std::shared_ptr<CUgraph_st>> graphs;
  std::unordered_map<CUgraphExec, std::unique_ptr<CUgraphExec_st>> execs;
  std::map<uint64_t, MemoryRecord> memory;
  std::map<std::string, KernelTotals> totals;
  std::set<std::string> noted;
  unsigned long long nextId = 1;
  uint64_t launches = 0;

  /// cuInit: makes the devices once.
  CUresult initialise();
  /// Tells the user one line, once.
  void note(const std::string &text);
  /// The device of `context`.
  Device &deviceOf(CUcontext context) {
    return *devices[context->device].device;
  }
  /// The device whose address range or host ranges hold `address`, or null.
  Device *findDevice(uint64_t address);
  /// The live allocation around `address`, or end().
  std::map<uint64_t, MemoryRecord>::iterator findMemory(uint64_t address);
  /// Sends the statistics of all kernels to the launcher.
  void sendStatistics();

private:
  Driver();
};

/// One call from the program: takes the lock and knows the current context.
class Call {
public:
  Call();

  Driver &driver;
  std::unique_lock<std::mutex> lock;
  CUcontext context = nullptr;

  /// Fails unless cuInit was called and this is not a callback.
  CUresult ready();
  /// As ready(), and there is a current context without a sticky error.
  CUresult needContext();
  /// As needContext(), and no stream capture of this thread forbids calls
  /// that wait or allocate.
  CUresult needUncaptured();

  Device &device() { return driver.deviceOf(context); }
  /// Turns a stream handle into a stream of a live context; null when the
  /// handle is none. Null handles mean the legacy default stream.
  CUstream stream(CUstream handle);
  /// Queues `operation` on `stream`, or records it in the stream's capture.
  CUresult enqueue(CUstream stream, Operation operation,
                   TaskRef *queued = nullptr);
  /// Runs until `tasks` are done; the context's sticky error afterwards.
  CUresult wait(const std::vector<TaskRef> &tasks);
  /// Runs until nothing of the current context is left.
  CUresult drain();

private:
  bool perThreadDefault;
};

/// The contexts that the calling thread has pushed; the last is current.
std::vector<CUcontext> &contextStack();
/// True while the calling thread runs a callback of a stream.
bool &insideCallback();
/// Set by the `_ptsz` names for the call that follows on this thread.
bool &nullMeansPerThread();
/// True when `context` is a live context (also a primary one).
bool isContext(Driver &driver, CUcontext context);
/// The tail tasks of all streams of `context`.
std::vector<TaskRef> tailsOf(CUcontext context);
/// All live streams of `context`: legacy, per-thread and created ones.
std::vector<CUstream> streamsOf(CUcontext context);
/// The function behind a CUfunction or a CUkernel, or null; loads a kernel's
/// library into `context` when needed.
CUfunction resolveFunction(Driver &driver, CUcontext context, CUfunction f);
/// Frees memory that the driver knows; false when it does not know it.
bool releaseMemory(Driver &driver, uint64_t address);
/// The capture mode of the calling thread.
CUstreamCaptureMode &threadCaptureMode();
/// Ends everything that belongs to `context` and forgets its memory.
void destroyContextState(Driver &driver, CUcontext context);
/// Copies as `copy` says; the status when a side is not accessible.
CUresult runCopy(Driver &driver, CUcontext context, const CopyOperation &copy);
/// Fills CopyOperation pitches of a plain copy of `bytes` bytes.
CopyOperation linearCopy(uint64_t target, uint64_t source, size_t bytes);

} // namespace vgpu::driver

/// Returns from an entry point when a step failed.
#define VGPU_TRY(step)                                                         \
  if (CUresult vgpuResult = (step); vgpuResult != CUDA_SUCCESS)                \
  return vgpuResult
