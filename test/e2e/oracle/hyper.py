"""Manifold-constrained hyper-connections, V4 and paper forms."""

import numpy as np

from . import layers


def divide(x, axis, epsilon):
    """x / (sum over axis + epsilon)."""
    total = x.sum(axis, keepdims=True) + epsilon
    return x / total, (x, axis, total)


def divide_backward(saved, dy):
    """Gradient of x; the state before the division was kept."""
    x, axis, total = saved
    return (dy - (dy * x).sum(axis, keepdims=True) / total) / total


def sinkhorn(logits, iterations, epsilon, form):
    """Almost doubly stochastic matrices [.., n, n] from logits.

    v4: softmax of the rows + epsilon, columns, then (iterations - 1) times
    rows and columns. paper: exp, then iterations times columns and rows.
    """
    states = []
    if form == "v4":
        start = layers.softmax(logits)
        x = start + epsilon
        axes = [-2] + [-1, -2] * (iterations - 1)
    else:
        start = x = np.exp(logits)
        axes, epsilon = [-2, -1] * iterations, 0.0
    for axis in axes:
        x, saved = divide(x, axis, epsilon)
        states.append(saved)
    return x, (start, states, form)


def sinkhorn_backward(saved, dx):
    """Gradient of the logits, unrolled over the kept states."""
    start, states, form = saved
    for state in reversed(states):
        dx = divide_backward(state, dx)
    if form == "v4":
        return layers.softmax_backward(start, dx)
    return dx * start


def projected(x, fn, epsilon):
    """fn f / rms(f) with f = vec(x): x [T,n,C], fn [R,nC] -> [T,R]."""
    f = x.reshape(len(x), -1)
    r = 1 / np.sqrt((f * f).mean(-1, keepdims=True) + epsilon)
    m0 = f @ fn.T
    return m0 * r, (f, fn, r, m0)


def projected_backward(saved, dm):
    """(df [T,nC], dfn)."""
    f, fn, r, m0 = saved
    dm0 = dm * r
    dr = (dm * m0).sum(-1, keepdims=True)
    df = dm0 @ fn - dr * r**3 * f / f.shape[-1]
    return df, dm0.T @ f


def mix(settings, x, fn, base, scale, epsilon):
    """The maps of x [T,n,C]: pre [T,n], post [T,n], comb [T,n,n].

    comb[m, n] is what stream m gives to stream n, in both forms.
    """
    n = x.shape[1]
    m, kept = projected(x, fn, epsilon)
    gains = np.repeat(scale, [n, n, n * n])
    z = m * gains + base
    s_pre = layers.sigmoid(z[:, :n])
    offset = settings.epsilon if settings.form == "v4" else 0.0
    post = 2 * layers.sigmoid(z[:, n : 2 * n])
    comb, inner = sinkhorn(
        z[:, 2 * n :].reshape(-1, n, n),
        settings.iterations,
        settings.epsilon,
        settings.form,
    )
    if settings.form == "paper":
        comb = comb.transpose(0, 2, 1)
    return (s_pre + offset, post, comb), (m, gains, s_pre, post, inner, kept)


def mix_backward(settings, saved, dpre, dpost, dcomb):
    """(df [T,nC], dfn, dbase, dscale)."""
    m, gains, s_pre, post, inner, kept = saved
    n = s_pre.shape[1]
    if settings.form == "paper":
        dcomb = dcomb.transpose(0, 2, 1)
    dz = np.concatenate(
        [
            dpre * s_pre * (1 - s_pre),
            dpost * post * (1 - post / 2),
            sinkhorn_backward(inner, dcomb).reshape(-1, n * n),
        ],
        -1,
    )
    per_row = (dz * m).sum(0)
    dscale = np.array([p.sum() for p in np.split(per_row, [n, 2 * n])])
    df, dfn = projected_backward(kept, dz * gains)
    return df, dfn, dz.sum(0), dscale


def enter(pre, x):
    """The sublayer's input h [T,C]."""
    return np.einsum("tm,tmc->tc", pre, x)


def leave(post, comb, x, o):
    """The next streams: post[n] o + sum over m of comb[m,n] x[m]."""
    mixed = np.einsum("tmn,tmc->tnc", comb, x)
    return post[:, :, None] * o[:, None] + mixed


def leave_backward(post, comb, x, o, g):
    """(dpost, dcomb, dx, do) from g [T,n,C]."""
    dcomb = np.einsum("tmc,tnc->tmn", x, g)
    dpost = np.einsum("tc,tnc->tn", o, g)
    dx = np.einsum("tmn,tnc->tmc", comb, g)
    return dpost, dcomb, dx, np.einsum("tn,tnc->tc", post, g)


def collapse(settings, x, fn, base, scale, epsilon):
    """The head's weighted sum of the streams: [T,n,C] -> [T,C]."""
    m, kept = projected(x, fn, epsilon)
    s = layers.sigmoid(m * scale + base)
    p = s + settings.epsilon
    return enter(p, x), (x, m, s, p, scale, kept)


def collapse_backward(saved, dy):
    """(dx, dfn, dbase, dscale)."""
    x, m, s, p, scale, kept = saved
    dz = np.einsum("tmc,tc->tm", x, dy) * s * (1 - s)
    df, dfn = projected_backward(kept, dz * scale)
    dx = p[:, :, None] * dy[:, None] + df.reshape(x.shape)
    return dx, dfn, dz.sum(0), np.array([(dz * m).sum()])
