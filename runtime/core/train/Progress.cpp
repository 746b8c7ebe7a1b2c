//===- Progress.cpp - how a run shows where it stands ---------------------===//
#include "runtime/core/train/Progress.h"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <unistd.h>

namespace tresse::runtime {

std::string durationText(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0)
    return "--:--";
  auto whole = static_cast<long long>(seconds + 0.5);
  char out[48];
  if (whole >= 3600)
    std::snprintf(out, sizeof out, "%lld:%02lld:%02lld", whole / 3600,
                  whole / 60 % 60, whole % 60);
  else
    std::snprintf(out, sizeof out, "%02lld:%02lld", whole / 60, whole % 60);
  return out;
}

Progress::Progress(bool quiet)
    : quiet(quiet), terminal(::isatty(STDERR_FILENO)) {}

void Progress::show(double done, const std::string &line, bool last) {
  if (quiet)
    return;
  double wait = terminal ? 0.1 : 5; // seconds between two lines
  auto now = Clock::now();
  if (shown && !last &&
      std::chrono::duration<double>(now - before).count() < wait)
    return;
  before = now, shown = true;
  if (!terminal) {
    std::fprintf(stderr, "%s\n", line.c_str());
    return;
  }
  const int width = 24;
  int full = static_cast<int>(std::clamp(done, 0.0, 1.0) * width + 0.5);
  std::string bar;
  for (int i = 0; i < width; ++i)
    bar += i < full ? "█" : "░";
  std::fprintf(stderr, "\r\x1b[K%s %s%s", bar.c_str(), line.c_str(),
               last ? "\n" : "");
  std::fflush(stderr);
}

void Progress::note(const std::string &line) {
  if (!quiet)
    std::fprintf(stderr, "%s%s\n", terminal ? "\r\x1b[K" : "", line.c_str());
}

std::string drawCurve(const std::vector<CurvePoint> &points, int width,
                      int height) {
  if (points.empty())
    return "";
  double left = points.front().x, right = points.back().x;
  double low = points[0].y, high = points[0].y;
  for (const CurvePoint &point : points)
    low = std::min(low, point.y), high = std::max(high, point.y);
  if (right <= left)
    right = left + 1;
  if (high <= low)
    high = low + 1;
  // Braille: a character has 2 by 4 dots.
  int columns = width * 2, rows = height * 4;
  auto cells = std::vector<int>(static_cast<size_t>(width * height), 0);
  const int bits[4][2] = {{1, 8}, {2, 16}, {4, 32}, {64, 128}};
  for (const CurvePoint &point : points) {
    if (!std::isfinite(point.y))
      continue;
    int x = static_cast<int>((point.x - left) / (right - left) * (columns - 1));
    int y = static_cast<int>((high - point.y) / (high - low) * (rows - 1));
    cells[static_cast<size_t>(y / 4 * width + x / 2)] |= bits[y % 4][x % 2];
  }
  std::string out;
  for (int r = 0; r < height; ++r) {
    char label[16];
    double value = high - (high - low) * r / std::max(height - 1, 1);
    std::snprintf(label, sizeof label, "%8.3f ", value);
    out += label;
    for (int c = 0; c < width; ++c) {
      int code = 0x2800 + cells[static_cast<size_t>(r * width + c)];
      out += static_cast<char>(0xe0 | code >> 12);
      out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (code & 0x3f));
    }
    out += '\n';
  }
  char axis[64];
  std::snprintf(axis, sizeof axis, "         step %.0f to %.0f\n", left, right);
  return out + axis;
}

/// Writing to a program that is gone must fail, not end the process.
class IgnorePipeSignal {
public:
  IgnorePipeSignal() {
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, &before);
  }
  ~IgnorePipeSignal() { ::sigaction(SIGPIPE, &before, nullptr); }

private:
  struct sigaction before = {};
};

bool plotCurves(const std::string &path, const std::vector<CurvePoint> &loss,
                const std::vector<CurvePoint> &validation) {
  IgnorePipeSignal scope;
  std::FILE *pipe = ::popen("gnuplot 2>/dev/null", "w");
  if (!pipe)
    return false;
  std::string name;
  for (char c : path) // a quote inside single quotes is written twice
    name += c == '\'' ? "''" : std::string(1, c);
  std::fprintf(
      pipe,
      "set terminal pngcairo size 1000,600\nset output '%s'\n"
      "set xlabel 'step'\nset ylabel 'loss (nats per token)'\n"
      "set grid\nplot '-' with lines title 'training'%s\n",
      name.c_str(),
      validation.empty() ? "" : ", '-' with linespoints title 'validation'");
  for (const auto *points : {&loss, &validation}) {
    if (points->empty())
      continue;
    for (const CurvePoint &point : *points)
      if (std::isfinite(point.y))
        std::fprintf(pipe, "%.17g %.17g\n", point.x, point.y);
    std::fprintf(pipe, "e\n");
  }
  return ::pclose(pipe) == 0;
}

} // namespace tresse::runtime
