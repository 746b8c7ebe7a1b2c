// FindPlan.cpp - looks up the section `.tresse.plan` of an ELF file.
//
// The few fields that matter are read with memcpy after a check against the
// bytes that remain, so a file cut or altered anywhere gives a message.
#include "codegen/emit/FindPlan.h"

#include "llvm/ADT/StringExtras.h"

#include <cstdint>
#include <cstring>
#include <optional>

using llvm::StringRef;

namespace {

constexpr StringRef sectionName = ".tresse.plan";

/// The 64-bit ELF file header and section header, in the order of the format.
struct FileHeader {
  unsigned char ident[16];
  uint16_t type, machine;
  uint32_t version;
  uint64_t entry, programHeaders, sectionHeaders;
  uint32_t flags;
  uint16_t headerSize, programHeaderSize, programHeaderCount;
  uint16_t sectionHeaderSize, sectionHeaderCount, nameSection;
};
struct SectionHeader {
  uint32_t name, type;
  uint64_t flags, address, offset, size;
  uint32_t link, info;
  uint64_t alignment, entrySize;
};
constexpr uint32_t sectionWithoutBytes = 8; // SHT_NOBITS

/// file[offset, offset + size), or nothing when the file ends before.
std::optional<StringRef> slice(StringRef file, uint64_t offset, uint64_t size) {
  if (offset > file.size() || size > file.size() - offset)
    return std::nullopt;
  return file.substr(offset, size);
}

template <typename Record>
std::optional<Record> readAt(StringRef file, uint64_t offset) {
  auto bytes = slice(file, offset, sizeof(Record));
  if (!bytes)
    return std::nullopt;
  Record record;
  std::memcpy(&record, bytes->data(), sizeof(Record));
  return record;
}

std::optional<SectionHeader> sectionAt(StringRef file, const FileHeader &header,
                                       uint32_t index) {
  uint64_t offset;
  if (index >= header.sectionHeaderCount ||
      __builtin_add_overflow(header.sectionHeaders,
                             uint64_t(index) * sizeof(SectionHeader), &offset))
    return std::nullopt;
  return readAt<SectionHeader>(file, offset);
}

} // namespace

StringRef tresse::plan::findPlan(StringRef file, std::string &message) {
  if (file.starts_with("TRESSE"))
    return file;
  if (!file.starts_with("\177ELF")) {
    message = "expected a compiled model or a plan, but got neither";
    return {};
  }
  auto header = readAt<FileHeader>(file, 0);
  if (!header || header->ident[4] != 2 || header->ident[5] != 1 ||
      header->sectionHeaderSize != sizeof(SectionHeader)) {
    message = "expected a 64-bit little-endian ELF file with sections";
    return {};
  }
  auto nameSection = sectionAt(file, *header, header->nameSection);
  auto names = nameSection ? slice(file, nameSection->offset, nameSection->size)
                           : std::nullopt;
  if (!names) {
    message = "expected section names inside the file, but it ends before";
    return {};
  }
  for (uint32_t i = 0; i < header->sectionHeaderCount; ++i) {
    auto section = sectionAt(file, *header, i);
    if (!section)
      break;
    if (section->name >= names->size() ||
        names->substr(section->name).take_until([](char c) {
          return c == 0;
        }) != sectionName)
      continue;
    auto bytes = slice(file, section->offset, section->size);
    if (bytes && section->type != sectionWithoutBytes)
      return *bytes;
    message = "expected section '" + sectionName.str() + "' of " +
              llvm::utostr(section->size) +
              " bytes inside the file, but it ends before";
    return {};
  }
  message = "expected a section '" + sectionName.str() +
            "', as compiled models have, but got none";
  return {};
}
