"""The F1 score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.layer import Array
from gdrun.nn.loss import Task
from gdrun.nn.metric import Metric
from gdrun.nn.metrics.counts import class_counts, macro_average


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
        counts = class_counts(prediction, target)
        occurrences = counts.of_target + counts.of_prediction  # 2·TP + FP + FN
        return macro_average(2 * counts.right / np.maximum(occurrences, 1), counts.occurs)
