#!/usr/bin/env python3
"""Models that differ in their number of layers, and their fusion regions.

    layers.py config CONFIG LAYERS OUT    writes OUT: CONFIG with LAYERS layers
    layers.py same A.mlir B.mlir          fails when A and B hold other regions
"""

import json
import re
import sys


def write_config(source, layers, target):
    """Copies a config.json with another number of layers."""
    with open(source, encoding="utf-8") as file:
        config = json.load(file)
    config["num_hidden_layers"] = int(layers)
    with open(target, "w", encoding="utf-8") as file:
        json.dump(config, file)


def regions(path):
    """How often each region occurs: its types and ops, without names."""
    counts, body = {}, None
    with open(path, encoding="utf-8") as file:
        for line in file:
            if body is not None:
                body.append(line.strip())
            elif "lm.fusion(" in line:
                body = [line[line.index(") : (") :].strip()]
            if body and line.rstrip() == "    }":
                text = number_names("\n".join(body))
                counts[text] = counts.get(text, 0) + 1
                body = None
    return counts


def number_names(text):
    """Renames the values of a region in the order in which they appear."""
    names = {}
    return re.sub(
        r"%[A-Za-z0-9_]+",
        lambda match: names.setdefault(match.group(), f"%{len(names)}"),
        text,
    )


def check_same(paths):
    """Prints how many regions there are; 1 when the sets differ."""
    first, second = (regions(path) for path in paths)
    for path, found in zip(paths, (first, second)):
        print(f"{path}: {sum(found.values())} regions, {len(found)} distinct")
    for text in sorted(first.keys() ^ second.keys()):
        print("only in one:", text, sep="\n")
    return 0 if first and first.keys() == second.keys() else 1


if __name__ == "__main__":
    if sys.argv[1] == "config":
        write_config(*sys.argv[2:])
    else:
        sys.exit(check_same(sys.argv[2:]))
