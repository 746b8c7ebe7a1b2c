//===- Npy.cpp - NumPy's .npy files ---------------------------------------===//
//
// "\x93NUMPY", version (2 bytes), length of the header (u16, or u32 from
// version 2 on), the header as a Python dict, the elements.
//
#include "runtime/core/data/Npy.h"

#include "runtime/core/base/Error.h"

namespace tresse::runtime {

namespace {

/// Reads the dict {'descr': '<i4', 'fortran_order': False, 'shape': (2, 8)}.
class DictReader {
public:
  DictReader(const std::string &name, std::string_view dict)
      : name(name), rest(dict) {}

  std::string type;
  std::vector<int64_t> shape;

  void read() {
    expect('{');
    int seen = 0;
    while (!take('}')) {
      std::string key = quotedText();
      expect(':');
      int bit = readField(key);
      if (seen & bit)
        wrong("each key once");
      seen |= bit;
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    if (seen != 7)
      wrong("descr, fortran_order and shape");
    skipSpace();
    if (!rest.empty())
      wrong("nothing behind it");
  }

private:
  int readField(const std::string &key) {
    if (key == "descr") {
      type = quotedText();
      return 1;
    }
    if (key == "fortran_order") {
      if (!word("False"))
        wrong("row-major elements (fortran_order False)");
      return 2;
    }
    if (key == "shape") {
      readShape();
      return 4;
    }
    wrong("descr, fortran_order and shape");
  }
  void readShape() {
    expect('(');
    while (!take(')')) {
      if (shape.size() == 2)
        wrong("1 or 2 dimensions");
      shape.push_back(size());
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    if (shape.empty())
      wrong("1 or 2 dimensions");
  }
  int64_t size() {
    skipSpace();
    int64_t value = 0;
    size_t digits = 0;
    for (; !rest.empty() && rest[0] >= '0' && rest[0] <= '9'; ++digits) {
      if (__builtin_mul_overflow(value, 10, &value) ||
          __builtin_add_overflow(value, rest[0] - '0', &value))
        wrong("sizes below 2^63");
      rest.remove_prefix(1);
    }
    if (!digits)
      wrong("a size");
    return value;
  }
  std::string quotedText() {
    skipSpace();
    if (rest.empty() || (rest[0] != '\'' && rest[0] != '"'))
      wrong("a quoted word");
    size_t end = rest.find(rest[0], 1);
    if (end == std::string_view::npos)
      wrong("a quoted word that ends");
    std::string out(rest.substr(1, end - 1));
    rest.remove_prefix(end + 1);
    return out;
  }
  bool word(std::string_view text) {
    skipSpace();
    if (rest.substr(0, text.size()) != text)
      return false;
    rest.remove_prefix(text.size());
    return true;
  }
  bool take(char c) { return word({&c, 1}); }
  void expect(char c) {
    if (!take(c))
      wrong(text("'", c, "'"));
  }
  void skipSpace() {
    while (!rest.empty() && (rest[0] == ' ' || rest[0] == '\n'))
      rest.remove_prefix(1);
  }
  [[noreturn]] void wrong(std::string_view expected) {
    fail(inQuotes(name), ": expected ", expected, " in the header, but got ",
         inQuotes(rest.substr(0, 40)));
  }
  const std::string &name;
  std::string_view rest;
};

/// The header's dict, and where the elements begin.
std::string_view takeDict(const std::string &name, std::string_view begin,
                          uint64_t fileBytes, uint64_t &dataBegin) {
  if (begin.size() < 10 || begin.substr(0, 6) != "\x93NUMPY")
    fail(inQuotes(name), ": expected a .npy file, but its first bytes differ");
  auto byte = [&](size_t i) {
    return static_cast<uint64_t>(static_cast<unsigned char>(begin[i]));
  };
  uint64_t version = byte(6);
  if (version < 1 || version > 3)
    fail(inQuotes(name),
         ": expected a .npy file of version 1, 2 or 3, but got ", version);
  size_t prefix = version == 1 ? 10 : 12;
  if (begin.size() < prefix)
    fail(inQuotes(name), ": expected at least ", prefix, " bytes, but got ",
         begin.size());
  uint64_t length = byte(8) | byte(9) << 8;
  if (version > 1)
    length |= byte(10) << 16 | byte(11) << 24;
  if (length > fileBytes - prefix)
    fail(inQuotes(name), ": expected a header of ", length, " bytes, but only ",
         fileBytes - prefix, " follow");
  if (length > begin.size() - prefix)
    fail(inQuotes(name), ": expected a header of at most ",
         npyHeaderBytes - prefix, " bytes, but got ", length);
  dataBegin = prefix + length;
  return begin.substr(prefix, length);
}

} // namespace

NpyHeader parseNpyHeader(const std::string &name, std::string_view begin,
                         uint64_t fileBytes) {
  NpyHeader out;
  DictReader dict(name, takeDict(name, begin, fileBytes, out.dataBegin));
  dict.read();
  out.width = dict.type == "<i4" ? 4 : dict.type == "<i8" ? 8 : 0;
  if (!out.width)
    fail(inQuotes(name), ": expected elements of type '<i4' or '<i8', but got ",
         inQuotes(dict.type));
  uint64_t count = 1, widest = out.width;
  for (int64_t size : dict.shape) {
    auto factor = static_cast<uint64_t>(size);
    if (__builtin_mul_overflow(widest, factor ? factor : 1, &widest))
      fail(inQuotes(name), ": expected a shape whose size fits, but got ",
           shapeText(dict.shape));
    count *= factor;
  }
  uint64_t needed = count * out.width;
  if (fileBytes - out.dataBegin != needed)
    fail(inQuotes(name), ": expected ", needed, " bytes for ",
         shapeText(dict.shape), ", but got ", fileBytes - out.dataBegin);
  out.shape = dict.shape;
  return out;
}

std::string npyHeader(std::string_view type, std::span<const int64_t> shape) {
  std::string sizes;
  for (int64_t size : shape)
    sizes += std::to_string(size) + ", ";
  std::string dict =
      text("{'descr': '", type, "', 'fortran_order': False, 'shape': (", sizes,
           "), }");
  size_t total = (10 + dict.size() + 1 + 63) / 64 * 64;
  dict.resize(total - 10 - 1, ' ');
  dict += '\n';
  std::string out("\x93NUMPY\x01\x00", 8);
  out += static_cast<char>(dict.size() & 0xff);
  out += static_cast<char>(dict.size() >> 8);
  return out + dict;
}

} // namespace tresse::runtime
