"""The mean absolute error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.layer import Array
from gdrun.nn.loss import Task, mean_of_rows
from gdrun.nn.metric import Metric


@dataclass(frozen=True)
class Mae(Metric):
    """Mean absolute error, in the unit of the target.

    Formula:
        (1/n) Σ |z − y|, over rows and outputs

    Reference:
        scikit-learn, `mean_absolute_error`.
    """

    task: ClassVar[Task] = "regression"
    better: ClassVar[Literal["higher", "lower"]] = "lower"

    def value(self, prediction: Array, target: NDArray[Any]) -> NDArray[np.float64]:
        error = prediction.astype(np.float64) - target
        return mean_of_rows(np.abs(error, out=error))
