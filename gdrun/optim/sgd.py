"""Stochastic gradient descent, plain, with momentum and with Nesterov's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gdrun.component import Decay, NonNegative, Positive, Probability
from gdrun.optim.optimizer import Array, Float64, Optimizer, State, add_weight_decay


class _Descent(Optimizer):
    """What sgd, momentum and nesterov share: all of it but the options."""

    switches: ClassVar[tuple[str, ...]] = ("weight_decay", "momentum", "dampening")
    momentum_option: ClassVar[str | None] = "momentum"
    momentum: Any
    dampening: Any = 0.0
    nesterov: Any = False

    def state_names(self) -> Sequence[str]:
        return ("velocity",) if np.any(self.momentum) else ()

    def coefficients(
        self, learning_rate: Float64, step: Float64, momentum: Float64 | None = None
    ) -> dict[str, Any]:
        c = {"learning_rate": learning_rate, **self.coupled_decay()}
        if np.any(self.momentum):
            c["momentum"] = self.momentum if momentum is None else momentum
            if np.any(self.dampening):
                c["gain"] = np.where(step == 1, 1.0, 1 - self.dampening)
        return c

    def update(
        self, theta: Array, g: Array, state: State, c: dict[str, Any], scratch: Sequence[Array]
    ) -> None:
        t = scratch[0]
        add_weight_decay(theta, g, c, t)
        if "momentum" in c:
            v = state["velocity"]
            np.multiply(v, c["momentum"], out=v)
            if "gain" in c:
                np.multiply(g, c["gain"], out=t)
                np.add(v, t, out=v)
            else:
                np.add(v, g, out=v)
            if self.nesterov:
                np.multiply(v, c["momentum"], out=t)
                np.add(g, t, out=g)
            else:
                g = v
        np.multiply(g, c["learning_rate"], out=t)
        np.subtract(theta, t, out=theta)


@dataclass(frozen=True)
class Sgd(_Descent):
    """Gradient descent: a step against the gradient, with momentum on request.

    Formula:
        g ← g + λθ
        θ ← θ − ηg without momentum
        v ← μv + (1 − d)g, v = g at the first step; θ ← θ − ηv with momentum
        θ ← θ − η(g + μv) with nesterov

    Options:
        learning_rate: η, the step per unit of gradient.
        momentum: μ, the share of the velocity that is kept from step to step.
        dampening: d, the share of the gradient that is kept out of the velocity after the first step.
        nesterov: whether to look ahead along the velocity; needs momentum and no dampening.
        weight_decay: λ, coupled: part of the gradient.

    Variant:
        The velocity has the unit of a gradient and is multiplied by the learning rate of the step, as in
        PyTorch; where the rate is put into the velocity (Sutskever et al., Keras), a change of the rate is
        felt later. With a constant rate both are the same. Nesterov in the form that takes the gradient at
        the current weights.

    Reference:
        Robbins & Monro, "A stochastic approximation method", Annals of Mathematical Statistics 22, 1951;
        Sutskever, Martens, Dahl & Hinton, "On the importance of initialization and momentum in deep
        learning", ICML 2013.
    """

    learning_rate: Positive = 0.01
    momentum: Decay = 0.0
    dampening: Probability = 0.0
    nesterov: bool = False
    weight_decay: NonNegative = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and (self.momentum == 0 or self.dampening != 0):
            raise ValueError("Sgd: nesterov needs a momentum greater than 0 and a dampening of 0")


@dataclass(frozen=True)
class Momentum(_Descent):
    """Gradient descent with momentum: `sgd` with μ = 0.9, under the name that courses use.

    Formula:
        g ← g + λθ; v ← μv + g; θ ← θ − ηv

    Options:
        learning_rate: η, the step per unit of velocity.
        momentum: μ, the share of the velocity that is kept from step to step.
        weight_decay: λ, coupled: part of the gradient.

    Variant:
        As in `sgd`: the velocity has the unit of a gradient, no dampening. A constant gradient is followed
        with 1/(1 − μ) times the learning rate in the end.

    Reference:
        Polyak, "Some methods of speeding up the convergence of iteration methods", USSR Computational
        Mathematics and Mathematical Physics 4, 1964.
    """

    learning_rate: Positive = 0.01
    momentum: Decay = 0.9
    weight_decay: NonNegative = 0.0


@dataclass(frozen=True)
class Nesterov(_Descent):
    """Gradient descent with Nesterov's momentum: `sgd` with μ = 0.9 and nesterov, under its own name.

    Formula:
        g ← g + λθ; v ← μv + g; θ ← θ − η(g + μv)

    Options:
        learning_rate: η, the step per unit of velocity.
        momentum: μ, the share of the velocity that is kept from step to step.
        weight_decay: λ, coupled: part of the gradient.

    Variant:
        As in PyTorch: the weights kept are the looked-ahead ones, where the gradient is taken.

    Reference:
        Nesterov, "A method of solving a convex programming problem with convergence rate O(1/k²)", Soviet
        Mathematics Doklady 27, 1983; in this form: Bengio, Boulanger-Lewandowski & Pascanu, "Advances in
        optimizing recurrent networks", ICASSP 2013.
    """

    nesterov = True
    learning_rate: Positive = 0.01
    momentum: Decay = 0.9
    weight_decay: NonNegative = 0.0
