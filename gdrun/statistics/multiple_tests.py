"""Several tests at once: Holm's correction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def holm(p_values: Sequence[float] | NDArray[np.floating]) -> NDArray[np.float64]:
    """The p-values of m tests, adjusted so that all of them together err no more often than one.

    If every test whose adjusted p-value is at most α is declared, the probability of one or more false
    declarations is at most α, however the tests depend on each other.

    Formula:
        In increasing order p₍₁₎ ≤ … ≤ p₍ₘ₎: adjusted p₍ᵢ₎ = min(1, max over j ≤ i of (m − j + 1)·p₍ⱼ₎)

    Args:
        p_values: (tests,), each between 0 and 1.

    Returns:
        (tests,), in the order given.

    Raises:
        ValueError: a p-value is none.

    Reference:
        Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6,
        1979.
    """
    p = np.asarray(p_values, np.float64)
    if p.ndim != 1 or not np.all((p >= 0) & (p <= 1)):
        raise ValueError("p-values are a list of numbers between 0 and 1, without a gap")
    order = np.argsort(p, kind="stable")
    factors = np.arange(p.size, 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(factors * p[order]))
    return adjusted
