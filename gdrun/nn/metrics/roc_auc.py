"""The area under the receiver operating characteristic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.layer import Array
from gdrun.nn.loss import Task
from gdrun.nn.metric import Metric


@dataclass(frozen=True)
class RocAuc(Metric):
    """How often a row of a class gets a higher probability of it than a row of another class.

    Formula:
        P(p > p′) + ½P(p = p′), with p the class's probability for a row of it and p′ for any other
        row: the area under the curve of true positives over false positives. ½ is chance, 1 perfect.
        With two classes that of the second one; with more, the mean over classes. NaN if all rows are
        of one class.

    Variant:
        With more than two classes one against the rest, macro average: every class counts the same. Classes
        without rows don't count, where scikit-learn refuses. Probabilities are compared between rows, so only
        with two classes is it the same for any numbers that rise with them.

    Reference:
        scikit-learn, `roc_auc_score(multi_class="ovr", average="macro")`; Hanley & McNeil, "The meaning and
        use of the area under a receiver operating characteristic (ROC) curve", Radiology 143, 1982.
    """

    task: ClassVar[Task] = "classification"
    better: ClassVar[Literal["higher", "lower"]] = "higher"
    is_share: ClassVar[bool] = True

    def value(self, prediction: Array, target: NDArray[Any]) -> NDArray[np.float64]:
        runs, rows, classes = prediction.shape
        areas = np.full((runs, classes), np.nan)
        for run in range(runs):
            labels = target[run if len(target) > 1 else 0]
            for label in range(classes) if classes > 2 else (1,):
                of_class = labels == label
                if 0 < np.count_nonzero(of_class) < rows:
                    areas[run, label] = _area(prediction[run, :, label], of_class)
        known = ~np.isnan(areas)
        total = np.where(known, areas, 0).sum(axis=-1)
        counted = np.count_nonzero(known, axis=-1)
        mean: NDArray[np.float64] = np.where(counted, total / np.maximum(counted, 1), np.nan)
        return mean


def _area(values: Array, of_class: NDArray[np.bool_]) -> float:
    """The share of pairs of a row of the class and another in which the former is larger; equal ones half."""
    others = np.sort(values[~of_class])
    own = values[of_class]
    below, not_above = (int(np.searchsorted(others, own, side).sum()) for side in ("left", "right"))
    return (below + not_above) / (2 * len(own) * len(others))
