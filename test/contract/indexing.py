"""indexing.py SOURCE BUILD [SEED] - the loops of every primitive of lm.

Each op's definition states which loops index its tensors (IndexedOpInterface).
Of the op's example, as --tresse-annotate-indexing writes it out:

1. there is one map per operand and result, whose extents are their sizes;
2. a parallel loop indexes every result, rows lead every result;
3. what is parallel is so: other numbers at one step of a parallel loop, run on
   the reference target, change the results at that step only; and what could
   be parallel, but is listed behind `over`, is not.

Then the checks of 1 and 2 are given wrong maps, which they must refuse."""
import ctypes
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import dialect
from gradients import Session, View, count_of, sizes_of
from gradients import integers_for as drawn_integers

HYPER = [.1, .9, .99, 1e-8, .01, 1, .1, .01, .5] + [0.] * 7


class Annotated:
    """One op as the pass annotates it."""

    def __init__(self, name, maps, types, rows, operands, results, line):
        self.name, self.maps, self.types, self.rows = name, maps, types, rows
        self.operands, self.results, self.line = operands, results, line

    def tensors(self):
        return self.operands + self.results

    def results_maps(self):
        return self.maps[len(self.operands):]


def annotated_ops(tools, texts):
    """The ops of several modules, in the generic form."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "all.mlir"
        path.write_text("\n// -----\n".join(texts))
        output = subprocess.run(
            [tools / "tresse-opt", path, "--split-input-file",
             "--allow-unregistered-dialect", "--tresse-annotate-indexing",
             "--mlir-print-op-generic"],
            check=True, capture_output=True, text=True).stdout
    found = []
    for module in output.split("// -----"):
        aliases = dict(re.findall(r"(#map\d*) = affine_map<(.*)>", module))
        for line in module.splitlines():
            op = re.search(r'"lm\.(\w+)"\(', line)
            if op and "indexing_maps = " in line and "<?x" not in line:
                found.append(read_op(op.group(1), line, aliases))
    return found


def read_op(name, line, aliases):
    maps = re.search(r"indexing_maps = \[(.*?)\]", line).group(1)
    for alias in sorted(aliases, key=len, reverse=True):
        maps = re.sub(re.escape(alias) + r"\b", aliases[alias], maps)
    types = re.search(r"iterator_types = \[(.*?)\]", line).group(1)
    rows = re.search(r"row_rank = (\d+)", line)
    operands, results = line.rsplit(" : (", 1)[1].split(" -> ")
    return Annotated(
        name,
        [[int(d) for d in re.findall(r"d(\d+)", target)]
         for target in re.findall(r"-> \((.*?)\)", maps)],
        re.findall(r'"(\w+)"', types), int(rows.group(1)) if rows else None,
        re.findall(r"tensor<[^>]*>", operands),
        re.findall(r"tensor<[^>]*>", results), line)


def faults(op):
    """What is wrong with an op's maps; empty when they fit."""
    if len(op.maps) != len(op.tensors()):
        return [f"{len(op.maps)} maps of {len(op.tensors())} tensors"]
    found, extents = [], {}
    for number, (loops, kind) in enumerate(zip(op.maps, op.tensors())):
        sizes = sizes_of(kind)
        if len(loops) != len(sizes):
            found.append(f"{len(loops)} loops of tensor {number}, {kind}")
            continue
        if len(set(loops)) != len(loops):
            found.append(f"a loop twice in tensor {number}")
        for loop, size in zip(loops, sizes):
            if extents.setdefault(loop, size) != size:
                found.append(f"{extents[loop]} and {size} steps of loop {loop}")
    if set(extents) != set(range(len(op.types))):
        found.append(f"{len(op.types)} loop types of {len(extents)} loops")
    for loop, kind in enumerate(op.types):
        everywhere = all(loop in result for result in op.results_maps())
        if kind == "parallel" and not everywhere:
            found.append(f"the parallel loop {loop} is not in every result")
    if op.rows is not None:
        rows = op.results_maps()[0][:op.rows]
        leads = all(result[:op.rows] == rows for result in op.results_maps())
        if not rows or not leads or \
                any(op.types[loop] != "parallel" for loop in rows):
            found.append(f"{op.rows} row dimensions")
    return found


def mutations(op):
    """The op with one map or type changed, each a fault."""
    for number, kind in enumerate(op.tensors()):
        sizes, loops = sizes_of(kind), op.maps[number]
        changed = [loops[:-1]] if loops else []
        for d in range(len(sizes) - 1):
            if sizes[d] != sizes[d + 1]:
                swapped = list(loops)
                swapped[d], swapped[d + 1] = swapped[d + 1], swapped[d]
                # Loops that nothing else indexes may be swapped.
                if any(loops[e] in other for e in (d, d + 1)
                       for i, other in enumerate(op.maps) if i != number):
                    changed.append(swapped)
        for mapping in changed:
            maps = list(op.maps)
            maps[number] = mapping
            yield Annotated(op.name, maps, op.types, op.rows, op.operands,
                            op.results, op.line)
    for loop in range(len(op.types)):
        if not all(loop in result for result in op.results_maps()):
            types = list(op.types)
            types[loop] = "parallel"
            yield Annotated(op.name, op.maps, types, op.rows, op.operands,
                            op.results, op.line)


def declared_counts(record):
    """Operands and results in each alternative of an op's indexing."""
    for text in re.findall(r'"(.*?)"', record["indexingText"]):
        tensors = text.split(" over ")[0].split("->")
        yield tuple(len([t for t in part.split(",") if t.strip()])
                    for part in tensors)


def check_definitions(source):
    """Every primitive has the interface, one list entry per tensor."""
    errors, names = [], {}
    for _, records, record in dialect.records_of(source, "lm"):
        if "LM_Primitive" not in record["!superclasses"]:
            continue
        operands = [name for kind, name in record["arguments"]["args"]
                    if "Attr" not in records[kind["def"]]["!superclasses"]]
        names[record["opName"]] = operands
        expected = (len(operands), len(record["results"]["args"]))
        for counts in declared_counts(record):
            if counts != expected:
                errors.append(f"lm.{record['opName']}: expects an indexing of "
                              f"{expected} tensors, but got {counts}")
    return names, errors


class Case:
    """An op on inputs of an entry of its own."""

    def __init__(self, op, names):
        self.op, self.name = op, op.name
        present = len(op.operands)
        self.operand_names = (names + [names[-1]] * present)[:present] \
            if names else []
        self.operands = [(f"%a{i}", kind) for i, kind in enumerate(op.operands)]
        if present < len(names):
            raise ValueError(f"lm.{op.name}: expects an example with all "
                             f"{len(names)} operands, but got {present}")

    def function(self):
        arguments = ", ".join(
            f'{name}: {kind} {{lm.name = "x{i}"}}'
            for i, (name, kind) in enumerate(self.operands))
        results = ", ".join(f'{kind} {{lm.name = "y{i}"}}'
                            for i, kind in enumerate(self.op.results))
        call = re.sub(r"indexing_maps = \[.*?\], iterator_types = \[.*?\]"
                      r"(, row_rank = \d+ : i64)?,? ?", "",
                      self.op.line.split(" = ", 1)[1].strip())
        call = call.replace(" {}", "")
        call = re.sub(r'^("lm\.\w+")\(.*?\)', r"\1(" + ", ".join(
            name for name, _ in self.operands) + ")", call)
        values = [f"%y#{i}" if len(self.op.results) > 1 else "%y"
                  for i in range(len(self.op.results))]
        count = f":{len(self.op.results)}" if len(self.op.results) > 1 else ""
        return (f"func.func @{self.name}({arguments}) -> ({results}) "
                f'attributes {{lm.entry = "{self.name}"}} {{\n'
                f"  %y{count} = {call}\n"
                f"  return {', '.join(values)} : "
                f"{', '.join(self.op.results)}\n}}\n")

    def draw(self, index, draw):
        """Values of an operand that the op may see."""
        name, kind = self.operand_names[index], self.operands[index][1]
        count = count_of(kind)
        if kind.endswith("xi32>"):
            if name in ("load", "accumulator"):
                return [draw.randrange(9) for _ in range(count)]
            if name == "indices":
                return self.choices(kind, draw)
            if name == "ends":
                return self.ends(count, draw)
            if name == "positions" and self.keys():
                return self.positions(kind, draw)
            if name == "tokens" and "table" not in self.operand_names:
                table = sizes_of(self.op.results[0])[0]
                return [draw.randrange(-1, table) for _ in range(count)]
            return drawn_integers(self, index, draw)
        if name == "hyper":
            return HYPER
        if name == "sampling":
            return [draw.choice([0., .7]) if i % 8 == 0 else draw.uniform(0, 1)
                    if i % 8 == 4 else float(i % 8 == 2) for i in range(count)]
        return [draw.uniform(.1, 1) for _ in range(count)]

    def keys(self):
        """How many positions there are in what holds the keys, if any."""
        return next((sizes_of(kind)[1] for n, (_, kind) in
                     zip(self.operand_names, self.operands)
                     if n in ("kv", "latent", "cache")), None)

    def positions(self, kind, draw):
        """Different ones in every sequence, or none (-1)."""
        sequences, queries = sizes_of(kind)
        drawn = [p for _ in range(sequences)
                 for p in draw.sample(range(self.keys()), queries)]
        return [draw.choice([p, p, p, -1]) for p in drawn]

    def choices(self, kind, draw):
        """Different experts for every token."""
        tokens, chosen = sizes_of(kind)
        others = [sizes_of(k)[-1] for n, (_, k) in
                  zip(self.operand_names, self.operands)
                  if n in ("scores", "accumulator")]
        experts = others[0] if others else sizes_of(self.op.results[-1])[0]
        return [e for _ in range(tokens)
                for e in draw.sample(range(experts), chosen)]

    def ends(self, count, draw):
        """All rows are in use: the others are poison."""
        rows = next(sizes_of(kind)[0] for n, (_, kind) in
                    zip(self.operand_names, self.operands)
                    if n in ("input", "gate_up", "gradient", "slot_of_row"))
        if self.name == "permute":
            rows = sizes_of(self.op.results[0])[0]
        cuts = sorted(draw.randrange(rows + 1) for _ in range(count - 1))
        return cuts + [rows]


def differing_steps(before, after, kind, loops, loop):
    """The steps of a loop at which two values of a tensor differ."""
    stride = 1
    sizes = sizes_of(kind)
    for size in sizes[loops.index(loop) + 1:]:
        stride *= size
    steps = sizes[loops.index(loop)]
    return {i // stride % steps for i, (a, b) in enumerate(zip(before, after))
            if a != b and not (a != a and b != b)}


class Dependence:
    """Runs the ops and compares results before and after a change."""

    def __init__(self, session, draw):
        self.session, self.draw = session, draw
        self.errors, self.changes, self.whole, self.seen = [], 0, 0, 0

    def number_view(self, kind, name, entry, tensor):
        view = View()
        self.session.call(kind, entry.encode(), tensor.encode(),
                          ctypes.byref(view))
        number = ctypes.c_int32 if name.endswith("xi32>") else ctypes.c_double
        return (number * view.elements).from_address(view.data)

    def run(self, case, values):
        for index, (_, kind) in enumerate(case.operands):
            self.number_view("input", kind, case.name, f"x{index}")[:] = \
                values[index]
        self.session.call("run", case.name.encode())
        return [list(self.number_view("output", kind, case.name, f"y{i}"))
                for i, kind in enumerate(case.op.results)]

    def check(self, case):
        for loop, kind in enumerate(case.op.types):
            indexed = [i for i in range(len(case.operands))
                       if loop in case.op.maps[i]]
            everywhere = all(loop in m for m in case.op.results_maps())
            if not indexed or not everywhere:
                continue
            if kind == "parallel":
                found = self.changes_elsewhere(case, loop, indexed)
                self.changes += 1
                if found:
                    self.errors.append(
                        f"lm.{case.name}: expects a step of the parallel loop "
                        f"{loop} to change the results at that step only, but "
                        f"got {found}")
            elif not any(self.changes_elsewhere(case, loop, indexed)
                         for _ in range(30)):
                self.errors.append(
                    f"lm.{case.name}: expects loop {loop} to be parallel, but "
                    "got a reduction")
            else:
                self.whole += 1

    def changes_elsewhere(self, case, loop, indexed):
        """What changes at other steps when operands change at one."""
        values = [case.draw(i, self.draw) for i in range(len(case.operands))]
        before = self.run(case, values)
        extent = next(size for loops, t in zip(case.op.maps, case.op.tensors())
                      for l, size in zip(loops, sizes_of(t)) if l == loop)
        step = self.draw.randrange(extent)
        changed = [list(v) for v in values]
        for i in indexed:
            kind, loops = case.operands[i][1], case.op.maps[i]
            if kind.endswith("xi32>") and \
                    case.operand_names[i] in ("slot_of_row", "row_of_slot",
                                              "ends"):
                continue  # one order and its inverse: not free to change
            other = case.draw(i, self.draw)
            stride = 1
            for size in sizes_of(kind)[loops.index(loop) + 1:]:
                stride *= size
            steps = sizes_of(kind)[loops.index(loop)]
            for at in range(len(other)):
                if at // stride % steps == step:
                    changed[i][at] = other[at]
        after = self.run(case, changed)
        found = []
        for number, kind in enumerate(case.op.results):
            loops = case.op.results_maps()[number]
            steps = differing_steps(before[number], after[number], kind, loops,
                                    loop)
            self.seen += bool(steps)
            if steps - {step}:
                found.append(f"steps {sorted(steps)} of result {number} for a "
                             f"change at {step}")
        return "; ".join(found)


def check_dependence(build, ops, names, draw):
    cases = [Case(op, names[op.name]) for op in ops.values()
             if op.name not in ("barrier", "fill", "iota")]
    for case in cases:
        for list_ in (case.op.operands, case.op.results):
            list_[:] = [re.sub(r"x(f32|bf16)>", "xf64>", k) for k in list_]
        case.op.line = re.sub(r"x(f32|bf16)>", "xf64>", case.op.line)
        case.operands = list(zip((n for n, _ in case.operands),
                                 case.op.operands))
    with tempfile.TemporaryDirectory() as folder:
        text, model = (pathlib.Path(folder) / n for n in ("m.mlir", "m.so"))
        text.write_text("module {\n" +
                        "".join(case.function() for case in cases) + "}\n")
        subprocess.run([build / "bin/tresse-compile", text, "--dtype=f64",
                        "--compile-from=schedule", "--target=reference",
                        "--emit=so", "-o", model], check=True)
        dependence = Dependence(Session(build, model), draw)
        for case in cases:
            dependence.check(case)
    return dependence


def check_maps(found):
    """How many wrong maps were made, and what is wrong: a fault of an op, or a
    wrong map that was not refused."""
    errors, checked = [], 0
    for op in found:
        errors += [f"lm.{op.name}: {fault}" for fault in faults(op)]
        for wrong in mutations(op):
            checked += 1
            if not faults(wrong):
                errors.append(f"lm.{op.name}: expects {wrong.maps} "
                              f"{wrong.types} to be refused")
    return checked, errors


def main():
    source = pathlib.Path(sys.argv[1]).resolve()
    build = pathlib.Path(sys.argv[2]).resolve()
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else \
        random.SystemRandom().randrange(2 ** 32)
    print(f"seed {seed}")
    names, errors = check_definitions(source)
    files = [source / "test/dialects/lm" / f"{name.replace('_', '-')}.mlir"
             for name in sorted(names)]
    found = annotated_ops(build / "bin", [path.read_text() for path in files])
    checked, wrong = check_maps(found)
    errors += wrong
    first = {}
    for op in found:
        best = first.get(op.name)
        if best is None or len(op.operands) > len(best.operands):
            first[op.name] = op
    errors += [f"lm.{name}: expects an annotated example"
               for name in names if name not in first]
    dependence = check_dependence(build, first, names, random.Random(seed))
    errors += dependence.errors
    for error in errors:
        print(error)
    print(f"{len(first)} ops, {checked} wrong maps made, "
          f"{dependence.changes} loops parallel and {dependence.whole} not, "
          f"{dependence.seen} results changed, {len(errors)} errors")
    works = checked and dependence.seen and dependence.whole
    return 0 if works and not errors else 1


if __name__ == "__main__":
    sys.exit(main())
