"""Adam and AdamW."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gdrun.component import Decay, NonNegative, Positive
from gdrun.optim.optimizer import (
    Array,
    Float64,
    Optimizer,
    State,
    add_to_mean,
    add_to_mean_square,
    add_weight_decay,
    descend,
)


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam: the step is a running mean of gradients over the root of a running mean of their squares.

    Formula:
        g ← g + λθ
        m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²
        θ ← θ − η·m̂/(√v̂ + ε), with m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ), t = 1, 2, …
        amsgrad: v̂ = max(v₁ … v_t)/(1 − β₂ᵗ)

    Options:
        learning_rate: η, about the length of a step in each parameter.
        beta1: β₁, the share of the mean gradient that is kept from step to step.
        beta2: β₂, the same of the mean squared gradient.
        eps: ε, added to the root (same unit as a gradient).
        weight_decay: λ, coupled: part of the gradient.
        amsgrad: whether to use the largest v so far, so that steps in a direction never grow again.

    Variant:
        Algorithm 1 of the paper: ε stands outside the root and beside the corrected √v̂, as in PyTorch and
        optax; the paper's remark at the end of section 2 and Keras put it beside the uncorrected √v.
        amsgrad as in PyTorch: the maximum is taken before the correction. A schedule that cycles the
        momentum sets β₁ of each step, the β₁ᵗ of the correction included, as PyTorch's OneCycleLR does.

    Reference:
        Kingma & Ba, "Adam: a method for stochastic optimization", ICLR 2015; Reddi, Kale & Kumar,
        "On the convergence of Adam and beyond", ICLR 2018.
    """

    momentum_option: ClassVar[str | None] = "beta1"
    learning_rate: Positive = 1e-3
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: Positive = 1e-8
    weight_decay: NonNegative = 0.0
    amsgrad: bool = False

    def state_names(self) -> Sequence[str]:
        return ("m", "v", "largest_v") if self.amsgrad else ("m", "v")

    def coefficients(
        self, learning_rate: Float64, step: Float64, momentum: Float64 | None = None
    ) -> dict[str, Any]:
        beta1 = self.beta1 if momentum is None else momentum
        # State m is m/(1 − β₁) and state v is v/(1 − β₂); √v̂ + ε = root·(√(state v) + ε/root).
        root = np.sqrt((1 - self.beta2) / (1 - self.beta2**step))
        c = {
            "beta1": beta1,
            "beta2": self.beta2,
            "eps": self.eps / root,
            "step": learning_rate * (1 - self.beta1) / ((1 - beta1**step) * root),
            **self.coupled_decay(),
        }
        if momentum is not None:  # the scale of the state stays that of the option
            c["gain"] = (1 - momentum) / (1 - self.beta1)
        return c

    def update(
        self, theta: Array, g: Array, state: State, c: dict[str, Any], scratch: Sequence[Array]
    ) -> None:
        m, v, t = state["m"], state["v"], scratch[0]
        add_weight_decay(theta, g, c, t)
        add_to_mean_square(v, g, c, t)
        add_to_mean(m, g, c)
        if self.amsgrad:
            v = np.maximum(state["largest_v"], v, out=state["largest_v"])
        descend(theta, m, v, c, t)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay: the weights shrink beside the step, not through the gradient.

    Formula:
        θ ← θ − ηλθ, then the step of adam with the plain gradient

    Options:
        learning_rate: η, about the length of a step in each parameter.
        beta1: β₁, the share of the mean gradient that is kept from step to step.
        beta2: β₂, the same of the mean squared gradient.
        eps: ε, added to the root (same unit as a gradient).
        weight_decay: λ, decoupled: each step takes away ηλ of every parameter.
        amsgrad: whether to use the largest v so far, so that steps in a direction never grow again.

    Variant:
        The decay is multiplied by the learning rate and its schedule, as in PyTorch and optax; the paper
        multiplies it by the schedule alone. Everything else as in adam.

    Reference:
        Loshchilov & Hutter, "Decoupled weight decay regularization", ICLR 2019.
    """

    name: ClassVar[str] = "adamw"
    weight_decay: NonNegative = 0.01

    def coefficients(
        self, learning_rate: Float64, step: Float64, momentum: Float64 | None = None
    ) -> dict[str, Any]:
        c = super().coefficients(learning_rate, step, momentum)
        if "weight_decay" in c:
            del c["weight_decay"]
            c["shrink"] = 1 - learning_rate * self.weight_decay
        return c

    def update(
        self, theta: Array, g: Array, state: State, c: dict[str, Any], scratch: Sequence[Array]
    ) -> None:
        if "shrink" in c:
            np.multiply(theta, c["shrink"], out=theta)
        super().update(theta, g, state, c, scratch)
