"""statistics.py LAUNCHER PROGRAM - what --stats and the table say.

PROGRAM is built from Launches.cpp: its counts are known exactly."""
import json
import os
import subprocess
import sys
import tempfile


def run(*arguments):
    done = subprocess.run(arguments, capture_output=True, text=True)
    return done.returncode, done.stderr


def expect(what, expected, actual):
    if expected != actual:
        sys.exit(f"{what}: expected {expected!r}, but got {actual!r}")


TWICE = {
    "last_grid": [1, 1, 1], "last_block": [64, 1, 1],
    "launches": 3, "blocks": 3, "warps": 6, "divergent_branches": 0,
    "global_load_sectors_requested": 3 * 8, "global_load_sectors_moved": 3 * 8,
    "global_store_sectors_requested": 3 * 8,
    "global_store_sectors_moved": 3 * 8,
    "async_bytes_loaded": 0, "async_bytes_stored": 0,
    "shared_accesses": 0, "shared_bank_conflicts": 0,
    "tensor_multiply_adds": 0, "barriers": 0, "flops": 3 * 64 * 2,
    "blocks_per_multiprocessor": 32, "occupancy": 1,
    "achieved_occupancy": 2 / 64,
}
TWICE_CLASSES = {"load_param": 1, "integer": 2, "load_global": 1,
                 "store_global": 1, "float32": 1}
# 4 KiB and the 1 KiB that the system keeps: 45 blocks, but 32 is the most.
BANKS = {
    "last_grid": [5, 1, 1], "last_block": [32, 1, 1],
    "launches": 1, "blocks": 5, "warps": 5,
    "shared_accesses": 5, "shared_bank_conflicts": 5 * 31, "barriers": 5,
    "flops": 0, "blocks_per_multiprocessor": 32, "occupancy": 0.5,
    "achieved_occupancy": 1 / 64,
}


def check_json(report):
    expect("device", "h100", report["device"])
    expect("seed", 7, report["schedule_seed"])
    expect("reports", 0, report["reports"])
    kernels = {kernel["kernel"]: kernel for kernel in report["kernels"]}
    expect("kernels", ["banks", "twice"], sorted(kernels))
    for name, wanted in (("twice", TWICE), ("banks", BANKS)):
        for key, value in wanted.items():
            expect(f"{name}.{key}", value, kernels[name][key])
    for name, launches, per in (("warp_instructions", 3, 2),
                                ("thread_instructions", 3, 64)):
        counts = kernels["twice"][name]
        for key, value in TWICE_CLASSES.items():
            expect(f"twice.{name}.{key}", launches * per * value, counts[key])
        for key in ("load_shared", "mma", "wgmma", "atomic", "barrier"):
            expect(f"twice.{name}.{key}", 0, counts[key])


def check_table(text):
    rows = [line.split() for line in text.splitlines()]
    heading = next(row for row in rows if row and row[0] == "kernel")
    expect("heading", "launches", heading[1])
    twice = next(row for row in rows if row and row[0] == "twice")
    # kernel launches blocks instructions flops MACs asked moved shared
    # conflicts barriers occupancy
    expect("row of twice",
           ["twice", "3", "3", twice[3], "384", "0", "1.54k", "1.54k", "0",
            "0", "0", "3%"], twice)
    banks = next(row for row in rows if row and row[0] == "banks")
    expect("row of banks",
           ["banks", "1", "5", banks[3], "0", "0", "0", "0", "5", "155", "5",
            "2%"], banks)


def main():
    launcher, program = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "stats.json")
        code, text = run(launcher, "--schedule-seed=7", "--stats", path,
                         program)
        expect("exit code", 0, code)
        check_table(text)
        with open(path, encoding="utf-8") as file:
            check_json(json.load(file))
        code, text = run(launcher, "--quiet", program)
        expect("quiet", (0, ""), (code, text))
        code, text = run(launcher, "--quiet", "--stats", folder, program)
        expect("exit code of a file that cannot be written", 1, code)
        if "cannot write" not in text:
            sys.exit(f"expected a message about the file, but got {text!r}")


main()
