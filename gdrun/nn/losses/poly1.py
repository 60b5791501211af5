"""The first polynomial correction of the cross entropy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.arrays import aligned_like
from gdrun.component import Ge
from gdrun.nn.functions import number, softmax
from gdrun.nn.layer import Array
from gdrun.nn.loss import Loss, Task, encode_classes, mean_of_rows


@dataclass(frozen=True)
class Poly1(Loss):
    """Poly-1 loss: the cross entropy with more, or less, weight on the first term of its expansion.

    Formula:
        p = softmax(z); L = mean over rows of −log p_y + ε·(1 − p_y)
        ∂L/∂z_c = (1 + ε·p_y)·(p_c − 1[c = y])/rows. Equal scores give ln C + ε·(1 − 1/C).

    Options:
        epsilon: ε, at least −1; 0 is the cross entropy.

    Variant:
        −log p = (1 − p) + (1 − p)²/2 + …: the loss with the first coefficient 1 + ε instead of 1.

    Reference:
        Leng et al., "PolyLoss: a polynomial expansion perspective of classification loss functions", ICLR
        2022.
    """

    task: ClassVar[Task] = "classification"
    epsilon: Annotated[float, Ge(-1)] = 1.0

    def encode(self, target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
        return encode_classes(target, outputs)

    def probabilities(self, prediction: Array) -> Array:
        return softmax(prediction)

    def ranking(self, prediction: Array) -> Array:
        return prediction

    def value(self, prediction: Array, encoded: Array) -> NDArray[np.float64]:
        z = prediction.astype(np.float64)
        right = encoded == np.arange(z.shape[-1])
        z -= z.max(axis=-1, keepdims=True)
        exponentials = np.exp(z)
        total = exponentials.sum(axis=-1)
        missing = (exponentials * ~right).sum(axis=-1) / total
        cross_entropy = np.log(total) - (z * right).sum(axis=-1)
        return mean_of_rows(cross_entropy + number(self.epsilon, missing) * missing)

    def bind(self, prediction: Array, encoded: Array) -> Callable[[], Array]:
        batch, count = prediction.shape[-2:]
        classes, ones = np.arange(count), np.ones(count, prediction.dtype)
        gradient, scratch = aligned_like(prediction), aligned_like(prediction)
        right = aligned_like(prediction, bool)
        row = np.empty(prediction.shape[:-1], prediction.dtype)
        column, scale = row[..., None], np.asarray(1 / batch, prediction.dtype)
        epsilon, one = number(self.epsilon, row), np.ones((), prediction.dtype)

        def derive() -> Array:
            np.maximum.reduce(prediction, axis=-1, out=row)
            np.subtract(prediction, column, out=gradient)
            np.exp(gradient, out=gradient)
            np.matmul(gradient, ones, out=row)
            np.divide(gradient, column, out=gradient)
            np.equal(encoded, classes, out=right)
            np.multiply(gradient, right, out=scratch)
            np.matmul(scratch, ones, out=row)  # p_y
            np.multiply(row, epsilon, out=row)
            np.add(row, one, out=row)
            np.multiply(row, scale, out=row)
            np.subtract(gradient, right, out=gradient)
            np.multiply(gradient, column, out=gradient)
            return gradient

        return derive
