#!/usr/bin/env python3
"""Bigram cross-entropy of a text: bigram.py TEXT [SHARE]

Counts byte pairs, plus one each, in all but the last SHARE (0.05) of the
bytes, and prints the mean of -ln p(byte | byte before) over the rest: what a
model that looks back one byte would lose, in nats per byte.
"""

import math
import sys
from collections import Counter


def cross_entropy(text, share):
    """Nats per byte of the last share of text; it needs two bytes there."""
    cut = len(text) - int(len(text) * share)
    train, rest = text[:cut], text[cut:]
    if len(rest) < 2:
        raise SystemExit(f"expected at least 2 bytes at the end, got {len(rest)}")
    pairs = Counter(zip(train, train[1:]))
    firsts = Counter(train[:-1])
    total = 0.0
    for (a, b), count in Counter(zip(rest, rest[1:])).items():
        total -= count * math.log((pairs[a, b] + 1) / (firsts[a] + 256))
    return total / (len(rest) - 1)


def main():
    with open(sys.argv[1], "rb") as file:
        text = file.read()
    share = float(sys.argv[2]) if len(sys.argv) > 2 else 0.05
    print(f"{cross_entropy(text, share):.4f}")


if __name__ == "__main__":
    main()
