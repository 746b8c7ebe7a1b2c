"""Random tiny configurations of the three families, as config.json data."""

import numpy as np

from . import config as configs
from . import fill, model, train

FAMILIES = ("v2-lite", "v2", "v3")


class Dice:
    """A seeded generator with the few draws that are needed here."""

    def __init__(self, seed):
        self.generator = np.random.default_rng([seed, 0])

    def size(self, low, high):
        """An integer in [low, high]."""
        return int(self.generator.integers(low, high + 1))

    def pick(self, choices):
        """One of the choices."""
        return choices[self.size(0, len(choices) - 1)]

    def real(self, low, high):
        """A number with three decimals."""
        return round(float(self.generator.uniform(low, high)), 3)


def rope_block(dice):
    """YaRN's settings, mscale sometimes unequal or absent."""
    block = {
        "factor": dice.pick([2, 4, 2.5, 40]),
        "original_max_position_embeddings": dice.pick([8, 16, 64, 4096]),
        "beta_fast": dice.pick([32, 8]),
        "beta_slow": dice.pick([1, 2]),
    }
    kind = dice.pick(["equal", "unequal", "absent"])
    if kind != "absent":
        block["mscale"] = dice.pick([0.707, 1.0])
        block["mscale_all_dim"] = block["mscale"]
    if kind == "unequal":
        block["mscale_all_dim"] = dice.real(0.4, 1.2)
    return block


def add_rope(raw, dice):
    """Rotary settings in one of the two spellings."""
    theta = dice.pick([10000.0, 500.0, 50000.0])
    yarn = rope_block(dice) if dice.size(0, 2) else None
    if dice.size(0, 1):
        raw["rope_theta"] = theta
        raw["rope_scaling"] = dict(yarn, type="yarn") if yarn else None
        raw["torch_dtype"] = "float32"
        return
    kind = {"rope_type": "yarn" if yarn else "default", "rope_theta": theta}
    raw["rope_parameters"] = {**kind, **(yarn or {})}
    raw["dtype"] = "float32"


def add_experts(raw, family, dice):
    """Mixture sizes; group counts divide the number of experts."""
    groups = dice.pick([1, 2, 3, 4]) if family != "v2-lite" else 1
    per_group = dice.size(2 if groups > 1 else 1, 4)
    kept = dice.size(1, groups)
    v3 = family == "v3"
    top_k = dice.size(1, min(4, kept * per_group))
    # Implementations differ where V2 is renormalised and also scaled.
    normalised = dice.pick([True, False, v3]) and (v3 or top_k > 1)
    scale = dice.pick([1.0, 2.5, 1.25])
    methods = {"v2-lite": "greedy", "v2": "group_limited_greedy"}
    raw.update(
        n_routed_experts=groups * per_group,
        n_group=groups,
        topk_group=kept,
        num_experts_per_tok=top_k,
        n_shared_experts=dice.pick([0, None, 1, 1, 2]),
        moe_intermediate_size=dice.size(1, 12),
        routed_scaling_factor=scale if v3 or not normalised else 1.0,
        norm_topk_prob=normalised,
        topk_method=methods.get(family, "noaux_tc"),
        scoring_func="sigmoid" if v3 else "softmax",
        moe_layer_freq=1,
    )


def draw(seed, family=None):
    """(config dictionary, mHC form) of a seed; every size may be odd.

    Widths that a norm divides by are at least 3: one channel alone
    makes gradients that are rounding errors and nothing else.
    """
    dice = Dice(seed)
    family = family or FAMILIES[seed % len(FAMILIES)]
    v3, heads = family == "v3", dice.size(1, 4)
    layers = dice.size(1, 4)
    raw = {
        "architectures": [f"Deepseek{'V3' if v3 else 'V2'}ForCausalLM"],
        "model_type": "deepseek_v3" if v3 else "deepseek_v2",
        "vocab_size": dice.size(5, 61),
        "hidden_size": dice.size(3, 33),
        "intermediate_size": dice.size(1, 40),
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "q_lora_rank": None if family == "v2-lite" else dice.size(3, 20),
        "kv_lora_rank": dice.size(3, 20),
        "qk_nope_head_dim": dice.size(1, 11),
        "qk_rope_head_dim": 2 * dice.size(1, 5),
        "v_head_dim": dice.size(1, 13),
        "first_k_dense_replace": dice.size(0, min(2, layers)),
        "hidden_act": "silu",
        "max_position_embeddings": 128,
        "initializer_range": 0.02,
        "rms_norm_eps": 1e-6,
        "tie_word_embeddings": dice.size(0, 3) == 0,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": 0,
        "eos_token_id": 1,
    }
    add_experts(raw, family, dice)
    add_rope(raw, dice)
    form = "v4"
    if dice.size(0, 1):
        raw["hc_mult"] = dice.pick([4, 4, 2, 3, 5, 1])
        raw["hc_sinkhorn_iters"] = dice.pick([20, 20, 7, 1])
        raw["hc_eps"] = dice.pick([1e-6, 1e-6, 1e-4])
        form = dice.pick(["v4", "v4", "paper"])
    return raw, form


def draw_case(seed, steps=5, margin=1e-4, accept=None):
    """(raw config, form, weights, tokens) far from any change of route.

    Weights and tokens are redrawn until no score comes closer than
    `margin` to altering a choice over the whole short training run, and
    until accept(config, weights, tokens), if given, is true; the sublayers'
    share shrinks with the attempts. One stream of hyper-connections alone
    has gradients that are rounding errors, so accept also excludes it.
    """
    raw, form = draw(seed)
    if accept and raw.get("hc_mult") == 1:
        raw["hc_mult"] = 2
    config = configs.parse(raw, form)
    dice = Dice(seed + 1)
    batch, length = dice.size(1, 3), dice.size(2, 11)
    for attempt in range(400):
        part = 1000 * seed + attempt
        gain = 0.7 ** (attempt // 4)
        weights = fill.random_weights(config, part, gain)
        tokens = fill.random_tokens(config.vocab, batch, length, part)
        first = model.Model(config, weights).forward(tokens)
        if train.smallest_margin(first) < margin:
            continue
        if accept and not accept(config, weights, tokens):
            continue
        log, _ = train.trajectory(
            config, weights, tokens, steps, train.Settings()
        )
        if min(entry["margin"] for entry in log) >= margin:
            return raw, form, weights, tokens
    raise RuntimeError(f"seed {seed}: no weights with a margin of {margin}")
