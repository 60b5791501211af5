"""The largest error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.layer import Array
from gdrun.nn.loss import Task
from gdrun.nn.metric import Metric


@dataclass(frozen=True)
class MaxError(Metric):
    """Largest absolute error, in the unit of the target: how wrong the worst row is.

    Formula:
        max |z − y|, over rows and outputs

    Variant:
        scikit-learn's is for one output; with several, this is the largest of theirs.

    Reference:
        scikit-learn, `max_error`.
    """

    task: ClassVar[Task] = "regression"
    better: ClassVar[Literal["higher", "lower"]] = "lower"

    def value(self, prediction: Array, target: NDArray[Any]) -> NDArray[np.float64]:
        error = prediction.astype(np.float64) - target
        largest: NDArray[np.float64] = np.abs(error, out=error).max(axis=(1, 2))
        return largest
