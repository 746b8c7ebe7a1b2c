// Fields.h - typed and range-checked members of a JSON object.
#ifndef TRESSE_TOOLS_TRESSE_IMPORT_FIELDS_H
#define TRESSE_TOOLS_TRESSE_IMPORT_FIELDS_H

#include "tools/tresse-import/Json.h"
#include "llvm/ADT/ArrayRef.h"

#include <optional>
#include <string>

namespace tresse {

/// The first thing found wrong in a document, as "file:line: path: expected X,
/// but got Y". Later complaints are dropped, so that a reader may go on.
class Complaint {
public:
  Complaint(llvm::StringRef file, const llvm::StringMap<unsigned> &lines)
      : file(file), lines(lines) {}

  /// Records that the member at `path` should have been `expected`.
  void add(const llvm::Twine &path, const llvm::Twine &expected,
           const llvm::Twine &got);

  bool found() const { return !message.empty(); }
  llvm::Error take() const;

private:
  std::string file;
  const llvm::StringMap<unsigned> &lines;
  std::string message;
};

/// Reads the members of one object. Every getter returns the fallback where
/// the member is missing, and complains where it is of another type, out of
/// its range, or null; ranges include both ends.
class Fields {
public:
  /// `prefix` is the object's path followed by a dot, or empty at the root.
  Fields(const llvm::json::Object &object, llvm::StringRef prefix,
         Complaint &complaint)
      : object(object), prefix(prefix), complaint(complaint) {}

  /// Whether the member is there and not null.
  bool has(llvm::StringRef name) const;
  /// Whether the member is there and null.
  bool isNull(llvm::StringRef name) const;

  int64_t integer(llvm::StringRef name, int64_t fallback, int64_t low,
                  int64_t high) const;
  /// As `integer`, but null is `absent`.
  int64_t integerOr(llvm::StringRef name, int64_t fallback, int64_t absent,
                    int64_t low, int64_t high) const;
  double number(llvm::StringRef name, double fallback, double low,
                double high) const;
  /// As `number`, with the lower end left out.
  double positive(llvm::StringRef name, double fallback, double high) const;
  bool flag(llvm::StringRef name, bool fallback) const;
  /// A string, or `fallback` where it is missing or null.
  llvm::StringRef text(llvm::StringRef name, llvm::StringRef fallback) const;
  /// As `text`; it must be one of `allowed`.
  llvm::StringRef choice(llvm::StringRef name, llvm::StringRef fallback,
                         llvm::ArrayRef<llvm::StringRef> allowed) const;
  /// An object, or null where it is missing or null.
  const llvm::json::Object *child(llvm::StringRef name) const;

  /// Complains about a member by its name.
  void complain(llvm::StringRef name, const llvm::Twine &expected,
                const llvm::Twine &got) const {
    complaint.add(prefix + name, expected, got);
  }
  /// The member as it stands in the file, shortened; "nothing" if missing.
  std::string shown(llvm::StringRef name) const;

private:
  const llvm::json::Object &object;
  std::string prefix;
  Complaint &complaint;
};

} // namespace tresse

#endif // TRESSE_TOOLS_TRESSE_IMPORT_FIELDS_H
