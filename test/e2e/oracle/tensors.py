"""Names and shapes of a checkpoint's tensors under their hub names."""

BIAS = "e_score_correction_bias"


def attention_shapes(config):
    """Tensors of one layer's self_attn, in the order of the forward pass."""
    d, heads = config.hidden, config.heads
    query = heads * (config.nope + config.rope)
    shapes = {}
    if config.q_rank:
        shapes["q_a_proj.weight"] = (config.q_rank, d)
        shapes["q_a_layernorm.weight"] = (config.q_rank,)
        shapes["q_b_proj.weight"] = (query, config.q_rank)
    else:
        shapes["q_proj.weight"] = (query, d)
    shapes["kv_a_proj_with_mqa.weight"] = (config.kv_rank + config.rope, d)
    shapes["kv_a_layernorm.weight"] = (config.kv_rank,)
    expanded = heads * (config.nope + config.value)
    shapes["kv_b_proj.weight"] = (expanded, config.kv_rank)
    shapes["o_proj.weight"] = (d, heads * config.value)
    return shapes


def mlp_shapes(prefix, hidden, width):
    """The three matrices of one SwiGLU."""
    return {
        f"{prefix}gate_proj.weight": (width, hidden),
        f"{prefix}up_proj.weight": (width, hidden),
        f"{prefix}down_proj.weight": (hidden, width),
    }


def feed_forward_shapes(config, layer):
    """Tensors of one layer's mlp, dense or a mixture."""
    d = config.hidden
    if not config.is_moe(layer):
        return mlp_shapes("", d, config.dense_width)
    shapes = {"gate.weight": (config.experts, d)}
    if config.sigmoid:
        shapes[f"gate.{BIAS}"] = (config.experts,)
    for expert in range(config.experts):
        prefix = f"experts.{expert}."
        shapes.update(mlp_shapes(prefix, d, config.expert_width))
    if config.shared:
        width = config.shared_width()
        shapes.update(mlp_shapes("shared_experts.", d, width))
    return shapes


def hyper_shapes(config, prefix):
    """Tensors of one sublayer's hyper-connections."""
    n = config.hyper.streams
    rows = (2 + n) * n
    return {
        f"{prefix}fn": (rows, n * config.hidden),
        f"{prefix}base": (rows,),
        f"{prefix}scale": (3,),
    }


def shapes(config):
    """Every tensor of the checkpoint: name -> shape."""
    d = config.hidden
    result = {"model.embed_tokens.weight": (config.vocab, d)}
    for layer in range(config.layers):
        prefix = f"model.layers.{layer}."
        if config.hyper:
            result.update(hyper_shapes(config, prefix + "attn_hc."))
            result.update(hyper_shapes(config, prefix + "ffn_hc."))
        result[prefix + "input_layernorm.weight"] = (d,)
        for name, shape in attention_shapes(config).items():
            result[f"{prefix}self_attn.{name}"] = shape
        result[prefix + "post_attention_layernorm.weight"] = (d,)
        for name, shape in feed_forward_shapes(config, layer).items():
            result[f"{prefix}mlp.{name}"] = shape
    if config.hyper:
        n = config.hyper.streams
        result["model.hc_head.hc_fn"] = (n, n * d)
        result["model.hc_head.hc_base"] = (n,)
        result["model.hc_head.hc_scale"] = (1,)
    result["model.norm.weight"] = (d,)
    if not config.tied:
        result["lm_head.weight"] = (config.vocab, d)
    return result


def trainable(name):
    """Everything learns by gradients but the routers' choice bias."""
    return not name.endswith(BIAS)


def parameters(config):
    """Number of elements in the checkpoint."""
    total = 0
    for shape in shapes(config).values():
        count = 1
        for size in shape:
            count *= size
        total += count
    return total
