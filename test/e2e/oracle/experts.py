"""The mixture of experts: gate, choice, experts, balance loss."""

from dataclasses import dataclass

import numpy as np

from . import layers
from .tensors import BIAS


def largest(x, count):
    """Indices of the largest of the last axis; ties to the lower index."""
    return np.argsort(-x, axis=-1, kind="stable")[..., :count]


@dataclass
class Route:
    """The choice of T tokens and what its gradient needs.

    margin[t] is the smallest change of a score or group score that could
    alter token t's choice.
    """

    x: np.ndarray
    gate: np.ndarray
    scores: np.ndarray  # [T, E], without bias
    index: np.ndarray  # [T, K], best first
    weight: np.ndarray  # [T, K]
    margin: np.ndarray  # [T]


def gap(x, count):
    """Distance between the count-th and the next largest of a row."""
    if count >= x.shape[-1]:
        return np.full(x.shape[:-1], np.inf)
    ordered = -np.sort(-x, axis=-1)
    return ordered[..., count - 1] - ordered[..., count]


def keep_groups(config, choice):
    """Masks the groups that are not kept; returns (masked, margin)."""
    tokens, experts = choice.shape
    size = experts // config.groups
    grouped = choice.reshape(tokens, config.groups, size)
    best = 2 if config.sigmoid else 1
    score = -np.sort(-grouped, axis=-1)[..., :best].sum(-1)
    kept = np.zeros(score.shape, bool)
    np.put_along_axis(kept, largest(score, config.kept_groups), True, -1)
    masked = np.where(kept[..., None], grouped, -np.inf)
    return masked.reshape(tokens, experts), gap(score, config.kept_groups)


def route(config, x, gate, bias):
    """Scores all experts and chooses top_k of them for each row of x."""
    logits = layers.linear(x, gate)
    scores = (
        layers.sigmoid(logits) if config.sigmoid else layers.softmax(logits)
    )
    choice = scores if bias is None else scores + bias
    margin = np.full(len(x), np.inf)
    if config.groups:
        choice, margin = keep_groups(config, choice)
    index = largest(choice, config.top_k)
    margin = np.minimum(margin, gap(choice, config.top_k))
    weight = np.take_along_axis(scores, index, -1)
    if config.renormalise:
        weight = weight / (weight.sum(-1, keepdims=True) + 1e-20)
    weight = weight * config.scale
    return Route(x, gate, scores, index, weight, margin)


def route_backward(config, r, dweight, dscores):
    """(dx, dgate) from the chosen weights' gradient [T,K] and a dense
    gradient of the scores [T,E] (of the balance loss)."""
    dchosen = config.scale * dweight
    if config.renormalise:
        s = np.take_along_axis(r.scores, r.index, -1)
        total = s.sum(-1, keepdims=True) + 1e-20
        mean = (dchosen * s).sum(-1, keepdims=True) / total
        dchosen = (dchosen - mean) / total
    ds = dscores.copy()
    rows = np.arange(len(ds))[:, None]
    np.add.at(ds, (rows, r.index), dchosen)
    if config.sigmoid:
        dlogits = ds * r.scores * (1 - r.scores)
    else:
        dlogits = layers.softmax_backward(r.scores, ds)
    return layers.linear_backward(r.x, r.gate, dlogits)


def chosen(config, r, batch):
    """Which experts count as chosen: bool [sequences, tokens, E].

    V3 counts the top_k of the scores without bias and groups, V2 the actual
    choice; V2 without seq_aux counts the batch as one sequence.
    """
    index = largest(r.scores, config.top_k) if config.sigmoid else r.index
    hits = np.zeros(r.scores.shape, bool)
    np.put_along_axis(hits, index, True, -1)
    sequences = batch if config.per_sequence else 1
    return hits.reshape(sequences, -1, config.experts)


def fractions(config, hits):
    """Load fractions of experts, and with V2's groups of the devices and of
    what is sent to them, each for every expert: list of [sequences, E]."""
    length = hits.shape[1]
    f = hits.sum(1) * config.experts / (config.top_k * length)
    if config.balance_levels() == 1:
        return [f]
    devices, limit = config.groups, config.kept_groups
    size = config.experts // devices
    own = f.reshape(len(f), devices, size).mean(-1)
    sent = hits.reshape(len(f), length, devices, size).any(-1).sum(1)
    sent = sent * devices / (limit * length)
    return [f, np.repeat(own, size, -1), np.repeat(sent, size, -1)]


def balance(config, r, batch):
    """Balance losses of one layer, before their factors.

    Returns (a loss per level, gradients of the scores [levels, T, E]). A
    device's share is the sum of its experts', so that its fraction may stand
    at each of them.
    """
    hits = chosen(config, r, batch)
    s = r.scores.reshape(hits.shape)
    total = s.sum(-1, keepdims=True) if config.sigmoid else 1.0
    share = s / total
    losses, gradients = [], []
    for f in fractions(config, hits):
        losses.append((f * share.mean(1)).sum(-1).mean())
        dshare = np.broadcast_to(
            f[:, None] / (s.shape[0] * s.shape[1]), s.shape
        )
        if config.sigmoid:
            inner = (dshare * share).sum(-1, keepdims=True)
            dshare = (dshare - inner) / total
        gradients.append(dshare.reshape(r.scores.shape))
    return np.array(losses), np.array(gradients)


def mlp_weights(w, prefix):
    """gate, up and down of the MLP whose names begin with prefix."""
    return [w[f"{prefix}{part}_proj.weight"] for part in MLP_PARTS]


MLP_PARTS = ("gate", "up", "down")


def store_mlp(grads, prefix, parts):
    """Files the three gradients of an MLP under their names."""
    for part, gradient in zip(MLP_PARTS, parts):
        grads[f"{prefix}{part}_proj.weight"] = gradient


def moe(config, w, x):
    """Routed and shared experts of x [T, d] -> (y, saved)."""
    bias = w[f"gate.{BIAS}"] if config.sigmoid else None
    r = route(config, x, w["gate.weight"], bias)
    y = np.zeros_like(x)
    kept = []
    for expert in range(config.experts):
        rows, slots = np.nonzero(r.index == expert)
        weights = mlp_weights(w, f"experts.{expert}.")
        out, saved = layers.swiglu(x[rows], *weights)
        y[rows] += r.weight[rows, slots][:, None] * out
        kept.append((rows, slots, out, saved))
    shared = None
    if config.shared:
        out, shared = layers.swiglu(x, *mlp_weights(w, "shared_experts."))
        y += out
    return y, (r, kept, shared)


def moe_backward(config, saved, dy, dscores):
    """(dx, gradients); dscores: gradient from the balance loss [T, E]."""
    r, kept, shared = saved
    grads, dx = {}, np.zeros_like(dy)
    dweight = np.zeros_like(r.weight)
    for expert, (rows, slots, out, inner) in enumerate(kept):
        dweight[rows, slots] = (dy[rows] * out).sum(-1)
        dout = r.weight[rows, slots][:, None] * dy[rows]
        dpart, *parts = layers.swiglu_backward(inner, dout)
        dx[rows] += dpart
        store_mlp(grads, f"experts.{expert}.", parts)
    if shared is not None:
        dpart, *parts = layers.swiglu_backward(shared, dy)
        dx += dpart
        store_mlp(grads, "shared_experts.", parts)
    dpart, grads["gate.weight"] = route_backward(config, r, dweight, dscores)
    return dx + dpart, grads
