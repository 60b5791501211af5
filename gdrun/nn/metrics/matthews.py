"""Matthews's correlation coefficient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.layer import Array
from gdrun.nn.loss import Task
from gdrun.nn.metric import Metric
from gdrun.nn.metrics.counts import class_counts


@dataclass(frozen=True)
class Matthews(Metric):
    """Matthews's correlation coefficient: how predicted and right classes go together, from −1 to 1.

    Formula:
        (n·Σ_c TP_c − Σ_c t_c·p_c) / (√(n² − Σ_c t_c²)·√(n² − Σ_c p_c²)), of n rows, t_c of class c,
        p_c predicted as it, TP_c both. The prediction is the most probable class, the first one of
        equals. 1 is perfect, 0 no better than chance.

    Variant:
        For several classes Gorodkin's R_K; for two it is (TP·TN − FP·FN)/√((TP+FP)(TP+FN)(TN+FP)(TN+FN)).
        0 where all rows are of one class or predicted as one, as in scikit-learn.

    Reference:
        scikit-learn, `matthews_corrcoef`; Gorodkin, "Comparing two K-category assignments by a K-category
        correlation coefficient", Computational Biology and Chemistry 28, 2004.
    """

    task: ClassVar[Task] = "classification"
    better: ClassVar[Literal["higher", "lower"]] = "higher"
    by_ranking: ClassVar[bool] = True

    def value(self, prediction: Array, target: NDArray[Any]) -> NDArray[np.float64]:
        counts = class_counts(prediction, target)
        rows = np.int64(prediction.shape[1])

        def covariance(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
            summed: NDArray[np.int64] = rows**2 - (a * b).sum(axis=-1)
            return summed

        of_both = rows * counts.right.sum(axis=-1) - (counts.of_target * counts.of_prediction).sum(axis=-1)
        of_target = covariance(counts.of_target, counts.of_target)
        of_prediction = covariance(counts.of_prediction, counts.of_prediction)
        size = np.sqrt(of_target) * np.sqrt(of_prediction)
        correlation: NDArray[np.float64] = of_both / np.where(size > 0, size, 1)  # of_both is 0 where it is
        return correlation
