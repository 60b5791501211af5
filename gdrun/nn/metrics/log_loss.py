"""The logarithmic loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.functions import of_class
from gdrun.nn.layer import Array
from gdrun.nn.loss import Task, mean_of_rows
from gdrun.nn.metric import Metric


@dataclass(frozen=True)
class LogLoss(Metric):
    """The mean of −log of the right class's probability.

    Formula:
        −(1/n) Σ ln p_y, each p_y at least the rounding unit of its dtype (2.2e-16 in float64)

    Variant:
        Like the cross entropy without smoothing, but bounded. Clipped as in scikit-learn.

    Reference:
        scikit-learn, `log_loss`; Good, "Rational decisions", Journal of the Royal Statistical Society B 14,
        1952.
    """

    task: ClassVar[Task] = "classification"
    better: ClassVar[Literal["higher", "lower"]] = "lower"

    def value(self, prediction: Array, target: NDArray[Any]) -> NDArray[np.float64]:
        right = of_class(prediction, target)
        return mean_of_rows(-np.log(np.maximum(right, np.finfo(prediction.dtype).eps).astype(np.float64)))
