//===- File.h - reading, mapping and durable writing of files -------------===//
#ifndef TRESSE_RUNTIME_BASE_FILE_H
#define TRESSE_RUNTIME_BASE_FILE_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tresse::runtime {

/// True when `path` can be reached.
bool fileExists(const std::string &path);

/// The whole regular file, refused when larger than `limit` bytes.
std::string readFile(const std::string &path, uint64_t limit);

/// A regular file read in places, which stays on the disk otherwise.
class FileReader {
public:
  explicit FileReader(const std::string &path);
  ~FileReader();
  FileReader(const FileReader &) = delete;
  FileReader &operator=(const FileReader &) = delete;

  uint64_t size() const { return bytes; }
  const std::string &path() const { return name; }
  /// Reads [offset, offset + count), which must lie within size(). A file that
  /// was cut short since it was opened is a Failure.
  void read(uint64_t offset, void *to, size_t count) const;

private:
  std::string name;
  int descriptor = -1;
  uint64_t bytes = 0;
};

/// A regular file mapped read-only. The file may shrink while it is mapped:
/// read its bytes through `copy`, which turns that fault into a Failure, and
/// gives the pages back, so that a read file does not count as our memory.
class MappedFile {
public:
  explicit MappedFile(const std::string &path);
  ~MappedFile();
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  uint64_t size() const { return bytes; }
  const std::string &path() const { return name; }
  /// Copies [offset, offset + count), which must lie within size().
  void copy(uint64_t offset, void *to, size_t count) const;

private:
  void release(uint64_t offset, size_t count) const;
  std::string name;
  const char *base = nullptr;
  uint64_t bytes = 0;
};

/// Writes one new file in order, buffered; every error names the path. A file
/// that was not finished is removed.
class FileWriter {
public:
  explicit FileWriter(const std::string &path);
  ~FileWriter();
  FileWriter(const FileWriter &) = delete;
  FileWriter &operator=(const FileWriter &) = delete;

  void write(const void *from, size_t count);
  void write(std::string_view part) { write(part.data(), part.size()); }
  /// Flushes, syncs to the disk and closes. Nothing may follow.
  void finish();

private:
  void flush();
  std::string name;
  int descriptor = -1;
  std::string buffer;
};

/// Writes a file that takes the place of `path` when it is finished: after a
/// crash at any instant either the old or the new bytes are there.
class ReplacedFile {
public:
  explicit ReplacedFile(const std::string &path)
      : name(path), writer(path + ".saving") {}
  void write(std::string_view part) { writer.write(part); }
  void finish();

private:
  std::string name;
  FileWriter writer;
};

/// Copies the regular file `from` to a new file, synced, in parts.
void copyFile(const std::string &from, const std::string &to);

/// Syncs a directory, so that renames inside it survive a crash.
void syncDirectory(const std::string &path);

/// Makes a directory and its parents; none of them may be a plain file.
void makeDirectories(const std::string &path);

} // namespace tresse::runtime

#endif
