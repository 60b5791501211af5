"""Adagrad and Adadelta."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gdrun.component import Decay, NonNegative, Positive
from gdrun.optim.optimizer import Array, Float64, Optimizer, State, add_weight_decay


@dataclass(frozen=True)
class Adagrad(Optimizer):
    """Each parameter has its own rate, which falls with all the gradients that it has seen.

    Formula:
        g ← g + λθ; s ← s + g²; θ ← θ − ηg/(√s + ε)

    Options:
        learning_rate: η, the length of the first step in each parameter (if s starts at 0).
        initial_accumulator: what every s starts from (unit of a squared gradient).
        eps: ε, added to the root (same unit as a gradient).
        weight_decay: λ, coupled: part of the gradient.

    Variant:
        As PyTorch's Adagrad without lr_decay (which is the schedule's business). ε stands outside the root;
        optax has it inside.

    Reference:
        Duchi, Hazan & Singer, "Adaptive subgradient methods for online learning and stochastic optimization",
        Journal of Machine Learning Research 12, 2011.
    """

    learning_rate: Positive = 0.01
    initial_accumulator: NonNegative = 0.0
    eps: Positive = 1e-10
    weight_decay: NonNegative = 0.0

    def state_names(self) -> Sequence[str]:
        return ("sum_of_squares",)

    def initial_value(self, name: str) -> Any:
        return self.initial_accumulator

    def coefficients(
        self, learning_rate: Float64, step: Float64, momentum: Float64 | None = None
    ) -> dict[str, Any]:
        return {"learning_rate": learning_rate, "eps": self.eps, **self.coupled_decay()}

    def update(
        self, theta: Array, g: Array, state: State, c: dict[str, Any], scratch: Sequence[Array]
    ) -> None:
        s, t = state["sum_of_squares"], scratch[0]
        add_weight_decay(theta, g, c, t)
        np.square(g, out=t)
        np.add(s, t, out=s)
        np.sqrt(s, out=t)
        np.add(t, c["eps"], out=t)
        np.divide(g, t, out=t)
        np.multiply(t, c["learning_rate"], out=t)
        np.subtract(theta, t, out=theta)


@dataclass(frozen=True)
class Adadelta(Optimizer):
    """The step has the unit of the parameter: gradients are scaled by the size of earlier steps.

    Formula:
        g ← g + λθ; s ← ρs + (1 − ρ)g²
        Δ = √(u + ε)/√(s + ε)·g; u ← ρu + (1 − ρ)Δ²; θ ← θ − ηΔ

    Options:
        learning_rate: η, 1 in the paper; a factor of the step that the method finds by itself.
        rho: ρ, the share of both running means that is kept from step to step.
        eps: ε, inside both roots; its root sets the size of the first steps.
        weight_decay: λ, coupled: part of the gradient.

    Variant:
        As in the paper with PyTorch's defaults; u is the mean of Δ², before η.

    Reference:
        Zeiler, "ADADELTA: an adaptive learning rate method", 2012.
    """

    scratch_count: ClassVar[int] = 2
    learning_rate: Positive = 1.0
    rho: Decay = 0.9
    eps: Positive = 1e-6
    weight_decay: NonNegative = 0.0

    def state_names(self) -> Sequence[str]:
        return ("mean_square_gradient", "mean_square_step")

    def coefficients(
        self, learning_rate: Float64, step: Float64, momentum: Float64 | None = None
    ) -> dict[str, Any]:
        # Both states are kept divided by 1 − ρ, and so is ε: the quotient of the roots is the same.
        eps = self.eps / (1 - self.rho)
        return {"learning_rate": learning_rate, "rho": self.rho, "eps": eps, **self.coupled_decay()}

    def update(
        self, theta: Array, g: Array, state: State, c: dict[str, Any], scratch: Sequence[Array]
    ) -> None:
        s, u = state["mean_square_gradient"], state["mean_square_step"]
        t, delta = scratch
        add_weight_decay(theta, g, c, t)
        np.multiply(s, c["rho"], out=s)
        np.square(g, out=t)
        np.add(s, t, out=s)
        np.add(s, c["eps"], out=t)
        np.add(u, c["eps"], out=delta)
        np.divide(delta, t, out=delta)
        np.sqrt(delta, out=delta)
        np.multiply(delta, g, out=delta)
        np.multiply(u, c["rho"], out=u)
        np.square(delta, out=t)
        np.add(u, t, out=u)
        np.multiply(delta, c["learning_rate"], out=t)
        np.subtract(theta, t, out=theta)
