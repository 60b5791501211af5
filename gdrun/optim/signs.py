"""Optimizers that go by the signs of the gradient and leave its size aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from gdrun.component import Decay, Gt, Lt, NonNegative, Positive
from gdrun.optim.optimizer import Array, Float64, Optimizer, State


@dataclass(frozen=True)
class Lion(Optimizer):
    """The sign of a mean gradient: every parameter moves by the same length in every step.

    Formula:
        θ ← θ − ηλθ
        c = β₁m + (1 − β₁)g; θ ← θ − η·sign(c); m ← β₂m + (1 − β₂)g

    Options:
        learning_rate: η, the length of a step in each parameter; three to ten times smaller than adam's.
        beta1: β₁, the share of the mean gradient in what the step goes by.
        beta2: β₂, the share of the mean gradient that is kept from step to step.
        weight_decay: λ, decoupled: each step takes away ηλ of every parameter.

    Variant:
        Algorithm 2 of the paper, whose code has no decay by default either. sign(0) is 0. A schedule that
        cycles the momentum sets β₁.

    Reference:
        Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023.
    """

    momentum_option: ClassVar[str | None] = "beta1"
    learning_rate: Positive = 1e-4
    beta1: Decay = 0.9
    beta2: Decay = 0.99
    weight_decay: NonNegative = 0.0

    def state_names(self) -> Sequence[str]:
        return ("m",)

    def coefficients(
        self, learning_rate: Float64, step: Float64, momentum: Float64 | None = None
    ) -> dict[str, Any]:
        beta1 = self.beta1 if momentum is None else momentum
        # State m is m/(1 − β₂), and sign(c) is that of c/(1 − β₁).
        c = {
            "share": beta1 * (1 - self.beta2) / (1 - beta1),
            "beta2": self.beta2,
            "learning_rate": learning_rate,
        }
        if np.any(self.weight_decay):
            c["shrink"] = 1 - learning_rate * self.weight_decay
        return c

    def update(
        self, theta: Array, g: Array, state: State, c: dict[str, Any], scratch: Sequence[Array]
    ) -> None:
        m, t = state["m"], scratch[0]
        if "shrink" in c:
            np.multiply(theta, c["shrink"], out=theta)
        np.multiply(m, c["share"], out=t)
        np.add(t, g, out=t)
        np.sign(t, out=t)
        np.multiply(t, c["learning_rate"], out=t)
        np.subtract(theta, t, out=theta)
        np.multiply(m, c["beta2"], out=m)
        np.add(m, g, out=m)


@dataclass(frozen=True)
class Rprop(Optimizer):
    """Resilient propagation: each parameter has a step of its own, which grows while the sign stays.

    Formula:
        Δ ← min(Δ·increase_factor, max_step) where g has the sign of the last g
        Δ ← max(Δ·decrease_factor, min_step) and g ← 0 where it has the other
        θ ← θ − f·Δ·sign(g), Δ = η at the start, f the schedule's factor

    Options:
        learning_rate: η, the first step of each parameter.
        decrease_factor: what a step is multiplied by when the sign has changed: it went too far.
        increase_factor: what a step is multiplied by when the sign has stayed.
        min_step: the shortest step.
        max_step: the longest step.

    Variant:
        As PyTorch's Rprop, which is iRprop− of the second reference: after a change of sign a parameter rests
        for one step. There a schedule has no effect; here its factor multiplies the steps. Signs are
        compared and not products, which may vanish. Made for full batches: the signs of small ones are
        noise.

    Reference:
        Riedmiller & Braun, "A direct adaptive method for faster backpropagation learning: the RPROP
        algorithm", ICNN 1993; Igel & Hüsken, "Improving the Rprop learning algorithm", NC 2000.
    """

    full_batch: ClassVar[bool] = True
    learning_rate: Positive = 0.01
    decrease_factor: Annotated[float, Gt(0), Lt(1)] = 0.5
    increase_factor: Annotated[float, Gt(1)] = 1.2
    min_step: Positive = 1e-6
    max_step: Positive = 50.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.min_step > self.max_step:
            raise ValueError(
                f"Rprop: min_step must be at most max_step, {self.max_step}, not {self.min_step}"
            )

    def state_names(self) -> Sequence[str]:
        return ("last_sign", "step")

    def initial_value(self, name: str) -> Any:
        return self.learning_rate if name == "step" else 0.0

    def coefficients(
        self, learning_rate: Float64, step: Float64, momentum: Float64 | None = None
    ) -> dict[str, Any]:
        return {
            "decrease": self.decrease_factor,
            "increase": self.increase_factor,
            "min_step": self.min_step,
            "max_step": self.max_step,
            "factor": learning_rate / self.learning_rate,
        }

    def update(
        self, theta: Array, g: Array, state: State, c: dict[str, Any], scratch: Sequence[Array]
    ) -> None:
        last_sign, step, t = state["last_sign"], state["step"], scratch[0]
        np.sign(g, out=g)
        np.multiply(g, last_sign, out=t)
        turned = t < 0
        np.multiply(step, c["increase"], out=step, where=t > 0)
        np.multiply(step, c["decrease"], out=step, where=turned)
        np.clip(step, c["min_step"], c["max_step"], out=step)
        np.copyto(g, 0, where=turned)
        np.copyto(last_sign, g)
        np.multiply(step, c["factor"], out=t)
        np.multiply(g, t, out=t)
        np.subtract(theta, t, out=theta)
