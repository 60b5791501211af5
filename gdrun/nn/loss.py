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

    Targets are class indices (integers) for classification and values (…, outputs) for regression. In a stack
    the float options are arrays (runs, 1); see `gdrun.component.stack`.

    Attributes:
        task: what it is for.
        is_likelihood: whether it is the negative logarithm of a probability, so that targets can be `drawn`.
        own_unit: whether it makes sense only for targets in their own unit, not for standardized ones.
    """

    task: ClassVar[Task]
    is_likelihood: ClassVar[bool] = False
    own_unit: ClassVar[bool] = False

    def outputs(self, targets: int) -> int:
        """How many outputs the network needs for so many classes, or so many target columns.

        Raises:
            ValueError: the loss cannot serve so many.
        """
        return targets

    def encode(self, target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
        """The targets in the form that `bind` and `value` take: (rows, width), one row a row of `target`.

        The dtype is the loss's choice: class indices stay integers.

        Args:
            target: (rows,) class indices, or (rows, outputs) values.
            outputs: of the network.
            dtype: of the run.

        Raises:
            ValueError: the target doesn't fit so many outputs.
        """
        raise NotImplementedError

    def value(self, prediction: Array, encoded: Array) -> NDArray[np.float64]:
        """The mean loss of each run, (runs,) in float64.

        Args:
            prediction: (runs, rows, outputs).
            encoded: (runs or 1, rows, width) from `encode`.
        """
        raise NotImplementedError

    def probabilities(self, prediction: Array) -> Array:
        """What the predictions say of each class, (runs, rows, classes) in the run's dtype.

        That is what classification metrics and `predictions.csv` take; rows sum to 1.

        Args:
            prediction: (runs, rows, outputs); not changed.

        Raises:
            TypeError: this is a loss for regression.
        """
        raise TypeError(f"{self.name} is a loss for regression: its predictions are values, not classes")

    def estimates(self, prediction: Array) -> Array:
        """The values of the target that the predictions of a loss for regression stand for.

        Args:
            prediction: (runs, rows, outputs); not changed, but returned where the outputs are the values.
        """
        return prediction

    def drawn(self, prediction: Array, source: np.random.Generator) -> Array:
        """Targets drawn from the distribution whose negative logarithm this loss is, encoded: (rows, width).

        Args:
            prediction: (rows, outputs) of one run.
            source: of the random numbers.

        Raises:
            TypeError: it is no such loss.
        """
        raise TypeError(f"{self.name} is no loss that targets could be drawn from")

    def ranking(self, prediction: Array) -> Array:
        """Numbers that order the classes of a row as `probabilities` does, perhaps cheaper to get.

        Args:
            prediction: (runs, rows, outputs); not changed, but perhaps returned.
        """
        return self.probabilities(prediction)

    def bind(self, prediction: Array, encoded: Array) -> Callable[[], Array]:
        """A function without arguments that returns ∂(mean loss)/∂prediction, a buffer made once.

        Args:
            prediction: (runs, batch, outputs), read at every call; it must not be changed.
            encoded: (runs, batch, width), read at every call.
        """
        raise NotImplementedError


def encode_classes(target: NDArray[Any], outputs: int) -> NDArray[np.intp]:
    """The `encode` of a loss over several classes: indices (rows, 1).

    Raises:
        ValueError: an index is out of range.
    """
    if len(target) and not 0 <= target.min() <= target.max() < outputs:
        raise ValueError(f"classes must be from 0 to {outputs - 1}, not {target.min()} to {target.max()}")
    return target.reshape(-1, 1).astype(np.intp)


def output_of_two_classes(loss: Loss, targets: int, for_several: str) -> int:
    """The `outputs` of a loss that tells two classes apart by one score.

    Raises:
        ValueError: there are not two; the message names what to take for several.
    """
    if targets != 2:
        raise ValueError(f"{loss.name} tells 2 classes apart, not {targets}; take {for_several}")
    return 1


def encode_two_classes(target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
    """The `encode` of a loss over two classes: 0 or 1, (rows, 1).

    Raises:
        ValueError: an index is out of range.
    """
    if len(target) and not ((target >= 0) & (target <= 1)).all():
        raise ValueError(f"class indices must be 0 or 1, not {target.min()} to {target.max()}")
    return encode_values(target, outputs, dtype)


def encode_values(target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
    """The `encode` of a regression loss: (rows, outputs), a single output given as (rows,) too.

    Raises:
        ValueError: the target doesn't have so many columns.
    """
    values = target[:, None] if target.ndim == 1 else target
    if values.shape[1:] != (outputs,):
        raise ValueError(f"the target must have shape (rows, {outputs}), not {target.shape}")
    encoded: Array = values.astype(dtype)
    return encoded


def mean_of_rows(values: Array) -> NDArray[np.float64]:
    """The mean of each run over all other axes, (runs,) in float64.

    Reductions keep a run's bits only if they see the same memory layout in any stack and don't convert on
    the way, as NumPy then adds in pieces that run over from one run to the next.
    """
    flat = np.ascontiguousarray(values, dtype=np.float64).reshape(len(values), -1)
    mean: NDArray[np.float64] = np.add.reduce(flat, axis=-1) / flat.shape[1]
    return mean


def mean_over_rows(values: Array) -> NDArray[np.float64]:
    """The mean of each run and output over the rows, (runs, outputs); see `mean_of_rows` for the layout."""
    by_output = np.ascontiguousarray(values.swapaxes(1, 2), dtype=np.float64)
    mean: NDArray[np.float64] = by_output.mean(axis=-1)
    return mean
