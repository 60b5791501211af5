"""Precision."""

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
class Precision(Metric):
    """The share of the rows predicted as a class that belong to it, averaged over classes.

    Formula:
        mean over classes of TP/(TP + FP), with the counts of true and false positives of the class; 0
        for a class that is never predicted. The prediction is the most probable class, the first one
        of equals.

    Variant:
        Macro average: every class counts the same, however many rows it has, also where there are only two.
        Only classes that occur among the targets or the predictions count, as in scikit-learn.

    Reference:
        scikit-learn, `precision_score(average="macro")`; van Rijsbergen, "Information Retrieval", 1979,
        chapter 7.
    """

    task: ClassVar[Task] = "classification"
    better: ClassVar[Literal["higher", "lower"]] = "higher"
    is_share: ClassVar[bool] = True
    by_ranking: ClassVar[bool] = True

    def value(self, prediction: Array, target: NDArray[Any]) -> NDArray[np.float64]:
        counts = class_counts(prediction, target)
        return macro_average(counts.right / np.maximum(counts.of_prediction, 1), counts.occurs)
