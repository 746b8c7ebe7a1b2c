"""Weights in F8_E4M3 with one scale per block of 128 x 128."""

import numpy as np

BLOCK = 128
SCALE = "_scale_inv"
QUANTIZATION = {
    "activation_scheme": "dynamic",
    "fmt": "e4m3",
    "quant_method": "fp8",
    "weight_block_size": [BLOCK, BLOCK],
}
_PARTS = (
    "q_proj",
    "q_a_proj",
    "q_b_proj",
    "kv_a_proj_with_mqa",
    "kv_b_proj",
    "o_proj",
    "gate_proj",
    "up_proj",
    "down_proj",
)


def values():
    """What the 256 bytes stand for: no infinity, 0x7f and 0xff are NaN."""
    code = np.arange(256)
    exponent, mantissa = (code >> 3) & 15, code & 7
    small = mantissa / 8 * 2.0**-6
    large = (1 + mantissa / 8) * 2.0 ** (exponent - 7)
    magnitude = np.where(exponent == 0, small, large)
    magnitude[(code & 127) == 127] = np.nan
    return np.where(code < 128, magnitude, -magnitude)


def encode(x):
    """Nearest bytes, ties to even, beyond 448 clamped."""
    positive = values()[:127]
    size = np.minimum(np.abs(x), 448.0)
    high = np.clip(np.searchsorted(positive, size), 1, 126)
    low = high - 1
    below, above = size - positive[low], positive[high] - size
    up = (above < below) | ((above == below) & (high % 2 == 0))
    code = np.where(up, high, low)
    return (code + 128 * np.signbit(x)).astype(np.uint8)


def applies(name):
    """Whether fp8 checkpoints hold this tensor in fp8."""
    return name.endswith(".weight") and name.split(".")[-2] in _PARTS


def spread(scale, shape):
    """One scale per element, cut to the tensor's shape."""
    full = np.repeat(np.repeat(scale, BLOCK, 0), BLOCK, 1)
    return full[: shape[0], : shape[1]]


def quantise(x):
    """(bytes, scales): the largest of each block becomes 448."""
    rows, columns = (-(-size // BLOCK) for size in x.shape)
    scale = np.empty((rows, columns), np.float32)
    for i in range(rows):
        for j in range(columns):
            block = x[
                i * BLOCK : (i + 1) * BLOCK, j * BLOCK : (j + 1) * BLOCK
            ]
            scale[i, j] = max(np.abs(block).max(), 1e-4) / 448
    return encode(x / spread(scale, x.shape)), scale


def pack(weights):
    """A checkpoint with fp8 where fp8 checkpoints have it.

    Returns (arrays, dtype by name).
    """
    arrays, kinds = {}, {}
    for name, value in weights.items():
        arrays[name], kinds[name] = value, "F32"
        if applies(name):
            arrays[name], scale = quantise(value)
            kinds[name] = "F8_E4M3"
            arrays[name + SCALE], kinds[name + SCALE] = scale, "F32"
    return arrays, kinds


def unpack(arrays):
    """Plain weights of a checkpoint that may hold fp8."""
    result = {}
    for name, value in arrays.items():
        if name.endswith(SCALE):
            continue
        scale = arrays.get(name + SCALE)
        if scale is not None:
            full = spread(scale.astype(np.float64), value.shape)
            value = values()[value] * full
        result[name] = value
    return result
