"""Muon: momentum whose step is made orthogonal, for the matrices of a network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gdrun.component import Decay, NonNegative, Positive
from gdrun.optim.clipping import gradient_norm
from gdrun.optim.optimizer import (
    Array,
    Float64,
    Optimizer,
    State,
    add_to_mean,
    add_to_mean_square,
    add_weight_decay,
)

_A, _B, _C = 3.4445, -4.7750, 2.0315  # of the reference: the steepest start that still stays near 1
_ITERATIONS = 5
_EPS = 1e-7  # beside the norm, as in the reference


@dataclass(frozen=True)
class Muon(Optimizer):
    """Momentum made orthogonal: the step of a matrix goes about as far in every direction. Adam for the rest.

    Formula:
        g ← g + λθ
        matrices, inputs × outputs: v ← μv + g; X = (g + μv)/(‖g + μv‖ + 1e-7);
        five times X ← aX + (bXXᵀ + c(XXᵀ)²)X with a = 3.4445, b = −4.775, c = 2.0315;
        θ ← θ − η·√max(1, outputs/inputs)·X
        other parameters: the step of adam with a learning rate of its own and η's schedule

    Options:
        learning_rate: η, the length of a matrix's step in each of its singular directions, about.
        momentum: μ, the share of the velocity that is kept from step to step.
        adam_learning_rate: that of all parameters which are no matrices, such as biases.
        beta1: the share of their mean gradient that is kept from step to step.
        beta2: the same of their mean squared gradient.
        eps: added to the root of that (same unit as a gradient).
        weight_decay: λ, coupled: part of the gradient.

    Variant:
        The reference's code with Nesterov's momentum, in the dtype of the run (there in bfloat16) and with
        coupled decay. A filter bank is a matrix whose columns are its filters. The reference leaves the
        first and the last layer to adam, too; here every matrix is orthogonalized. A schedule that cycles
        the momentum sets μ.

    Reference:
        Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024,
        kellerjordan.github.io/posts/muon.
    """

    per_tensor: ClassVar[bool] = True
    momentum_option: ClassVar[str | None] = "momentum"
    learning_rate: Positive = 0.02
    momentum: Decay = 0.95
    adam_learning_rate: Positive = 3e-4
    beta1: Decay = 0.9
    beta2: Decay = 0.95
    eps: Positive = 1e-10
    weight_decay: NonNegative = 0.0

    def state_names(self) -> Sequence[str]:
        return ("m", "v")  # the velocity of a matrix, whose v stays 0, or the means of adam

    def coefficients(
        self, learning_rate: Float64, step: Float64, momentum: Float64 | None = None
    ) -> dict[str, Any]:
        # State m is m/(1 − β₁) and state v is v/(1 − β₂); √v̂ + ε = root·(√(state v) + ε/root).
        root = np.sqrt((1 - self.beta2) / (1 - self.beta2**step))
        own = learning_rate / self.learning_rate * self.adam_learning_rate
        return {
            "learning_rate": learning_rate,
            "momentum": self.momentum if momentum is None else momentum,
            "beta1": self.beta1,
            "beta2": self.beta2,
            "eps": self.eps / root,
            "step": own * (1 - self.beta1) / ((1 - self.beta1**step) * root),
            **self.coupled_decay(),
        }

    def update(
        self, theta: Array, g: Array, state: State, c: dict[str, Any], scratch: Sequence[Array]
    ) -> None:
        m, v, t = state["m"], state["v"], scratch[0]
        add_weight_decay(theta, g, c, t)
        if theta.ndim > 2:
            np.multiply(m, c["momentum"], out=m)
            np.add(m, g, out=m)
            np.multiply(m, c["momentum"], out=t)
            np.add(t, g, out=t)
            matrices = t.reshape(len(t), -1, t.shape[-1])
            inputs, outputs = matrices.shape[1:]
            matrices[...] = orthogonalized(matrices)
            np.multiply(t, math.sqrt(max(1.0, outputs / inputs)), out=t)
            np.multiply(t, c["learning_rate"], out=t)
        else:
            add_to_mean_square(v, g, c, t)
            add_to_mean(m, g, c)
            np.sqrt(v, out=t)
            np.add(t, c["eps"], out=t)
            np.divide(m, t, out=t)
            np.multiply(t, c["step"], out=t)
        np.subtract(theta, t, out=theta)


def orthogonalized(matrices: Array) -> Array:
    """Matrices (runs, rows, columns) with their singular values brought to about 1, by Newton and Schulz."""
    if matrices.shape[1] > matrices.shape[2]:
        return orthogonalized(matrices.transpose(0, 2, 1)).transpose(0, 2, 1)
    norm = gradient_norm(np.ascontiguousarray(matrices).reshape(len(matrices), -1)) + _EPS
    x: Array = matrices / norm.astype(matrices.dtype)[:, None, None]
    for _ in range(_ITERATIONS):
        gram = x @ x.transpose(0, 2, 1)
        x = _A * x + (_B * gram + _C * (gram @ gram)) @ x
    return x
