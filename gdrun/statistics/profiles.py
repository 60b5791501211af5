"""Several problems at once: performance profiles and AlgoPerf's score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gdrun.statistics.time_to_target import as_times


def performance_ratios(
    times: Sequence[Sequence[float | None]] | NDArray[np.floating],
) -> NDArray[np.float64]:
    """How many times as long each contestant took as the fastest one, on every problem.

    Formula:
        r[p, c] = t[p, c]/min over c of t[p, c]

    Args:
        times: (problems, contestants): time to the target, not negative; None, NaN or infinity for a miss.

    Returns:
        (problems, contestants), each at least 1; infinite for a miss. If the fastest took no time at all, 1
        for those who took none either, and infinite for the others.

    Raises:
        ValueError: a time is negative, or the times are not a table.

    Reference:
        Dolan & Moré, "Benchmarking optimization software with performance profiles", Mathematical
        Programming 91, 2002.
    """
    given = as_times(times)
    if given.ndim != 2:
        raise ValueError(f"times have shape {given.shape}; give (problems, contestants)")
    fastest = np.min(given, axis=1, keepdims=True, initial=np.inf)
    ratios = np.full_like(given, np.inf)
    np.divide(given, fastest, out=ratios, where=np.isfinite(given) & (fastest > 0))
    ratios[given == 0] = 1
    return ratios


def performance_profile(
    ratios: NDArray[np.floating], factors: Sequence[float] | NDArray[np.floating]
) -> NDArray[np.float64]:
    """The share of problems that each contestant solves within a factor of the fastest one's time.

    Formula:
        ρ_c(τ) = #{p: r[p, c] ≤ τ}/problems. ρ(1) is the share of problems on which it is the fastest, and the
        limit for large τ the share that it solves at all.

    A profile is a staircase with its steps at the ratios: `np.unique` of the finite ones are all the factors
    that are needed to draw it.

    Args:
        ratios: (problems, contestants), from `performance_ratios`.
        factors: (factors,): the τ, finite.

    Returns:
        (contestants, factors), between 0 and 1.

    Raises:
        ValueError: there is no problem, or a factor is not finite.

    Reference:
        Dolan & Moré 2002, as above. Who leads depends on who else takes part: Gould & Scott, "A note on
        performance profiles for benchmarking software", ACM Transactions on Mathematical Software 43, 2016.
    """
    r, tau = np.asarray(ratios, np.float64), np.asarray(factors, np.float64)
    if r.ndim != 2 or not len(r) or not np.all(np.isfinite(tau)):
        raise ValueError(f"ratios have shape {r.shape}: give one problem or more, and finite factors")
    share: NDArray[np.float64] = np.mean(r[:, :, None] <= tau, axis=0)
    return share


def algoperf_score(ratios: NDArray[np.floating], *, largest_ratio: float = 4.0) -> NDArray[np.float64]:
    """AlgoPerf's benchmark score: the area under the performance profile, between 0 and 1.

    Formula:
        B_c = (1/n)·Σ_p max(0, r_max − r[p, c])/(r_max − 1), which is ∫ρ_c(τ)dτ/(r_max − 1) from 1 to r_max,
        exactly. 1: the fastest on every problem; 0: nowhere within a factor of r_max.

    Args:
        ratios: (problems, contestants), from `performance_ratios`.
        largest_ratio: r_max, above 1.

    Returns:
        (contestants,).

    Raises:
        ValueError: there is no problem, or the largest ratio is not above 1.

    Variant:
        The sum in place of AlgoPerf's numerical integral over a grid of τ; r_max = 4 as in its rules.

    Reference:
        Dahl et al., "Benchmarking neural network training algorithms", arXiv:2306.07179, 2023.
    """
    r = np.asarray(ratios, np.float64)
    if r.ndim != 2 or not len(r) or not 1 < largest_ratio < np.inf:
        raise ValueError(
            f"ratios have shape {r.shape}, r_max {largest_ratio}: one problem or more, r_max > 1"
        )
    score: NDArray[np.float64] = np.mean(np.maximum(0, largest_ratio - r), axis=0) / (largest_ratio - 1)
    return score
