// Link.cpp - an object file becomes an executable or a shared library.
#include "codegen/emit/Object.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace {
/// An object file on disk while a linker reads it.
class TemporaryObject {
public:
  static Expected<TemporaryObject> create(ArrayRef<char> bytes) {
    SmallString<128> path;
    int descriptor;
    if (std::error_code error =
            sys::fs::createTemporaryFile("tresse-model", "o", descriptor, path))
      return createStringError(error, "expects a writable temporary folder");
    raw_fd_ostream out(descriptor, /*shouldClose=*/true);
    out.write(bytes.data(), bytes.size());
    out.close();
    if (out.has_error()) {
      std::error_code error = out.error();
      out.clear_error();
      sys::fs::remove(path);
      return createStringError(error, "expects room for the object file");
    }
    return TemporaryObject(path.str());
  }

  StringRef path() const { return remover->path; }

private:
  struct Remover {
    std::string path;
    ~Remover() { sys::fs::remove(path); }
  };
  explicit TemporaryObject(StringRef path) : remover(new Remover{path.str()}) {}
  std::unique_ptr<Remover> remover;
};

Error runLinker(StringRef program, ArrayRef<std::string> arguments) {
  ErrorOr<std::string> found = sys::findProgramByName(program);
  if (!found)
    return createStringError("expects the linker '" + program +
                             "' on the search path, but found none");
  SmallVector<StringRef> all{*found};
  for (const std::string &argument : arguments)
    all.push_back(argument);
  std::string message;
  int code = sys::ExecuteAndWait(*found, all, std::nullopt, {}, 0, 0, &message);
  if (code == 0)
    return Error::success();
  return createStringError("expects '" + program +
                           "' to link the model, but it ended with code " +
                           Twine(code) + " " + message);
}
} // namespace

/// The arguments of cc that the runtime's build wrote, `@LIB@` replaced.
static Expected<std::vector<std::string>>
runtimeArguments(StringRef libraries) {
  SmallString<128> path(libraries);
  sys::path::append(path, "tresse-link.txt");
  auto file = MemoryBuffer::getFile(path);
  if (!file)
    return createStringError(file.getError(),
                             "expects the runtime's link arguments in '" +
                                 path.str().str() + "'");
  std::vector<std::string> arguments;
  SmallVector<StringRef> lines;
  (*file)->getBuffer().split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef line : lines) {
    std::string argument = line.trim().str();
    if (size_t at = argument.find("@LIB@"); at != std::string::npos)
      argument.replace(at, 5, libraries.str());
    arguments.push_back(argument);
  }
  return arguments;
}

Error tresse::linkExecutable(ArrayRef<char> bytes, StringRef output,
                             StringRef libraries) {
  auto object = TemporaryObject::create(bytes);
  if (!object)
    return object.takeError();
  auto runtime = runtimeArguments(libraries);
  if (!runtime)
    return runtime.takeError();
  std::vector<std::string> arguments{object->path().str(), "-o", output.str()};
  llvm::append_range(arguments, *runtime);
  return runLinker("cc", arguments);
}

Error tresse::linkShared(ArrayRef<char> bytes, StringRef output,
                         StringRef libraries) {
  auto object = TemporaryObject::create(bytes);
  if (!object)
    return object.takeError();
  SmallString<128> reference(libraries);
  sys::path::append(reference, "libtresse_reference.a");
  std::vector<std::string> arguments{"-shared", "--gc-sections", "-o",
                                     output.str(), object->path().str()};
  if (sys::fs::exists(reference))
    arguments.push_back(reference.str().str());
  bool plain = sys::findProgramByName("ld.lld-22").getError() ==
               std::errc::no_such_file_or_directory;
  return runLinker(plain ? "ld.lld" : "ld.lld-22", arguments);
}
