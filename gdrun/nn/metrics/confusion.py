"""An entry of the confusion matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.component import WholeNumber
from gdrun.nn.layer import Array
from gdrun.nn.loss import Task
from gdrun.nn.metric import Metric


@dataclass(frozen=True)
class Confusion(Metric):
    """The share of the rows of one class that are taken for another: an entry of the confusion matrix.

    Formula:
        #(rows of class `right` predicted as class `predicted`)/#(rows of class `right`). The prediction is
        the most probable class, the first one of equals. NaN without rows of the class.

    Options:
        right: the class that the rows are of, by its place among the sorted classes, from 0.
        predicted: the other class, which they are taken for, likewise.

    Variant:
        Each row of the matrix divided by its sum. The whole matrix, in counts, is in every report; the share
        that is predicted rightly is the class's recall.

    Reference:
        scikit-learn, `confusion_matrix(normalize="true")`.
    """

    task: ClassVar[Task] = "classification"
    better: ClassVar[Literal["higher", "lower"]] = "lower"
    is_share: ClassVar[bool] = True
    by_ranking: ClassVar[bool] = True
    right: WholeNumber = 0
    predicted: WholeNumber = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.right == self.predicted:
            raise ValueError("Confusion: right and predicted must be two classes; for one class, see recall")

    def value(self, prediction: Array, target: NDArray[Any]) -> NDArray[np.float64]:
        of_class = np.broadcast_to(target == self.right, prediction.shape[:2])
        taken = of_class & (prediction.argmax(axis=-1) == self.predicted)
        with np.errstate(invalid="ignore"):
            share: NDArray[np.float64] = np.count_nonzero(taken, axis=-1) / np.count_nonzero(
                of_class, axis=-1
            )
        return share
