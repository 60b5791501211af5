"""The constant schedule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdrun.optim.schedule import Float64, Schedule, Span


@dataclass(frozen=True)
class Constant(Schedule):
    """The learning rate as it is, after a warm-up if there is one.

    Formula:
        factor(t) = 1

    Options:
        warmup_steps, warmup_epochs: length of a linear rise before it, in updates or in epochs.
        warmup_start_factor: where that rise starts from; the first update is already above it.

    Reference:
        Robbins & Monro, "A stochastic approximation method", Annals of Mathematical Statistics 22, 1951:
        for convergence the rates must fall; with a constant one the weights keep moving. Warm-up: Goyal et
        al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017.
    """

    def curve(self, step: Float64, span: Span) -> Float64:
        return np.ones_like(step)
