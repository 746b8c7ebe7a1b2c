#!/usr/bin/env python3
"""Checks the oracle, and the product, against Hugging Face transformers.

    transformers_check.py --venv DIR --install
    transformers_check.py --venv DIR [--bin build/bin]

DIR is a virtual environment with torch and transformers; --install makes it
with pip (about 6 GB, for PyPI's torch brings CUDA's libraries) and compares
nothing. Without both packages the check says that it was skipped and ends
with status 0 (77 with --strict-skip).

For each family a tiny random model of transformers is saved; the oracle
reads it and must give the same logits to 1e-4. With --bin the product
must too, and a model that the product trained must load in transformers
and give the oracle's logits.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 1e-4
FAMILIES = ("v2-lite", "v2", "v3")
SKIPPED = 77


def arguments():
    """The command line; --worker is the half inside the environment."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--venv", help="virtual environment")
    parser.add_argument(
        "--install", action="store_true", help="make the environment, and end"
    )
    parser.add_argument(
        "--torch-index", metavar="URL", help="index for CPU builds of torch"
    )
    parser.add_argument("--bin", help="the product's programs")
    parser.add_argument("--target", default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--strict-skip", action="store_true")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args()


def install(venv, index):
    """Fills the environment; returns pip's last words if it fails."""
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    pip = [os.path.join(venv, "bin", "python"), "-m", "pip", "install"]
    pip += ["--quiet", "--no-compile", "--retries", "1"]
    torch = ["torch"] + (["--index-url", index] if index else [])
    for packages in (torch, ["transformers", "numpy"]):
        done = subprocess.run(
            pip + packages, capture_output=True, text=True, check=False
        )
        if done.returncode:
            return done.stderr[-300:].strip()
    return ""


def why_not(venv):
    """Why the environment cannot be used, or nothing."""
    if not venv:
        return "no --venv was given"
    python = os.path.join(venv, "bin", "python")
    if not os.path.exists(python):
        return f"{venv} holds no Python"
    for package in ("torch", "transformers"):
        script = (
            "import importlib.util, sys; "
            f"sys.exit(importlib.util.find_spec('{package}') is None)"
        )
        if subprocess.run([python, "-c", script], check=False).returncode:
            return f"{venv} holds no {package}"
    return ""


def work(venv, role, folder):
    """Runs this file's worker half in the environment."""
    python = os.path.join(venv, "bin", "python")
    command = [python, os.path.abspath(__file__), "--worker", role, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout.strip()


def tiny(family, seed, yarn):
    """config.json data of a tiny model that transformers can hold."""
    from oracle import draw

    raw, _ = draw.draw(seed, family)
    v2 = family != "v3"
    for key in ("hc_mult", "hc_sinkhorn_iters", "hc_eps"):
        raw.pop(key, None)
    for key in ("rope_scaling", "rope_parameters", "rope_theta"):
        raw.pop(key, None)
    kind = {"rope_type": "default", "rope_theta": 10000.0}
    if yarn:
        kind.update(
            rope_type="yarn",
            factor=4.0,
            original_max_position_embeddings=32,
            beta_fast=32.0,
            beta_slow=1.0,
            mscale=0.707,
            mscale_all_dim=0.707,
        )
    # Their V2 needs even widths: it views rows as complex numbers.
    raw.update(
        hidden_size=32,
        kv_lora_rank=16,
        q_lora_rank=raw["q_lora_rank"] and 12,
        qk_nope_head_dim=8,
        qk_rope_head_dim=6,
        v_head_dim=12,
        norm_topk_prob=not v2,
        num_hidden_layers=3,
        first_k_dense_replace=1,
        n_routed_experts=8,
        n_group=1 if family == "v2-lite" else 4,
        topk_group=1 if family == "v2-lite" else 2,
        num_experts_per_tok=3,
        n_shared_experts=2 if v2 else 1,
        tie_word_embeddings=False,
        rope_parameters=kind,
        dtype="float32",
    )
    return raw


def tokens_for(raw, seed):
    """A batch [2, 9]."""
    from oracle import fill

    return fill.random_tokens(raw["vocab_size"], 2, 9, seed)


def prepare(folder, family, seed, yarn):
    """tiny.json and tokens.npy, from which a worker makes a model."""
    import numpy as np

    os.makedirs(os.path.join(folder, "model"))
    raw = tiny(family, seed, yarn)
    with open(
        os.path.join(folder, "tiny.json"), "w", encoding="utf-8"
    ) as file:
        json.dump(raw, file)
    tokens = tokens_for(raw, seed)
    np.save(os.path.join(folder, "tokens.npy"), tokens)
    np.save(os.path.join(folder, "model", "tokens.npy"), tokens)


def check_oracle(name, folder, table):
    """Their model in the oracle; false where theirs is known to be wrong."""
    import numpy as np

    from harness.table import tensor_error
    from oracle import config as configs
    from oracle import model, safetensors

    place = os.path.join(folder, "model")
    config = configs.load(os.path.join(place, "config.json"))
    with open(
        os.path.join(folder, "scaling"), encoding="utf-8"
    ) as file:
        scaling = float(file.read())
    plain = (config.nope + config.rope) ** -0.5
    if config.yarn and abs(scaling - plain) < 1e-9:
        table.note(f"{name}: this transformers leaves out mscale, skipped")
        return False
    tokens = np.load(os.path.join(folder, "tokens.npy"))
    weights = safetensors.read_checkpoint(place)
    run = model.Model(config, weights).forward(tokens)
    theirs = np.load(os.path.join(folder, "theirs.npy"))
    error = tensor_error(theirs, run.logits)
    table.judge(f"{name}: transformers - oracle", error, LIMIT)
    return True


def run_product(args, name, folder, table):
    """Their model in the product, then three steps of training."""
    import numpy as np

    from harness.checks import latest_checkpoint
    from harness.product import Product
    from harness.table import tensor_error
    from oracle import train

    product = Product(args.bin, folder)
    theirs = np.load(product.path("theirs.npy"))
    place = product.path("model")
    product.load(place, [])
    product.build(theirs.shape[:2], args.target, "f32", [])
    ours = np.load(product.logits(place)[0])
    error = tensor_error(ours, theirs)
    table.judge(f"{name}: product - transformers", error, LIMIT)
    product.train(place, 3, train.Settings(), [])
    with open(product.path("place"), "w", encoding="utf-8") as file:
        file.write(latest_checkpoint(product.path("out")))


def check_trained(name, folder, table):
    """What the product trained: the oracle's logits against theirs."""
    import numpy as np

    from harness.table import tensor_error
    from oracle import config as configs
    from oracle import model, safetensors

    with open(os.path.join(folder, "place"), encoding="utf-8") as file:
        place = file.read()
    trained = model.Model(
        configs.load(os.path.join(place, "config.json")),
        safetensors.read_checkpoint(place),
    )
    tokens = np.load(os.path.join(folder, "tokens.npy"))
    theirs = np.load(os.path.join(folder, "theirs.npy"))
    error = tensor_error(theirs, trained.forward(tokens).logits)
    table.judge(f"{name}: trained here, loaded there", error, LIMIT)


def models_below(root):
    """The folders that a worker goes through."""
    return [os.path.join(root, name) for name in sorted(os.listdir(root))]


def make_theirs(root):
    """Worker: random models of transformers and their logits."""
    import torch
    import transformers

    for folder in models_below(root):
        with open(
            os.path.join(folder, "tiny.json"), encoding="utf-8"
        ) as file:
            raw = json.load(file)
        kind = "V3" if raw["model_type"] == "deepseek_v3" else "V2"
        for key in ("model_type", "architectures", "dtype"):
            raw.pop(key)
        settings = getattr(transformers, f"Deepseek{kind}Config")(**raw)
        settings._attn_implementation = "eager"
        settings._experts_implementation = "eager"
        torch.manual_seed(1)
        make = getattr(transformers, f"Deepseek{kind}ForCausalLM")
        theirs = make(settings)
        enlarge(theirs)
        theirs.save_pretrained(os.path.join(folder, "model"))
        write_theirs(theirs, folder)
        scaling = theirs.model.layers[0].self_attn.scaling
        with open(
            os.path.join(folder, "scaling"), "w", encoding="utf-8"
        ) as file:
            file.write(repr(float(scaling)))
    print(transformers.__version__)


def enlarge(theirs):
    """Freshly drawn weights are so small that much of a model is idle."""
    import torch

    with torch.no_grad():
        for name, value in theirs.named_parameters():
            if value.dim() > 1 and "embed" not in name:
                value.normal_(0, value.shape[-1] ** -0.5)
            elif value.dim() == 1:
                value.add_(0.1 * torch.randn_like(value))
        for name, value in theirs.named_buffers():
            if name.endswith("e_score_correction_bias"):
                value.normal_(0, 0.1)


def write_theirs(theirs, folder):
    """theirs.npy: float32 logits of tokens.npy."""
    import numpy as np
    import torch

    tokens = np.load(os.path.join(folder, "tokens.npy"))
    theirs.eval()
    with torch.no_grad():
        out = theirs(torch.tensor(tokens.astype(np.int64)), use_cache=False)
    np.save(os.path.join(folder, "theirs.npy"), out.logits.numpy())


def load_ours(root):
    """Worker: logits of the directories that the product wrote."""
    import torch
    import transformers

    for folder in models_below(root):
        with open(os.path.join(folder, "place"), encoding="utf-8") as file:
            place = file.read()
        theirs = transformers.AutoModelForCausalLM.from_pretrained(
            place,
            dtype=torch.float32,
            attn_implementation="eager",
            experts_implementation="eager",
        )
        write_theirs(theirs, folder)


def compare(args, root, table):
    """Every family, with and without YaRN."""
    names = {}
    for family in FAMILIES:
        for yarn in (False, True):
            name = f"{family}{'-yarn' if yarn else ''}"
            names[name] = os.path.join(root, name)
            prepare(names[name], family, args.seed, yarn)
    print("transformers", work(args.venv, "make", root))
    right = [n for n, f in names.items() if check_oracle(n, f, table)]
    if not args.bin:
        return
    for name in list(names):
        if name not in right:
            shutil.rmtree(names.pop(name))
    for name, folder in names.items():
        run_product(args, name, folder, table)
    work(args.venv, "load", root)
    for name, folder in names.items():
        check_trained(name, folder, table)


def main():
    """Skips, or runs every family and prints a table."""
    args = arguments()
    if args.worker:
        role, folder = args.worker
        {"make": make_theirs, "load": load_ours}[role](folder)
        return 0
    reason = why_not(args.venv)
    if args.install:
        if args.venv and reason:
            reason = install(args.venv, args.torch_index) or why_not(args.venv)
        print(f"no peers from PyPI: {reason}" if reason else args.venv)
        return 1 if reason else 0
    if reason:
        print(f"skipped: no torch and transformers ({reason})")
        return SKIPPED if args.strict_skip else 0
    from harness.table import Table

    table = Table()
    with tempfile.TemporaryDirectory() as root:
        compare(args, root, table)
    table.show()
    return 1 if table.failed() else 0


if __name__ == "__main__":
    sys.exit(main())
