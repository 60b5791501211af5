"""The paired sign-flip permutation test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gdrun.statistics.bootstrap import slices

EXACT_UP_TO = 12  # differences, so 2¹² sign patterns
DRAWS = 10_000


def sign_flip_test(
    differences: Sequence[float] | NDArray[np.floating],
    generator: np.random.Generator,
    *,
    exact_up_to: int = EXACT_UP_TO,
    draws: int = DRAWS,
) -> float:
    """The p-value of the mean of paired differences, two-sided.

    If the two sides of each pair were interchangeable, every difference could as well have had the other
    sign. The p-value is the share of sign patterns that bring the mean at least as far from zero as it is.

    Formula:
        T(s) = |Σ s·d|; exact: p = #{s ∈ {−1, 1}ⁿ: T(s) ≥ T(1)}/2ⁿ; drawn: p = (1 + #{drawn s: T(s) ≥
        T(1)})/(draws + 1), which counts the observed pattern as one of the draws, so that p is never 0 and
        the test never declares more often than it says.

    Sums equal up to rounding count as equal. Neither the order of the differences nor a common change of
    their signs matters, to the bit. Zeros stay in; they change nothing.

    Args:
        differences: (n,), all finite.
        generator: draws the patterns, if they are drawn.
        exact_up_to: so many differences are tested with all patterns.
        draws: how many patterns are drawn when there are more.

    Returns:
        p, in (0, 1]; 1 for no differences. `smallest_p_value` says how small it can be.

    Raises:
        ValueError: a difference is not finite.

    Reference:
        Fisher, "The Design of Experiments", 1935, section 21; the + 1: Phipson & Smyth, "Permutation
        p-values should never be zero", Statistical Applications in Genetics and Molecular Biology 9, 2010.
    """
    d = np.asarray(differences, np.float64)
    if not np.all(np.isfinite(d)):
        raise ValueError(
            "a sign-flip test is of finite differences only; leave the others out and count them"
        )
    largest = float(np.max(np.abs(d), initial=0.0))
    if largest == 0:
        return 1.0
    n = d.size
    d = d[np.argsort(np.abs(d), kind="stable")] / largest
    size = np.abs(d)
    least = abs(float(np.sum(np.sort(d)))) - 1e-12 * n
    if n <= exact_up_to:
        # Half of the patterns are the other half with all signs changed, and T is the same for both.
        patterns = np.arange(2 ** (n - 1))[:, None] >> np.arange(n) & 1
        return _count(patterns, size, least) / len(patterns)
    reached = sum(
        _count(generator.integers(0, 2, (rows, n), np.int8), size, least) for rows in slices(draws, n)
    )
    return (1 + reached) / (draws + 1)


def _count(patterns: NDArray[np.integer], size: NDArray[np.float64], least: float) -> int:
    sums = np.sum(np.where(patterns, -size, size), axis=1)
    return int(np.count_nonzero(np.abs(sums) >= least))


def smallest_p_value(n: int, *, exact_up_to: int = EXACT_UP_TO, draws: int = DRAWS) -> float:
    """The smallest p-value that `sign_flip_test` of n differences can have.

    Formula:
        2^(1 − n) exact, and not below 1/(draws + 1) drawn.
    """
    smallest: float = min(1.0, 2.0 ** (1 - n))
    return smallest if n <= exact_up_to else max(smallest, 1 / (draws + 1))
