"""The hinge loss of the worst of several classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.arrays import aligned_like
from gdrun.nn.functions import of_class, softmax
from gdrun.nn.layer import Array
from gdrun.nn.loss import Loss, Task, encode_classes, mean_of_rows


@dataclass(frozen=True)
class CrammerSinger(Loss):
    """Multiclass support vector machine: the right class's score shall lead the best other one by 1.

    Formula:
        L = mean over rows of max(0, 1 + z_w − z_y), w the wrong class with the largest score, the first
        of equals; where positive, ∂L/∂z_w = 1/rows and ∂L/∂z_y = −1/rows. Equal scores give 1.

    Variant:
        Only the worst wrong class counts; `multiclass_svm` sums over all of them. The scores aren't
        probabilities; where some are asked for, as in predictions, they are the softmax of the scores: their
        order means something, their size doesn't.

    Reference:
        Crammer & Singer, "On the algorithmic implementation of multiclass kernel-based vector machines",
        Journal of Machine Learning Research 2, 2001; scikit-learn, `hinge_loss` of several classes.
    """

    task: ClassVar[Task] = "classification"

    def encode(self, target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
        return encode_classes(target, outputs)

    def probabilities(self, prediction: Array) -> Array:
        return softmax(prediction)

    def ranking(self, prediction: Array) -> Array:
        return prediction

    def value(self, prediction: Array, encoded: Array) -> NDArray[np.float64]:
        wrong = np.where(encoded == np.arange(prediction.shape[-1]), -np.inf, prediction)
        return mean_of_rows(np.maximum(1 + wrong.max(axis=-1) - of_class(prediction, encoded[..., 0]), 0))

    def bind(self, prediction: Array, encoded: Array) -> Callable[[], Array]:
        batch, count = prediction.shape[-2:]
        classes, ones = np.arange(count), np.ones(count, prediction.dtype)
        gradient, scratch = aligned_like(prediction), aligned_like(prediction)
        right, worst = aligned_like(prediction, bool), aligned_like(prediction, bool)
        of_right, largest = (np.empty(prediction.shape[:-1], prediction.dtype) for _ in range(2))
        place, violating = np.empty(of_right.shape, np.intp), np.empty(of_right.shape, bool)
        lowest, lead, scale = (np.asarray(v, prediction.dtype) for v in (-np.inf, -1, 1 / batch))

        def derive() -> Array:
            np.equal(encoded, classes, out=right)
            np.multiply(prediction, right, out=scratch)
            np.matmul(scratch, ones, out=of_right)
            np.copyto(scratch, prediction)
            np.copyto(scratch, lowest, where=right)
            np.maximum.reduce(scratch, axis=-1, out=largest)
            np.argmax(scratch, axis=-1, out=place)
            np.equal(place[..., None], classes, out=worst)
            np.subtract(largest, of_right, out=of_right)
            np.greater(of_right, lead, out=violating)
            np.multiply(violating, scale, out=of_right)
            np.multiply(worst, of_right[..., None], out=gradient)
            np.multiply(right, of_right[..., None], out=scratch)
            np.subtract(gradient, scratch, out=gradient)
            return gradient

        return derive
