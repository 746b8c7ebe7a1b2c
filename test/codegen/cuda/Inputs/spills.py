"""Counts kernels, and those that spill, in what `ptxas -v` says (stdin)."""

import re
import sys

text = sys.stdin.read()
kernels = re.findall(
    r"Compiling entry function '([^']+)'.*?(\d+) bytes spill stores, "
    r"(\d+) bytes spill loads",
    text,
    re.S,
)
spilling = [name for name, stores, loads in kernels if int(stores) + int(loads)]
print(f"{len(kernels)} kernels, {len(spilling)} spill", *spilling)
