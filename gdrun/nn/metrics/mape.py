"""The mean absolute percentage error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.layer import Array
from gdrun.nn.loss import Task, mean_of_rows
from gdrun.nn.metric import Metric


@dataclass(frozen=True)
class Mape(Metric):
    """Mean absolute percentage error: how far off a prediction is, relative to the target.

    Formula:
        (1/n) Σ |z − y|/max(|y|, ε), over rows and outputs; ε = 2.2e-16, the rounding unit of float64

    Variant:
        A fraction, not multiplied by 100, and 0.1 means 10 %, as in scikit-learn. A target of 0 makes it
        enormous; it says something of targets that keep away from 0.

    Reference:
        scikit-learn, `mean_absolute_percentage_error`; Hyndman & Koehler, "Another look at measures of
        forecast accuracy", International Journal of Forecasting 22, 2006.
    """

    task: ClassVar[Task] = "regression"
    better: ClassVar[Literal["higher", "lower"]] = "lower"

    def value(self, prediction: Array, target: NDArray[Any]) -> NDArray[np.float64]:
        error = np.abs(prediction.astype(np.float64) - target)
        return mean_of_rows(error / np.maximum(np.abs(target), np.finfo(np.float64).eps))
