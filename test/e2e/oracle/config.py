"""What the oracle needs to know about a model, read from its config.json."""

import json
import math
from dataclasses import dataclass
from typing import Optional


@dataclass
class Yarn:
    """Context extension of the rotary frequencies."""

    factor: float
    original_length: float
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    mscale: float = 1.0
    mscale_all_dim: float = 0.0
    attention_factor: Optional[float] = None


@dataclass
class HyperConnections:
    """mHC around every sublayer: `form` is "v4" or "paper"."""

    streams: int
    iterations: int
    epsilon: float
    form: str = "v4"


@dataclass
class Config:
    """One model of the V2-Lite, V2 or V3 family."""

    family: str
    vocab: int
    hidden: int
    layers: int
    heads: int
    q_rank: int  # 0: the query has no low-rank factor
    kv_rank: int
    nope: int
    rope: int
    value: int
    dense_width: int
    expert_width: int
    experts: int
    shared: int
    top_k: int
    groups: int  # 0: the choice ignores groups
    kept_groups: int
    sigmoid: bool  # scores by sigmoid and a choice bias, else softmax
    renormalise: bool
    scale: float
    first_dense: int
    layer_frequency: int
    epsilon: float
    latent_epsilon: float
    theta: float
    interleaved: bool
    tied: bool
    per_sequence: bool  # what a balance loss counts; else the whole batch
    yarn: Optional[Yarn] = None
    hyper: Optional[HyperConnections] = None

    def is_moe(self, layer):
        """Whether this layer's feed-forward part is a mixture of experts."""
        return (
            self.experts > 0
            and layer >= self.first_dense
            and layer % self.layer_frequency == 0
        )

    def balance_levels(self):
        """How many balance losses there are: of experts, and with V2's groups
        of devices and of communication."""
        return 3 if not self.sigmoid and self.groups > 1 else 1

    def shared_width(self):
        """Width of the one MLP that stands for all shared experts."""
        return self.shared * self.expert_width


def read_yarn(raw):
    """The rope block in either spelling: (theta or None, Yarn or None)."""
    block = raw.get("rope_scaling") or raw.get("rope_parameters")
    if not block:
        return None, None
    kind = block.get("rope_type", block.get("type", "default"))
    theta = block.get("rope_theta")
    if kind == "default":
        return theta, None
    if kind != "yarn":
        raise ValueError(f"expected rope type default or yarn, but got {kind}")
    yarn = Yarn(
        factor=float(block["factor"]),
        original_length=float(
            block.get("original_max_position_embeddings")
            or raw["max_position_embeddings"]
        ),
    )
    for key in YARN_KEYS:
        if block.get(key) is not None:
            setattr(yarn, key, float(block[key]))
    return theta, yarn


YARN_KEYS = (
    "beta_fast",
    "beta_slow",
    "mscale",
    "mscale_all_dim",
    "attention_factor",
)


def read_hyper(raw, form):
    """The mHC block, or None when the model has one residual stream.

    form is what a config without hc_form gets.
    """
    if not raw.get("hc_mult"):
        return None
    return HyperConnections(
        int(raw["hc_mult"]),
        int(raw["hc_sinkhorn_iters"]),
        float(raw["hc_eps"]),
        raw.get("hc_form", form),
    )


def parse(raw, form="v4"):
    """Turns the dictionary of a config.json into a Config."""
    family = raw["model_type"]
    if family not in ("deepseek_v2", "deepseek_v3"):
        raise ValueError(f"expected deepseek_v2 or _v3, but got {family}")
    v3 = family == "deepseek_v3"
    grouped = v3 or raw.get("topk_method") == "group_limited_greedy"
    theta, yarn = read_yarn(raw)
    epsilon = float(raw.get("rms_norm_eps", 1e-6))
    return Config(
        family=family,
        vocab=raw["vocab_size"],
        hidden=raw["hidden_size"],
        layers=raw["num_hidden_layers"],
        heads=raw["num_attention_heads"],
        q_rank=raw.get("q_lora_rank") or 0,
        kv_rank=raw["kv_lora_rank"],
        nope=raw["qk_nope_head_dim"],
        rope=raw["qk_rope_head_dim"],
        value=raw["v_head_dim"],
        dense_width=raw["intermediate_size"],
        expert_width=raw.get("moe_intermediate_size") or 0,
        experts=raw.get("n_routed_experts") or 0,
        shared=raw.get("n_shared_experts") or 0,
        top_k=raw.get("num_experts_per_tok") or 0,
        groups=(raw.get("n_group") or 1) if grouped else 0,
        kept_groups=(raw.get("topk_group") or 1) if grouped else 0,
        sigmoid=v3,
        renormalise=bool(raw.get("norm_topk_prob", v3)),
        scale=float(raw.get("routed_scaling_factor", 1.0)),
        first_dense=raw.get("first_k_dense_replace", 0),
        layer_frequency=raw.get("moe_layer_freq", 1),
        epsilon=epsilon,
        latent_epsilon=1e-6,
        theta=float(theta or raw.get("rope_theta", 1e4)),
        interleaved=bool(raw.get("rope_interleave", True)),
        tied=bool(raw.get("tie_word_embeddings", False)),
        per_sequence=bool(raw.get("seq_aux", True)),
        yarn=yarn,
        hyper=read_hyper(raw, form),
    )


def load(path, form="v4"):
    """Reads a config.json file."""
    with open(path, encoding="utf-8") as file:
        return parse(json.load(file), form)


def attention_scale(config):
    """Factor on q.k before the softmax, mscale squared included."""
    scale = (config.nope + config.rope) ** -0.5
    if config.yarn and config.yarn.mscale_all_dim:
        scale *= amplitude(config.yarn.factor, config.yarn.mscale_all_dim) ** 2
    return scale


def amplitude(factor, mscale):
    """YaRN's g(m) = 0.1 m ln(s) + 1, or 1 where nothing is stretched."""
    return 0.1 * mscale * math.log(factor) + 1.0 if factor > 1 else 1.0
