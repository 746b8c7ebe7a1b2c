"""The comparisons, one function per output of the product."""

import json
import os

import numpy as np

from oracle import config as configs
from oracle import generate, model, safetensors, tensors, train

from .limits import BF16_LOGITS, BF16_LOSS, BF16_MARGIN, BF16_ROUTES
from .limits import FLOOR, GREEDY_GAP, LIMIT, largest_error
from .table import relative, tensor_error

LOG_KEYS = {
    "step",
    "loss",
    "balance_loss",
    "grad_norm",
    "lr",
    "tokens_per_second",
}


def check_routes(table, right, path, dtype):
    """Chosen experts `routes.LAYER` [B*S, K]; order does not matter.

    Returns where every layer chose as the oracle did, bool [B, S], or
    None where the product does not show its routes.
    """
    if not path:
        table.note("routes are not shown by the product")
        return None
    got = safetensors.read(path)
    wanted = {f"routes.{layer}": r for layer, r in right.routes.items()}
    if not check_names(table, "routes", got, wanted):
        return None
    agree = np.ones(right.margin.size, bool)
    same, count = 0, 0
    for name, index in wanted.items():
        equal = (np.sort(got[name]) == np.sort(index)).all(-1)
        agree &= equal
        same, count = same + int(equal.sum()), count + equal.size
    needed = BF16_ROUTES if dtype == "bf16" else 1.0
    if count:
        table.require(
            "routes agree", same >= needed * count, f"{same} of {count}"
        )
    return agree.reshape(right.margin.shape)


def check_logits(table, case, right, path, dtype, agree):
    """logits.npy [B,S,V] against the oracle."""
    got = np.load(path)
    shape = right.logits.shape
    if not table.require(
        "logits shape", got.shape == shape, f"{list(got.shape)} {got.dtype}"
    ):
        return
    if dtype == "bf16":
        check_bf16_logits(table, right, got, agree)
        return
    error = tensor_error(got, right.logits)
    table.judge("logits", error, LIMIT[dtype])
    if case.golden:
        check_golden_logits(table, case.golden, got, LIMIT[dtype])


def check_bf16_logits(table, right, got, agree):
    """Only tokens that were routed as in the oracle are compared.

    Without the product's routes: only those that cannot have been
    routed otherwise.
    """
    if agree is None:
        agree = right.margin >= BF16_MARGIN
    finite = bool(np.isfinite(got).all())
    table.require("logits finite", finite)
    if not finite or not agree.any():
        return
    top = np.abs(right.logits).max()
    error = np.abs(got[agree] - right.logits[agree]).max() / top
    detail = f"{int(agree.sum())} of {agree.size} tokens"
    table.judge("logits where routes agree", float(error), BF16_LOGITS, detail)


def check_golden_logits(table, numbers, got, limit):
    """The printed logits and sums, at the digits they are printed with."""
    top = float(np.abs(got).max())
    for name, place in (("logits_0_0", (0, 0)), ("logits_1_7", (1, 7))):
        distance = np.abs(got[place][:4] - np.array(numbers[name])).max()
        table.judge(f"golden {name}", float(distance) / top, limit)
    # A sum's rounding goes with the sum of the magnitudes.
    size = float(np.abs(got).sum())
    error = abs(float(got.sum(dtype=np.float64)) - numbers["sum"]) / size
    table.judge("golden sum", error, limit)
    square = float((got.astype(np.float64) ** 2).sum())
    error = abs(square - numbers["sumsq"]) / numbers["sumsq"]
    table.judge("golden sum of squares", error, limit)


def read_log(path):
    """The objects of a JSON-lines file."""
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def check_log(table, case, right, path, dtype, settings):
    """One object per step, with the oracle's loss and gradient norm."""
    log, steps = read_log(path), len(right.log)
    if not table.require(
        "log steps", len(log) == steps, f"{len(log)} of {steps}"
    ):
        return
    missing = LOG_KEYS - set(log[0])
    if not table.require(
        "log keys", not missing, " ".join(sorted(missing))
    ):
        return
    if dtype == "bf16":
        error = relative(log[0]["loss"], right.log[0]["loss"])
        table.judge("loss of step 1", error, BF16_LOSS)
        table.require(
            "losses finite", all(np.isfinite(e["loss"]) for e in log)
        )
        return
    rate = max(relative(entry["lr"], settings.rate) for entry in log)
    table.judge("learning rate", rate, 1e-6)
    keys = ["loss", "grad_norm"]
    for key, alpha in zip(train.BALANCE_LOSSES, settings.alphas()):
        keys += [key] * bool(alpha)
    for step, (got, want) in enumerate(zip(log, right.log), 1):
        for key in keys:
            error = relative(got[key], want[key])
            detail = f"{got[key]:.9g} (oracle {want[key]:.9g})"
            table.judge(f"step {step} {key}", error, LIMIT[dtype], detail)
    check_golden_log(table, case, log, dtype, settings)


def check_golden_log(table, case, log, dtype, settings):
    """The printed trajectory of this variant, if there is one."""
    variant = "balanced" if settings.alpha else "ce"
    numbers = (case.golden or {}).get("trajectory", {}).get(variant, [])
    for step, (got, want) in enumerate(zip(log, numbers), 1):
        error = max(
            relative(got["loss"], want[0]),
            relative(got["grad_norm"], want[2]),
        )
        table.judge(f"golden step {step}", error, LIMIT[dtype])


def check_gradients(table, case, right, path, dtype, settings, verbose):
    """Every trainable tensor of the checkpoint, in f32 or f64.

    Printed norms are of the cross-entropy alone.
    """
    got = safetensors.read(path)
    if not check_names(table, "gradient", got, right.gradients):
        return
    kinds = {str(value.dtype) for value in got.values()}
    table.require(
        "gradient dtypes",
        kinds <= {"float32", "float64"},
        " ".join(sorted(kinds)),
    )
    if dtype == "bf16":
        return
    errors = largest_error(got, right.gradients, FLOOR[dtype])
    judge_worst(table, "gradients", errors, LIMIT[dtype], verbose)
    if settings.alpha or not case.golden:
        return
    for name, size in case.golden["grad_norms"].items():
        if name not in got:
            continue
        length = float(np.linalg.norm(got[name].astype(np.float64)))
        limit = LIMIT[dtype]
        # Printed with ten decimals: smaller norms carry fewer digits.
        error = max(abs(length - size) - 5e-11, 0.0) / size
        table.judge(f"golden |grad| {name}", error, limit)


def check_names(table, what, got, expected):
    """Names and shapes must be those of the checkpoint."""
    missing = sorted(set(expected) - set(got))
    extra = sorted(set(got) - set(expected))
    detail = f"{len(got)} tensors"
    if missing:
        detail += f", missing {missing[0]} and {len(missing) - 1} more"
    if extra:
        detail += f", not asked for {extra[0]} and {len(extra) - 1} more"
    if not table.require(f"{what} names", not missing and not extra, detail):
        return False
    wrong = [
        f"{name} {list(got[name].shape)}, expected {list(want.shape)}"
        for name, want in expected.items()
        if got[name].shape != want.shape
    ]
    return table.require(f"{what} shapes", not wrong, "; ".join(wrong[:3]))


def judge_worst(table, what, errors, limit, verbose):
    """One row for the worst tensor, and one for each that is too far."""
    ranked = sorted(errors.items(), key=lambda item: -item[1])
    name, error = ranked[0]
    table.judge(f"{what} ({len(errors)})", error, limit, f"worst {name}")
    rows = ranked if verbose else [r for r in ranked[1:9] if r[1] > limit]
    for name, error in rows:
        table.judge(f"  {name}", error, limit)


def latest_checkpoint(folder):
    """The directory that `latest` names, as a link or by its text."""
    latest = os.path.join(folder, "latest")
    if os.path.isdir(latest):
        return os.path.realpath(latest)
    with open(latest, encoding="utf-8") as file:
        return os.path.join(folder, file.read().strip())


def check_checkpoint(table, case, right, folder, steps, dtype):
    """The directory that training left: a model of its own."""
    place = latest_checkpoint(folder)
    table.require(
        "checkpoint is the last step's",
        os.path.basename(place) == f"step-{steps:06}",
        os.path.basename(place),
    )
    saved = configs.load(os.path.join(place, "config.json"), case.form)
    table.require("checkpoint config", saved == case.config())
    weights = safetensors.read_checkpoint(place)
    if not check_names(table, "checkpoint", weights, right.weights_after):
        return
    check_state(table, place, case, steps)
    if dtype == "bf16":
        return
    trained = model.Model(case.config(), weights)
    loss, _ = model.next_token_loss(
        trained.forward(case.tokens).logits, case.tokens
    )
    # A saved float32 is all that a trained f32 model can give back.
    table.judge(
        "loss of the checkpoint",
        relative(loss, right.loss_after),
        LIMIT[dtype],
        f"{loss:.9g} (oracle {right.loss_after:.9g})",
    )
    if dtype == "f64":
        errors = {
            name: tensor_error(weights[name], want)
            for name, want in right.weights_after.items()
        }
        judge_worst(table, "trained weights", errors, 1e-7, False)


def check_state(table, place, case, steps):
    """Optimizer files and trainer_state.json beside the weights."""
    with open(
        os.path.join(place, "trainer_state.json"), encoding="utf-8"
    ) as file:
        state = json.load(file)
    table.require(
        "trainer state step", state.get("step") == steps, f"{state}"[:60]
    )
    moments = {}
    for name in sorted(os.listdir(place)):
        if name.startswith("optimizer") and name.endswith(".safetensors"):
            moments.update(safetensors.read(os.path.join(place, name)))
    trained = {
        name: shape
        for name, shape in tensors.shapes(case.config()).items()
        if tensors.trainable(name)
    }
    expected = 2 * sum(int(np.prod(shape)) for shape in trained.values())
    count = sum(value.size for value in moments.values())
    table.require(
        "two moments per weight",
        count >= expected,
        f"{count} elements of {expected}",
    )


def check_generation(table, case, product, folder, args):
    """Greedy tokens after prompts around multiples of the chunk."""
    chunk, count = args.chunk, 6
    context = 3 * chunk + 5 + count
    product.build_generator(
        args.target, args.dtype, chunk, context, args.compile_flag
    )
    start = model.Model(case.config(), case.weights)
    ids = np.resize(case.tokens.reshape(-1), context).tolist()
    end = case.raw.get("eos_token_id")
    for length in sorted({1, chunk - 1, chunk, chunk + 1, 3 * chunk + 5}):
        if not length:
            continue
        prompt = ids[:length]
        want, gaps = generate.greedy(start, prompt, count, end)
        close = [gap < GREEDY_GAP[args.dtype] for gap in gaps]
        sure = close.index(True) if True in close else len(want)
        # Whether the end token is printed is not our concern here.
        want = [token for token in want[:sure] if token != end]
        got = product.generate(folder, prompt, count)
        table.require(
            f"greedy after {length} tokens",
            got[: len(want)] == want,
            f"{got} (oracle {want})",
        )
