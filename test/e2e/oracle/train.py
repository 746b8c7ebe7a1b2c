"""Training steps: AdamW with global clipping, balance loss, bias update."""

from dataclasses import dataclass

import numpy as np

from . import model as models
from .tensors import BIAS


@dataclass
class Settings:
    """Hyper-parameters of a constant-rate run.

    alpha scales the balance loss of experts, device_alpha and
    communication_alpha those that V2 has beside it, bias_rate is the step
    of the routing bias (0: the bias stays).
    """

    rate: float = 1e-2
    beta1: float = 0.9
    beta2: float = 0.95
    epsilon: float = 1e-8
    decay: float = 0.1
    clip: float = 1.0
    alpha: float = 0.0
    device_alpha: float = 0.0
    communication_alpha: float = 0.0
    bias_rate: float = 0.0

    def alphas(self):
        """The factors in the order of the losses."""
        return (self.alpha, self.device_alpha, self.communication_alpha)


BALANCE_LOSSES = (
    "balance_loss",
    "device_balance_loss",
    "communication_balance_loss",
)


def update_bias(model, run, rate):
    """Raises the bias of underloaded experts, lowers that of the others."""
    for layer, route in run.routes.items():
        experts = model.config.experts
        load = np.bincount(route.index.reshape(-1), minlength=experts)
        name = f"model.layers.{layer}.mlp.gate.{BIAS}"
        model.weights[name] += rate * np.sign(load.mean() - load)


def smallest_margin(run):
    """The change of a score that could alter some token's experts."""
    return min(
        (float(route.margin.min()) for route in run.routes.values()),
        default=float("inf"),
    )


class Trainer:
    """Moments and step count around a Model that it changes in place."""

    def __init__(self, model, settings):
        self.model, self.settings, self.time = model, settings, 0
        self.first, self.second = {}, {}

    def step(self, tokens):
        """One update; returns what a training log shows, plus margin."""
        s, model = self.settings, self.model
        run, loss, grads = models.gradients(model, tokens, s.alphas())
        total = models.norm(grads)
        clip = min(1.0, s.clip / (total + 1e-6))
        self.time += 1
        for name, gradient in grads.items():
            self._adamw(name, gradient * clip)
        if s.bias_rate and model.config.sigmoid:
            update_bias(model, run, s.bias_rate)
        return {
            "loss": loss,
            **dict(zip(BALANCE_LOSSES, run.balance)),
            "grad_norm": total,
            "margin": smallest_margin(run),
        }

    def _adamw(self, name, g):
        s, t = self.settings, self.time
        m = self.first.get(name, 0.0) * s.beta1 + (1 - s.beta1) * g
        v = self.second.get(name, 0.0) * s.beta2 + (1 - s.beta2) * g * g
        self.first[name], self.second[name] = m, v
        p = self.model.weights[name]
        p *= 1 - s.rate * s.decay
        corrected = np.sqrt(v) / np.sqrt(1 - s.beta2**t) + s.epsilon
        p -= s.rate * (m / (1 - s.beta1**t)) / corrected


def trajectory(
    config, weights, tokens, steps, settings, dtype=np.float64
):
    """(log of the steps, Trainer afterwards) on one repeated batch."""
    trainer = Trainer(models.Model(config, weights, dtype), settings)
    return [trainer.step(tokens) for _ in range(steps)], trainer
