"""Balanced accuracy."""

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
class BalancedAccuracy(Metric):
    """The accuracy within each class, averaged over classes: rare ones count as much as frequent ones.

    Formula:
        mean over the classes with rows of TP/(TP + FN), the share of the class's rows that are
        predicted as it. The prediction is the most probable class, the first one of equals. Guessing
        gives 1/C.

    Variant:
        Not adjusted for chance. A class that is predicted but has no rows doesn't count, unlike in `recall`.

    Reference:
        scikit-learn, `balanced_accuracy_score`; Brodersen, Ong, Stephan & Buhmann, "The balanced accuracy and
        its posterior distribution", ICPR 2010.
    """

    task: ClassVar[Task] = "classification"
    better: ClassVar[Literal["higher", "lower"]] = "higher"
    is_share: ClassVar[bool] = True
    by_ranking: ClassVar[bool] = True

    def value(self, prediction: Array, target: NDArray[Any]) -> NDArray[np.float64]:
        counts = class_counts(prediction, target)
        return macro_average(counts.right / np.maximum(counts.of_target, 1), counts.of_target > 0)
