// SystemCalls.cpp - vprintf, __assertfail, malloc and free.
#include "tools/vgpu/core/SystemCalls.h"

#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Memory.h"

#include <cstdio>

namespace vgpu {

namespace {

constexpr size_t maxString = 4096;

uint64_t argument(const Warp &w, const CallSite &site, unsigned k,
                  unsigned lane) {
  uint64_t value = 0;
  if (k >= site.arguments.size())
    return 0;
  LaneView view;
  view.space = Space::Local;
  view.offset = w.frame->localBase + site.arguments[k].offset;
  readView(w, view, lane, &value, std::min(site.arguments[k].bytes, 8u));
  return value;
}

void setResult(Warp &w, const CallSite &site, unsigned lane, uint64_t value) {
  if (site.results.empty())
    return;
  LaneView view;
  view.space = Space::Local;
  view.offset = w.frame->localBase + site.results[0].offset;
  unsigned bytes = std::min(site.results[0].bytes, 8u);
  writeView(w, view, lane, &value, bytes);
  for (unsigned b = 0; b < bytes && !w.localInitialised.empty(); ++b) {
    uint32_t at = view.offset + b;
    w.localInitialised[size_t(at >> 2) * 128 + lane * 4 + (at & 3)] = 1;
  }
}

/// A zero-terminated string at a generic address.
bool readString(Warp &w, unsigned lane, uint64_t address, std::string &out) {
  while (out.size() < maxString) {
    LaneView view;
    if (!resolveOne(w, lane, Space::Generic, address++, 1, 1, AccessKind::Read,
                    view))
      return false;
    char c;
    readView(w, view, lane, &c, 1);
    if (c == '\0')
      return true;
    out += c;
  }
  return true;
}

/// Formats one conversion with its argument from the buffer at `address`.
bool formatOne(Warp &w, unsigned lane, std::string spec, uint64_t &address,
               std::string &out) {
  char kind = spec.back();
  bool isLong = spec.find('l') != spec.npos || spec.find('z') != spec.npos ||
                spec.find('j') != spec.npos;
  bool real = std::strchr("eEfFgGaA", kind) != nullptr;
  bool wide = real || isLong || kind == 'p' || kind == 's';
  unsigned bytes = wide ? 8 : 4;
  address = (address + bytes - 1) & ~uint64_t(bytes - 1);
  LaneView view;
  if (!resolveOne(w, lane, Space::Generic, address, bytes, 1, AccessKind::Read,
                  view))
    return false;
  uint64_t bits = 0;
  readView(w, view, lane, &bits, bytes);
  address += bytes;
  // The length modifier is put in anew.
  std::string clean;
  for (char c : spec)
    if (!std::strchr("hlLqjzt", c))
      clean += c;
  clean.pop_back();
  char text[512];
  if (kind == 's') {
    std::string value;
    if (!readString(w, lane, bits, value))
      return false;
    out += value;
    return true;
  }
  if (real)
    snprintf(text, sizeof text, (clean + kind).c_str(),
             std::bit_cast<double>(bits));
  else if (kind == 'c')
    snprintf(text, sizeof text, "%c", int(bits));
  else if (kind == 'd' || kind == 'i')
    snprintf(text, sizeof text, (clean + "lld").c_str(),
             wide ? (long long)bits : (long long)int32_t(bits));
  else if (kind == 'p')
    snprintf(text, sizeof text, "0x%llx", (unsigned long long)bits);
  else
    snprintf(text, sizeof text, (clean + "ll" + kind).c_str(),
             (unsigned long long)bits);
  out += text;
  return true;
}

void printFormatted(Warp &w, const CallSite &site, unsigned lane) {
  std::string format, out;
  if (!readString(w, lane, argument(w, site, 0, lane), format))
    return;
  uint64_t values = argument(w, site, 1, lane);
  for (size_t p = 0; p < format.size(); ++p) {
    if (format[p] != '%') {
      out += format[p];
      continue;
    }
    size_t end = p + 1;
    while (end < format.size() && end - p < 20 &&
           !std::strchr("diouxXeEfFgGaAcsp%", format[end]))
      ++end;
    if (end >= format.size() || format[end] == '%' || end - p >= 20) {
      out += '%';
      p = std::min(end, format.size());
      continue;
    }
    if (!formatOne(w, lane, format.substr(p, end - p + 1), values, out))
      return;
    p = end;
  }
  LaunchState &launch = *w.worker->launch;
  std::lock_guard<std::mutex> lock(launch.printMutex);
  if (launch.options.print)
    launch.options.print(out);
  else
    fwrite(out.data(), 1, out.size(), stdout);
  setResult(w, site, lane, 1);
}

void failAssertion(Warp &w, const CallSite &site, unsigned lane) {
  std::string what, file, function;
  readString(w, lane, argument(w, site, 0, lane), what);
  readString(w, lane, argument(w, site, 1, lane), file);
  readString(w, lane, argument(w, site, 3, lane), function);
  report(w, ReportKind::Assert, int(lane), 0,
         file + ":" + std::to_string(uint32_t(argument(w, site, 2, lane))) +
             ": assertion '" + what + "' failed in '" + function + "'");
}

} // namespace

void systemCall(Warp &w, SystemFunction function, const CallSite &site,
                uint32_t mask) {
  Device &device = *w.worker->launch->device;
  forEachLane(mask, [&](unsigned lane) {
    if (stopping(w))
      return;
    switch (function) {
    case SystemFunction::Printf:
      printFormatted(w, site, lane);
      break;
    case SystemFunction::AssertFail:
      failAssertion(w, site, lane);
      break;
    case SystemFunction::Malloc: {
      uint64_t bytes = argument(w, site, 0, lane);
      // The device heap has 8 MiB unless the program asks for more.
      setResult(w, site, lane,
                bytes == 0 || bytes > (8u << 20) ? 0 : device.allocate(bytes));
      break;
    }
    case SystemFunction::Free: {
      uint64_t address = argument(w, site, 0, lane);
      if (address != 0 && !device.free(address))
        report(w, ReportKind::OutOfBounds, int(lane), address,
               "free expects an address that malloc returned");
      forgetAllocations(*w.worker);
      break;
    }
    }
  });
}

} // namespace vgpu
