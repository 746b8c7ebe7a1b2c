"""gradients.py SOURCE BUILD [SEED] - every derivative against differences.

For each op whose definition has DifferentiableOpInterface, and the upstream ops
that got it as an external model, builds an entry around the op's example,
differentiates and compiles it for the reference target in f64, and compares the
gradients of all float operands with central differences along random
directions."""
import ctypes
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import dialect

# Operands without a derivative: the choice of experts and the counts are
# constants, angles do not depend on weights.
CONSTANT = {("balance_loss", "fraction"), ("rope", "table"), ("route", "bias"),
            ("stop_gradient", "input")}
# A logarithm that only its own gradient op reads.
UNWEIGHTED = {"lse"}
UPSTREAM = {
    "addf": "%y = arith.addf %a, %b : tensor<4x6xf64>",
    "subf": "%y = arith.subf %a, %b : tensor<4x6xf64>",
    "mulf": "%y = arith.mulf %a, %b : tensor<4x6xf64>",
    "negf": "%y = arith.negf %a : tensor<4x6xf64>",
    "expand_shape": "%y = tensor.expand_shape %a [[0], [1, 2]] output_shape "
                    "[4, 2, 3] : tensor<4x6xf64> into tensor<4x2x3xf64>",
    "collapse_shape": "%y = tensor.collapse_shape %a [[0, 1]] : "
                      "tensor<4x6xf64> into tensor<24xf64>",
}
STEP = 1e-4


class Case:
    """One op: its text, operands [(name, type)] and results [(name, type)]."""

    def __init__(self, name, text, operands, results, operand_names):
        self.name = name
        self.text = text
        self.operands = operands
        self.results = results
        self.operand_names = operand_names

    def floats(self):
        return [index for index, (_, kind) in enumerate(self.operands)
                if kind.endswith("xf64>")]

    def integers(self):
        return [index for index, (_, kind) in enumerate(self.operands)
                if kind.endswith("xi32>")]

    def global_name(self, index):
        return f"{self.name}.{index}"


def sizes_of(kind):
    return [int(size) for size in re.findall(r"(\d+)x", kind)]


def count_of(kind):
    count = 1
    for size in sizes_of(kind):
        count *= size
    return count


def repeat_last(names, count):
    """A variadic operand or result stands for the rest."""
    return (names + [names[-1]] * count)[:count]


def case_of_op(op, operands, results_declared, example):
    """The op's example in f64, with the names its definition gives."""
    text = re.sub(r"x(f32|bf16)>", "xf64>", "\n".join(example))
    head, types = text.split(" : (", 1) if " : (" in text else \
        text.split("\n: (", 1)
    arguments, results = types.rsplit("->", 1)
    kinds = re.findall(r"tensor<[^>]*>", arguments)
    names = re.findall(r"%\w+", head.split("=", 1)[1])
    if len(names) != len(kinds):
        raise ValueError(f"lm.{op.name}: {len(kinds)} types of {names}")
    result_names = re.findall(r"%\w+", head.split("=", 1)[0])
    result_kinds = re.findall(r"tensor<[^>]*>", results)
    declared = repeat_last(results_declared, len(result_names))
    return Case(op.name, text, list(zip(names, kinds)),
                list(zip(result_names, result_kinds, declared)),
                repeat_last(operands, len(kinds)))


def cases(source):
    found = []
    for op, operands, results in dialect.load_with_interface(
            source, "lm", "DifferentiableOpInterface"):
        found.append(case_of_op(op, operands, results, op.examples()[0]))
    for name, text in UPSTREAM.items():
        operands = sorted(set(re.findall(r"%[ab]\b", text)))
        result = re.findall(r"tensor<[^>]*>", text)[-1]
        found.append(Case(name, text, [(o, "tensor<4x6xf64>") for o in operands],
                          [("%y", result, "result")], operands))
    return found


def body_of(case):
    """Loads, the op, and the weighted mean of every result."""
    lines = []
    for index in case.floats():
        name, kind = case.operands[index]
        lines.append(f"{name} = lm.load @{case.global_name(index)} : {kind}")
    lines += case.text.split("\n")
    total = None
    for number, (name, kind, declared) in enumerate(case.results):
        if not kind.endswith("xf64>") or declared in UNWEIGHTED:
            continue
        rank, count = len(sizes_of(kind)), count_of(kind)
        flat = f"tensor<{count}xf64>"
        lines.append(f"%w{number} = lm.load @{case.name}.weight{number} : {kind}")
        lines.append(f"%p{number} = arith.mulf {name}, %w{number} : {kind}")
        value = f"%p{number}"
        if rank > 1:
            group = ", ".join(str(d) for d in range(rank))
            lines.append(f"%f{number} = tensor.collapse_shape {value} "
                         f"[[{group}]] : {kind} into {flat}")
            value = f"%f{number}"
        lines.append(f"%i{number} = lm.iota : () -> tensor<{count}xi32>")
        lines.append(f"%m{number} = lm.mean_valid {value}, %i{number} : "
                     f"({flat}, tensor<{count}xi32>) -> tensor<1xf64>")
        if total is None:
            total = f"%m{number}"
        else:
            lines.append(f"%t{number} = arith.addf {total}, %m{number} : "
                         "tensor<1xf64>")
            total = f"%t{number}"
    return lines, total


def module_of(all_cases):
    lines = ["module {"]
    for case in all_cases:
        for index in case.floats():
            lines.append(f"lm.global weight @{case.global_name(index)} : "
                         f"{case.operands[index][1]}")
        for number, (_, kind, declared) in enumerate(case.results):
            if kind.endswith("xf64>") and declared not in UNWEIGHTED:
                lines.append(f"lm.global state @{case.name}.weight{number} : "
                             f"{kind}")
        arguments = ", ".join(
            f'{case.operands[i][0]}: {case.operands[i][1]} '
            f'{{lm.name = "input{i}"}}' for i in case.integers())
        body, total = body_of(case)
        for entry, result in (("gradients", "objective"), ("evaluate", "loss")):
            lines.append(
                f"func.func @{entry}.{case.name}({arguments}) -> "
                f'(tensor<1xf64> {{lm.name = "{result}"}}) attributes '
                f'{{lm.entry = "{entry}.{case.name}"}} {{')
            lines += ["  " + line for line in body]
            lines += [f"  return {total} : tensor<1xf64>", "}"]
    return "\n".join(lines + ["}"]) + "\n"


class View(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("elements", ctypes.c_uint64),
                ("dtype", ctypes.c_uint32), ("rank", ctypes.c_uint32),
                ("sizes", ctypes.POINTER(ctypes.c_int64))]


class Session:
    def __init__(self, build, model):
        self.library = ctypes.CDLL(str(build / "lib/libtresse_runtime.so"))
        self.library.tresse_last_error.restype = ctypes.c_char_p
        self.handle = ctypes.c_void_p()
        self.call("open", str(model).encode(), 1, ctypes.byref(self.handle),
                  free=True)

    def call(self, name, *arguments, free=False):
        function = getattr(self.library, f"tresse_session_{name}")
        arguments = arguments if free else (self.handle, *arguments)
        if function(*arguments):
            raise RuntimeError(self.library.tresse_last_error().decode())

    def view(self, kind, *names):
        view = View()
        self.call(kind, *(name.encode() for name in names), ctypes.byref(view))
        number = ctypes.c_double if kind != "input" else ctypes.c_int32
        return (number * view.elements).from_address(view.data)

    def tensor(self, name):
        return self.view("global", name)


def integers_for(case, index, draw):
    """Values an op may see: by the name of the operand, as in lm.group_rows."""
    name = case.operand_names[index]
    kind = case.operands[index][1]
    count = count_of(kind)
    others = dict(zip(case.operand_names, (k for _, k in case.operands)))
    if name in ("tokens", "targets"):
        table = others["table"] if name == "tokens" else others["logits"] \
            if "logits" in others else "tensor<9x1xf64>"
        vocabulary = sizes_of(table)[0 if name == "tokens" else -1]
        return [draw.randrange(-1, vocabulary) for _ in range(count)]
    if name == "positions":
        keys = sizes_of(others["kv"])[1] if "kv" in others else 1
        return [draw.randrange(-1, keys) for _ in range(count)]
    if name == "ends":
        rows = max(sizes_of(k)[0] for n, k in others.items()
                   if n in ("input", "gate_up", "slot_of_row"))
        cuts = sorted(draw.randrange(0, rows + 1) for _ in range(count - 1))
        return cuts + [rows]
    if name in ("slot_of_row", "row_of_slot"):
        # One order and its inverse; any permutation is one.
        order = list(range(count))
        random.Random(count).shuffle(order)
        if name == "slot_of_row":
            return order
        return [order.index(slot) for slot in range(count)]
    raise ValueError(f"{case.name}: no values for '{name}'")


class Check:
    def __init__(self, session, draw):
        self.session = session
        self.draw = draw
        self.failures = 0
        self.count = 0

    def fill(self, case):
        for index in case.floats():
            positive = case.operand_names[index] in ("scores", "fraction")
            tensor = self.session.tensor(case.global_name(index))
            for i in range(len(tensor)):
                tensor[i] = self.draw.uniform(.1, 1) if positive \
                    else self.draw.gauss(0, 1)
        for number, (_, kind, declared) in enumerate(case.results):
            if kind.endswith("xf64>") and declared not in UNWEIGHTED:
                tensor = self.session.tensor(f"{case.name}.weight{number}")
                for i in range(len(tensor)):
                    tensor[i] = self.draw.gauss(0, 1) * len(tensor) ** .5
        self.inputs = {i: integers_for(case, i, self.draw)
                       for i in case.integers()}

    def run(self, entry, case):
        name = f"{entry}.{case.name}"
        for index, values in self.inputs.items():
            self.session.view("input", name, f"input{index}")[:] = values
        self.session.call("run", name.encode())

    def loss(self, case):
        self.run("evaluate", case)
        return self.session.view("output", f"evaluate.{case.name}", "loss")[0]

    def slope(self, case, index, direction):
        tensor = self.session.tensor(case.global_name(index))
        saved = list(tensor)

        def at(step):
            tensor[:] = [a + step * b for a, b in zip(saved, direction)]
            return self.loss(case)

        h = STEP
        slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
        tensor[:] = saved
        return slope

    def check(self, case):
        self.fill(case)
        gradients = {i: self.session.tensor(case.global_name(i) + ".grad")
                     for i in case.floats()}
        for gradient in gradients.values():
            gradient[:] = [0.0] * len(gradient)
        self.run("gradients", case)
        for index, gradient in gradients.items():
            gradient = list(gradient)
            name = case.operand_names[index]
            if (case.name, name) in CONSTANT:
                self.expect(case, name, max(map(abs, gradient)), 0.0)
                continue
            for _ in range(2):
                direction = [self.draw.gauss(0, 1) for _ in gradient]
                expected = self.slope(case, index, direction)
                found = sum(a * b for a, b in zip(gradient, direction))
                self.expect(case, name, found, expected)

    def expect(self, case, name, found, expected):
        self.count += 1
        if abs(found - expected) <= 1e-8 * (1 + abs(expected)):
            return
        self.failures += 1
        print(f"{case.name}: expects the gradient of '{name}' along a direction "
              f"to be {expected:.12g}, but got {found:.12g}")


def main():
    source = pathlib.Path(sys.argv[1]).resolve()
    build = pathlib.Path(sys.argv[2]).resolve()
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else \
        random.SystemRandom().randrange(2 ** 32)
    print(f"seed {seed}")
    all_cases = cases(source)
    with tempfile.TemporaryDirectory() as folder:
        text, model = (pathlib.Path(folder) / n for n in ("m.mlir", "m.so"))
        text.write_text(module_of(all_cases))
        subprocess.run([build / "bin/tresse-compile", text, "--dtype=f64",
                        "--compile-from=differentiate", "--target=reference",
                        "--emit=so", "-o", model], check=True)
        check = Check(Session(build, model), random.Random(seed))
        for case in all_cases:
            check.check(case)
    print(f"{len(all_cases)} ops, {check.count} slopes, "
          f"{check.failures} failures")
    return 1 if check.failures or not check.count else 0


if __name__ == "__main__":
    sys.exit(main())
