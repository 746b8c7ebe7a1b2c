//===- File.cpp - reading, mapping and durable writing of files -----------===//
#include "runtime/core/base/File.h"

#include "runtime/core/base/Error.h"

#include <algorithm>
#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace tresse::runtime {

bool fileExists(const std::string &path) {
  return ::access(path.c_str(), F_OK) == 0;
}

namespace {

/// A descriptor closed at the end of its scope.
struct Descriptor {
  int number = -1;
  ~Descriptor() {
    if (number >= 0)
      ::close(number);
  }
};

/// Opens a regular file for reading and returns its size.
uint64_t openRegular(const std::string &path, Descriptor &descriptor) {
  // O_NONBLOCK: opening a named pipe must not wait for a writer.
  descriptor.number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor.number < 0)
    failSystem(inQuotes(path) + ": cannot be opened", errno);
  struct stat status;
  if (::fstat(descriptor.number, &status) != 0)
    failSystem(inQuotes(path) + ": cannot be examined", errno);
  if (!S_ISREG(status.st_mode))
    fail(inQuotes(path), ": expected a regular file");
  return static_cast<uint64_t>(status.st_size);
}

} // namespace

FileReader::FileReader(const std::string &path) : name(path) {
  Descriptor opened;
  bytes = openRegular(path, opened);
  descriptor = std::exchange(opened.number, -1);
}

FileReader::~FileReader() { ::close(descriptor); }

void FileReader::read(uint64_t offset, void *to, size_t count) const {
  if (offset > bytes || count > bytes - offset)
    fail(inQuotes(name), ": expected ", count, " bytes at offset ", offset,
         ", but the file has ", bytes);
  auto *out = static_cast<char *>(to);
  for (uint64_t done = 0; done < count;) {
    ssize_t got = ::pread(descriptor, out + done, count - done,
                          static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      failSystem(inQuotes(name) + ": cannot be read", errno);
    if (got == 0)
      fail(inQuotes(name), ": expected ", bytes, " bytes, but it ended after ",
           offset + done);
    done += static_cast<uint64_t>(got);
  }
}

std::string readFile(const std::string &path, uint64_t limit) {
  FileReader file(path);
  if (file.size() > limit)
    fail(inQuotes(path), ": expected at most ", limit, " bytes, but got ",
         file.size());
  std::string content(file.size(), '\0');
  file.read(0, content.data(), content.size());
  return content;
}

void copyFile(const std::string &from, const std::string &to) {
  FileReader reader(from);
  FileWriter writer(to);
  std::vector<char> part(std::min<uint64_t>(reader.size(), 1 << 16));
  for (uint64_t done = 0; done < reader.size(); done += part.size()) {
    part.resize(std::min<uint64_t>(part.size(), reader.size() - done));
    reader.read(done, part.data(), part.size());
    writer.write(part.data(), part.size());
  }
  writer.finish();
}

MappedFile::MappedFile(const std::string &path) : name(path) {
  Descriptor descriptor;
  bytes = openRegular(path, descriptor);
  if (bytes == 0)
    return;
  void *mapping =
      ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, descriptor.number, 0);
  if (mapping == MAP_FAILED)
    failSystem(inQuotes(path) + ": cannot be mapped", errno);
  base = static_cast<const char *>(mapping);
}

MappedFile::~MappedFile() {
  if (base)
    ::munmap(const_cast<char *>(base), bytes);
}

namespace {

// Where this thread goes when a mapped page is gone. A signal handler can be
// told in no other way; null while no copy is under way.
thread_local sigjmp_buf *faultReturn = nullptr;

void onFault(int signal) {
  if (faultReturn)
    siglongjmp(*faultReturn, 1);
  ::signal(signal, SIG_DFL); // not ours: fault again, and die
}

/// memcpy that returns false when a page of `from` has no file behind it.
bool copyMapped(void *to, const char *from, size_t count) {
  struct sigaction ours = {}, before = {};
  ours.sa_handler = onFault;
  ::sigaction(SIGBUS, &ours, &before);
  sigjmp_buf back;
  bool whole = sigsetjmp(back, 1) == 0;
  if (whole) {
    faultReturn = &back;
    std::memcpy(to, from, count);
  }
  faultReturn = nullptr;
  ::sigaction(SIGBUS, &before, nullptr);
  return whole;
}

} // namespace

void MappedFile::copy(uint64_t offset, void *to, size_t count) const {
  if (offset > bytes || count > bytes - offset)
    fail(inQuotes(name), ": expected ", count, " bytes at offset ", offset,
         ", but the file has ", bytes);
  if (count && !copyMapped(to, base + offset, count))
    fail(inQuotes(name), ": expected ", bytes,
         " bytes, but the file was cut short while it was read");
  release(offset, count);
}

void MappedFile::release(uint64_t offset, size_t count) const {
  // A fault maps the pages around it, too: up to 64 KiB, aligned.
  const uint64_t around = 1 << 16;
  uint64_t begin = offset / around * around;
  uint64_t end =
      std::min(bytes, (offset + count + around - 1) / around * around);
  if (end > begin)
    ::madvise(const_cast<char *>(base) + begin, end - begin, MADV_DONTNEED);
}

FileWriter::FileWriter(const std::string &path) : name(path) {
  descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0)
    failSystem(inQuotes(path) + ": cannot be written", errno);
  buffer.reserve(1 << 20);
}

FileWriter::~FileWriter() {
  if (descriptor < 0)
    return;
  ::close(descriptor);
  ::unlink(name.c_str());
}

void FileWriter::flush() {
  size_t done = 0;
  while (done < buffer.size()) {
    ssize_t put =
        ::write(descriptor, buffer.data() + done, buffer.size() - done);
    if (put < 0 && errno == EINTR)
      continue;
    if (put < 0)
      failSystem(inQuotes(name) + ": cannot be written", errno);
    done += static_cast<size_t>(put);
  }
  buffer.clear();
}

void FileWriter::write(const void *from, size_t count) {
  const auto *bytes = static_cast<const char *>(from);
  while (count) {
    size_t part = std::min(count, (size_t{1} << 20) - buffer.size());
    buffer.append(bytes, part);
    bytes += part;
    count -= part;
    if (buffer.size() == size_t{1} << 20)
      flush();
  }
}

void FileWriter::finish() {
  flush();
  // EINVAL: a pipe or a device, which has nothing to sync.
  if (::fsync(descriptor) != 0 && errno != EINVAL && errno != EROFS)
    failSystem(inQuotes(name) + ": cannot be synced", errno);
  int closing = descriptor;
  descriptor = -1;
  if (::close(closing) != 0)
    failSystem(inQuotes(name) + ": cannot be closed", errno);
}

void syncDirectory(const std::string &path) {
  Descriptor descriptor;
  descriptor.number = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor.number < 0)
    failSystem(inQuotes(path) + ": cannot be opened", errno);
  if (::fsync(descriptor.number) != 0 && errno != EINVAL)
    failSystem(inQuotes(path) + ": cannot be synced", errno);
}

void ReplacedFile::finish() {
  writer.finish();
  std::string temporary = name + ".saving";
  if (::rename(temporary.c_str(), name.c_str()) != 0) {
    int error = errno;
    ::unlink(temporary.c_str());
    failSystem(inQuotes(name) + ": cannot be replaced", error);
  }
  std::string parent = std::filesystem::path(name).parent_path().string();
  syncDirectory(parent.empty() ? "." : parent);
}

void makeDirectories(const std::string &path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error && !std::filesystem::is_directory(path, error))
    fail(inQuotes(path), ": expected a directory");
  if (error)
    failSystem(inQuotes(path) + ": cannot be made a directory", error.value());
}

} // namespace tresse::runtime
