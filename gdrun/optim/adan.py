"""Adan: Nesterov's momentum for Adam, by the differences of gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gdrun.component import Decay, NonNegative, Positive
from gdrun.optim.optimizer import Array, Float64, Optimizer, State, add_to_mean, add_weight_decay, descend


@dataclass(frozen=True)
class Adan(Optimizer):
    """Adam that looks ahead along the mean change of the gradient, as Nesterov's momentum does.

    Formula:
        g ← g + λθ; d = g − (the last g), 0 at the first step
        m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)d; n ← β₃n + (1 − β₃)(g + β₂d)²
        θ ← θ − η·(m̂ + β₂v̂)/(√n̂ + ε), with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ), n̂ = n/(1 − β₃ᵗ), t = 1, 2, …

    Options:
        learning_rate: η, about the length of a step in each parameter.
        beta1: β₁, the share of the mean gradient that is kept from step to step.
        beta2: β₂, the same of the mean difference of gradients.
        beta3: β₃, the same of the mean square of the gradient ahead.
        eps: ε, added to the root (same unit as a gradient).
        weight_decay: λ, coupled: part of the gradient.

    Variant:
        The code of the paper's authors, with its corrections of m, v and n; the paper writes 1 − β for each
        β. Their decay is decoupled and implicit: θ is divided by 1 + ηλ. optax looks ahead by 1 − β₂ where
        the authors do by β₂. A schedule that cycles the momentum sets β₁ of each step, as in adam.

    Reference:
        Xie, Zhou, Li, Lin & Yan, "Adan: adaptive Nesterov momentum algorithm for faster optimizing deep
        models", IEEE Transactions on Pattern Analysis and Machine Intelligence 46, 2024.
    """

    momentum_option: ClassVar[str | None] = "beta1"
    learning_rate: Positive = 1e-3
    beta1: Decay = 0.98
    beta2: Decay = 0.92
    beta3: Decay = 0.99
    eps: Positive = 1e-8
    weight_decay: NonNegative = 0.0

    def state_names(self) -> Sequence[str]:
        return ("m", "v", "n", "last_gradient")

    def coefficients(
        self, learning_rate: Float64, step: Float64, momentum: Float64 | None = None
    ) -> dict[str, Any]:
        beta1 = self.beta1 if momentum is None else momentum
        # State m is m/(1 − β₁), state v is β₂v/(1 − β₂), state n is n/(1 − β₃), and the two parts of the
        # step are brought to one factor.
        root = np.sqrt((1 - self.beta3) / (1 - self.beta3**step))
        of_mean = (1 - self.beta1) / (1 - beta1**step)
        of_change = (1 - self.beta2) / (1 - self.beta2**step)
        c = {
            "ahead": np.where(step == 1, 0.0, self.beta2),
            "beta1": beta1,
            "beta2": self.beta2,
            "beta3": self.beta3,
            "ratio": of_change / of_mean,
            "eps": self.eps / root,
            "step": learning_rate * of_mean / root,
            **self.coupled_decay(),
        }
        if momentum is not None:
            c["gain"] = (1 - momentum) / (1 - self.beta1)
        return c

    def update(
        self, theta: Array, g: Array, state: State, c: dict[str, Any], scratch: Sequence[Array]
    ) -> None:
        m, v, n, last, t = state["m"], state["v"], state["n"], state["last_gradient"], scratch[0]
        add_weight_decay(theta, g, c, t)
        np.subtract(g, last, out=t)
        np.copyto(last, g)
        np.multiply(t, c["ahead"], out=t)
        np.multiply(v, c["beta2"], out=v)
        np.add(v, t, out=v)
        np.add(t, g, out=t)
        np.square(t, out=t)
        np.multiply(n, c["beta3"], out=n)
        np.add(n, t, out=n)
        add_to_mean(m, g, c)
        np.multiply(v, c["ratio"], out=g)
        np.add(g, m, out=g)
        descend(theta, g, n, c, t)
