"""Optimizers that fit the length of a step to each parameter tensor: for large batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gdrun.component import Decay, NonNegative, Positive
from gdrun.optim.clipping import gradient_norm
from gdrun.optim.optimizer import Array, Float64, Optimizer, State, add_to_mean, add_to_mean_square


@dataclass(frozen=True)
class Lars(Optimizer):
    """Momentum whose step is as long as the weights of a tensor, times the learning rate.

    Formula:
        θ ← θ − ηλθ
        v ← μv + g; θ ← θ − η·(‖θ‖/‖v‖)·v for each parameter tensor, the ratio being 1 where a norm is 0

    Options:
        learning_rate: η, the share of its length by which a tensor changes in a step.
        momentum: μ, the share of the velocity that is kept from step to step.
        weight_decay: λ, decoupled: each step takes away ηλ of every parameter.

    Variant:
        Algorithm 1 of the second reference with φ(z) = z, and with decoupled decay, after which ‖θ‖ is taken;
        there the decay is part of the gradient. The first reference takes the ratio of ‖θ‖ and ‖g‖ before the
        momentum and multiplies it by 0.001, as optax does. Biases are tensors as well.

    Reference:
        You, Gitman & Ginsburg, "Large batch training of convolutional networks", 2017; You et al., "Large
        batch optimization for deep learning: training BERT in 76 minutes", ICLR 2020.
    """

    per_tensor: ClassVar[bool] = True
    momentum_option: ClassVar[str | None] = "momentum"
    learning_rate: Positive = 0.01
    momentum: Decay = 0.9
    weight_decay: NonNegative = 0.0

    def state_names(self) -> Sequence[str]:
        return ("velocity",)

    def coefficients(
        self, learning_rate: Float64, step: Float64, momentum: Float64 | None = None
    ) -> dict[str, Any]:
        return {
            "learning_rate": learning_rate,
            "momentum": self.momentum if momentum is None else momentum,
            **_decoupled_decay(self.weight_decay, learning_rate),
        }

    def update(
        self, theta: Array, g: Array, state: State, c: dict[str, Any], scratch: Sequence[Array]
    ) -> None:
        v, t = state["velocity"], scratch[0]
        if "shrink" in c:
            np.multiply(theta, c["shrink"], out=theta)
        np.multiply(v, c["momentum"], out=v)
        np.add(v, g, out=v)
        np.multiply(v, c["learning_rate"] * _trust(theta, v, np.ones_like(c["learning_rate"])), out=t)
        np.subtract(theta, t, out=theta)


@dataclass(frozen=True)
class Lamb(Optimizer):
    """Adam whose step is as long as the weights of a tensor, times the learning rate.

    Formula:
        θ ← θ − ηλθ
        m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²
        r = m̂/(√v̂ + ε), with m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ), t = 1, 2, …
        θ ← θ − η·(‖θ‖/‖r‖)·r for each parameter tensor, the ratio being 1 where a norm is 0

    Options:
        learning_rate: η, the share of its length by which a tensor changes in a step.
        beta1: β₁, the share of the mean gradient that is kept from step to step.
        beta2: β₂, the same of the mean squared gradient.
        eps: ε, added to the root (same unit as a gradient).
        weight_decay: λ, decoupled: each step takes away ηλ of every parameter.

    Variant:
        Algorithm 2 of the paper with φ(z) = z, and with decoupled decay as in adamw, after which ‖θ‖ is
        taken; there λθ is added to r before ‖r‖ is. Biases are tensors as well. A schedule that cycles the
        momentum sets β₁ of each step, as in adam.

    Reference:
        You et al., "Large batch optimization for deep learning: training BERT in 76 minutes", ICLR 2020.
    """

    per_tensor: ClassVar[bool] = True
    momentum_option: ClassVar[str | None] = "beta1"
    learning_rate: Positive = 1e-3
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: Positive = 1e-6
    weight_decay: NonNegative = 0.01

    def state_names(self) -> Sequence[str]:
        return ("m", "v")

    def coefficients(
        self, learning_rate: Float64, step: Float64, momentum: Float64 | None = None
    ) -> dict[str, Any]:
        beta1 = self.beta1 if momentum is None else momentum
        # State m is m/(1 − β₁) and state v is v/(1 − β₂); r is `scale` times what they give.
        root = np.sqrt((1 - self.beta2) / (1 - self.beta2**step))
        c = {
            "beta1": beta1,
            "beta2": self.beta2,
            "eps": self.eps / root,
            "scale": (1 - self.beta1) / ((1 - beta1**step) * root),
            "learning_rate": learning_rate,
            **_decoupled_decay(self.weight_decay, learning_rate),
        }
        if momentum is not None:
            c["gain"] = (1 - momentum) / (1 - self.beta1)
        return c

    def update(
        self, theta: Array, g: Array, state: State, c: dict[str, Any], scratch: Sequence[Array]
    ) -> None:
        m, v, t = state["m"], state["v"], scratch[0]
        if "shrink" in c:
            np.multiply(theta, c["shrink"], out=theta)
        add_to_mean_square(v, g, c, t)
        add_to_mean(m, g, c)
        np.sqrt(v, out=t)
        np.add(t, c["eps"], out=t)
        np.divide(m, t, out=t)
        np.multiply(t, c["learning_rate"] * _trust(theta, t, c["scale"]), out=t)
        np.subtract(theta, t, out=theta)


def _decoupled_decay(weight_decay: Any, learning_rate: Float64) -> dict[str, Any]:
    return {"shrink": 1 - learning_rate * weight_decay} if np.any(weight_decay) else {}


def _trust(theta: Array, step: Array, otherwise: Array) -> Array:
    """‖θ‖/‖step‖ of every run's tensor, (runs, 1, …); `otherwise` where one of them is 0."""
    runs = len(theta)
    length, of_step = gradient_norm(theta.reshape(runs, -1)), gradient_norm(step.reshape(runs, -1))
    column = (runs, *(1,) * (theta.ndim - 1))
    ratio = np.array(np.broadcast_to(otherwise, column), theta.dtype)
    usable = ((length > 0) & (of_step > 0)).reshape(column)
    np.divide(length.reshape(column), of_step.reshape(column), out=ratio, where=usable)
    return ratio
