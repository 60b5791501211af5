"""Relatives of Adam: with a maximum for the mean square, with Nesterov's momentum, with a rectified start."""

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
class AdaMax(Optimizer):
    """Adam with a decaying maximum of the gradient's size in place of its mean square.

    Formula:
        g ← g + λθ
        m ← β₁m + (1 − β₁)g; u ← max(β₂u, |g| + ε); θ ← θ − η/(1 − β₁ᵗ)·m/u

    Options:
        learning_rate: η, the bound of a step in each parameter.
        beta1: β₁, the share of the mean gradient that is kept from step to step.
        beta2: β₂, the share of the maximum that is kept from step to step.
        eps: ε, added to the gradient's size (same unit), so that nothing is divided by 0.
        weight_decay: λ, coupled: part of the gradient.

    Variant:
        Algorithm 2 of the paper with PyTorch's ε (the paper has none).

    Reference:
        Kingma & Ba, "Adam: a method for stochastic optimization", ICLR 2015, 7.1.
    """

    name: ClassVar[str] = "adamax"
    momentum_option: ClassVar[str | None] = "beta1"
    learning_rate: Positive = 2e-3
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: Positive = 1e-8
    weight_decay: NonNegative = 0.0

    def state_names(self) -> Sequence[str]:
        return ("m", "u")

    def coefficients(
        self, learning_rate: Float64, step: Float64, momentum: Float64 | None = None
    ) -> dict[str, Any]:
        beta1 = self.beta1 if momentum is None else momentum
        c = {
            "beta1": beta1,
            "beta2": self.beta2,
            "eps": self.eps,
            "step": learning_rate * (1 - self.beta1) / (1 - beta1**step),  # state m is m/(1 − β₁)
            **self.coupled_decay(),
        }
        if momentum is not None:
            c["gain"] = (1 - momentum) / (1 - self.beta1)
        return c

    def update(
        self, theta: Array, g: Array, state: State, c: dict[str, Any], scratch: Sequence[Array]
    ) -> None:
        m, u, t = state["m"], state["u"], scratch[0]
        add_weight_decay(theta, g, c, t)
        np.multiply(u, c["beta2"], out=u)
        np.abs(g, out=t)
        np.add(t, c["eps"], out=t)
        np.maximum(u, t, out=u)
        add_to_mean(m, g, c)
        np.divide(m, u, out=t)
        np.multiply(t, c["step"], out=t)
        np.subtract(theta, t, out=theta)


@dataclass(frozen=True)
class NAdam(Optimizer):
    """Adam that looks ahead along its mean gradient, as Nesterov's momentum does.

    Formula:
        g ← g + λθ; m, v, v̂ as in adam
        μ_t = β₁·(1 − 0.96^(tψ)/2); M_t = μ₁·μ₂·…·μ_t
        θ ← θ − η·[(1 − μ_t)·g/(1 − M_t) + μ_(t+1)·m/(1 − M_(t+1))]/(√v̂ + ε)

    Options:
        learning_rate: η, about the length of a step in each parameter.
        beta1: β₁, the share of the mean gradient that is kept from step to step.
        beta2: β₂, the same of the mean squared gradient.
        eps: ε, added to the root (same unit as a gradient).
        momentum_decay: ψ, how fast μ rises from β₁/2 to β₁ (per step).
        weight_decay: λ, coupled: part of the gradient.

    Variant:
        As PyTorch's NAdam. A schedule cannot cycle its momentum, which has a course of its own.

    Reference:
        Dozat, "Incorporating Nesterov momentum into Adam", ICLR 2016 workshop.
    """

    name: ClassVar[str] = "nadam"
    scratch_count: ClassVar[int] = 2
    learning_rate: Positive = 2e-3
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: Positive = 1e-8
    momentum_decay: NonNegative = 4e-3
    weight_decay: NonNegative = 0.0

    def state_names(self) -> Sequence[str]:
        return ("m", "v")

    def _mu(self, step: Float64) -> Any:
        return self.beta1 * (1 - 0.5 * 0.96 ** (step * self.momentum_decay))

    def _products(self, step: Float64) -> Float64:
        """M_t at each of the steps (steps, runs or 1, 1), always multiplied up from the first.

        Once M_t ≤ β₁ᵗ is too small to be seen in 1 − M_t, more factors make no difference.
        """
        beta1 = float(np.max(self.beta1))
        enough = int(np.ceil(np.log(2.0**-54) / np.log(beta1))) if beta1 else 1
        last = max(min(int(step[-1, 0, 0]), enough), 1)
        products = np.cumprod(self._mu(np.arange(1.0, last + 1)[:, None, None]), axis=0)
        chosen: Float64 = products[np.minimum(step[:, 0, 0].astype(np.intp), last) - 1]
        return chosen

    def coefficients(
        self, learning_rate: Float64, step: Float64, momentum: Float64 | None = None
    ) -> dict[str, Any]:
        mu, mu_next, product = self._mu(step), self._mu(step + 1), self._products(step)
        # State m is m/(1 − β₁), state v is v/(1 − β₂); the two parts of the step are brought to one factor.
        root = np.sqrt((1 - self.beta2) / (1 - self.beta2**step))
        of_gradient = (1 - mu) / (1 - product)
        of_mean = mu_next * (1 - self.beta1) / (1 - product * mu_next)
        return {
            "beta1": self.beta1,
            "beta2": self.beta2,
            "eps": self.eps / root,
            "ratio": of_mean / of_gradient,
            "step": learning_rate * of_gradient / root,
            **self.coupled_decay(),
        }

    def update(
        self, theta: Array, g: Array, state: State, c: dict[str, Any], scratch: Sequence[Array]
    ) -> None:
        m, v, (t, ahead) = state["m"], state["v"], scratch
        add_weight_decay(theta, g, c, t)
        add_to_mean_square(v, g, c, t)
        add_to_mean(m, g, c)
        np.multiply(m, c["ratio"], out=ahead)
        np.add(ahead, g, out=ahead)
        descend(theta, ahead, v, c, t)


@dataclass(frozen=True)
class RAdam(Optimizer):
    """Adam whose first steps do without the mean square, as long as too few gradients are in it.

    Formula:
        g ← g + λθ; m, v, m̂ as in adam
        ρ_∞ = 2/(1 − β₂) − 1; ρ_t = ρ_∞ − 2tβ₂ᵗ/(1 − β₂ᵗ)
        r = √((ρ_t − 4)(ρ_t − 2)ρ_∞/((ρ_∞ − 4)(ρ_∞ − 2)ρ_t))
        θ ← θ − η·m̂·r·√(1 − β₂ᵗ)/(√v + ε) where ρ_t > 5, else θ ← θ − η·m̂

    Options:
        learning_rate: η, about the length of a step in each parameter (while ρ_t ≤ 5: per unit of gradient).
        beta1: β₁, the share of the mean gradient that is kept from step to step.
        beta2: β₂, the same of the mean squared gradient.
        eps: ε, added to the root (same unit as a gradient).
        weight_decay: λ, coupled: part of the gradient.

    Variant:
        As PyTorch's RAdam: the bound is 5 (4 in the paper), and ε stands beside the uncorrected √v.

    Reference:
        Liu et al., "On the variance of the adaptive learning rate and beyond", ICLR 2020.
    """

    name: ClassVar[str] = "radam"
    momentum_option: ClassVar[str | None] = "beta1"
    learning_rate: Positive = 1e-3
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: Positive = 1e-8
    weight_decay: NonNegative = 0.0

    def state_names(self) -> Sequence[str]:
        return ("m", "v")

    def coefficients(
        self, learning_rate: Float64, step: Float64, momentum: Float64 | None = None
    ) -> dict[str, Any]:
        beta1 = self.beta1 if momentum is None else momentum
        correction = 1 - self.beta2**step
        limit = 2 / (1 - self.beta2) - 1
        length = limit - 2 * step * self.beta2**step / correction
        rectified = length > 5
        with np.errstate(all="ignore"):  # where it isn't rectified, what follows is of no account
            r = np.sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length))
        # State m is m/(1 − β₁), state v is v/(1 − β₂). Not rectified, the divisor is √v·0 + 1.
        root = np.sqrt(1 - self.beta2)
        mean = learning_rate * (1 - self.beta1) / (1 - beta1**step)
        c = {
            "beta1": beta1,
            "beta2": self.beta2,
            "root": np.where(rectified, 1.0, 0.0),
            "eps": np.where(rectified, self.eps / root, 1.0),
            "step": np.where(rectified, mean * r * np.sqrt(correction) / root, mean),
            **self.coupled_decay(),
        }
        if momentum is not None:
            c["gain"] = (1 - momentum) / (1 - self.beta1)
        return c

    def update(
        self, theta: Array, g: Array, state: State, c: dict[str, Any], scratch: Sequence[Array]
    ) -> None:
        m, v, t = state["m"], state["v"], scratch[0]
        add_weight_decay(theta, g, c, t)
        add_to_mean_square(v, g, c, t)
        add_to_mean(m, g, c)
        np.sqrt(v, out=t)
        np.multiply(t, c["root"], out=t)
        np.add(t, c["eps"], out=t)
        np.divide(m, t, out=t)
        np.multiply(t, c["step"], out=t)
        np.subtract(theta, t, out=theta)
