//===- Folder.h - a folder for one test's files ---------------------------===//
#ifndef TRESSE_TEST_RUNTIME_FOLDER_H
#define TRESSE_TEST_RUNTIME_FOLDER_H

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace tresse::test {

/// Made under the system's temporary folder, removed with all that is in it.
class Folder {
public:
  Folder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "tresse-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string file(const std::string &name) const { return path + "/" + name; }
  std::string write(const std::string &name, std::string_view content) const {
    std::ofstream(file(name), std::ios::binary) << content;
    return file(name);
  }
  std::string path;
};

inline std::string readAll(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// What a body's Failure says; empty when it does not fail.
template <typename Body> std::string failureOf(Body body) {
  try {
    body();
  } catch (const std::exception &error) {
    return error.what();
  }
  return "";
}

} // namespace tresse::test

#endif
