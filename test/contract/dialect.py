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


def records_of(source, dialect):
    """(family, records by name, op record) of every op of a dialect."""
    for path in families(source, dialect):
        dump = subprocess.run(
            ["llvm-tblgen", "--dump-json", *include_flags(source), str(path)],
            check=True, capture_output=True, text=True).stdout
        records = json.loads(dump)
        for name in records["!instanceof"].get("Op", []):
            record = records[name]
            if record["opDialect"]["def"].lower() == f"{dialect}_dialect":
                yield path.stem, records, record


def load(source, dialect):
    """All ops of a dialect, by family and name."""
    ops = [Op(family, record)
           for family, _, record in records_of(source, dialect)]
    return sorted(ops, key=lambda op: (op.family, op.name))


def load_with_interface(source, dialect, interface):
    """(op, operand names, result names) of the ops with an interface."""
    found = []
    for family, records, record in records_of(source, dialect):
        traits = (records[trait["def"]] for trait in record["traits"])
        if not any(trait.get("cppInterfaceName") == interface
                   for trait in traits):
            continue
        operands = [name for kind, name in record["arguments"]["args"]
                    if "Attr" not in records[kind["def"]]["!superclasses"]]
        results = [name for _, name in record["results"]["args"]]
        found.append((Op(family, record), operands, results))
    return sorted(found, key=lambda item: item[0].name)
