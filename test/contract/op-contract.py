"""op-contract.py - fails when an op of the lm dialect lacks a part of its
contract: summary, description, an example that a test parses, a verifier check
and a failing test per constraint, a reference function, a test that runs it."""
import pathlib
import re
import sys

import dialect

# Removed or resolved before anything runs: no reference function.
STRUCTURAL = {"global", "load", "store", "yield", "fusion"}


class Contract:
    def __init__(self, source):
        self.source = pathlib.Path(source)
        self.errors = []
        self.reference = self.read_all("runtime/reference", "*.c")
        self.declared = self.read("runtime/reference/functions.h")
        self.runs = self.read_all("test/runtime/reference", "*.cpp")
        self.pipelines = "".join(
            self.read_all(folder, "*.mlir") + self.read_all(folder, "*.test")
            for folder in ("test/passes", "test/codegen", "test/e2e"))

    def read(self, name):
        path = self.source / name
        return path.read_text() if path.is_file() else ""

    def read_all(self, folder, pattern):
        files = sorted((self.source / folder).rglob(pattern))
        return "".join(path.read_text() for path in files)

    def error(self, op, message):
        self.errors.append(f"lm.{op.name} ({op.family}.td): {message}")

    def check(self, op):
        if not op.summary:
            self.error(op, "expects a summary, but got none")
        if not op.description:
            self.error(op, "expects a description, but got none")
        self.check_example(op)
        self.check_constraints(op)
        if op.name in STRUCTURAL or op.family == "Composite":
            self.check_pipeline(op)
        else:
            self.check_reference(op)

    def check_example(self, op):
        name = f"test/dialects/lm/{op.kebab}.mlir"
        lines = [line.strip() for line in self.read(name).split("\n")]
        if not op.examples():
            self.error(op, "expects an example in its description, but got none")
        for example in op.examples():
            size = len(example)
            if not any(lines[i:i + size] == example
                       for i in range(len(lines) - size + 1)):
                self.error(op, f"expects its example word for word in {name}")

    def check_constraints(self, op):
        numbers = op.constraints()
        if numbers != list(range(1, len(numbers) + 1)):
            self.error(op, f"expects constraints C1, C2, .., but got {numbers}")
        checked = self.checked_constraints(op)
        if checked != set(numbers):
            self.error(op, f"expects {op.family}.cpp to check {numbers}, "
                           f"but got {sorted(checked)}")
        name = f"test/dialects/lm/{op.kebab}-invalid.mlir"
        cases = re.split(r"(?=@" + op.name + r"_c\d+\b)", self.read(name))
        found = {}
        for case in cases[1:]:
            number = int(re.match(r"@\w+_c(\d+)", case).group(1))
            # The expected message may stand on the line before the name.
            before = cases[cases.index(case) - 1].split("// -----")[-1]
            found[number] = before + case
        if set(found) != set(numbers):
            self.error(op, f"expects a failing test in {name} for each of "
                           f"{numbers}, but got {sorted(found)}")
        for number, case in found.items():
            if not re.search(r"expected-error.*\{\{.*expects .*, but got .+\}\}",
                             case):
                self.error(op, f"expects the message of C{number} to say what "
                               "was expected and what came")

    def checked_constraints(self, op):
        """The (Cn) labels in the op's verifiers."""
        code = self.read(f"dialects/lm/{op.family}.cpp")
        labels = set()
        for body in re.findall(
                r"^LogicalResult " + op.cpp_class +
                r"::verify\w*\(.*?^\}", code, re.S | re.M):
            for comment in re.findall(r"//((?: C\d+)+)", body):
                labels.update(int(n) for n in re.findall(r"C(\d+)", comment))
        return labels

    def check_reference(self, op):
        function = f"tresse_ref_{op.name}("
        if f"void {function}" not in self.declared:
            self.error(op, f"expects {function}) in functions.h")
        if f"\nvoid {function}" not in self.reference:
            self.error(op, f"expects {function}) in runtime/reference")
        if not re.search(rf"tresse_ref_{op.name}\b", self.runs):
            self.error(op, "expects a test in test/runtime/reference that "
                           "runs it, but got none")

    def check_pipeline(self, op):
        if not re.search(rf"\blm\.{op.name}\b", self.pipelines):
            self.error(op, "expects a test of the passes that has it, "
                           "but got none")

    def check_functions(self, ops):
        known = {op.name for op in ops} | {"elementwise", "copy"}
        for name in re.findall(r"void tresse_ref_(\w+)\(", self.declared):
            if name not in known:
                self.errors.append(f"functions.h: expects only ops of lm, "
                                   f"but got tresse_ref_{name}")


def main():
    contract = Contract(sys.argv[1])
    ops = dialect.load(sys.argv[1], "lm")
    for op in ops:
        contract.check(op)
    contract.check_functions(ops)
    for error in contract.errors:
        print(error)
    constraints = sum(len(op.constraints()) for op in ops)
    print(f"{len(ops)} ops, {constraints} constraints, "
          f"{len(contract.errors)} errors")
    return 1 if contract.errors or not ops else 0


if __name__ == "__main__":
    sys.exit(main())
