// Image.cpp: PTX out of text, fat binaries and cubins with line information.

#include "tools/vgpu/driver/Image.h"

#include <cstdint>
#include <cstring>
#include <string_view>
#include <zstd.h>

namespace vgpu::driver {

// A fat binary:
//   header   magic 0xBA55ED50, u16 version, u16 header bytes, u64 body bytes
//   entry *  u16 kind (1 PTX, 2 ELF), u16 version, u32 header bytes,
//            u64 payload bytes, u32 compressed bytes, ..., u32 architecture at
//            28, u64 flags at 40, u64 decoded bytes at 56; then the payload
static constexpr uint32_t fatMagic = 0xBA55ED50;
static constexpr uint32_t wrapperMagic = 0x466243B1;
static constexpr uint64_t flagLz4 = 0x2000, flagZstd = 0x8000;
static constexpr size_t fatHeaderBytes = 16, entryHeaderBytes = 64;
static constexpr size_t maxDecodedBytes = size_t(1) << 28;

/// Bytes with a known end; every read is checked against it.
struct Bytes {
  const char *data;
  size_t size;

  template <typename T> bool read(size_t offset, T &value) const {
    if (offset > size || size - offset < sizeof(T))
      return false;
    std::memcpy(&value, data + offset, sizeof(T));
    return true;
  }
  bool holds(size_t offset, size_t length) const {
    return offset <= size && length <= size - offset;
  }
};

/// A length of LZ4: a nibble, continued by bytes while they are 255.
static bool readLength(const uint8_t *&in, const uint8_t *end, size_t &length) {
  if (length != 15)
    return true;
  uint8_t byte;
  do {
    if (in == end)
      return false;
    byte = *in++;
    length += byte;
  } while (byte == 255);
  return true;
}

std::optional<std::string> decodeLz4(const char *block, size_t size,
                                     size_t decodedSize) {
  const uint8_t *in = reinterpret_cast<const uint8_t *>(block);
  const uint8_t *end = in + size;
  std::string out;
  out.reserve(decodedSize);
  while (in != end) {
    uint8_t token = *in++;
    size_t literals = token >> 4;
    if (!readLength(in, end, literals) || literals > size_t(end - in) ||
        literals > decodedSize - out.size())
      return std::nullopt;
    out.append(reinterpret_cast<const char *>(in), literals);
    in += literals;
    if (in == end)
      break; // the last sequence has literals alone
    if (end - in < 2)
      return std::nullopt;
    size_t offset = in[0] | in[1] << 8;
    in += 2;
    size_t match = token & 15;
    if (!readLength(in, end, match))
      return std::nullopt;
    match += 4;
    if (offset == 0 || offset > out.size() || match > decodedSize - out.size())
      return std::nullopt;
    for (size_t i = 0; i < match; ++i) // may overlap what it appends
      out.push_back(out[out.size() - offset]);
  }
  if (out.size() != decodedSize)
    return std::nullopt;
  return out;
}

static std::optional<std::string> decodeZstd(const char *block, size_t size,
                                             size_t decodedSize) {
  std::string out(decodedSize, '\0');
  size_t got = ZSTD_decompress(out.data(), out.size(), block, size);
  // The payload is padded to 8 bytes: only the frame itself counts.
  if (ZSTD_isError(got) || got != decodedSize)
    return std::nullopt;
  return out;
}

/// PTX without the zero bytes that pad it.
static std::string trim(std::string text) {
  text.resize(std::strlen(text.c_str()));
  return text;
}

namespace {
struct FatEntry {
  uint16_t kind = 0;
  uint32_t headerBytes = 0, compressedBytes = 0, architecture = 0;
  uint64_t payloadBytes = 0, flags = 0, decodedBytes = 0;

  bool read(const Bytes &bytes, size_t at) {
    return bytes.read(at, kind) && bytes.read(at + 4, headerBytes) &&
           bytes.read(at + 8, payloadBytes) &&
           bytes.read(at + 16, compressedBytes) &&
           bytes.read(at + 28, architecture) && bytes.read(at + 40, flags) &&
           bytes.read(at + 56, decodedBytes) &&
           headerBytes >= entryHeaderBytes && bytes.holds(at, headerBytes) &&
           bytes.holds(at + headerBytes, payloadBytes);
  }
};
} // namespace

static std::optional<std::string> decodeEntry(const FatEntry &entry,
                                              const char *payload) {
  if (!(entry.flags & (flagLz4 | flagZstd)))
    return std::string(payload, entry.payloadBytes);
  if (entry.decodedBytes > maxDecodedBytes ||
      entry.decodedBytes / 256 > entry.payloadBytes ||
      entry.compressedBytes > entry.payloadBytes)
    return std::nullopt;
  return entry.flags & flagZstd
             ? decodeZstd(payload, entry.compressedBytes, entry.decodedBytes)
             : decodeLz4(payload, entry.compressedBytes, entry.decodedBytes);
}

static std::optional<std::string> findInCubin(const Bytes &elf);

static std::optional<std::string> findInFatbin(const Bytes &fat, int capability,
                                               ImageError &kind,
                                               std::string &error) {
  std::optional<std::string> best, fromCubin;
  uint32_t bestArchitecture = 0;
  std::string seen;
  for (size_t at = fatHeaderBytes; at < fat.size;) {
    FatEntry entry;
    if (!entry.read(fat, at)) {
      kind = ImageError::malformed;
      error = "fat binary: the entry at byte " + std::to_string(at) +
              " reaches beyond the " + std::to_string(fat.size) +
              " bytes of the image";
      return std::nullopt;
    }
    const char *payload = fat.data + at + entry.headerBytes;
    seen += (seen.empty() ? "" : ", ") +
            std::string(entry.kind == 1 ? "PTX" : "machine code") + " for sm_" +
            std::to_string(entry.architecture);
    bool fits = entry.architecture <= uint32_t(capability);
    if (entry.kind == 1 && fits && entry.architecture >= bestArchitecture) {
      auto text = decodeEntry(entry, payload);
      if (!text) {
        kind = ImageError::malformed;
        error = "fat binary: the compressed PTX at byte " + std::to_string(at) +
                " cannot be decoded";
        return std::nullopt;
      }
      best = trim(std::move(*text));
      bestArchitecture = entry.architecture;
    } else if (entry.kind == 2 && fits && !fromCubin) {
      if (auto elf = decodeEntry(entry, payload))
        fromCubin = findInCubin({elf->data(), elf->size()});
    }
    at += entry.headerBytes + entry.payloadBytes;
  }
  if (best)
    return best;
  if (fromCubin)
    return fromCubin;
  kind = ImageError::noPtx;
  error = "fat binary: expected PTX for sm_" + std::to_string(capability) +
          " or lower, but got " + (seen.empty() ? "no entry" : seen) +
          "; add it with 'fatbinary --image3=kind=ptx,sm=NN,file=F.ptx' or "
          "'nvcc -gencode arch=compute_NN,code=compute_NN'";
  return std::nullopt;
}

/// The text of section `.nv_debug_ptx_txt`, whose lines end in zero bytes.
static std::optional<std::string> findInCubin(const Bytes &elf) {
  struct Section {
    uint32_t name, type;
    uint64_t flags, address, offset, size;
    uint32_t link, info;
    uint64_t alignment, entrySize;
  };
  uint64_t table = 0;
  uint16_t count = 0, names = 0;
  if (!elf.read(40, table) || !elf.read(60, count) || !elf.read(62, names))
    return std::nullopt;
  auto section = [&](unsigned i, Section &s) {
    return i < count && table < elf.size &&
           elf.read(table + uint64_t(i) * sizeof(Section), s) &&
           elf.holds(s.offset, s.size);
  };
  Section strings;
  if (!section(names, strings))
    return std::nullopt;
  static constexpr char wanted[] = ".nv_debug_ptx_txt";
  for (unsigned i = 0; i < count; ++i) {
    Section s;
    if (!section(i, s) || s.name > strings.size ||
        strings.size - s.name < sizeof wanted ||
        std::memcmp(elf.data + strings.offset + s.name, wanted, sizeof wanted))
      continue;
    std::string text(elf.data + s.offset, s.size);
    for (char &c : text)
      if (c == '\0')
        c = '\n';
    return text;
  }
  return std::nullopt;
}

/// Bytes of the ELF image at `data` as its own section table tells them.
static size_t elfSize(const char *data) {
  Bytes header{data, 64};
  uint64_t table = 0;
  uint16_t entry = 0, count = 0;
  header.read(40, table);
  header.read(58, entry);
  header.read(60, count);
  return table + size_t(entry) * count;
}

std::optional<std::string> findPtx(const void *image, size_t limit,
                                   int capability, ImageError &kind,
                                   std::string &error) {
  const char *data = static_cast<const char *>(image);
  kind = ImageError::malformed;
  Bytes bytes{data, limit};
  uint32_t magic = 0;
  if (limit < 4) {
    error = "expected PTX, a fat binary or a cubin, but got " +
            std::to_string(limit) + " bytes";
    return std::nullopt;
  }
  std::memcpy(&magic, data, 4);
  if (magic == wrapperMagic && limit >= 16) {
    const void *inner = nullptr;
    std::memcpy(&inner, data + 8, sizeof inner);
    // A wrapper holds an address: only one that is in memory can be followed.
    if (limit != SIZE_MAX || !inner) {
      error = "a fat binary wrapper in a file holds no address";
      return std::nullopt;
    }
    return findPtx(inner, SIZE_MAX, capability, kind, error);
  }
  if (magic == fatMagic) {
    uint16_t headerBytes = 0;
    uint64_t bodyBytes = 0;
    if (!bytes.read(6, headerBytes) || !bytes.read(8, bodyBytes) ||
        headerBytes != fatHeaderBytes || bodyBytes > SIZE_MAX / 2 ||
        !bytes.holds(headerBytes, bodyBytes)) {
      error = "fat binary: the header states " + std::to_string(bodyBytes) +
              " bytes, more than the image has";
      return std::nullopt;
    }
    return findInFatbin({data, headerBytes + size_t(bodyBytes)}, capability,
                        kind, error);
  }
  if (std::memcmp(data,
                  "\x7f"
                  "ELF",
                  4) == 0) {
    size_t size = limit != SIZE_MAX ? limit : elfSize(data);
    if (auto text = findInCubin({data, size}))
      return text;
    kind = ImageError::noPtx;
    error = "a cubin holds machine code, which is not executed here: pass the "
            "PTX, a fat binary with both, or a cubin that ptxas made with "
            "-lineinfo (it carries its PTX)";
    return std::nullopt;
  }
  kind = ImageError::none;
  return std::string(data, strnlen(data, limit));
}

} // namespace vgpu::driver
