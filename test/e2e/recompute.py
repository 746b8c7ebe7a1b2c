#!/usr/bin/env python3
"""Recompute: the same bits with a smaller arena.

    recompute.py --target cpu --bin build/bin

Trains eight layers of golden configuration D for two steps with and without
recomputed activations. Exit status: 0 when the weights are equal bit for bit,
the arena is at least 40 % smaller and the plan shows recomputed steps.
"""

import argparse
import json
import os
import sys
import tempfile

import numpy as np

from harness.product import CommandFailed, Product
from make_model import golden_raw


def arena(product, model):
    """Bytes of the arena, as the model says."""
    return json.loads(product.run(model, "info", "--json"))["arena_bytes"]


def build(product, args, recompute):
    """Compiles and trains; returns the arena and the trained bytes."""
    name = "m-" + recompute
    compiler = os.path.join(product.binaries, "tresse-compile")
    flags = [product.path("m.mlir"), f"--target={args.target}",
             "--entry=train", "--batch=2", "--sequence=32", "--dtype=f32",
             f"--recompute={recompute}"]
    product.run(compiler, *flags, "-o", product.path(name))
    product.run(compiler, *flags, "--emit=plan", "-o",
                product.path(name + ".plan"))
    product.run(product.path(name), "train", "--init", "5", "--data",
                product.path("tokens.npy"), "--steps", "2", "--lr", "1e-2",
                "--warmup", "0", "--out", product.path("out-" + name),
                "--quiet")
    trained = os.path.join(product.path("out-" + name), "step-000002",
                           "model.safetensors")
    with open(trained, "rb") as file:
        return arena(product, product.path(name)), file.read()


def compare(args, product):
    """Returns whether everything holds."""
    raw = golden_raw("D")
    raw["num_hidden_layers"] = 8
    os.makedirs(product.path("model"))
    with open(os.path.join(product.path("model"), "config.json"), "w",
              encoding="utf-8") as file:
        json.dump(raw, file)
    product.run(os.path.join(product.binaries, "tresse-import"),
                product.path("model"), "-o", product.path("m.mlir"))
    tokens = np.random.default_rng(7).integers(0, raw["vocab_size"], (2, 32))
    np.save(product.path("tokens.npy"), tokens.astype(np.int32))
    plain, bits = build(product, args, "none")
    small, same = build(product, args, "layer")
    dump = product.run(os.path.join(product.binaries, "tresse-plan"), "dump",
                       product.path("m-layer.plan"))
    shown = dump.count('"recomputed ')
    print(f"arena {plain} -> {small} bytes ({1 - small / plain:.0%} less), "
          f"bits {'equal' if bits == same else 'differ'}, "
          f"{shown} recomputed steps")
    return bits == same and small <= 0.6 * plain and shown > 0


def main():
    """Exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", default="cpu")
    parser.add_argument("--bin", required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        try:
            return 0 if compare(args, Product(args.bin, scratch)) else 1
        except CommandFailed as error:
            print(error)
            return 1


if __name__ == "__main__":
    sys.exit(main())
