"""The quantile loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.arrays import aligned_like
from gdrun.component import Gt, Lt
from gdrun.nn.functions import number
from gdrun.nn.layer import Array
from gdrun.nn.loss import Loss, Task, encode_values, mean_of_rows


@dataclass(frozen=True)
class Quantile(Loss):
    """Quantile or pinball loss: what fits best is exceeded by the share 1 − q of the targets.

    Formula:
        e = y − z; L = mean over rows and outputs of q·e where e ≥ 0, else (q − 1)·e
        ∂L/∂z = (1[z > y] − q)/(rows·outputs), 0 where z = y

    Options:
        q: the quantile, between 0 and 1; 0.5 for the median, 0.9 for what nine of ten stay below.

    Variant:
        With q = ½ it is half of `mae`, as in scikit-learn; an exact prediction stays where it is.

    Reference:
        Koenker & Bassett, "Regression quantiles", Econometrica 46, 1978; scikit-learn, `mean_pinball_loss`.
    """

    task: ClassVar[Task] = "regression"
    q: Annotated[float, Gt(0), Lt(1)] = 0.5

    def encode(self, target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
        return encode_values(target, outputs, dtype)

    def value(self, prediction: Array, encoded: Array) -> NDArray[np.float64]:
        error = encoded - prediction.astype(np.float64)
        q = number(self.q, error)
        return mean_of_rows(np.maximum(q * error, (q - 1) * error))

    def bind(self, prediction: Array, encoded: Array) -> Callable[[], Array]:
        gradient = aligned_like(prediction)
        batch, outputs = prediction.shape[-2:]
        scale = np.asarray(1 / (batch * outputs), prediction.dtype)
        q = number(self.q, prediction)
        above, below = (1 - q) * scale, q * scale
        scratch, on_this_side = aligned_like(prediction), aligned_like(prediction, bool)

        def derive() -> Array:
            np.greater(prediction, encoded, out=on_this_side)
            np.multiply(on_this_side, above, out=gradient)
            np.less(prediction, encoded, out=on_this_side)
            np.multiply(on_this_side, below, out=scratch)
            np.subtract(gradient, scratch, out=gradient)
            return gradient

        return derive
