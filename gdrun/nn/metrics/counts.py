"""How often each class occurs and is found: what the metrics of single classes are made of."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.layer import Array


class ClassCounts(NamedTuple):
    """Counts of each run and class, (runs, classes), where the most probable class is the prediction.

    Attributes:
        right: rows of the class that were predicted as it, the true positives.
        of_target: rows of the class, true positives and false negatives.
        of_prediction: rows predicted as the class, true and false positives.
    """

    right: NDArray[np.int64]
    of_target: NDArray[np.int64]
    of_prediction: NDArray[np.int64]

    @property
    def occurs(self) -> NDArray[np.bool_]:
        """Whether the class is there at all, among the targets or the predictions."""
        occurs: NDArray[np.bool_] = (self.of_target + self.of_prediction) > 0
        return occurs


def class_counts(prediction: Array, target: NDArray[Any]) -> ClassCounts:
    """The counts; of equal probabilities the first class is the prediction.

    Args:
        prediction: (runs, rows, classes), probabilities or any numbers in their order.
        target: class indices (runs or 1, rows).
    """
    runs, _, classes = prediction.shape
    predicted = prediction.argmax(axis=-1)
    first = np.arange(runs)[:, None] * classes  # every run counts in bins of its own
    of_target = target + first

    def count(labels: NDArray[Any]) -> NDArray[np.int64]:
        counts: NDArray[np.int64] = np.bincount(labels.ravel(), minlength=runs * classes)
        return counts.reshape(runs, classes)

    return ClassCounts(count(of_target[predicted == target]), count(of_target), count(predicted + first))


def macro_average(score: NDArray[np.float64], counted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The mean (runs,) over the classes that count, of scores (runs, classes) that are 0 where none does."""
    mean: NDArray[np.float64] = score.sum(axis=-1) / np.count_nonzero(counted, axis=-1)
    return mean
