#!/usr/bin/env python3
"""Compares the product with the oracle on one configuration.

    run_config.py --golden B --target cpu --dtype f64 --bin build/bin
    run_config.py --random 17 --target reference --dtype f32 --bin build/bin
    run_config.py DIRECTORY --target cpu --dtype bf16 --bin build/bin

DIRECTORY holds a config.json and, if there are any, weights and tokens.npy.
Exit status: 0 all rows pass, 1 some fail, 2 wrong usage.
"""

import argparse
import os
import sys
import tempfile

from harness import case as cases
from harness import checks
from harness.product import CommandFailed, Product
from harness.table import Table
from oracle import train


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("directory", nargs="?", metavar="DIRECTORY")
    parser.add_argument("--golden", choices=["A", "B", "C", "D"])
    parser.add_argument("--random", type=int, metavar="SEED")
    parser.add_argument("--bin", required=True, help="the product's programs")
    parser.add_argument("--target", default="reference")
    parser.add_argument(
        "--dtype", default="f64", choices=["f64", "f32", "bf16"]
    )
    parser.add_argument(
        "--only",
        choices=["logits", "train", "generate"],
        help="only these checks; generate is never among the others",
    )
    parser.add_argument(
        "--chunk", type=int, default=4, help="of the prefill (default 4)"
    )
    parser.add_argument(
        "--check",
        default="memory,race,uninitialised",
        help="of the virtual GPU, for a cuda target",
    )
    parser.add_argument("--schedule-seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument(
        "--balanced",
        action="store_true",
        help="train with the balance losses and the bias update",
    )
    parser.add_argument(
        "--form",
        default="v4",
        choices=["v4", "paper"],
        help="of the hyper-connections of DIRECTORY or --add-hyper",
    )
    parser.add_argument(
        "--add-hyper",
        type=int,
        metavar="N",
        help="import with --hyper-connections=N",
    )
    parser.add_argument(
        "--weights-dtype",
        choices=["F32", "F64", "BF16", "F8"],
        help="of the model directory (default F64 for f64, else F32)",
    )
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--sequence", type=int, default=8)
    parser.add_argument(
        "--compile-flag", action="append", default=[], metavar="FLAG"
    )
    parser.add_argument(
        "--train-flag", action="append", default=[], metavar="FLAG"
    )
    parser.add_argument("--keep", metavar="DIR", help="scratch, not removed")
    parser.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()
    sources = [args.directory, args.golden, args.random]
    if sum(source is not None for source in sources) != 1:
        parser.error("expected one of DIRECTORY, --golden and --random")
    return args


def launcher(args):
    """The virtual GPU with its checks, for a model of the cuda target."""
    if not args.target.startswith("cuda:"):
        return []
    device = "a100" if args.target == "cuda:sm_80" else "h100"
    return [
        os.path.join(os.path.abspath(args.bin), "tresse-vgpu"),
        "--quiet",
        f"--device={device}",
        f"--check={args.check}",
        f"--schedule-seed={args.schedule_seed}",
    ]


def choose(args):
    """The case that the command line asks for."""
    if args.golden:
        case = cases.from_golden(args.golden)
    elif args.random is not None:
        case = cases.from_seed(args.random, args.dtype)
    else:
        case = cases.from_directory(
            args.directory, args.form, args.batch, args.sequence
        )
    if args.add_hyper:
        return cases.add_hyper(case, args.add_hyper, args.form)
    return case


def balanced(config):
    """The factors that DeepSeek-V3 and V2 were trained with."""
    if config.sigmoid:
        return train.Settings(alpha=1e-4, bias_rate=1e-3)
    if config.balance_levels() == 1:
        return train.Settings(alpha=3e-3)
    return train.Settings(
        alpha=3e-3, device_alpha=5e-2, communication_alpha=2e-2
    )


def compare(args, case, scratch, table):
    """Runs the product on a case and fills the table."""
    settings = train.Settings()
    flags = list(args.train_flag)
    if args.balanced:
        settings = balanced(case.config())
        flags += ["--balance-alpha", settings.alpha]
        flags += ["--bias-gamma", settings.bias_rate]
    if settings.device_alpha:
        flags += ["--device-balance-alpha", settings.device_alpha]
        flags += ["--communication-balance-alpha"]
        flags += [settings.communication_alpha]
    product = Product(
        args.bin, scratch, args.verbose, launcher=launcher(args)
    )
    folder = product.path("model")
    dtype = args.weights_dtype or ("F64" if args.dtype == "f64" else "F32")
    cases.write(case, folder, dtype, args.shards)
    right = cases.answers(case, args.steps, settings)
    margin = min(entry["margin"] for entry in right.log)
    table.note(f"smallest margin of a route over the steps: {margin:.1e}")
    product.load(folder, case.import_flags)
    if args.only == "generate":
        checks.check_generation(table, case, product, folder, args)
        return
    product.build(
        case.tokens.shape, args.target, args.dtype, args.compile_flag
    )
    if args.only != "train":
        path, routes = product.logits(folder)
        agree = checks.check_routes(table, right, routes, args.dtype)
        checks.check_logits(table, case, right, path, args.dtype, agree)
    if args.only != "logits":
        product.train(folder, args.steps, settings, flags)
        check_training(args, case, right, product, settings, table)


def check_training(args, case, right, product, settings, table):
    """Everything that one run of `train` left behind."""
    checks.check_log(
        table, case, right, product.path("log.jsonl"), args.dtype, settings
    )
    checks.check_gradients(
        table,
        case,
        right,
        product.path("gradients.safetensors"),
        args.dtype,
        settings,
        args.verbose,
    )
    checks.check_checkpoint(
        table, case, right, product.path("out"), args.steps, args.dtype
    )


def main():
    """Compares, prints the table and returns the exit status."""
    args = arguments()
    case = choose(args)
    batch, length = case.tokens.shape
    print(f"{case.name}: {case.raw['model_type']}, target {args.target}, "
          f"dtype {args.dtype}, tokens [{batch}, {length}]")
    if args.verbose:
        print(case.raw)
    table = Table()
    with tempfile.TemporaryDirectory() as temporary:
        try:
            compare(args, case, args.keep or temporary, table)
        except (CommandFailed, OSError, ValueError, KeyError) as error:
            table.require("every command and file", False, str(error))
    table.show()
    return 1 if table.failed() else 0


if __name__ == "__main__":
    sys.exit(main())
