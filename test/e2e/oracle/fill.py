"""Weights and tokens that every implementation can make for itself."""

import numpy as np

from . import tensors

_MASK = np.uint64(0xFFFFFFFF)


def fnv1a32(name):
    """The 32-bit FNV-1a hash of the ASCII bytes of a name."""
    value = 0x811C9DC5
    for byte in name.encode("ascii"):
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def words(name, count):
    """The first `count` mixed 32-bit words of a name, as uint64."""
    k = np.arange(count, dtype=np.uint64)
    x = (np.uint64(fnv1a32(name)) + k * np.uint64(0x9E3779B9)) & _MASK
    x ^= x >> np.uint64(16)
    x = (x * np.uint64(0x7FEB352D)) & _MASK
    x ^= x >> np.uint64(15)
    x = (x * np.uint64(0x846CA68B)) & _MASK
    return x ^ (x >> np.uint64(16))


def uniform(name, shape):
    """Numbers of a name in (-1/2, 1/2), row-major, float64."""
    count = int(np.prod(shape, dtype=np.int64))
    u = (words(name, count).astype(np.float64) + 0.5) / 2.0**32 - 0.5
    return u.reshape(shape)


def golden_tensor(name, shape):
    """One checkpoint tensor by the fill rule of the golden numbers."""
    u = uniform(name, shape)
    if "norm" in name:
        return 1 + 0.2 * u
    if name.endswith(tensors.BIAS):
        return 0.2 * u
    if name == "model.embed_tokens.weight":
        return 2 * u * np.sqrt(3.0)
    return 2 * u * np.sqrt(3.0 / shape[-1])


def golden_weights(config):
    """A whole checkpoint by the fill rule: name -> float64 array."""
    shapes = tensors.shapes(config)
    return {name: golden_tensor(name, shape) for name, shape in shapes.items()}


def random_weights(config, seed, gain=1.0):
    """A whole checkpoint drawn from a seed, every part of order one.

    gain scales what attention and experts add to the residual stream:
    the smaller, the less rounding grows from layer to layer.
    """
    generator = np.random.default_rng(seed)
    return {
        name: random_tensor(generator, name, shape, gain)
        for name, shape in tensors.shapes(config).items()
    }


def random_tensor(generator, name, shape, gain):
    """One tensor, scaled so that every part of the model matters."""
    z = generator.standard_normal(shape)
    if "norm" in name:
        return 1 + 0.1 * z
    if name.endswith(tensors.BIAS):
        return 0.1 * z
    if name == "model.embed_tokens.weight":
        return z
    if name.endswith("scale"):
        return 1 + 0.2 * z
    if name.endswith("base"):
        return 0.5 * z
    if name.endswith(("o_proj.weight", "down_proj.weight")):
        z *= gain
    return z / np.sqrt(shape[-1])


def golden_tokens(vocab, batch=2, length=8):
    """Row b of the golden batch, for as many rows as are wanted."""
    rows = [
        [((7 + 4 * b) * s + 3 + 2 * b) % vocab for s in range(length)]
        for b in range(batch)
    ]
    return np.array(rows, dtype=np.int32)


def random_tokens(vocab, batch, length, seed):
    """Uniform token ids, int32 [batch, length]."""
    generator = np.random.default_rng([seed, 1])
    return generator.integers(0, vocab, (batch, length), dtype=np.int32)
