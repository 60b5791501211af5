"""The root of the mean squared error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.layer import Array
from gdrun.nn.loss import Task, mean_over_rows
from gdrun.nn.metric import Metric


@dataclass(frozen=True)
class Rmse(Metric):
    """Root mean squared error, in the unit of the target.

    Formula:
        √((1/n) Σ (z − y)²), the sum over rows; with several outputs, the mean of their roots

    Reference:
        scikit-learn, `root_mean_squared_error`.
    """

    task: ClassVar[Task] = "regression"
    better: ClassVar[Literal["higher", "lower"]] = "lower"

    def value(self, prediction: Array, target: NDArray[Any]) -> NDArray[np.float64]:
        error = prediction.astype(np.float64) - target
        root: NDArray[np.float64] = np.sqrt(mean_over_rows(np.square(error, out=error))).mean(axis=-1)
        return root
