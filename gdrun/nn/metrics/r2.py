"""The coefficient of determination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.layer import Array
from gdrun.nn.loss import Task, mean_over_rows
from gdrun.nn.metric import Metric


@dataclass(frozen=True)
class R2(Metric):
    """Coefficient of determination: the share of the target's variance that is explained.

    Formula:
        1 − Σ (z − y)²/Σ (y − ȳ)², the sums over rows; with several outputs, the mean over them.
        1 is perfect, 0 is what the mean of the target gives; a constant target has none (NaN).

    Variant:
        As in scikit-learn, but for a constant target, where that reports 0 or 1.

    Reference:
        scikit-learn, `r2_score`; Draper & Smith, "Applied Regression Analysis", 1998, 1.3.
    """

    task: ClassVar[Task] = "regression"
    better: ClassVar[Literal["higher", "lower"]] = "higher"

    def value(self, prediction: Array, target: NDArray[Any]) -> NDArray[np.float64]:
        error = prediction.astype(np.float64) - target
        values = np.asarray(target, np.float64)
        varies = (values != values[:, :1]).any(axis=1)
        spread = mean_over_rows(np.square(values - mean_over_rows(values)[:, None, :]))
        share = 1 - mean_over_rows(np.square(error, out=error)) / np.where(varies, spread, np.nan)
        mean: NDArray[np.float64] = share.mean(axis=-1)
        return mean
