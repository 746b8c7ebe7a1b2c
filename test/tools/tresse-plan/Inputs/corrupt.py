"""Writes copies of a plan that are wrong in one named way each.

corrupt.py PLAN FOLDER: FOLDER/NAME.plan, one per way. All but `checksum` have
the right checksum, so that the reader gets to what is wrong. FOLDER/elf-*.plan
are wrong ELF files; FOLDER/whole.elf is a sound one.
"""

import struct
import sys

TABLES = (
    "strings numbers records axes communicators programs program_of_rank "
    "globals pieces buffers tensors entries arguments steps operands launches "
    "gemms grouped_gemms collectives copies fills kernels modules tensor_maps "
    "attributes"
).split()
CHECKSUM = 24
FIRST_TABLE = 48


def checksum(data):
    """FNV-1a of the plan, its own field taken as zero."""
    value = 14695981039346656037
    for i, byte in enumerate(data):
        if CHECKSUM <= i < CHECKSUM + 8:
            byte = 0
        value = ((value ^ byte) * 1099511628211) % (1 << 64)
    return value


class Plan:
    """The bytes of a plan and where its records lie."""

    def __init__(self, data):
        self.data = bytearray(data)

    def header(self, name):
        """Offset of a table's header."""
        return FIRST_TABLE + 16 * TABLES.index(name)

    def record(self, name, index):
        """Offset of a record."""
        offset, _, stride, _ = struct.unpack_from(
            "<4I", self.data, self.header(name)
        )
        return offset + index * stride

    def put(self, at, form, value):
        """Changes a field."""
        struct.pack_into("<" + form, self.data, at, value)

    def bytes(self):
        """The plan with a right checksum."""
        self.put(CHECKSUM, "Q", checksum(self.data))
        return bytes(self.data)


def ways(plan):
    """Name and changed field of every way: offset, format, value."""
    yield "magic", 0, "B", 0x21
    yield "newer", 12, "I", 99
    yield "size", 16, "Q", len(plan.data) + 8
    yield "target", 32, "I", 7
    yield "architecture", 36, "I", 1 << 30
    yield "ranks", 40, "I", 9
    yield "table-end", plan.header("steps") + 4, "I", 1 << 28
    yield "table-stride", plan.header("tensors") + 8, "I", 8
    yield "table-offset", plan.header("globals"), "I", 0xFFFFFFF8
    strings, count = struct.unpack_from("<2I", plan.data, plan.header("strings"))
    yield "strings-end", strings + count - 1, "B", 0x41
    yield "string-inside", plan.record("buffers", 0), "I", 2
    yield "record-name", plan.record("kernels", 0), "I", 1 << 20
    yield "program-entries", plan.record("programs", 0) + 16, "I", 1
    yield "program-streams", plan.record("programs", 0) + 4, "I", 1 << 20
    yield "rank-program", plan.record("program_of_rank", 0), "I", 5
    yield "global-role", plan.record("globals", 0) + 4, "I", 6
    yield "global-dtype", plan.record("globals", 0) + 8, "I", 0
    yield "global-buffer", plan.record("globals", 0) + 12, "I", 77
    yield "global-of", plan.record("globals", 1) + 16, "I", 2
    yield "global-rank", plan.record("globals", 0) + 36, "I", 9
    yield "buffer-space", plan.record("buffers", 0) + 4, "I", 5
    yield "buffer-offset", plan.record("buffers", 0) + 8, "Q", 1 << 40
    yield "buffer-live", plan.record("buffers", 1) + 24, "I", 9
    yield "tensor-buffer", plan.record("tensors", 0), "I", 6
    yield "tensor-dtype", plan.record("tensors", 0) + 4, "I", 13
    yield "tensor-offset", plan.record("tensors", 0) + 8, "Q", 256
    yield "tensor-unaligned", plan.record("tensors", 0) + 8, "Q", 2
    yield "tensor-rank", plan.record("tensors", 0) + 20, "I", 1
    yield "tensor-sizes", plan.record("tensors", 0) + 16, "I", 1 << 20
    yield "tensor-rows", plan.record("tensors", 0) + 32, "I", 0
    yield "number-size", plan.record("numbers", 0), "q", 1 << 62
    yield "number-negative", plan.record("numbers", 0), "q", -1
    yield "entry-steps", plan.record("entries", 0) + 28, "I", 7
    yield "entry-status", plan.record("entries", 0) + 32, "I", 99
    yield "argument-tensor", plan.record("arguments", 0) + 4, "I", 99
    yield "step-kind", plan.record("steps", 0), "I", 8
    yield "step-record", plan.record("steps", 0) + 4, "I", 1
    yield "step-stream", plan.record("steps", 0) + 8, "I", 2
    yield "step-event", plan.record("steps", 1) + 4, "I", 2
    yield "operand-kind", plan.record("operands", 0), "H", 3
    yield "operand-access", plan.record("operands", 0) + 2, "H", 4
    yield "operand-tensor", plan.record("operands", 0) + 4, "I", 99
    yield "operand-other", plan.record("operands", 2) + 4, "I", 0
    yield "launch-kernel", plan.record("launches", 0), "I", 2
    yield "launch-tiles", plan.record("launches", 0) + 8, "Q", 1 << 63
    yield "gemm-operand", plan.record("gemms", 0), "I", 0xFFFFFFFF
    yield "gemm-provider", plan.record("gemms", 0) + 64, "I", 1
    yield "gemm-compute", plan.record("gemms", 0) + 52, "I", 0
    yield "fill-width", plan.record("fills", 0) + 4, "I", 3
    yield "kernel-module", plan.record("kernels", 0) + 4, "I", 0
    yield "same-name", plan.record("kernels", 1), "I", struct.unpack_from(
        "<I", plan.data, plan.record("kernels", 0)
    )[0]


def elf(plan):
    """A 64-bit ELF file with nothing but the plan's section and names."""
    names = b"\0.tresse.plan\0.shstrtab\0"
    plan_at, names_at = 64, 64 + len(plan)
    headers_at = names_at + len(names)
    header = b"\x7fELF\2\1\1" + bytes(9) + struct.pack(
        "<2HI3QI6H", 1, 62, 1, 0, 0, headers_at, 0, 64, 0, 0, 64, 3, 2
    )

    def section(name, kind, offset, size):
        return struct.pack(
            "<2I4Q2I2Q", name, kind, 0, 0, offset, size, 0, 0, 8, 0
        )

    return header + plan + names + bytes(64) + section(
        1, 1, plan_at, len(plan)
    ) + section(14, 3, names_at, len(names))


def write_elf_files(data, folder):
    """A sound file, and ones that end early or point out of themselves."""
    whole = elf(data)
    with open(f"{folder}/whole.elf", "wb") as file:
        file.write(whole)
    for cut in (5, 40, 63, 64, 200, len(whole) - 192, len(whole) - 100,
                len(whole) - 1):
        with open(f"{folder}/elf-cut-{cut}.plan", "wb") as file:
            file.write(whole[:cut])
    headers_at = struct.unpack_from("<Q", whole, 40)[0]
    for name, at, form, value in (
        ("elf-headers", 40, "Q", 1 << 63),
        ("elf-header-size", 58, "H", 40),
        ("elf-names", 62, "H", 77),
        ("elf-class", 4, "B", 1),
        ("elf-section-offset", headers_at + 64 + 24, "Q", (1 << 64) - 8),
        ("elf-section-size", headers_at + 64 + 32, "Q", 1 << 40),
        ("elf-section-name", headers_at + 64, "I", 1 << 30),
        ("elf-name-size", headers_at + 128 + 32, "Q", 1 << 40),
    ):
        wrong = bytearray(whole)
        struct.pack_into("<" + form, wrong, at, value)
        with open(f"{folder}/{name}.plan", "wb") as file:
            file.write(wrong)


def main():
    """Writes all copies."""
    source, folder = sys.argv[1:]
    with open(source, "rb") as file:
        data = file.read()
    for name, at, form, value in list(ways(Plan(data))):
        plan = Plan(data)
        plan.put(at, form, value)
        with open(f"{folder}/{name}.plan", "wb") as file:
            file.write(plan.bytes())
    write_elf_files(data, folder)
    wrong = bytearray(data)
    wrong[-1] ^= 1
    with open(f"{folder}/checksum.plan", "wb") as file:
        file.write(wrong)
    for cut in (1, 47, 200, 448, len(data) // 2, len(data) - 1):
        with open(f"{folder}/cut-{cut}.plan", "wb") as file:
            file.write(data[:cut])


main()
