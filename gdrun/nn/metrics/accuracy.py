"""Accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.functions import of_class
from gdrun.nn.layer import Array
from gdrun.nn.loss import Task, mean_of_rows
from gdrun.nn.metric import Metric


@dataclass(frozen=True)
class Accuracy(Metric):
    """The share of rows whose most probable class is the right one.

    Formula:
        (1/n) Σ 1[argmax_c p_c = y]; of equal probabilities the first class counts.

    Reference:
        scikit-learn, `accuracy_score`.
    """

    task: ClassVar[Task] = "classification"
    better: ClassVar[Literal["higher", "lower"]] = "higher"
    is_share: ClassVar[bool] = True
    by_ranking: ClassVar[bool] = True

    def value(self, prediction: Array, target: NDArray[Any]) -> NDArray[np.float64]:
        largest = prediction.max(axis=-1, keepdims=True)
        if np.count_nonzero(prediction == largest) > largest.size:  # some are equal, so the place matters
            return mean_of_rows(prediction.argmax(axis=-1) == target)
        return mean_of_rows(of_class(prediction, target) == largest[..., 0])
