//===- Progress.h - how a run shows where it stands -----------------------===//
#ifndef TRESSE_RUNTIME_TRAIN_PROGRESS_H
#define TRESSE_RUNTIME_TRAIN_PROGRESS_H

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace tresse::runtime {

/// "1:02:03" or "02:03"
std::string durationText(double seconds);

/// A bar on a terminal's stderr, else a line now and then; nothing when quiet.
class Progress {
public:
  explicit Progress(bool quiet);
  /// `done` of the work is behind, from 0 to 1; `line` says the rest. `last`
  /// is always shown, and ends the bar's line.
  void show(double done, const std::string &line, bool last);
  /// Shows a line that stays, above the bar.
  void note(const std::string &line);

private:
  using Clock = std::chrono::steady_clock;
  bool quiet, terminal, shown = false;
  Clock::time_point before{};
};

/// Points of a curve.
struct CurvePoint {
  double x, y;
};

/// The curve as lines of text, `width` by `height` characters plus axes.
std::string drawCurve(const std::vector<CurvePoint> &points, int width,
                      int height);

/// Writes the curves as a PNG through gnuplot. False, with no file, when
/// gnuplot is not there or refuses.
bool plotCurves(const std::string &path, const std::vector<CurvePoint> &loss,
                const std::vector<CurvePoint> &validation);

} // namespace tresse::runtime

#endif
