"""The interface of a loss: the mean over a batch, and its gradient bound to buffers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.component import Component
from gdrun.nn.layer import Array

Task = Literal["classification", "regression"]


class Loss(Component):
    """The base of every loss. A subclass is a frozen dataclass whose fields are its options.

    Targets are class indices (integers) for classification and values (…, outputs) for regression.
    """

    task: ClassVar[Task]

    def outputs(self, targets: int) -> int:
        """How many outputs the network needs for so many classes, or so many target columns.

        Raises:
            ValueError: the loss cannot serve so many.
        """
        return targets

    def encode(self, target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
        """The targets in the form that `bind` and `value` take: (rows, width), one row a row of `target`.

        Args:
            target: (rows,) class indices, or (rows, outputs) values.
            outputs: of the network.
            dtype: of the run.
        """
        raise NotImplementedError

    def value(self, prediction: Array, encoded: Array) -> NDArray[np.float64]:
        """The mean loss of each run, (runs,) in float64.

        Args:
            prediction: (runs, rows, outputs).
            encoded: (runs or 1, rows, width) from `encode`.
        """
        raise NotImplementedError

    def bind(self, prediction: Array, encoded: Array) -> Callable[[], Array]:
        """A function without arguments that returns ∂(mean loss)/∂prediction, a buffer made once.

        Args:
            prediction: (runs, batch, outputs), read at every call; it must not be changed.
            encoded: (runs, batch, width), read at every call.
        """
        raise NotImplementedError
