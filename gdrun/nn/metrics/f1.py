"""The F1 score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.layer import Array
from gdrun.nn.loss import Task
from gdrun.nn.metric import Metric


@dataclass(frozen=True)
class F1(Metric):
    """F1 score, averaged over classes.

    Formula:
        mean over classes of 2·TP/(2·TP + FP + FN), with the counts of true positives, false positives and
        false negatives of the class; the prediction is the most probable class, the first one of equals.

    Variant:
        Macro average: every class counts the same, however many rows it has. Only classes that occur among
        the targets or the predictions count, as in scikit-learn.

    Reference:
        scikit-learn, `f1_score(average="macro")`; van Rijsbergen, "Information Retrieval", 1979, chapter 7.
    """

    task: ClassVar[Task] = "classification"
    better: ClassVar[Literal["higher", "lower"]] = "higher"
    is_share: ClassVar[bool] = True
    by_ranking: ClassVar[bool] = True

    def value(self, prediction: Array, target: NDArray[Any]) -> NDArray[np.float64]:
        runs, _, classes = prediction.shape
        predicted = prediction.argmax(axis=-1)
        first = np.arange(runs)[:, None] * classes  # every run counts in bins of its own
        of_target, of_prediction = target + first, predicted + first

        def count(labels: NDArray[Any]) -> NDArray[np.int64]:
            counts: NDArray[np.int64] = np.bincount(labels.ravel(), minlength=runs * classes)
            return counts.reshape(runs, classes)

        occurrences = count(of_target) + count(of_prediction)  # 2·TP + FP + FN
        score = 2 * count(of_target[predicted == target]) / np.maximum(occurrences, 1)
        mean: NDArray[np.float64] = score.sum(axis=-1) / np.count_nonzero(occurrences, axis=-1)
        return mean
