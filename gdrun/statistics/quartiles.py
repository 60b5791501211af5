"""Quartiles over runs, epoch by epoch: what the band of a chart shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def quartiles(matrix: Values) -> tuple[Values, Values, Values, NDArray[np.intp]]:
    """Lower quartile, median, upper quartile (linear between ranks) and number of values of each column.

    Args:
        matrix: (seeds, epochs), NaN where a seed has no value.
    """
    finite = np.isfinite(matrix)
    number = finite.sum(axis=0)
    ordered = np.sort(np.where(finite, matrix, np.inf), axis=0)

    def quantile(share: float) -> Values:
        place = share * np.maximum(number - 1, 0)
        below = np.floor(place).astype(np.intp)
        above = np.ceil(place).astype(np.intp)
        first, second = (np.take_along_axis(ordered, rank[None], axis=0)[0] for rank in (below, above))
        with np.errstate(invalid="ignore", over="ignore"):
            value: Values = np.where(
                number > 0, first * (1 - (place - below)) + second * (place - below), np.nan
            )
        return value

    return quantile(0.25), quantile(0.5), quantile(0.75), number
