"""The interquartile mean: as robust as a median needs to be, as steady as a mean of the rest."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def interquartile_mean(values: Iterable[float | None] | NDArray[np.floating]) -> float | None:
    """The mean of the middle half.

    Formula:
        Of n finite values in order, ⌊n/4⌋ are left out at either end; the mean of the others.

    Values that are not finite are left out first, as in `describe`, which counts them.

    Args:
        values: one number a run, in any order; None where a run has none.

    Returns:
        The mean, or None without a finite value.

    Variant:
        Whole values are left out, as by `scipy.stats.trim_mean(values, 0.25)` and in rliable, not fractions
        of one: with fewer than four values it is the mean.

    Reference:
        Agarwal et al., "Deep reinforcement learning at the edge of the statistical precipice", NeurIPS 2021.
    """
    given = (math.nan if value is None else float(value) for value in values)
    ordered = sorted(value for value in given if math.isfinite(value))
    cut = len(ordered) // 4
    middle = ordered[cut : len(ordered) - cut]
    if not middle:
        return None
    n = len(middle)
    return min(max(math.fsum(value / n for value in middle), middle[0]), middle[-1])
