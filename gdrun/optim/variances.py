"""Relatives of Adam that measure the spread of the gradient in another way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gdrun.component import Decay, NonNegative, Positive
from gdrun.optim.optimizer import Array, Float64, Optimizer, State, add_weight_decay, descend


@dataclass(frozen=True)
class AdaBelief(Optimizer):
    """Adam that divides by how far the gradient is from its mean: a long step where it is as foreseen.

    Formula:
        g ← g + λθ
        m ← β₁m + (1 − β₁)g; s ← β₂s + (1 − β₂)(g − m)² + ε
        θ ← θ − η·m̂/(√ŝ + ε), with m̂ = m/(1 − β₁ᵗ) and ŝ = s/(1 − β₂ᵗ), t = 1, 2, …

    Options:
        learning_rate: η, about the length of a step in each parameter.
        beta1: β₁, the share of the mean gradient that is kept from step to step.
        beta2: β₂, the same of the mean squared distance from it.
        eps: ε, added to the mean square in every step and once more to the root.
        weight_decay: λ, coupled: part of the gradient.

    Variant:
        Algorithm 2 of the paper, with the ε of its authors' later code and of optax (1e-8 in the paper);
        without that code's rectification. A schedule that cycles the momentum sets β₁ of each step, as in
        adam.

    Reference:
        Zhuang et al., "AdaBelief optimizer: adapting stepsizes by the belief in observed gradients",
        NeurIPS 2020.
    """

    name: ClassVar[str] = "adabelief"
    momentum_option: ClassVar[str | None] = "beta1"
    learning_rate: Positive = 1e-3
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: Positive = 1e-16
    weight_decay: NonNegative = 0.0

    def state_names(self) -> Sequence[str]:
        return ("m", "s")

    def coefficients(
        self, learning_rate: Float64, step: Float64, momentum: Float64 | None = None
    ) -> dict[str, Any]:
        beta1 = self.beta1 if momentum is None else momentum
        # State s is s/(1 − β₂); √ŝ + ε = root·(√(state s) + ε/root).
        root = np.sqrt((1 - self.beta2) / (1 - self.beta2**step))
        return {
            "beta1": beta1,
            "gain": 1 - beta1,
            "beta2": self.beta2,
            "floor": self.eps / (1 - self.beta2),
            "eps": self.eps / root,
            "step": learning_rate / ((1 - beta1**step) * root),
            **self.coupled_decay(),
        }

    def update(
        self, theta: Array, g: Array, state: State, c: dict[str, Any], scratch: Sequence[Array]
    ) -> None:
        m, s, t = state["m"], state["s"], scratch[0]
        add_weight_decay(theta, g, c, t)
        np.subtract(g, m, out=g)  # d; the mean goes on by (1 − β₁)d, and β₁d is left
        np.multiply(g, c["gain"], out=t)
        np.add(m, t, out=m)
        np.multiply(g, c["beta1"], out=t)
        np.square(t, out=t)
        np.multiply(s, c["beta2"], out=s)
        np.add(s, t, out=s)
        np.add(s, c["floor"], out=s)
        descend(theta, m, s, c, t)


@dataclass(frozen=True)
class Yogi(Optimizer):
    """Adam whose mean square falls slowly: by no more in a step than it could have risen.

    Formula:
        g ← g + λθ
        m ← β₁m + (1 − β₁)g; v ← v − (1 − β₂)·sign(v − g²)·g², v = a at the start
        θ ← θ − η·m̂/(√v̂ + ε), with m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ), t = 1, 2, …

    Options:
        learning_rate: η, about the length of a step in each parameter.
        beta1: β₁, the share of the mean gradient that is kept from step to step.
        beta2: 1 − β₂ is the share of a squared gradient by which v changes.
        eps: ε, added to the root (same unit as a gradient).
        initial_accumulator: a, where v starts (unit of a squared gradient).
        weight_decay: λ, coupled: part of the gradient.

    Variant:
        The paper's step with Adam's corrections of m and v and a start above 0, as in TensorFlow Addons and
        optax (where m starts there as well; here it starts at 0, as in the paper). A schedule that cycles
        the momentum sets β₁ of each step, as in adam.

    Reference:
        Zaheer, Reddi, Sachan, Kale & Kumar, "Adaptive methods for nonconvex optimization", NeurIPS 2018.
    """

    momentum_option: ClassVar[str | None] = "beta1"
    learning_rate: Positive = 0.01
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: Positive = 1e-3
    initial_accumulator: NonNegative = 1e-6
    weight_decay: NonNegative = 0.0

    def state_names(self) -> Sequence[str]:
        return ("m", "v")

    def initial_value(self, name: str) -> Any:
        return self.initial_accumulator if name == "v" else 0.0

    def coefficients(
        self, learning_rate: Float64, step: Float64, momentum: Float64 | None = None
    ) -> dict[str, Any]:
        beta1 = self.beta1 if momentum is None else momentum
        # State m is m/(1 − β₁); √v̂ + ε = root·(√v + ε/root).
        root = 1 / np.sqrt(1 - self.beta2**step)
        c = {
            "beta1": beta1,
            "share": 1 - self.beta2,
            "eps": self.eps / root,
            "step": learning_rate * (1 - self.beta1) / ((1 - beta1**step) * root),
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
        if "gain" in c:
            np.multiply(g, c["gain"], out=t)
        np.multiply(m, c["beta1"], out=m)
        np.add(m, t if "gain" in c else g, out=m)
        np.square(g, out=g)
        np.subtract(v, g, out=t)
        np.sign(t, out=t)
        np.multiply(g, c["share"], out=g)
        np.multiply(t, g, out=t)
        np.subtract(v, t, out=v)
        descend(theta, m, v, c, t)
