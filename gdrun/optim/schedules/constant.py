"""The constant schedule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdrun.optim.schedule import Float64, RunLength, Schedule


@dataclass(frozen=True)
class Constant(Schedule):
    """The learning rate as it is.

    Formula:
        factor(t) = 1

    Reference:
        Robbins & Monro, "A stochastic approximation method", Annals of Mathematical Statistics 22, 1951:
        for convergence the rates must fall; with a constant one the weights keep moving.
    """

    def factor(self, step: Float64, run: RunLength) -> Float64:
        return np.ones_like(step)
