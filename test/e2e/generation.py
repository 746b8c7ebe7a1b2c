#!/usr/bin/env python3
"""Prefill and decode against the whole-sequence forward.

    generation.py --golden B --target cpu --dtype f64 --attention absorbed --bin build/bin
    generation.py --random SEED ...

For prompt lengths 1, C-1, C, C+1 and 3C+5 (C = chunk) a slot is prefilled in
chunks while the other slot holds a prompt of another length, then both decode
a few tokens in the same calls. Logits of every step must equal the rows of the
whole-sequence forward, the router's choices must be identical, and the caches
must hold latents. Exit status: 0 equal, 1 different.
"""

import argparse
import ctypes
import os
import sys
import tempfile

import numpy as np

from harness import case as cases
from harness.product import CommandFailed, Product

LIMIT = {"f64": 1e-10, "f32": 1e-4}
TYPES = {1: np.float64, 2: np.float32, 9: np.int32}
MORE = 3  # tokens decoded behind each prompt


class View(ctypes.Structure):
    """tresse_view of runtime.h."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("elements", ctypes.c_uint64),
        ("dtype", ctypes.c_uint32),
        ("rank", ctypes.c_uint32),
        ("sizes", ctypes.POINTER(ctypes.c_int64)),
    ]


class Session:
    """A compiled model, through the C interface."""

    def __init__(self, binaries, model, weights):
        library = os.path.join(binaries, "..", "lib", "libtresse_runtime.so")
        self.library = ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)
        self.library.tresse_last_error.restype = ctypes.c_char_p
        self.handle = ctypes.c_void_p()
        self.check(self.library.tresse_session_open(
            model.encode(), 2, ctypes.byref(self.handle)))
        self.check(self.library.tresse_session_load(
            self.handle, weights.encode()))

    def check(self, status):
        """Raises what the library said."""
        if status:
            raise CommandFailed(self.library.tresse_last_error().decode())

    def array(self, function, *names):
        """The numpy view of an input, output or global."""
        view = View()
        names = [name.encode() for name in names]
        self.check(getattr(self.library, function)(
            self.handle, *names, ctypes.byref(view)))
        sizes = [view.sizes[i] for i in range(view.rank)]
        kind = np.ctypeslib.as_ctypes_type(TYPES[view.dtype])
        data = ctypes.cast(view.data, ctypes.POINTER(kind))
        return np.ctypeslib.as_array(data, shape=(view.elements,)).reshape(
            sizes)

    def call(self, entry, inputs, outputs):
        """Runs an entry; returns copies of the outputs that exist."""
        for name, value in inputs.items():
            self.array("tresse_session_input", entry, name)[...] = value
        self.check(self.library.tresse_session_run(
            self.handle, entry.encode()))
        return {name: self.array("tresse_session_output", entry, name).copy()
                for name in outputs}


class Checker:
    """Compares generated rows with the whole forward."""

    def __init__(self, dtype, whole, routes):
        self.limit, self.whole, self.routes = LIMIT[dtype], whole, routes
        self.worst, self.wrong_routes, self.rows = 0.0, 0, 0

    def logits(self, slot, position, row):
        """One row of logits, relative to the largest of the row."""
        right = self.whole[slot, position]
        error = np.max(np.abs(row - right)) / np.max(np.abs(right))
        self.worst = max(self.worst, float(error))
        self.rows += 1

    def choices(self, slot, position, name, chosen):
        """One token's experts."""
        length = self.whole.shape[1]
        right = self.routes[name][slot * length + position]
        self.wrong_routes += int(not np.array_equal(right, chosen))

    def passed(self):
        """Whether everything agreed."""
        return (self.rows > 0 and self.worst <= self.limit
                and not self.wrong_routes)


def run_calls(session, checker, tokens, spans, entry, width):
    """One call: spans[slot] = (first, last) positions, or None for an empty
    slot."""
    slots = len(spans)
    ids = np.zeros((slots, width), np.int32)
    positions = np.full((slots, width), -1, np.int32)
    for slot, span in enumerate(spans):
        if span:
            count = span[1] - span[0]
            ids[slot, :count] = tokens[slot, span[0]:span[1]]
            positions[slot, :count] = np.arange(span[0], span[1])
    sampling = np.zeros((slots, 8))
    sampling[:, 2] = 1.0
    names = list(checker.routes)
    out = session.call(entry, {"tokens": ids, "positions": positions,
                               "sampling": sampling},
                       ["logits", "next"] + names)
    for slot, span in enumerate(spans):
        if not span:
            continue
        checker.logits(slot, span[1] - 1, out["logits"][slot])
        best = int(np.argmax(out["logits"][slot]))
        assert out["next"][slot] == best, "greedy choice is not the largest"
        for name in names:
            rows = out[name].reshape(slots, width, -1)
            for i, position in enumerate(range(*span)):
                checker.choices(slot, position, name, rows[slot, i])


def generate(session, checker, tokens, lengths, chunk):
    """Prefills both slots in chunks, then decodes MORE tokens in each."""
    for first in range(0, max(lengths), chunk):
        spans = [(first, min(first + chunk, length)) if first < length
                 else None for length in lengths]
        run_calls(session, checker, tokens, spans, "prefill", chunk)
    for step in range(MORE):
        spans = [(length + step, length + step + 1) for length in lengths]
        run_calls(session, checker, tokens, spans, "decode", 1)


def build(args, case, product, chunk, context, sequence):
    """Compiles the model as a shared library."""
    folder = product.path("model")
    cases.write(case, folder, "F64" if args.dtype == "f64" else "F32", 1)
    program = os.path.join(product.binaries, "tresse-import")
    product.run(program, folder, "-o", product.path("m.mlir"),
                *case.import_flags)
    product.run(os.path.join(product.binaries, "tresse-compile"),
                product.path("m.mlir"), f"--target={args.target}",
                "--entry=logits,generate", "--batch=2",
                f"--sequence={sequence}", "--slots=2", f"--chunk={chunk}",
                f"--context={context}", f"--dtype={args.dtype}",
                f"--attention={args.attention}", "--emit=so", "-o",
                product.path("m.so"))
    return Session(product.binaries, product.path("m.so"), folder)


def check_caches(session, raw):
    """Caches hold kv_lora + rope channels per token."""
    widths = set()
    layers = raw["num_hidden_layers"]
    for index in range(2 * layers):
        cache = session.array("tresse_session_global", f"cache.{index}")
        widths.add(cache.shape[-1])
    assert widths == {raw["kv_lora_rank"], raw["qk_rope_head_dim"]}, widths


def compare(args, case, scratch):
    """Runs every prompt length; returns whether all agreed."""
    chunk = args.chunk
    context = 3 * chunk + 5 + MORE
    vocabulary = case.raw["vocab_size"]
    tokens = np.random.default_rng(args.seed).integers(
        0, vocabulary, (2, context)).astype(np.int32)
    product = Product(args.bin, scratch)
    session = build(args, case, product, chunk, context, context)
    layers = range(case.raw.get("first_k_dense_replace", 0),
                   case.raw["num_hidden_layers"])
    names = [f"routes.{layer}" for layer in layers]
    whole = session.call("logits", {"tokens": tokens}, ["logits"] + names)
    check_caches(session, case.raw)
    lengths = sorted({1, chunk - 1, chunk, chunk + 1, 3 * chunk + 5} - {0})
    good = True
    for first, second in zip(lengths, lengths[1:] + lengths[:1]):
        checker = Checker(args.dtype, whole["logits"],
                          {name: whole[name] for name in names})
        generate(session, checker, tokens, (first, second), chunk)
        print(f"prompts {first:3} {second:3}: {checker.rows} rows, largest "
              f"difference {checker.worst:.1e} (limit {checker.limit:.0e}), "
              f"{checker.wrong_routes} routes differ")
        good &= checker.passed()
    return good


def main():
    """Exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--golden", choices=["A", "B", "C", "D"])
    parser.add_argument("--random", type=int, metavar="SEED")
    parser.add_argument("--target", default="reference")
    parser.add_argument("--dtype", default="f64", choices=["f64", "f32"])
    parser.add_argument("--attention", default="absorbed",
                        choices=["absorbed", "naive"])
    parser.add_argument("--chunk", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bin", required=True)
    args = parser.parse_args()
    if (args.golden is None) == (args.random is None):
        parser.error("expected one of --golden and --random")
    case = (cases.from_golden(args.golden) if args.golden
            else cases.from_seed(args.random, args.dtype))
    print(f"{case.name}: target {args.target}, {args.dtype}, "
          f"{args.attention} attention")
    with tempfile.TemporaryDirectory() as scratch:
        try:
            return 0 if compare(args, case, scratch) else 1
        except CommandFailed as error:
            print(error)
            return 1


if __name__ == "__main__":
    sys.exit(main())
