"""Reads kernels from stdin (functions on memrefs) and a plan: every kernel of
the plan is a function here, and every function holds vectors."""

import re
import sys

text = sys.stdin.read()
kernels = re.findall(r"plan\.kernel @(\S+) code", text)
bodies = re.split(r"\n(?=  func\.func )", text)[1:]
functions = {re.match(r"  func\.func @([\w.]+)\(", b).group(1): b for b in bodies}
missing = [name for name in kernels if name not in functions]
scalar = [name for name, body in functions.items() if "vector<" not in body]
reference = [name for name in kernels if name.startswith("tresse_ref_")]
if not kernels or missing or scalar or reference:
    sys.exit(
        f"expected every kernel to be a function with vectors, but got "
        f"{len(kernels)} kernels; without a function: {missing}; without "
        f"vectors: {scalar}; reference functions: {reference}"
    )
print(len(kernels), "kernels with vectors")
