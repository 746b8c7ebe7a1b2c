"""The product's commands, run in one scratch directory."""

import os
import shlex
import subprocess


class CommandFailed(Exception):
    """A command that ended with another status than 0."""


class Product:
    """Imports, compiles and runs one model directory."""

    def __init__(
        self, binaries, scratch, verbose=False, timeout=600, launcher=()
    ):
        # What the compiled model is run under, and its flags.
        self.launcher = list(launcher)
        self.binaries, self.scratch = os.path.abspath(binaries), scratch
        self.verbose, self.timeout = verbose, timeout

    def path(self, name):
        """A file in the scratch directory."""
        return os.path.join(self.scratch, name)

    def run(self, program, *rest):
        """Runs one command; raises CommandFailed with its messages."""
        command = [program, *map(str, rest)]
        text = shlex.join(command)
        if self.verbose:
            print("run  ", text)
        try:
            done = subprocess.run(
                command,
                cwd=self.scratch,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=self.timeout,
            )
        except OSError as error:
            raise CommandFailed(f"{text}\n{error}") from error
        except subprocess.TimeoutExpired as error:
            late = f"no end after {self.timeout} s"
            raise CommandFailed(f"{text}\n{late}") from error
        if done.returncode:
            raise CommandFailed(
                f"{text}\nexit status {done.returncode}\n{done.stderr[-4000:]}"
            )
        return done.stdout

    def run_model(self, name, *rest):
        """Runs a compiled model of the scratch directory."""
        return self.run(*self.launcher, self.path(name), *rest)

    def load(self, folder, import_flags):
        """Imports a model directory as m.mlir."""
        self.run(
            os.path.join(self.binaries, "tresse-import"),
            folder,
            "-o",
            self.path("m.mlir"),
            *import_flags,
        )

    def build(self, shape, target, dtype, flags):
        """Makes the executable ./m for tokens of this shape."""
        self.run(
            os.path.join(self.binaries, "tresse-compile"),
            self.path("m.mlir"),
            f"--target={target}",
            "--entry=logits,train",
            f"--batch={shape[0]}",
            f"--sequence={shape[1]}",
            f"--dtype={dtype}",
            "-o",
            self.path("m"),
            *flags,
        )

    def build_generator(self, target, dtype, chunk, context, flags):
        """Makes the executable ./g: one slot, prefill in chunks."""
        self.run(
            os.path.join(self.binaries, "tresse-compile"),
            self.path("m.mlir"),
            f"--target={target}",
            "--entry=generate",
            "--slots=1",
            f"--chunk={chunk}",
            f"--context={context}",
            f"--dtype={dtype}",
            "-o",
            self.path("g"),
            *flags,
        )

    def generate(self, folder, prompt, count):
        """Token ids that greedily follow a prompt."""
        text = self.run_model(
            "g",
            "generate",
            "--weights",
            folder,
            "--prompt-ids",
            ",".join(map(str, prompt)),
            "--max-new-tokens",
            count,
            "--temperature",
            0,
            "--ids",
        )
        return [int(word) for word in text.split()]

    def logits(self, folder):
        """Writes logits.npy and routes.safetensors; returns both paths.

        The second is None where the model cannot show its routes.
        """
        routes = self.path("routes.safetensors")
        shown = "--routes" in self.run_model("m", "logits", "--help")
        self.run_model(
            "m",
            "logits",
            "--weights",
            folder,
            "--tokens",
            os.path.join(folder, "tokens.npy"),
            "--out",
            self.path("logits.npy"),
            *(["--routes", routes] if shown else []),
        )
        return self.path("logits.npy"), routes if shown else None

    def train(self, folder, steps, settings, flags):
        """Writes log.jsonl, gradients.safetensors and checkpoints in out/."""
        values = {
            "steps": steps,
            "lr": settings.rate,
            "schedule": "constant",
            "warmup": 0,
            "beta1": settings.beta1,
            "beta2": settings.beta2,
            "eps": settings.epsilon,
            "weight-decay": settings.decay,
            "clip": settings.clip,
            "log": self.path("log.jsonl"),
            "gradients": self.path("gradients.safetensors"),
            "out": self.path("out"),
        }
        options = []
        for name, value in values.items():
            options += [f"--{name}", value]
        self.run_model(
            "m",
            "train",
            "--weights",
            folder,
            "--data",
            os.path.join(folder, "tokens.npy"),
            *options,
            *flags,
        )
