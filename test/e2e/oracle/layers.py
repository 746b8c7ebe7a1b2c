"""Norm, rope, attention and SwiGLU with their hand-written gradients.

Every `f` returns (result, saved); `f_backward(saved, d_result)` returns
the gradients of f's inputs in order, in the dtype of the inputs.
"""

import math

import numpy as np

from . import config as configs


def sigmoid(x):
    """Logistic function that does not overflow."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def softmax(x):
    """Over the last axis."""
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax_backward(p, dp):
    """Gradient of the logits from that of the probabilities."""
    return p * (dp - (dp * p).sum(-1, keepdims=True))


def linear(x, weight):
    """x [.., in], weight [out, in] -> [.., out]."""
    return x @ weight.T


def linear_backward(x, weight, dy):
    """(dx, dweight)."""
    flat = dy.reshape(-1, dy.shape[-1])
    return dy @ weight, flat.T @ x.reshape(-1, x.shape[-1])


def rms_norm(x, weight, epsilon):
    """x [.., n] / sqrt(mean x^2 + epsilon) * weight [n]."""
    r = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + epsilon)
    return x * r * weight, (x, weight, r)


def rms_norm_backward(saved, dy):
    """(dx, dweight)."""
    x, weight, r = saved
    dweight = (dy * x * r).reshape(-1, x.shape[-1]).sum(0)
    g = dy * weight
    dx = r * (g - x * r * r * (g * x).mean(-1, keepdims=True))
    return dx, dweight


def swiglu(x, gate, up, down):
    """down (silu(gate x) * up x); x [T, d]."""
    g, u = linear(x, gate), linear(x, up)
    s = sigmoid(g)
    h = g * s * u
    return linear(h, down), (x, gate, up, down, g, u, s, h)


def swiglu_backward(saved, dy):
    """(dx, dgate, dup, ddown)."""
    x, gate, up, down, g, u, s, h = saved
    dh, ddown = linear_backward(h, down, dy)
    dx_gate, dgate = linear_backward(x, gate, dh * u * s * (1 + g * (1 - s)))
    dx_up, dup = linear_backward(x, up, dh * g * s)
    return dx_gate + dx_up, dgate, dup, ddown


def frequencies(config):
    """Rotary frequencies [rope/2], YaRN's ramp applied."""
    dim, theta = config.rope, config.theta
    k = np.arange(dim // 2, dtype=np.float64)
    f = theta ** (-2 * k / dim)
    yarn = config.yarn
    if not yarn:
        return f

    def turns(r):
        length = yarn.original_length
        return dim * math.log(length / (2 * math.pi * r)) / 2 / math.log(theta)

    low = max(math.floor(turns(yarn.beta_fast)), 0)
    high = min(math.ceil(turns(yarn.beta_slow)), dim - 1)
    if low == high:
        high += 0.001
    ramp = np.clip((k - low) / (high - low), 0, 1)
    return f / yarn.factor * ramp + f * (1 - ramp)


def rotations(config, length):
    """cos and sin [length, rope/2] of the positions 0 .. length-1."""
    angles = np.arange(length)[:, None] * frequencies(config)
    gain = 1.0
    yarn = config.yarn
    if yarn and yarn.attention_factor:
        gain = yarn.attention_factor
    elif yarn:
        gain = configs.amplitude(yarn.factor, yarn.mscale)
        gain /= configs.amplitude(yarn.factor, yarn.mscale_all_dim)
    return gain * np.cos(angles), gain * np.sin(angles)


def rotate(x, cos, sin, interleaved):
    """Turns the channel pairs of x [.., rope]; cos, sin broadcast.

    Pairs are adjacent channels (interleaved) or the two halves.
    """
    y = np.empty_like(x)
    half = x.shape[-1] // 2
    first = np.s_[..., 0::2] if interleaved else np.s_[..., :half]
    second = np.s_[..., 1::2] if interleaved else np.s_[..., half:]
    y[first] = x[first] * cos - x[second] * sin
    y[second] = x[first] * sin + x[second] * cos
    return y


def attention_core(q, k, v, scale):
    """Causal softmax attention: q, k [B,S,H,c], v [B,S,H,w]."""
    length = q.shape[1]
    scores = scale * np.einsum("bihc,bjhc->bhij", q, k)
    allowed = np.tril(np.ones((length, length), bool))
    p = softmax(np.where(allowed, scores, -np.inf))
    return np.einsum("bhij,bjhw->bihw", p, v), (q, k, v, scale, p)


def attention_core_backward(saved, do):
    """(dq, dk, dv)."""
    q, k, v, scale, p = saved
    dv = np.einsum("bhij,bihw->bjhw", p, do)
    ds = scale * softmax_backward(p, np.einsum("bihw,bjhw->bhij", do, v))
    dq = np.einsum("bhij,bjhc->bihc", ds, k)
    return dq, np.einsum("bhij,bihc->bjhc", ds, q), dv


def query(config, w, x):
    """Queries [B,S,H,nope+rope] of x [B,S,d]."""
    batch, length, _ = x.shape
    shape = (batch, length, config.heads, config.nope + config.rope)
    if not config.q_rank:
        return linear(x, w["q_proj.weight"]).reshape(shape), None
    low = linear(x, w["q_a_proj.weight"])
    norm, kept = rms_norm(
        low, w["q_a_layernorm.weight"], config.latent_epsilon
    )
    return linear(norm, w["q_b_proj.weight"]).reshape(shape), (norm, kept)


def query_backward(config, w, x, saved, dq, grads):
    """Adds the query weights' gradients and returns dx."""
    dq = dq.reshape(x.shape[:2] + (-1,))
    if not config.q_rank:
        dx, grads["q_proj.weight"] = linear_backward(x, w["q_proj.weight"], dq)
        return dx
    norm, kept = saved
    dnorm, grads["q_b_proj.weight"] = linear_backward(
        norm, w["q_b_proj.weight"], dq
    )
    dlow, grads["q_a_layernorm.weight"] = rms_norm_backward(kept, dnorm)
    dx, grads["q_a_proj.weight"] = linear_backward(
        x, w["q_a_proj.weight"], dlow
    )
    return dx


def mla(config, w, x):
    """Multi-head latent attention of x [B,S,d], expanded form."""
    batch, length, _ = x.shape
    heads, nope, rope = config.heads, config.nope, config.rope
    cos, sin = (a.astype(x.dtype) for a in rotations(config, length))
    q, q_saved = query(config, w, x)
    q = q.copy()
    q[..., nope:] = rotate(
        q[..., nope:], cos[:, None], sin[:, None], config.interleaved
    )
    a = linear(x, w["kv_a_proj_with_mqa.weight"])
    latent, latent_saved = rms_norm(
        a[..., : config.kv_rank],
        w["kv_a_layernorm.weight"],
        config.latent_epsilon,
    )
    key_rope = rotate(a[..., config.kv_rank :], cos, sin, config.interleaved)
    kv = linear(latent, w["kv_b_proj.weight"])
    kv = kv.reshape(batch, length, heads, nope + config.value)
    shared = np.broadcast_to(
        key_rope[:, :, None], (batch, length, heads, rope)
    )
    k = np.concatenate([kv[..., :nope], shared], -1)
    o, core = attention_core(
        q, k, kv[..., nope:], configs.attention_scale(config)
    )
    o = o.reshape(batch, length, heads * config.value)
    saved = (x, q_saved, latent, latent_saved, core, o, cos, sin)
    return linear(o, w["o_proj.weight"]), saved


def mla_backward(config, w, saved, dy):
    """(dx, gradients of the weights by name)."""
    x, q_saved, latent, latent_saved, core, o, cos, sin = saved
    nope, grads = config.nope, {}
    do, grads["o_proj.weight"] = linear_backward(o, w["o_proj.weight"], dy)
    do = do.reshape(x.shape[:2] + (config.heads, config.value))
    dq, dk, dv = attention_core_backward(core, do)
    dq[..., nope:] = rotate(
        dq[..., nope:], cos[:, None], -sin[:, None], config.interleaved
    )
    dx = query_backward(config, w, x, q_saved, dq, grads)
    dkv = np.concatenate([dk[..., :nope], dv], -1)
    dlatent, grads["kv_b_proj.weight"] = linear_backward(
        latent, w["kv_b_proj.weight"], dkv.reshape(x.shape[:2] + (-1,))
    )
    da, grads["kv_a_layernorm.weight"] = rms_norm_backward(
        latent_saved, dlatent
    )
    dkey_rope = dk[..., nope:].sum(2)
    dkey_rope = rotate(dkey_rope, cos, -sin, config.interleaved)
    da = np.concatenate([da, dkey_rope], -1)
    dx_kv, grads["kv_a_proj_with_mqa.weight"] = linear_backward(
        x, w["kv_a_proj_with_mqa.weight"], da
    )
    return dx + dx_kv, grads
