#!/usr/bin/env python3
"""Prints the figures of docs/measurements.md as Markdown tables.

    measure.py --bin build/bin [compile] [steps] [memory] [bench]

compile: time and distinct kernels against the number of layers.
steps:   steps per dense and per MoE layer, forward and backward.
memory:  the plan's memory against the process's peak.
bench:   the tiny model's own `bench`.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

MIB = 1 << 20
HERE = os.path.dirname(os.path.abspath(__file__))
TINY = os.path.join(HERE, "..", "examples", "tiny", "config.json")


class Workshop:
    """Builds variants of the tiny model in a scratch folder."""

    def __init__(self, binaries, scratch):
        self.binaries = os.path.abspath(binaries)
        self.scratch = scratch

    def run(self, program, *rest):
        """Runs a command; returns its output and its wall time in seconds."""
        begin = time.perf_counter()
        done = subprocess.run([program, *rest], check=True,
                              capture_output=True, text=True,
                              cwd=self.scratch)
        return done.stdout, time.perf_counter() - begin

    def tool(self, name, *rest):
        """Runs one of the project's programs."""
        return self.run(os.path.join(self.binaries, name), *rest)

    def model(self, **changes):
        """Imports the tiny config with some fields changed."""
        with open(TINY, encoding="utf-8") as file:
            config = json.load(file)
        config.update(changes)
        folder = os.path.join(self.scratch, "model")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "config.json"), "w",
                  encoding="utf-8") as file:
            json.dump(config, file)
        path = os.path.join(self.scratch, "m.mlir")
        self.tool("tresse-import", folder, "-o", path)
        return path

    def compiled(self, text, *flags, target="cpu"):
        """Compiles; returns the executable and the seconds it took."""
        path = os.path.join(self.scratch, "m")
        _, seconds = self.tool("tresse-compile", text, f"--target={target}",
                               *flags, "-o", path)
        return path, seconds

    def text(self):
        """A file with the King James text, or with 4 MB of other bytes."""
        path = os.path.join(self.scratch, "text")
        with open(path, "wb") as file:
            if shutil.which("bible"):
                subprocess.run(["bible", "-f", "gen1:1-rev22:21"], check=True,
                               stdout=file)
            else:
                file.write(bytes(i * 7 % 251 for i in range(1 << 22)))
        return path

    def dump(self, text, *flags):
        """The plan as text."""
        path = os.path.join(self.scratch, "m.plan")
        self.tool("tresse-compile", text, "--target=cpu", *flags,
                  "--emit=plan", "-o", path)
        return self.tool("tresse-plan", "dump", path)[0]


def steps_of(dump, entry):
    """Counts an entry's steps in a dump."""
    inside, count = False, 0
    for line in dump.splitlines():
        if line.lstrip().startswith("plan.entry "):
            inside = f'"{entry}"' in line
        elif inside and line.lstrip().split(" ")[0] in (
                "plan.launch", "plan.gemm", "plan.grouped_gemm", "plan.copy",
                "plan.fill"):
            count += 1
    return count


def print_compile(shop):
    """Compile time and kernels against layers."""
    print("| layers | compile, s | distinct kernels | steps of gradients |")
    print("|---|---|---|---|")
    for layers in (2, 4, 8, 16, 32, 61):
        text = shop.model(num_hidden_layers=layers)
        path, seconds = shop.compiled(text, "--entry=train,generate,logits")
        info = json.loads(shop.run(path, "info", "--json")[0])
        steps = steps_of(shop.dump(text, "--entry=train"), "gradients")
        print(f"| {layers} | {seconds:.1f} | {info['kernels']} | {steps} |",
              flush=True)


def print_steps(shop):
    """Steps per layer: what one more layer of a kind adds."""
    print("| layer | forward | forward and backward | decode |")
    print("|---|---|---|---|")
    for kind, base in (("dense", 8), ("MoE", 1)):
        counts = []
        for layers in (8, 9):
            dense = layers if kind == "dense" else base
            dump = shop.dump(shop.model(num_hidden_layers=layers,
                                        first_k_dense_replace=dense),
                             "--entry=train,generate")
            counts.append([steps_of(dump, entry) for entry in
                           ("evaluate", "gradients", "decode")])
        more = [after - before for before, after in zip(*counts)]
        print(f"| {kind} | {more[0]} | {more[1]} | {more[2]} |", flush=True)


# What is compiled for the memory part: entries, --recompute, more flags. The
# first row is the demo's model.
MEMORY_ROWS = (
    ("train,generate", "none", ("--batch=4", "--sequence=256",
                                "--context=256")),
    ("train", "none", ()),
    ("train", "layer", ()),
)


def print_memory(shop, rows=len(MEMORY_ROWS), limit=None):
    """Predicted and real memory of a training process that reads the whole
    text, validates, logs and saves, and of one that goes on from there. False
    when a difference is over the limit."""
    print("| entries | recompute | predicted, MiB | trained, MiB | "
          "resumed, MiB | largest difference |")
    print("|---|---|---|---|---|---|")
    text = shop.model()
    data = shop.text()
    good = True
    for entries, recompute, flags in MEMORY_ROWS[:rows]:
        path, _ = shop.compiled(text, f"--entry={entries}",
                                f"--recompute={recompute}", *flags)
        info = json.loads(shop.run(path, "info", "--json")[0])
        predicted = info["arena_bytes"] + info["persistent_bytes"]
        base = baseline_of([path, "info"], shop.scratch)
        out = os.path.join(shop.scratch, "out")
        shutil.rmtree(out, ignore_errors=True)
        train = [path, "train", "--init", "1", "--data", data, "--quiet",
                 "--threads", "2", "--validation", "0.001", "--save-every",
                 "1", "--log", os.path.join(shop.scratch, "log"), "--out",
                 out]
        peaks = [peak_of([*train, "--steps", steps, *more], shop.scratch)
                 - base for steps, more in (("2", []), ("3", ["--resume"]))]
        off = max(abs(peak / predicted - 1) for peak in peaks)
        good = good and (limit is None or off <= limit)
        print(f"| {entries} | {recompute} | {predicted / MIB:.1f} | "
              f"{peaks[0] / MIB:.1f} | {peaks[1] / MIB:.1f} | {off:.1%} |",
              flush=True)
    return good


def peak_of(command, folder):
    """Largest resident memory of a child, in bytes. What this process held
    when it started the child counts too: only for larger children."""
    child = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise RuntimeError(f"{command} ended with status {status}")
    return usage.ru_maxrss * 1024


def baseline_of(command, folder):
    """Largest resident memory of a small child, in bytes, read when it waits
    to print: its output is a pipe that is full."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    try:
        while True:
            os.write(write, bytes(4096))
    except BlockingIOError:
        os.set_blocking(write, True)
    child = subprocess.Popen(command, cwd=folder, stdout=write)
    os.close(write)
    peak, before = 0, -1
    while peak != before:
        time.sleep(0.5)
        with open(f"/proc/{child.pid}/status", encoding="ascii") as file:
            status = dict(line.split(":", 1) for line in file)
        peak, before = int(status["VmHWM"].split()[0]) * 1024, peak
    os.close(read)
    child.wait()
    return peak


def print_bench(shop):
    """The tiny model's own figures."""
    path, _ = shop.compiled(shop.model(), "--entry=train,generate,logits")
    print("```")
    print(shop.run(path, "bench", "--init", "1")[0].rstrip())
    print("```")


def main():
    """Runs the parts that are asked for, all by default."""
    parts = {"compile": print_compile, "steps": print_steps,
             "memory": print_memory, "bench": print_bench}
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--rows", type=int, default=len(MEMORY_ROWS),
                        help="rows of the memory table")
    parser.add_argument("--limit", type=float,
                        help="fail when memory differs by a larger part")
    parser.add_argument("part", nargs="*", choices=[*parts, []])
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        shop = Workshop(args.bin, scratch)
        for part in args.part or parts:
            print(f"\n{part}\n")
            if part == "memory":
                if not print_memory(shop, args.rows, args.limit):
                    return 1
            else:
                parts[part](shop)
    return 0


if __name__ == "__main__":
    sys.exit(main())
