// Bugs.cpp - runs every seeded bug and checks that its report names its line.
//
//   vgpu-bugs LAUNCHER PROGRAM PTX-FOLDER SOURCE-FOLDER [CASE [BUG]]
//
// The sources say what must be reported: `// bug N: KIND|KIND` on the line of
// the access, on every line that may stand for it. At least 99 of 100 must be
// found; a bug counts as found when one report has one of its kinds and one of
// its lines.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct Expectation {
  std::set<std::pair<std::string, int>> places; ///< kind and source line
};

/// Bug numbers of one case and what each must give.
using Expectations = std::map<int, Expectation>;

struct Finding {
  std::string kind;
  std::set<int> lines;
  std::string text;
};

} // namespace

static Expectations readExpectations(const std::string &file) {
  Expectations expected;
  std::ifstream in(file);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number)
    for (size_t at = line.find("// bug "); at != std::string::npos;
         at = line.find("// bug ", at + 1)) {
      std::istringstream words(line.substr(at + 7));
      int bug = 0;
      std::string kinds;
      char colon = 0;
      words >> bug >> colon >> kinds;
      std::istringstream list(kinds);
      for (std::string kind; std::getline(list, kind, '|');)
        expected[bug].places.insert({kind, number});
    }
  return expected;
}

/// The lines of `source` that each line of the PTX belongs to, from `.loc`:
/// also through calls that were inlined.
static std::vector<int> readLines(const std::string &file,
                                  const std::string &source) {
  std::vector<int> lines = {0};
  std::ifstream in(file);
  std::set<int> fileNumbers;
  std::vector<std::string> text;
  for (std::string line; std::getline(in, line);)
    text.push_back(line);
  for (const std::string &line : text) {
    int number = 0;
    if (std::sscanf(line.c_str(), " .file %d", &number) == 1 &&
        line.find(source + "\"") != std::string::npos)
      fileNumbers.insert(number);
  }
  int current = 0;
  for (const std::string &line : text) {
    int number = 0, at = 0;
    if (std::sscanf(line.c_str(), " .loc %d %d", &number, &at) == 2) {
      size_t inlined = line.find("inlined_at ");
      size_t comment = line.find("@[ ");
      int outer = 0, outerLine = 0;
      if (fileNumbers.count(number))
        current = at;
      else if (inlined != std::string::npos &&
               std::sscanf(line.c_str() + inlined, "inlined_at %d %d", &outer,
                           &outerLine) == 2 &&
               fileNumbers.count(outer))
        current = outerLine;
      else if (comment != std::string::npos)
        if (size_t name = line.find(source + ":", comment);
            name != std::string::npos)
          current = std::atoi(line.c_str() + name + source.size() + 1);
    }
    lines.push_back(current);
  }
  return lines;
}

/// Takes apart "tresse-vgpu: KERNEL:LINE: KIND: ...".
static std::vector<Finding> parseReports(const std::string &output,
                                         const std::vector<int> &lines,
                                         const std::string &source) {
  std::vector<Finding> findings;
  std::istringstream in(output);
  auto add = [&](Finding &finding, int ptxLine) {
    if (ptxLine > 0 && size_t(ptxLine) < lines.size())
      finding.lines.insert(lines[size_t(ptxLine)]);
  };
  for (std::string line; std::getline(in, line);) {
    char kernel[128], kind[64];
    int ptxLine = 0;
    if (std::sscanf(line.c_str(), "tresse-vgpu: %127[^:]:%d: %63[^:]:", kernel,
                    &ptxLine, kind) != 3)
      continue;
    Finding finding{kind, {}, line};
    add(finding, ptxLine);
    if (size_t at = line.find("see also PTX line "); at != std::string::npos)
      add(finding, std::atoi(line.c_str() + at + 18));
    if (size_t at = line.find(source + ":"); at != std::string::npos)
      finding.lines.insert(std::atoi(line.c_str() + at + source.size() + 1));
    findings.push_back(finding);
  }
  return findings;
}

static std::string run(const std::string &command) {
  std::string output;
  std::FILE *pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe)
    return output;
  char block[4096];
  while (size_t got = std::fread(block, 1, sizeof block, pipe))
    output.append(block, got);
  pclose(pipe);
  return output;
}

static bool found(const Expectation &expected,
                  const std::vector<Finding> &findings) {
  for (const Finding &finding : findings)
    for (int line : finding.lines)
      if (expected.places.count({finding.kind, line}))
        return true;
  return false;
}

int main(int argc, char **argv) {
  namespace fs = std::filesystem;
  if (argc < 5 || argc > 7) {
    std::fprintf(stderr, "usage: vgpu-bugs LAUNCHER PROGRAM PTX-FOLDER "
                         "SOURCE-FOLDER [CASE [BUG]]\n");
    return 2;
  }
  std::string launcher = argv[1], program = argv[2], ptxFolder = argv[3];
  std::string onlyCase = argc > 5 ? argv[5] : "";
  int onlyBug = argc > 6 ? std::atoi(argv[6]) : 0;
  std::vector<std::string> names;
  for (auto &entry : fs::directory_iterator(argv[4]))
    if (entry.path().extension() == ".cu")
      names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  int total = 0, reported = 0;
  for (const std::string &name : names) {
    if (!onlyCase.empty() && name != onlyCase)
      continue;
    std::string source = name + ".cu", ptx = ptxFolder + "/" + name + ".ptx";
    std::vector<int> lines = readLines(ptx, source);
    for (auto &[bug, expected] :
         readExpectations(std::string(argv[4]) + "/" + source)) {
      if (onlyBug && bug != onlyBug)
        continue;
      // A wrong order shows under some schedules only: three are tried.
      std::string output;
      ++total;
      bool seen = false;
      for (int attempt = 0; attempt < 3 && !seen; ++attempt) {
        output = run(launcher +
                     " --quiet --check=memory,race,uninitialised "
                     "--instruction-limit=3000000 --schedule-seed=" +
                     std::to_string(bug + 100 * attempt) + " " + program + " " +
                     ptxFolder + " " + name + " " + std::to_string(bug));
        seen = found(expected, parseReports(output, lines, source));
      }
      if (seen) {
        ++reported;
        if (onlyBug)
          std::printf("%s", output.c_str());
        continue;
      }
      std::printf("missed: %s bug %d; expected", source.c_str(), bug);
      for (auto &[kind, line] : expected.places)
        std::printf(" %s:%d", kind.c_str(), line);
      std::printf("; the run printed\n%s\n", output.c_str());
      for (const Finding &f : parseReports(output, lines, source))
        for (int line : f.lines)
          std::printf("  read as %s at line %d\n", f.kind.c_str(), line);
    }
  }
  std::printf("%d of %d seeded bugs reported at their line\n", reported, total);
  bool whole = onlyCase.empty();
  return reported * 100 >= total * 99 && (!whole || total >= 100) ? 0 : 1;
}
