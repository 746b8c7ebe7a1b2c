#!/usr/bin/env python3
"""Counts a config's parameters and the arithmetic of one token.

    count.py config.json [SEQUENCE]

A multiply-add is 2. Training is three times the forward pass: every
matrix is used once forward and twice backward.
"""

import sys

import numpy as np

from oracle import config as configs
from oracle import tensors


def active(config, name, shape):
    """How many of a tensor's elements multiply something, for a token."""
    if len(shape) < 2 or name == "model.embed_tokens.weight":
        return 0
    count = int(np.prod(shape))
    if ".experts." in name and ".shared_experts." not in name:
        return count * config.top_k / config.experts
    return count


def main():
    """Prints four numbers."""
    config = configs.load(sys.argv[1])
    length = int(sys.argv[2]) if len(sys.argv) > 2 else 256
    shapes = tensors.shapes(config)
    products = sum(active(config, n, s) for n, s in shapes.items())
    if config.tied:
        products += config.vocab * config.hidden
    width = config.nope + config.rope + config.value
    scores = config.layers * config.heads * width * length / 2
    streams = 0
    if config.hyper:
        n = config.hyper.streams
        mixing = (n * n + 2 * n) * config.hidden
        streams = 2 * config.layers * mixing + n * config.hidden
    forward = 2 * (products + scores + streams)
    print(f"parameters          {tensors.parameters(config):,}")
    print(f"active in products  {products:,.0f}")
    print(f"forward             {forward / 1e6:.2f} MFLOP a token")
    print(f"training            {3 * forward / 1e6:.2f} MFLOP a token")


if __name__ == "__main__":
    main()
