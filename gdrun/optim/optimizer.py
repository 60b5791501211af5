"""The interface of an optimizer: scalars of every step first, then passes over the flat buffers.

An update has two parts. `coefficients` works out, in float64 and for many steps at once, the few numbers a
run that the formula needs (a bias correction, a learning rate). `update` then makes its passes over the
parameters. That keeps the formulas exact, gives a run alone the same bits as in a stack, and leaves
nothing but array passes in the inner loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.component import Component

Array = NDArray[Any]
Float64 = NDArray[np.float64]
State = dict[str, Array]  # name → (runs, parameters)


class Optimizer(Component):
    """The base of every optimizer. A subclass is a frozen dataclass whose fields are its options.

    In a stack the float options are arrays (runs, 1); see `gdrun.component.stack`.
    """

    scratch_count: ClassVar[int] = 1  # how many buffers `update` needs for values in between
    learning_rate: Any

    def state_names(self) -> Sequence[str]:
        """The arrays that the optimizer remembers between steps, each the size of the parameters."""
        return ()

    def initial_value(self, name: str) -> Any:
        """The value that a state array starts from: a number, or (runs, 1) numbers."""
        return 0.0

    def coefficients(self, learning_rate: Float64, step: Float64) -> dict[str, Any]:
        """The numbers that `update` needs, for several steps at once.

        Args:
            learning_rate: (steps, runs, 1), as the schedule has it.
            step: (steps, 1, 1), counted from 1.

        Returns:
            name → a number or an array that broadcasts with (steps, runs, 1).
        """
        raise NotImplementedError

    def update(
        self, theta: Array, g: Array, state: State, c: dict[str, Any], scratch: Sequence[Array]
    ) -> None:
        """One step, in place, over a slice of the flat buffers.

        Args:
            theta: (runs, parameters), changed in place.
            g: the gradient, likewise shaped; may be used as a further scratch buffer.
            state: name → array of that shape, changed in place.
            c: what `coefficients` gave for this step: numbers, or arrays (runs, 1), in the run's dtype.
            scratch: buffers of that shape.
        """
        raise NotImplementedError
