"""One configuration to try: where it comes from and what is right."""

import json
import os
from dataclasses import dataclass, field

import numpy as np

from make_model import golden_raw, write_model
from oracle import config as configs
from oracle import draw, fill, fp8, model, safetensors, train

from .limits import BF16_LOGITS, BF16_LOSS, FLOOR, LIMIT, largest_error
from .table import relative, tensor_error

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(os.path.dirname(HERE), "golden", "golden.json")


@dataclass
class Case:
    """A model directory, tokens [B,S] and the flags its import needs.

    raw is what the model is; imported_raw is what config.json says (they
    differ where hyper-connections are added by a flag).
    """

    name: str
    raw: dict
    form: str
    weights: dict
    tokens: np.ndarray
    imported_raw: dict
    import_flags: list = field(default_factory=list)
    golden: dict = None

    def config(self):
        """The oracle's view of the configuration."""
        return configs.parse(self.raw, self.form)


def steady_f32(config, weights, tokens):
    """Whether a float32 run of the oracle stays well inside the limits."""
    limit, steps, settings = LIMIT["f32"] / 4, 5, train.Settings()
    exact, rounded = (
        model.gradients(model.Model(config, weights, dtype), tokens)
        for dtype in (np.float64, np.float32)
    )
    errors = [tensor_error(rounded[0].logits, exact[0].logits)]
    errors += largest_error(rounded[2], exact[2], FLOOR["f32"]).values()
    right, wrong = (
        train.trajectory(config, weights, tokens, steps, settings, dtype)[0]
        for dtype in (np.float64, np.float32)
    )
    for got, want in zip(wrong, right):
        for key in ("loss", "grad_norm"):
            errors.append(relative(float(got[key]), want[key]))
    return max(errors) < limit


def steady_bf16(config, weights, tokens):
    """Whether bf16 weights alone stay well inside the limits."""
    nearest = {
        name: safetensors.from_bf16(safetensors.to_bf16(value))
        for name, value in weights.items()
    }
    right, wrong = (
        model.Model(config, w).forward(tokens).logits
        for w in (weights, nearest)
    )
    losses = [
        model.next_token_loss(logits, tokens)[0] for logits in (wrong, right)
    ]
    return (
        tensor_error(wrong, right) < BF16_LOGITS / 4
        and relative(*losses) < BF16_LOSS / 4
    )


def from_golden(name):
    """A configuration with printed numbers."""
    raw = golden_raw(name)
    config = configs.parse(raw)
    with open(GOLDEN, encoding="utf-8") as file:
        numbers = json.load(file).get(name)
    return Case(
        f"golden {name}",
        raw,
        "v4",
        fill.golden_weights(config),
        fill.golden_tokens(config.vocab),
        raw,
        golden=numbers,
    )


def from_seed(seed, dtype):
    """A random tiny configuration that rounding alone does not upset."""
    accept = {"f32": steady_f32, "bf16": steady_bf16}.get(dtype)
    raw, form, weights, tokens = draw.draw_case(seed, accept=accept)
    flags = []
    if raw.get("hc_mult") and form != "v4":
        flags = [f"--hyper-connections-form={form}"]
    name = f"random {seed}"
    return Case(name, raw, form, weights, tokens, raw, flags)


def from_directory(path, form, batch, length):
    """A directory with config.json, perhaps with weights and tokens."""
    with open(os.path.join(path, "config.json"), encoding="utf-8") as file:
        raw = json.load(file)
    config = configs.parse(raw, form)
    names = os.listdir(path)
    if any(name.startswith("model.safetensors") for name in names):
        weights = fp8.unpack(safetensors.read_checkpoint(path))
    else:
        weights = fill.golden_weights(config)
    if "tokens.npy" in names:
        tokens = np.load(os.path.join(path, "tokens.npy"))
    else:
        tokens = fill.golden_tokens(config.vocab, batch, length)
    flags = []
    if raw.get("hc_mult") and form != "v4":
        flags = [f"--hyper-connections-form={form}"]
    return Case(path, raw, form, weights, tokens, raw, flags)


def add_hyper(case, streams, form):
    """The same model with hyper-connections that only a flag asks for."""
    raw = dict(
        case.raw, hc_mult=streams, hc_sinkhorn_iters=20, hc_eps=1e-6
    )
    flags = [f"--hyper-connections={streams}"]
    if form != "v4":
        flags.append(f"--hyper-connections-form={form}")
    weights = fill.golden_weights(configs.parse(raw, form))
    return Case(
        f"{case.name} with {streams} streams",
        raw,
        form,
        dict(weights, **case.weights),
        case.tokens,
        case.raw,
        flags,
    )


def write(case, folder, dtype, shards):
    """Writes the model directory; afterwards weights are what it holds.

    Printed numbers are dropped where the directory holds fewer digits.
    """
    if dtype in ("BF16", "F8"):
        case.golden = None
    write_model(folder, case.imported_raw, case.weights, dtype, shards)
    case.weights = fp8.unpack(safetensors.read_checkpoint(folder))
    np.save(os.path.join(folder, "tokens.npy"), case.tokens)


@dataclass
class Answers:
    """The oracle's results for a case."""

    logits: np.ndarray
    routes: dict  # layer -> experts of the B*S tokens
    margin: np.ndarray  # [B, S] smallest over the layers
    loss: float
    gradients: dict
    log: list
    weights_after: dict
    loss_after: float


def answers(case, steps, settings):
    """Runs the oracle on a case."""
    config = case.config()
    start = model.Model(config, case.weights)
    run, loss, grads = model.gradients(start, case.tokens, settings.alphas())
    margins = [route.margin for route in run.routes.values()]
    smallest = np.min(margins, 0) if margins else np.inf
    margin = np.broadcast_to(smallest, case.tokens.size)
    log, trainer = train.trajectory(
        config, case.weights, case.tokens, steps, settings
    )
    after = trainer.model.weights
    last, _ = model.next_token_loss(
        trainer.model.forward(case.tokens).logits, case.tokens
    )
    return Answers(
        run.logits,
        {layer: route.index for layer, route in run.routes.items()},
        margin.reshape(case.tokens.shape),
        loss,
        grads,
        log,
        after,
        last,
    )
