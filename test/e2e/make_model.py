#!/usr/bin/env python3
"""Writes a complete model directory: config, weights and tokens.npy.

    make_model.py --golden B OUT
    make_model.py --config config.json [--fill SEED] OUT
    make_model.py --random SEED OUT
"""

import argparse
import json
import os

import numpy as np

from oracle import config as configs
from oracle import draw, fill, fp8, safetensors, tensors

HERE = os.path.dirname(os.path.abspath(__file__))


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--golden", metavar="NAME", help="A, B, C or D")
    source.add_argument("--config", metavar="FILE", help="a config.json")
    source.add_argument("--random", metavar="SEED", type=int)
    parser.add_argument(
        "--fill",
        metavar="SEED",
        type=int,
        help="with --config: random weights instead of the golden rule",
    )
    parser.add_argument(
        "--dtype",
        default="F32",
        choices=["F32", "F64", "BF16", "F8"],
        help="of the weights (default F32)",
    )
    parser.add_argument("--shards", type=int, default=1, metavar="N")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--sequence", type=int, default=8)
    parser.add_argument("out", metavar="OUT")
    return parser.parse_args()


def golden_raw(name):
    """config.json data of a golden configuration."""
    path = os.path.join(HERE, "golden", name, "config.json")
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write_model(folder, raw, weights, dtype, shards=1):
    """config.json and model.safetensors; routing biases stay F32 at least."""
    os.makedirs(folder, exist_ok=True)
    kinds = {}
    if dtype == "F8":
        raw = dict(raw, quantization_config=fp8.QUANTIZATION)
        weights, kinds = fp8.pack(weights)
    with open(
        os.path.join(folder, "config.json"), "w", encoding="utf-8"
    ) as file:
        json.dump(raw, file, indent=2)
        file.write("\n")

    def pick(name):
        plain = "F32" if name.endswith(tensors.BIAS) else dtype
        return kinds.get(name, plain if dtype == "BF16" else dtype)

    safetensors.write_checkpoint(folder, weights, pick, shards)


def main():
    """Builds the case that the command line asks for."""
    args = arguments()
    if args.random is not None:
        raw, form, weights, tokens = draw.draw_case(args.random)
        print(f"seed {args.random}, mHC form {form}")
    else:
        if args.golden:
            raw = golden_raw(args.golden)
        else:
            with open(args.config, encoding="utf-8") as file:
                raw = json.load(file)
        config = configs.parse(raw)
        if args.fill is None:
            weights = fill.golden_weights(config)
        else:
            weights = fill.random_weights(config, args.fill)
        tokens = fill.golden_tokens(config.vocab, args.batch, args.sequence)
    write_model(args.out, raw, weights, args.dtype, args.shards)
    np.save(os.path.join(args.out, "tokens.npy"), tokens)
    count = sum(value.size for value in weights.values())
    print(f"{args.out}: {len(weights)} tensors, {count} parameters")


if __name__ == "__main__":
    main()
