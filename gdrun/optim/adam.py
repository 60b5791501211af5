"""Adam."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdrun.component import Decay, Positive
from gdrun.optim.optimizer import Array, Float64, Optimizer, State


@dataclass(frozen=True)
class Adam(Optimizer):
    learning_rate: Positive = 1e-3
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: Positive = 1e-8

    def state_names(self) -> Sequence[str]:
        return ("m", "v")

    def coefficients(self, learning_rate: Float64, step: Float64) -> dict[str, Any]:
        # m is kept divided by 1 − β₁ and v by 1 − β₂: one pass less each.
        step_size = learning_rate * (1 - self.beta1) / (1 - self.beta1**step)
        root = np.sqrt((1 - self.beta2) / (1 - self.beta2**step))
        return {
            "beta1": self.beta1,
            "beta2": self.beta2,
            "root": root / step_size,
            "eps": self.eps / step_size,
        }

    def update(
        self, theta: Array, g: Array, state: State, c: dict[str, Any], scratch: Sequence[Array]
    ) -> None:
        m, v, t = state["m"], state["v"], scratch[0]
        np.multiply(m, c["beta1"], out=m)
        np.add(m, g, out=m)
        np.multiply(v, c["beta2"], out=v)
        np.multiply(g, g, out=t)
        np.add(v, t, out=v)
        np.sqrt(v, out=t)
        np.multiply(t, c["root"], out=t)
        np.add(t, c["eps"], out=t)
        np.divide(m, t, out=t)
        np.subtract(theta, t, out=theta)
