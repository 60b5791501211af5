"""RMSprop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gdrun.component import Decay, NonNegative, Positive
from gdrun.optim.optimizer import Array, Float64, Optimizer, State, add_weight_decay


@dataclass(frozen=True)
class RmsProp(Optimizer):
    """The gradient, divided by the root of a running mean of its square.

    Formula:
        g ← g + λθ; s ← ρs + (1 − ρ)g²; a = √s + ε
        centered: ḡ ← ρḡ + (1 − ρ)g; a = √(s − ḡ²) + ε
        θ ← θ − ηg/a; with momentum b ← μb + g/a; θ ← θ − ηb

    Options:
        learning_rate: η, about the length of a step in each parameter.
        rho: ρ, the share of the running means that is kept from step to step.
        eps: ε, added to the root (same unit as a gradient).
        centered: whether to divide by the standard deviation of the gradient instead.
        momentum: μ, the share of the velocity (of scaled gradients) that is kept.
        weight_decay: λ, coupled: part of the gradient.

    Variant:
        As PyTorch's RMSprop, where ρ is called alpha: ε outside the root, momentum on the scaled step. A
        difference s − ḡ² that rounding makes negative counts as 0, where PyTorch would give NaN.

    Reference:
        Tieleman & Hinton, "Lecture 6.5: rmsprop", Coursera, 2012; centered: Graves, "Generating sequences
        with recurrent neural networks", 2013.
    """

    name: ClassVar[str] = "rmsprop"
    scratch_count: ClassVar[int] = 2
    switches: ClassVar[tuple[str, ...]] = ("weight_decay", "momentum")
    momentum_option: ClassVar[str | None] = "momentum"
    learning_rate: Positive = 0.01
    rho: Decay = 0.99
    eps: Positive = 1e-8
    centered: bool = False
    momentum: Decay = 0.0
    weight_decay: NonNegative = 0.0

    def state_names(self) -> Sequence[str]:
        names = ["mean_square"]
        names += ["mean"] if self.centered else []
        names += ["velocity"] if np.any(self.momentum) else []
        return tuple(names)

    def coefficients(
        self, learning_rate: Float64, step: Float64, momentum: Float64 | None = None
    ) -> dict[str, Any]:
        # The means are kept divided by 1 − ρ; a = √(1 − ρ)·(√(state) + ε/√(1 − ρ)).
        root = np.sqrt(1 - self.rho)
        c = {
            "rho": self.rho,
            "eps": self.eps / root,
            "learning_rate": learning_rate / root,
            **self.coupled_decay(),
        }
        if self.centered:
            c["root"] = root
        if np.any(self.momentum):
            c["momentum"] = self.momentum if momentum is None else momentum
        return c

    def update(
        self, theta: Array, g: Array, state: State, c: dict[str, Any], scratch: Sequence[Array]
    ) -> None:
        s, (t, u) = state["mean_square"], scratch
        add_weight_decay(theta, g, c, t)
        np.multiply(s, c["rho"], out=s)
        np.square(g, out=t)
        np.add(s, t, out=s)
        if self.centered:
            mean = state["mean"]
            np.multiply(mean, c["rho"], out=mean)
            np.add(mean, g, out=mean)
            np.multiply(mean, c["root"], out=u)
            np.square(u, out=u)
            np.subtract(s, u, out=t)
            np.maximum(t, 0, out=t)
            np.sqrt(t, out=t)
        else:
            np.sqrt(s, out=t)
        np.add(t, c["eps"], out=t)
        np.divide(g, t, out=t)
        if "momentum" in c:
            velocity = state["velocity"]
            np.multiply(velocity, c["momentum"], out=velocity)
            t = np.add(velocity, t, out=velocity)
        np.multiply(t, c["learning_rate"], out=u)
        np.subtract(theta, u, out=theta)
