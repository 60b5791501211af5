"""Softmax followed by the cross entropy: the usual loss for several classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.arrays import aligned_like
from gdrun.component import Decay, Positive
from gdrun.nn.functions import number, of_class, softmax
from gdrun.nn.layer import Array
from gdrun.nn.loss import Loss, Task, encode_classes, mean_of_rows


@dataclass(frozen=True)
class SoftmaxCrossEntropy(Loss):
    """Cross entropy between the target distribution and the softmax of the scores.

    Formula:
        p = softmax(z); L = −mean over rows of Σ_c y_c·log p_c; ∂L/∂z = (p − y)/rows
        y = (1 − s)·onehot + s/C with label smoothing s. Equal scores give ln C.
        With class weights w: L = −Σ_rows Σ_c w_c·y_c·log p_c / Σ_rows w_target

    Options:
        label_smoothing: s, the probability that is spread over all C classes.
        class_weights: w, one positive number a class; none for 1 everywhere.

    Variant:
        Scores are shifted by their maximum first, so that nothing overflows. Smoothing as in PyTorch: over
        all classes, the right one included. Class weights as in PyTorch: the mean over the batch is the
        weighted one, divided by the sum of the rows' weights.

    Reference:
        Goodfellow, Bengio & Courville, "Deep Learning", 2016, 6.2.2; smoothing: Szegedy et al.,
        "Rethinking the Inception architecture for computer vision", CVPR 2016.
    """

    task: ClassVar[Task] = "classification"
    is_likelihood: ClassVar[bool] = True
    label_smoothing: Decay = 0.0
    class_weights: tuple[Positive, ...] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.class_weights is not None and not all(0 < weight < np.inf for weight in self.class_weights):
            raise ValueError(
                f"SoftmaxCrossEntropy: class_weights must be positive numbers, not {self.class_weights}"
            )

    def encode(self, target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
        if self.class_weights is not None and len(self.class_weights) != outputs:
            raise ValueError(
                f"class_weights must be one for each of the {outputs} classes, not {len(self.class_weights)}"
            )
        return encode_classes(target, outputs)

    def probabilities(self, prediction: Array) -> Array:
        return softmax(prediction)

    def drawn(self, prediction: Array, source: np.random.Generator) -> Array:
        up_to = softmax(prediction[None].astype(np.float64))[0].cumsum(axis=-1)
        shares = source.random((len(prediction), 1))
        classes: Array = (shares >= up_to[:, :-1]).sum(axis=-1, keepdims=True)
        return classes

    def ranking(self, prediction: Array) -> Array:
        return prediction

    def value(self, prediction: Array, encoded: Array) -> NDArray[np.float64]:
        log_p = prediction - prediction.max(axis=-1, keepdims=True)
        log_sum = np.log(np.exp(log_p).sum(axis=-1, keepdims=True))
        if self._is_plain:
            return mean_of_rows(log_sum[..., 0] - of_class(log_p, encoded[..., 0]))
        log_p -= log_sum
        wanted = self._wanted(encoded == np.arange(prediction.shape[-1]), log_p)
        total = -mean_of_rows((wanted * log_p).sum(axis=-1))
        if self.class_weights is None:
            return total
        weights = mean_of_rows(np.asarray(self.class_weights)[encoded])
        return total / weights

    @property
    def _is_plain(self) -> bool:
        return self.class_weights is None and not np.any(self.label_smoothing)

    def _wanted(self, right: NDArray[np.bool_], like: Array) -> Array:
        """What is wanted of each class, times its weight: w·y (runs, rows, classes)."""
        smoothing = number(self.label_smoothing, like)
        wanted: Array = right * (1 - smoothing) + smoothing / right.shape[-1]
        return wanted if self.class_weights is None else wanted * np.asarray(self.class_weights, like.dtype)

    def bind(self, prediction: Array, encoded: Array) -> Callable[[], Array]:
        gradient = aligned_like(prediction)
        row = np.empty(prediction.shape[:-1], prediction.dtype)
        column = row[..., None]
        if not self._is_plain:
            return self._bind_weighted(prediction, encoded, gradient, row)
        runs, batch, classes = prediction.shape
        rows = np.full(classes, batch, prediction.dtype)
        share = np.asarray(1 / batch, prediction.dtype)
        target = encoded[..., 0]
        in_memory = gradient.ravel(order="K")  # a view, in which the class of a row is found by its place
        run_step, row_step, class_step = (stride // gradient.itemsize for stride in gradient.strides)
        first = np.arange(runs)[:, None] * run_step + np.arange(batch) * row_step
        place = aligned_like(first)

        def derive() -> Array:
            np.maximum.reduce(prediction, axis=-1, out=row)
            np.subtract(prediction, column, out=gradient)
            np.exp(gradient, out=gradient)
            np.matmul(gradient, rows, out=row)  # the sum over classes, times the rows of the batch
            np.divide(gradient, column, out=gradient)
            np.multiply(target, class_step, out=place)
            np.add(place, first, out=place)
            in_memory[place] -= share
            return gradient

        return derive

    def _bind_weighted(
        self, prediction: Array, encoded: Array, gradient: Array, row: Array
    ) -> Callable[[], Array]:
        """With smoothing or weights: ∂L/∂z_c = (p_c·Σ_k w_k·y_k − w_c·y_c)/Σ_rows w_target."""
        count = prediction.shape[-1]
        classes, column = np.arange(count), row[..., None]
        right, wanted = aligned_like(prediction, bool), aligned_like(prediction)
        smoothing = number(self.label_smoothing, prediction)
        kept, spread = 1 - smoothing, smoothing / count
        ones = np.ones(count, prediction.dtype)
        weights = ones if self.class_weights is None else np.asarray(self.class_weights, prediction.dtype)
        sum_of_weights = np.empty((len(prediction), 1, 1), prediction.dtype)

        def derive() -> Array:
            np.maximum.reduce(prediction, axis=-1, out=row)
            np.subtract(prediction, column, out=gradient)
            np.exp(gradient, out=gradient)
            np.matmul(gradient, ones, out=row)
            np.divide(gradient, column, out=gradient)
            np.equal(encoded, classes, out=right)
            np.multiply(right, kept, out=wanted)
            np.add(wanted, spread, out=wanted)
            np.multiply(wanted, weights, out=wanted)
            np.matmul(wanted, ones, out=row)
            np.multiply(gradient, column, out=gradient)
            np.subtract(gradient, wanted, out=gradient)
            np.multiply(right, weights, out=wanted)
            np.matmul(wanted, ones, out=row)  # the weight of each row's class
            np.add.reduce(column, axis=1, keepdims=True, out=sum_of_weights)
            np.divide(gradient, sum_of_weights, out=gradient)
            return gradient

        return derive
