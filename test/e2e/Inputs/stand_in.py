#!/usr/bin/env python3
"""Plays the product with the oracle's own numbers, to test the harness.

    stand_in.py FAULT import DIR -o FILE ...
    stand_in.py FAULT compile FILE -o MODEL ...
    stand_in.py FAULT model JSON logits|train ...

FAULT names something to get wrong, or is `none`.
"""

import argparse
import json
import os
import stat
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import numpy as np

from oracle import config as configs
from oracle import experts, fp8, generate, hyper, layers, model
from oracle import safetensors, train

FLAGS = (
    "batch sequence target entry dtype hyper-connections "
    "hyper-connections-form weights tokens data out steps lr schedule "
    "warmup beta1 beta2 eps weight-decay clip log gradients "
    "balance-alpha device-balance-alpha communication-balance-alpha "
    "bias-gamma routes slots chunk context prompt-ids "
    "max-new-tokens temperature"
).split()


def parse(words):
    """Every flag that the harness may give."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("input", nargs="?")
    parser.add_argument("-o", dest="output")
    for flag in FLAGS:
        parser.add_argument(f"--{flag}")
    parser.add_argument("--ids", action="store_true")
    return parser.parse_args(words)


def import_model(words):
    """Writes what compile needs to know."""
    args = parse(words)
    with open(
        os.path.join(args.input, "config.json"), encoding="utf-8"
    ) as file:
        raw = json.load(file)
    if args.hyper_connections:
        streams = int(args.hyper_connections)
        raw.update(hc_mult=streams, hc_sinkhorn_iters=20, hc_eps=1e-6)
    form = args.hyper_connections_form or "v4"
    with open(args.output, "w", encoding="utf-8") as file:
        json.dump({"raw": raw, "form": form}, file)


def compile_model(fault, words):
    """Writes an executable that calls this file again."""
    args = parse(words)
    with open(args.input, encoding="utf-8") as file:
        plan = json.load(file)
    plan["dtype"] = args.dtype
    with open(args.output + ".json", "w", encoding="utf-8") as file:
        json.dump(plan, file)
    with open(args.output, "w", encoding="utf-8") as file:
        file.write(
            f"#!/bin/sh\nexec {sys.executable} {os.path.abspath(__file__)} "
            f'{fault} model {args.output}.json "$@"\n'
        )
    os.chmod(args.output, os.stat(args.output).st_mode | stat.S_IXUSR)


def install_fault(fault):
    """Replaces one formula of the oracle by a wrong one."""
    if fault == "rope":
        right = layers.rotate
        layers.rotate = lambda x, c, s, i: right(x, c, s, not i)
    if fault == "groups":
        experts.keep_groups = lambda config, choice: (
            choice,
            np.full(len(choice), np.inf),
        )
    if fault == "comb":
        leave = hyper.leave
        hyper.leave = lambda post, comb, x, o: leave(
            post, comb.transpose(0, 2, 1), x, o
        )
    if fault == "swiglu":
        right_backward = layers.swiglu_backward
        layers.swiglu_backward = lambda saved, dy: (
            right_backward(saved, dy)[:3]
            + (1.000001 * right_backward(saved, dy)[3],)
        )


def load(plan, folder):
    """Config, weights and dtype of a run."""
    config = configs.parse(plan["raw"], plan["form"])
    weights = fp8.unpack(safetensors.read_checkpoint(folder))
    if plan["dtype"] == "bf16":
        weights = {
            name: safetensors.from_bf16(safetensors.to_bf16(value))
            for name, value in weights.items()
        }
    single = plan["dtype"] != "f64"
    return config, weights, np.float32 if single else np.float64


def run_logits(plan, args):
    """logits.npy."""
    config, weights, dtype = load(plan, args.weights)
    run = model.Model(config, weights, dtype).forward(np.load(args.tokens))
    np.save(args.out, run.logits)
    if args.routes:
        routes = {f"routes.{n}": r.index for n, r in run.routes.items()}
        safetensors.write(args.routes, routes, "I32")


def run_generate(fault, plan, args):
    """Token ids on one line; the fault forgets the prompt's beginning."""
    config, weights, dtype = load(plan, args.weights)
    prompt = [int(word) for word in args.prompt_ids.split(",")]
    if fault == "cache":
        prompt = prompt[-4:]
    start = model.Model(config, weights, dtype)
    count = int(args.max_new_tokens)
    print(*generate.greedy(start, prompt, count)[0])


def run_train(fault, plan, args):
    """Log, gradients and a checkpoint."""
    config, weights, dtype = load(plan, args.weights)
    tokens = np.load(args.data)
    settings = train.Settings(
        rate=float(args.lr),
        beta1=float(args.beta1),
        beta2=float(args.beta2),
        epsilon=0.0 if fault == "eps" else float(args.eps),
        decay=0.0 if fault == "decay" else float(args.weight_decay),
        clip=float(args.clip),
        alpha=float(args.balance_alpha or 0),
        device_alpha=float(args.device_balance_alpha or 0),
        communication_alpha=float(args.communication_balance_alpha or 0),
        bias_rate=float(args.bias_gamma or 0),
    )
    start = model.Model(config, weights, dtype)
    _, _, grads = model.gradients(start, tokens, settings.alphas())
    if fault == "names":
        grads["extra"] = grads.pop("model.norm.weight")
    kind = "F64" if dtype == np.float64 else "F32"
    safetensors.write(args.gradients, grads, kind)
    steps = int(args.steps)
    log, trainer = train.trajectory(
        config, weights, tokens, steps, settings, dtype
    )
    with open(args.log, "w", encoding="utf-8") as file:
        for step, entry in enumerate(log, 1):
            entry = {k: float(v) for k, v in entry.items()}
            entry.update(step=step, lr=settings.rate, tokens_per_second=1)
            file.write(json.dumps(entry) + "\n")
    save(plan, args.out, steps, trainer, kind)


def save(plan, out, steps, trainer, kind):
    """A checkpoint directory."""
    folder = os.path.join(out, f"step-{steps:06}")
    os.makedirs(folder)
    with open(
        os.path.join(folder, "config.json"), "w", encoding="utf-8"
    ) as file:
        json.dump(plan["raw"], file)
    safetensors.write_checkpoint(folder, trainer.model.weights, kind, 1)
    for part in ("first", "second"):
        path = os.path.join(folder, f"optimizer-{part}.safetensors")
        moments = {f"{part}.{n}": v for n, v in vars(trainer)[part].items()}
        safetensors.write(path, moments, kind)
    with open(
        os.path.join(folder, "trainer_state.json"), "w", encoding="utf-8"
    ) as file:
        json.dump({"step": steps}, file)
    with open(os.path.join(out, "latest"), "w", encoding="utf-8") as file:
        file.write(os.path.basename(folder) + "\n")


def main():
    """Dispatches on the second word."""
    fault, role, *words = sys.argv[1:]
    install_fault(fault)
    if role == "import":
        import_model(words)
    elif role == "compile":
        compile_model(fault, words)
    else:
        with open(words[0], encoding="utf-8") as file:
            plan = json.load(file)
        args = parse(words[2:])
        if words[1] == "logits":
            run_logits(plan, args)
        elif words[1] == "generate":
            run_generate(fault, plan, args)
        else:
            run_train(fault, plan, args)


if __name__ == "__main__":
    main()
