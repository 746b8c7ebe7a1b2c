"""Greedy generation without a cache: the whole sequence each time."""

import numpy as np


def greedy(model, prompt, count, end=None):
    """(new tokens, gaps) after a prompt of token ids.

    gaps[i] is how much the likeliest token of step i was ahead of the
    next, relative to the largest logit. Stops after the token `end`.
    """
    tokens, gaps = list(prompt), []
    for _ in range(count):
        logits = model.forward(np.array([tokens])).logits[0, -1]
        order = np.argsort(-logits, kind="stable")
        second = logits[order[1]] if len(order) > 1 else -np.inf
        gaps.append((logits[order[0]] - second) / np.abs(logits).max())
        tokens.append(int(order[0]))
        if tokens[-1] == end:
            break
    return tokens[len(prompt) :], gaps
