"""The hinge loss of several classes at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.arrays import aligned_like
from gdrun.component import NonNegative
from gdrun.nn.functions import number, of_class, softmax
from gdrun.nn.layer import Array
from gdrun.nn.loss import Loss, Task, encode_classes, mean_of_rows


@dataclass(frozen=True)
class MulticlassSvm(Loss):
    """Multiclass support vector machine: the right class's score shall lead every other one by a margin.

    Formula:
        L = mean over rows of Σ_{c≠y} max(0, z_c − z_y + margin); ∂L/∂z_c = 1[z_c − z_y + margin > 0]/rows for
        c ≠ y, and ∂L/∂z_y = −(their sum). Equal scores give (C − 1)·margin.

    Options:
        margin: the lead that costs nothing any more.

    Variant:
        Weston & Watkins: summed over the wrong classes. (Crammer & Singer take only the worst one; PyTorch's
        MultiMarginLoss divides by C as well.) The scores aren't probabilities; where some are asked for, as
        in predictions, they are the softmax of the scores: their order means something, their size doesn't.

    Reference:
        Weston & Watkins, "Support vector machines for multi-class pattern recognition", ESANN 1999.
    """

    task: ClassVar[Task] = "classification"
    margin: NonNegative = 1.0

    def encode(self, target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
        return encode_classes(target, outputs)

    def probabilities(self, prediction: Array) -> Array:
        return softmax(prediction)

    def ranking(self, prediction: Array) -> Array:
        return prediction

    def value(self, prediction: Array, encoded: Array) -> NDArray[np.float64]:
        margin = number(self.margin, prediction)
        excess = prediction - of_class(prediction, encoded[..., 0])[..., None] + margin
        np.maximum(excess, 0, out=excess)
        np.put_along_axis(excess, np.broadcast_to(encoded, (*excess.shape[:-1], 1)), 0, axis=-1)
        return mean_of_rows(excess.sum(axis=-1))

    def bind(self, prediction: Array, encoded: Array) -> Callable[[], Array]:
        batch, count = prediction.shape[-2:]
        classes = np.arange(count)
        gradient, scratch = aligned_like(prediction), aligned_like(prediction)
        right, violating = aligned_like(prediction, bool), aligned_like(prediction, bool)
        row = np.empty(prediction.shape[:-1], prediction.dtype)
        column, ones = row[..., None], np.ones(count, prediction.dtype)
        lead, scale = number(-np.asarray(self.margin), prediction), np.asarray(1 / batch, prediction.dtype)

        def derive() -> Array:
            np.equal(encoded, classes, out=right)
            np.multiply(prediction, right, out=scratch)
            np.matmul(scratch, ones, out=row)  # the score of the right class
            np.subtract(prediction, column, out=scratch)
            np.greater(scratch, lead, out=violating)
            np.multiply(violating, scale, out=gradient)
            np.matmul(gradient, ones, out=row)  # with the right class, which takes its own share back
            np.multiply(right, column, out=scratch)
            np.subtract(gradient, scratch, out=gradient)
            return gradient

        return derive
