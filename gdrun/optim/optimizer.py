"""The interface of an optimizer: scalars of every step first, then passes over the flat buffers.

An update has two parts. `coefficients` works out, in float64 and for many steps at once, the few numbers a
run that the formula needs (a bias correction, a learning rate). `update` then makes its passes over the
parameters. That keeps the formulas exact, gives a run alone the same bits as in a stack, and leaves
nothing but array passes in the inner loop. `gdrun.optim.stepper.Stepper` drives both.

Constants are folded into the scale of the state wherever that saves a pass: a running mean
m ← βm + (1−β)g is kept as m/(1−β) ← β·m/(1−β) + g, and the factor 1−β is met again in a coefficient.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from gdrun.component import Component
from gdrun.optim.method import Method

Array = NDArray[Any]
Float64 = NDArray[np.float64]
State = dict[str, Array]  # name → (runs, parameters)


class Optimizer(Method):
    """The base of every update rule. A subclass is a frozen dataclass whose fields are its options.

    In a stack the float options are arrays (runs, 1); see `gdrun.component.stack`.

    Attributes:
        scratch_count: how many buffers `update` needs for values in between.
        switches: float options whose passes are left out where they are 0, and with them their coefficient.
            The runs of one call of `update` are alike in that: all zero or none.
        per_tensor: whether `update` needs the parameter tensors of the model, each as a whole.
    """

    scratch_count: ClassVar[int] = 1
    switches: ClassVar[tuple[str, ...]] = ("weight_decay",)
    per_tensor: ClassVar[bool] = False
    learning_rate: Any
    weight_decay: Any

    def state_names(self) -> Sequence[str]:
        """The arrays that the optimizer remembers between steps, each the size of the parameters."""
        return ()

    @property
    def array_count(self) -> int:
        """How many arrays of the size of the parameters it needs, beside these and their gradient."""
        return len(self.state_names())

    @property
    def estimate_every(self) -> int:
        """Updates between two estimates of the curvature that it finds in its state; 0 for none.

        Such an optimizer has a state array "estimate", which training fills before every update whose number
        is a multiple of this: see `gdrun.training.curvature`.
        """
        return 0

    def initial_value(self, name: str) -> Any:
        """The value that a state array starts from: a number, or (runs, 1) numbers."""
        return 0.0

    def coefficients(
        self, learning_rate: Float64, step: Float64, momentum: Float64 | None = None
    ) -> dict[str, Any]:
        """The numbers that `update` needs, for several steps at once.

        Args:
            learning_rate: (steps, runs, 1), as the schedule has it.
            step: (steps, 1, 1), counted from 1.
            momentum: (steps, runs, 1), in place of `momentum_option`, or None.

        Returns:
            name → a number or an array that broadcasts with (steps, runs, 1).
        """
        raise NotImplementedError

    def update(
        self, theta: Array, g: Array, state: State, c: dict[str, Any], scratch: Sequence[Array]
    ) -> None:
        """One step, in place, over a slice of the flat buffers, element by element.

        With `per_tensor` a slice is one parameter tensor of some runs, and all shapes are (runs, *its shape),
        or (runs, 1, …) for coefficients. What is worked out over a tensor is worked out for each run by
        itself.

        Args:
            theta: (runs, parameters) or, where all coefficients are plain numbers, any other shape;
                changed in place.
            g: the gradient, likewise shaped; may be used as a further scratch buffer.
            state: name → array of that shape, changed in place.
            c: what `coefficients` gave for this step: 0-dimensional arrays, or arrays (runs, 1), in the
                run's dtype.
            scratch: buffers of that shape.
        """
        raise NotImplementedError

    def coupled_decay(self) -> dict[str, Any]:
        """The coefficient of `add_weight_decay`, where there is any."""
        return {"weight_decay": self.weight_decay} if np.any(self.weight_decay) else {}


def add_weight_decay(theta: Array, g: Array, c: dict[str, Any], t: Array) -> None:
    """Coupled decay, g ← g + λθ: no pass where λ is 0."""
    if "weight_decay" in c:
        np.multiply(theta, c["weight_decay"], out=t)
        np.add(g, t, out=g)


def add_to_mean(m: Array, g: Array, c: dict[str, Any]) -> None:
    """m ← β₁m + g, the mean gradient in units of 1/(1 − β₁), into which `gain` brings g if β₁ is cycled."""
    if "gain" in c:
        np.multiply(g, c["gain"], out=g)
    np.multiply(m, c["beta1"], out=m)
    np.add(m, g, out=m)


def add_to_mean_square(v: Array, g: Array, c: dict[str, Any], t: Array) -> None:
    """v ← β₂v + g², the mean square in units of 1/(1 − β₂)."""
    np.multiply(v, c["beta2"], out=v)
    np.square(g, out=t)
    np.add(v, t, out=v)


def descend(theta: Array, m: Array, v: Array, c: dict[str, Any], t: Array) -> None:
    """θ ← θ − step·m/(√v + ε)."""
    np.sqrt(v, out=t)
    np.add(t, c["eps"], out=t)
    np.divide(m, t, out=t)
    np.multiply(t, c["step"], out=t)
    np.subtract(theta, t, out=theta)


Stacked = TypeVar("Stacked", bound=Component)


def take(stacked: Stacked, runs: Sequence[int]) -> Stacked:
    """The component that stands for some of the runs of a stack; a single one stands for any number."""
    result = object.__new__(type(stacked))
    for field in dataclasses.fields(stacked):
        value = getattr(stacked, field.name)
        if isinstance(value, np.ndarray) and len(value) > 1:
            value = value[list(runs)]
        object.__setattr__(result, field.name, value)
    return result
