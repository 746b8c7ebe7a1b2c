#!/usr/bin/env python3
"""The harness passes a right product and fails each of several wrong ones."""

import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
STAND_IN = os.path.join(HERE, "Inputs", "stand_in.py")


def make_programs(folder, fault):
    """tresse-import and tresse-compile that call the stand-in."""
    for role in ("import", "compile"):
        path = os.path.join(folder, f"tresse-{role}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(
                f"#!/bin/sh\nexec {sys.executable} {STAND_IN} "
                f'{fault} {role} "$@"\n'
            )
        os.chmod(path, 0o755)


def run(fault, *words):
    """(exit status, output) of run_config.py against a stand-in."""
    with tempfile.TemporaryDirectory() as folder:
        make_programs(folder, fault)
        command = [
            sys.executable,
            os.path.join(HERE, "run_config.py"),
            "--bin",
            folder,
            *words,
        ]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False
        )
    return done.returncode, done.stdout + done.stderr


class Harness(unittest.TestCase):
    """Runs of run_config.py."""

    def passes(self, *words):
        status, output = run("none", *words)
        self.assertEqual(status, 0, output)

    def fails(self, fault, row, *words):
        status, output = run(fault, *words)
        self.assertEqual(status, 1, output)
        failed = [x for x in output.splitlines() if x.startswith("FAIL")]
        self.assertTrue(any(row in line for line in failed), output)

    def test_right_f64(self):
        self.passes("--golden", "D", "--dtype", "f64")

    def test_right_f32(self):
        self.passes("--golden", "A", "--dtype", "f32", "--shards", "3")

    def test_right_bf16(self):
        self.passes("--golden", "B", "--dtype", "bf16")

    def test_right_balanced(self):
        for name in "BC":
            self.passes("--golden", name, "--balanced")

    def test_right_added_streams(self):
        self.passes("--golden", "C", "--add-hyper", "3", "--form", "paper")

    def test_right_fp8(self):
        path = os.path.join(HERE, "Inputs", "blocks")
        self.passes(
            path, "--weights-dtype", "F8", "--shards", "2", "--only", "logits"
        )

    def test_right_random(self):
        for seed in range(3):
            self.passes("--random", str(seed), "--dtype", "f32")

    def test_wrong_rope(self):
        self.fails("rope", "logits", "--golden", "A", "--only", "logits")

    def test_wrong_orientation(self):
        self.fails("comb", "logits", "--golden", "D", "--only", "logits")

    def test_wrong_choice(self):
        self.fails("groups", "routes", "--golden", "B", "--only", "logits")

    def test_right_generation(self):
        self.passes("--golden", "D", "--only", "generate")

    def test_wrong_generation(self):
        self.fails("cache", "greedy", "--golden", "A", "--only", "generate")

    def test_wrong_gradient(self):
        self.fails("swiglu", "down_proj", "--golden", "C")

    def test_wrong_decay(self):
        self.fails("decay", "step 2 loss", "--golden", "B")

    def test_wrong_names(self):
        self.fails("names", "gradient names", "--golden", "A")

    def test_no_product(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [
                    sys.executable,
                    os.path.join(HERE, "run_config.py"),
                    "--golden=A",
                    "--bin",
                    folder,
                ],
                capture_output=True,
                text=True,
                check=False,
            )
        self.assertEqual(done.returncode, 1)
        self.assertIn("tresse-import", done.stdout)


if __name__ == "__main__":
    unittest.main()
