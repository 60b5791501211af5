"""The cosine distance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.arrays import aligned_like
from gdrun.nn.layer import Array
from gdrun.nn.loss import Loss, Task, encode_values, mean_of_rows

_SHORTEST = 1e-8  # length that is divided by


@dataclass(frozen=True)
class Cosine(Loss):
    """Cosine distance: only the direction of a row counts, not its length.

    Formula:
        L = mean over rows of 1 − cos, cos = z·y/(|z|·|y|), products and lengths over the outputs
        ∂L/∂z = −(y/|y| − cos·z/|z|)/(|z|·rows). 0 is the same direction, 1 a right angle, 2 the opposite.

    Variant:
        Lengths are at least 1e-8, as of cosine_similarity in PyTorch; Keras leaves out the 1. The direction
        is that of the target itself: it needs `preprocessing: {target: none}`, and two columns or more.

    Reference:
        Salton, Wong & Yang, "A vector space model for automatic indexing", Communications of the ACM 18,
        1975.
    """

    task: ClassVar[Task] = "regression"
    own_unit: ClassVar[bool] = True

    def outputs(self, targets: int) -> int:
        if targets < 2:
            raise ValueError("cosine compares directions, which one target column doesn't have; take mse")
        return targets

    def encode(self, target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
        return encode_values(target, outputs, dtype)

    def value(self, prediction: Array, encoded: Array) -> NDArray[np.float64]:
        z, y = prediction.astype(np.float64), np.asarray(encoded, np.float64)
        lengths = [np.maximum(np.sqrt(np.square(a).sum(axis=-1)), _SHORTEST) for a in (z, y)]
        return mean_of_rows(1 - (z * y).sum(axis=-1) / (lengths[0] * lengths[1]))

    def bind(self, prediction: Array, encoded: Array) -> Callable[[], Array]:
        batch, outputs = prediction.shape[-2:]
        gradient, scratch = aligned_like(prediction), aligned_like(prediction)
        ones = np.ones(outputs, prediction.dtype)
        product, of_target, of_prediction = (
            np.empty(prediction.shape[:-1], prediction.dtype) for _ in range(3)
        )
        turns = np.empty(prediction.shape[:-1], bool)
        shortest, scale = (np.asarray(value, prediction.dtype) for value in (_SHORTEST, 1 / batch))

        def sum_of_products(a: Array, b: Array, out: Array) -> None:
            np.multiply(a, b, out=scratch)
            np.matmul(scratch, ones, out=out)

        def derive() -> Array:
            sum_of_products(prediction, encoded, product)
            for values, length in ((encoded, of_target), (prediction, of_prediction)):
                sum_of_products(values, values, length)
                np.sqrt(length, out=length)
            np.greater(of_prediction, shortest, out=turns)  # shorter ones have a constant length
            for length in (of_target, of_prediction):
                np.maximum(length, shortest, out=length)
                np.divide(product, length, out=product)
            np.multiply(product, turns, out=product)
            np.divide(product, of_prediction, out=product)
            np.multiply(prediction, product[..., None], out=gradient)  # cos·z/|z|
            np.divide(encoded, of_target[..., None], out=scratch)
            np.subtract(gradient, scratch, out=gradient)
            np.divide(gradient, of_prediction[..., None], out=gradient)
            np.multiply(gradient, scale, out=gradient)
            return gradient

        return derive
