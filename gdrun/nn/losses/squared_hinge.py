"""The squared hinge loss of two classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.arrays import aligned_like
from gdrun.nn.functions import probabilities_of_two
from gdrun.nn.layer import Array
from gdrun.nn.loss import Loss, Task, encode_two_classes, mean_of_rows, output_of_two_classes


@dataclass(frozen=True)
class SquaredHinge(Loss):
    """Support vector machine of two classes with squared violations: smooth, and harder on large ones.

    Formula:
        L = mean over rows of max(0, 1 − y·z)², with y = 1 for class 1 and −1 for class 0
        ∂L/∂z = −2y·max(0, 1 − y·z)/rows. Score 0 gives 1.

    Variant:
        For two classes and one output, without a ½, as in Keras. The score isn't a probability; where one is
        asked for it is 1/(1 + exp(−z)): its order means something, its size doesn't.

    Reference:
        Chang, Hsieh & Lin, "Coordinate descent method for large-scale L2-loss linear support vector
        machines", Journal of Machine Learning Research 9, 2008.
    """

    task: ClassVar[Task] = "classification"

    def outputs(self, targets: int) -> int:
        return output_of_two_classes(self, targets, "multiclass_svm or crammer_singer")

    def encode(self, target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
        return 2 * encode_two_classes(target, outputs, dtype) - 1

    def probabilities(self, prediction: Array) -> Array:
        return probabilities_of_two(prediction)

    def value(self, prediction: Array, encoded: Array) -> NDArray[np.float64]:
        return mean_of_rows(np.square(np.maximum(1 - prediction.astype(np.float64) * encoded, 0)))

    def bind(self, prediction: Array, encoded: Array) -> Callable[[], Array]:
        gradient = aligned_like(prediction)
        batch, outputs = prediction.shape[-2:]
        scale, one = np.asarray(-2 / (batch * outputs), prediction.dtype), np.ones((), prediction.dtype)
        zero = np.zeros((), prediction.dtype)

        def derive() -> Array:
            np.multiply(prediction, encoded, out=gradient)
            np.subtract(one, gradient, out=gradient)
            np.maximum(gradient, zero, out=gradient)
            np.multiply(gradient, encoded, out=gradient)
            np.multiply(gradient, scale, out=gradient)
            return gradient

        return derive
