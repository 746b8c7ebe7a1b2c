"""How far the product may be from the oracle."""

import numpy as np

from .table import tensor_error

# Largest relative error; bf16 has its own rules.
LIMIT = {"f64": 1e-8, "f32": 1e-4}
# Smallest denominator of a gradient's error, of the largest gradient.
FLOOR = {"f64": 1e-7, "f32": 1e-4}
# Logits nearer than this, of the largest, may change places.
GREEDY_GAP = {"f64": 1e-7, "f32": 1e-3, "bf16": 1e-1}
BF16_LOSS, BF16_LOGITS = 1e-2, 2e-2
# Least part of the tokens and layers that must be routed alike in bf16.
BF16_ROUTES = 0.9
# Tokens nearer than this to another choice may be routed differently.
BF16_MARGIN = 2e-2


def largest_error(got, expected, floor):
    """Error of every gradient; tiny tensors count against the largest."""
    top = max(float(np.abs(value).max()) for value in expected.values())
    return {
        name: tensor_error(got[name], want, floor * top)
        for name, want in expected.items()
    }
