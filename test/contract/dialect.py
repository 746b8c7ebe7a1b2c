"""dialect.py - the ops of a dialect, as llvm-tblgen sees them."""
import json
import pathlib
import re
import subprocess


class Op:
    """One op: its name, where it is defined, and what its definition says."""

    def __init__(self, family, record):
        self.family = family
        self.name = record["opName"]
        self.kebab = self.name.replace("_", "-")
        self.cpp_class = re.sub(r"^\w+?_", "", record["!name"])
        self.summary = text(record.get("summary"))
        self.description = text(record.get("description"))

    def constraints(self):
        """The numbers of the constraints that the description lists."""
        return [int(n) for n in
                re.findall(r"^\s*- \(C(\d+)\) ", self.description, re.M)]

    def examples(self):
        """The code blocks of the description, each a list of lines."""
        blocks = re.findall(r"```mlir\n(.*?)```", self.description, re.S)
        return [[line.strip() for line in block.strip().split("\n")]
                for block in blocks]


def text(value):
    return value.strip() if isinstance(value, str) else ""


def include_flags(source):
    prefix = subprocess.run(["llvm-config", "--includedir"], check=True,
                            capture_output=True, text=True).stdout.strip()
    return ["-I", str(source), "-I", prefix]


def families(source, dialect):
    """The .td files of a dialect that define ops."""
    folder = pathlib.Path(source) / "dialects" / dialect
    return sorted(path for path in folder.glob("*.td")
                  if path.stem not in ("Interfaces",)
                  and not path.stem.endswith("Base"))


def load(source, dialect):
    """All ops of a dialect, by family and name."""
    ops = []
    for path in families(source, dialect):
        dump = subprocess.run(
            ["llvm-tblgen", "--dump-json", *include_flags(source), str(path)],
            check=True, capture_output=True, text=True).stdout
        records = json.loads(dump)
        for name in records["!instanceof"].get("Op", []):
            record = records[name]
            if record["opDialect"]["def"].lower() == f"{dialect}_dialect":
                ops.append(Op(path.stem, record))
    return sorted(ops, key=lambda op: (op.family, op.name))
