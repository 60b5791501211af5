"""Sophia: a mean gradient over an estimate of the curvature, clipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gdrun.component import Count, Decay, NonNegative, Positive
from gdrun.optim.optimizer import Array, Float64, Optimizer, State, add_weight_decay


@dataclass(frozen=True)
class Sophia(Optimizer):
    """Sophia-G: each parameter's step is shorter where the loss is more curved, and never longer than η.

    Formula:
        g ← g + λθ; m ← β₁m + (1 − β₁)g
        every k-th update, the first included: h ← β₂h + (1 − β₂)·b·ĝ², else h as it was
        θ ← θ − η·clip(m/max(γh, ε), −1, 1)
        ĝ: the gradient of the mean loss of the batch's b rows, if their targets were drawn from what the
        network predicts: b·ĝ² estimates the diagonal of the Gauss–Newton matrix (Gauss–Newton–Bartlett)

    Options:
        learning_rate: η, the longest step in each parameter.
        beta1: β₁, the share of the mean gradient that is kept from step to step.
        beta2: β₂, the share of the mean curvature that is kept from estimate to estimate.
        curvature_scale: γ, what the curvature is multiplied by: with less, more steps are clipped.
        every_steps: k, updates from one estimate to the next; each costs one more gradient.
        eps: ε, the least that a step is divided by.
        weight_decay: λ, coupled: part of the gradient.

    Variant:
        Algorithm 3 of the paper with its estimator for classification, for the losses that are the negative
        logarithm of a probability: softmax_cross_entropy, binary_cross_entropy and mse (where targets are
        drawn from a normal distribution of variance outputs/2 around the prediction). As in the paper the
        means start at 0 and are not corrected. Its decay is decoupled. The penalty is no part of ĝ. A
        schedule that cycles the momentum sets β₁. Not for `gdrun minimize`: an objective predicts nothing
        that targets could be drawn from.

    Reference:
        Liu, Li, Hall, Liang & Ma, "Sophia: a scalable stochastic second-order optimizer for language model
        pre-training", ICLR 2024.
    """

    momentum_option: ClassVar[str | None] = "beta1"
    learning_rate: Positive = 1e-3
    beta1: Decay = 0.965
    beta2: Decay = 0.99
    curvature_scale: Positive = 0.05
    every_steps: Count = 10
    eps: Positive = 1e-12
    weight_decay: NonNegative = 0.0

    def state_names(self) -> Sequence[str]:
        return ("m", "h", "estimate")

    @property
    def gradient_count(self) -> float:
        return 1 + 1 / self.every_steps

    @property
    def estimate_every(self) -> int:
        return self.every_steps

    def coefficients(
        self, learning_rate: Float64, step: Float64, momentum: Float64 | None = None
    ) -> dict[str, Any]:
        estimated = (step - 1) % self.every_steps == 0
        return {
            "beta1": self.beta1 if momentum is None else momentum,
            "gain": 1 - (self.beta1 if momentum is None else momentum),
            "kept": np.where(estimated, self.beta2, 1.0),
            "taken": np.where(estimated, 1 - self.beta2, 0.0),
            "curvature_scale": self.curvature_scale,
            "eps": self.eps,
            "learning_rate": learning_rate,
            **self.coupled_decay(),
        }

    def update(
        self, theta: Array, g: Array, state: State, c: dict[str, Any], scratch: Sequence[Array]
    ) -> None:
        m, h, t = state["m"], state["h"], scratch[0]
        add_weight_decay(theta, g, c, t)
        np.multiply(m, c["beta1"], out=m)
        np.multiply(g, c["gain"], out=g)
        np.add(m, g, out=m)
        if c["taken"].any():
            np.multiply(h, c["kept"], out=h)
            np.multiply(state["estimate"], c["taken"], out=t)
            np.add(h, t, out=h)
        np.multiply(h, c["curvature_scale"], out=t)
        np.maximum(t, c["eps"], out=t)
        np.divide(m, t, out=t)
        np.clip(t, -1, 1, out=t)
        np.multiply(t, c["learning_rate"], out=t)
        np.subtract(theta, t, out=theta)
