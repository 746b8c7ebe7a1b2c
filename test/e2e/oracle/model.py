"""The whole model: logits, loss and the gradient of every tensor."""

from dataclasses import dataclass, field

import numpy as np

from . import experts, hyper, layers
from .tensors import shapes, trainable


@dataclass
class Run:
    """What one forward pass left behind.

    routes: layer -> experts.Route over the B*S tokens. balance: sums over
    the layers of the balance losses (experts, devices, communication),
    before their factors.
    """

    logits: np.ndarray
    routes: dict
    balance: np.ndarray
    tape: list = field(repr=False, default_factory=list)


def under(weights, prefix):
    """The weights below a prefix, by the rest of their names."""
    return {
        name[len(prefix) :]: value
        for name, value in weights.items()
        if name.startswith(prefix)
    }


class Model:
    """A config and its weights (name -> array; copied to dtype).

    Everything is computed in dtype; float32 is there to see how far
    rounding alone can go.
    """

    def __init__(self, config, weights, dtype=np.float64):
        expected = shapes(config)
        if set(expected) != set(weights):
            raise ValueError(
                f"expected the tensors {sorted(expected)}, "
                f"but got {sorted(weights)}"
            )
        for name, shape in expected.items():
            if weights[name].shape != shape:
                raise ValueError(
                    f"{name}: expected the shape {shape}, "
                    f"but got {weights[name].shape}"
                )
        self.config = config
        self.weights = {
            name: np.array(value, dtype)
            for name, value in weights.items()
        }

    def head(self):
        """Name of the matrix that makes logits."""
        tied = self.config.tied
        return "model.embed_tokens.weight" if tied else "lm_head.weight"

    def forward(self, tokens):
        """tokens int [B, S] -> Run with logits [B, S, V]."""
        w, c = self.weights, self.config
        batch, length = tokens.shape
        run = Run(None, {}, np.zeros(3))
        x = w["model.embed_tokens.weight"][tokens.reshape(-1)]
        if c.hyper:
            x = np.repeat(x[:, None], c.hyper.streams, 1)
        for layer in range(c.layers):
            for part in ("attn", "ffn"):
                x = self._sublayer(run, layer, part, x, batch)
        if c.hyper:
            head = under(w, "model.hc_head.hc_")
            x, saved = hyper.collapse(
                c.hyper, x, head["fn"], head["base"], head["scale"], c.epsilon
            )
            run.tape.append(saved)
        x, saved = layers.rms_norm(x, w["model.norm.weight"], c.epsilon)
        run.tape.append((saved, x))
        run.logits = layers.linear(x, w[self.head()])
        run.logits = run.logits.reshape(batch, length, c.vocab)
        return run

    def _sublayer(self, run, layer, part, x, batch):
        """x + F(norm(x)), or the same inside hyper-connections."""
        w, c = self.weights, self.config
        prefix = f"model.layers.{layer}."
        mixing = maps = None
        h = x
        if c.hyper:
            own = under(w, f"{prefix}{part}_hc.")
            maps, mixing = hyper.mix(
                c.hyper, x, own["fn"], own["base"], own["scale"], c.epsilon
            )
            h = hyper.enter(maps[0], x)
        norm, kept = layers.rms_norm(
            h, w[prefix + NORMS[part] + ".weight"], c.epsilon
        )
        o, inner = self._function(run, layer, part, norm, batch)
        run.tape.append((x, o, maps, mixing, kept, inner))
        return hyper.leave(*maps[1:], x, o) if c.hyper else x + o

    def _function(self, run, layer, part, x, batch):
        """Attention or feed-forward part of x [T, d]."""
        c = self.config
        w = under(self.weights, f"model.layers.{layer}.{BLOCKS[part]}.")
        if part == "attn":
            y, saved = layers.mla(c, w, x.reshape(batch, -1, c.hidden))
            return y.reshape(x.shape), saved
        if not c.is_moe(layer):
            return layers.swiglu(x, *experts.mlp_weights(w, ""))
        y, saved = experts.moe(c, w, x)
        run.routes[layer] = saved[0]
        losses, dscores = experts.balance(c, saved[0], batch)
        run.balance[: len(losses)] += losses
        return y, (saved, dscores)

    def backward(self, run, tokens, dlogits, alpha=(0.0, 0.0, 0.0)):
        """Gradients by name of sum(logits * dlogits) + alpha . balance."""
        w, c = self.weights, self.config
        grads = {n: np.zeros_like(v) for n, v in w.items() if trainable(n)}
        tape = list(run.tape)
        kept, x = tape.pop()
        dlogits = dlogits.reshape(-1, c.vocab)
        dx, dhead = layers.linear_backward(x, w[self.head()], dlogits)
        grads[self.head()] += dhead
        dx, grads["model.norm.weight"] = layers.rms_norm_backward(kept, dx)
        if c.hyper:
            dx, *parts = hyper.collapse_backward(tape.pop(), dx)
            for name, gradient in zip(HYPER_PARTS, parts):
                grads[f"model.hc_head.hc_{name}"] = gradient
        for layer in reversed(range(c.layers)):
            for part in ("ffn", "attn"):
                dx = self._sublayer_backward(
                    tape.pop(), layer, part, dx, alpha, grads
                )
        if c.hyper:
            dx = dx.sum(1)
        np.add.at(grads["model.embed_tokens.weight"], tokens.reshape(-1), dx)
        return grads

    def _sublayer_backward(self, saved, layer, part, g, alpha, grads):
        """Gradient of the sublayer's input; adds the weights' to grads."""
        x, o, maps, mixing, kept, inner = saved
        prefix = f"model.layers.{layer}."
        do = g
        if maps:
            dpost, dcomb, dx, do = hyper.leave_backward(*maps[1:], x, o, g)
        dnorm = self._function_backward(layer, part, inner, do, alpha, grads)
        norm = prefix + NORMS[part] + ".weight"
        dh, grads[norm] = layers.rms_norm_backward(kept, dnorm)
        if not maps:
            return g + dh
        dpre = np.einsum("tmc,tc->tm", x, dh)
        dx += maps[0][:, :, None] * dh[:, None]
        df, *parts = hyper.mix_backward(
            self.config.hyper, mixing, dpre, dpost, dcomb
        )
        for name, gradient in zip(HYPER_PARTS, parts):
            grads[f"{prefix}{part}_hc.{name}"] = gradient
        return dx + df.reshape(x.shape)

    def _function_backward(self, layer, part, saved, dy, alpha, grads):
        """Gradient of the function's input [T, d]."""
        c = self.config
        prefix = f"model.layers.{layer}.{BLOCKS[part]}."
        w = under(self.weights, prefix)
        if part == "attn":
            shape = saved[0].shape
            dx, own = layers.mla_backward(c, w, saved, dy.reshape(shape))
            dx = dx.reshape(dy.shape)
        elif c.is_moe(layer):
            inner, dscores = saved
            weights = np.array(alpha[: len(dscores)])
            dense = np.tensordot(weights, dscores, 1)
            dx, own = experts.moe_backward(c, inner, dy, dense)
        else:
            dx, *parts = layers.swiglu_backward(saved, dy)
            own = {}
            experts.store_mlp(own, "", parts)
        for name, gradient in own.items():
            grads[prefix + name] = gradient
        return dx


NORMS = {"attn": "input_layernorm", "ffn": "post_attention_layernorm"}
BLOCKS = {"attn": "self_attn", "ffn": "mlp"}
HYPER_PARTS = ("fn", "base", "scale")


def next_token_loss(logits, tokens):
    """Mean cross-entropy of the next tokens, and its gradient.

    The target of position i is token i+1; the last of a row has none.
    """
    dlogits = np.zeros_like(logits)
    used = logits[:, :-1]
    targets = tokens[:, 1:, None].astype(np.int64)
    top = used.max(-1, keepdims=True)
    log_sum = top + np.log(np.exp(used - top).sum(-1, keepdims=True))
    picked = np.take_along_axis(used, targets, -1)
    count = targets.size
    p = np.exp(used - log_sum)
    chosen = np.take_along_axis(p, targets, -1)
    np.put_along_axis(p, targets, chosen - 1, -1)
    dlogits[:, :-1] = p / count
    return float((log_sum - picked).sum() / count), dlogits


def gradients(model, tokens, alpha=(0.0, 0.0, 0.0)):
    """(Run, loss, gradients) of one batch."""
    run = model.forward(tokens)
    loss, dlogits = next_token_loss(run.logits, tokens)
    return run, loss, model.backward(run, tokens, dlogits, alpha)


def norm(grads):
    """Global euclidean norm of a set of gradients."""
    return float(np.sqrt(sum((g * g).sum() for g in grads.values())))
