"""What can be said of a handful of results: mean, spread and the interval of the mean."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Description:
    """One quantity over several runs. None stands for what the values don't allow.

    Attributes:
        n: finite values; everything below is computed from these alone.
        excluded: values left out because they are missing, NaN or infinite.
        mean: arithmetic mean; needs one value.
        std: standard deviation with n − 1; needs two.
        interval: of the mean, (low, high), by Student's t; needs two.
        min, median, max: need one.
    """

    n: int
    excluded: int
    mean: float | None = None
    std: float | None = None
    interval: tuple[float, float] | None = None
    min: float | None = None
    median: float | None = None
    max: float | None = None


def describe(
    values: Iterable[float | None] | NDArray[np.floating], *, confidence: float = 0.95
) -> Description:
    """Describe the results of several runs.

    Formula:
        mean x̄ = Σx/n; std s = √(Σ(x − x̄)²/(n − 1)); interval x̄ ± t·s/√n with t the (1 + confidence)/2
        quantile of Student's t with n − 1 degrees of freedom. It covers the true mean in `confidence` of all
        cases if the values are independent and roughly normal.

    A value that is not finite (a diverged run) is never averaged in: it is left out and counted in
    `excluded`, so that a reader sees how many runs the numbers speak for. The order of the values doesn't
    matter, to the bit.

    Args:
        values: one number a run, in any order; None where a run has none.
        confidence: of the interval, between 0 and 1.

    Raises:
        ValueError: confidence is not between 0 and 1.

    Reference:
        Student, "The probable error of a mean", Biometrika 6, 1908.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, not {confidence}; 0.95 is usual")
    given = [math.nan if value is None else float(value) for value in values]
    finite = sorted(value for value in given if math.isfinite(value))
    n, excluded = len(finite), len(given) - len(finite)
    if not n:
        return Description(n, excluded)
    low, high = finite[0], finite[-1]
    middle = (finite[(n - 1) // 2], finite[n // 2])
    # A power of two as the unit keeps the squares of very large and very small values in range; it costs no
    # accuracy, since scaling by it is exact.
    unit = 2.0 ** (math.frexp(max(-low, high))[1] - 1)
    scaled = [value / unit for value in finite]
    mean = min(max(math.fsum(scaled) / n, scaled[0]), scaled[-1])  # rounding mustn't take it outside
    std, interval = None, None
    if n > 1:
        scaled_std = math.sqrt(math.fsum((value - mean) ** 2 for value in scaled) / (n - 1))
        margin = t_quantile((1 + confidence) / 2, n - 1) * scaled_std / math.sqrt(n)
        std, interval = scaled_std * unit, ((mean - margin) * unit, (mean + margin) * unit)
    median = middle[0] / 2 + middle[1] / 2
    return Description(n, excluded, mean * unit, std, interval, low, median, high)


def t_quantile(probability: float, degrees_of_freedom: int) -> float:
    """The value that Student's t stays below with this probability."""
    from scipy.special import stdtrit  # here, because importing SciPy takes longer than all the rest

    return float(stdtrit(degrees_of_freedom, probability))
