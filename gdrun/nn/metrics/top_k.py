"""Top-k accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.component import Count
from gdrun.nn.functions import of_class
from gdrun.nn.layer import Array
from gdrun.nn.loss import Task, mean_of_rows
from gdrun.nn.metric import Metric


@dataclass(frozen=True)
class TopK(Metric):
    """The share of rows whose right class is among the k most probable ones.

    Formula:
        (1/n) Σ 1[right class ranks below k], its rank the number of classes that are more probable; of equal
        probabilities the first class ranks first. With k = 1 this is the accuracy, with k = C it is 1.

    Options:
        k: how many classes count.

    Reference:
        scikit-learn, `top_k_accuracy_score` (which puts the last one first among equals).
    """

    task: ClassVar[Task] = "classification"
    better: ClassVar[Literal["higher", "lower"]] = "higher"
    is_share: ClassVar[bool] = True
    by_ranking: ClassVar[bool] = True
    k: Count = 5

    def value(self, prediction: Array, target: NDArray[Any]) -> NDArray[np.float64]:
        right = of_class(prediction, target)[..., None]
        earlier = np.arange(prediction.shape[-1]) < target[..., None]
        ahead = (prediction > right) | ((prediction == right) & earlier)
        return mean_of_rows(np.count_nonzero(ahead, axis=-1) < self.k)
