"""How long it took to reach a target, if it was reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TimeToTarget:
    """Times to a target over several runs. A miss is infinite and takes part in the order, never in a mean.

    Attributes:
        n: runs.
        reached: runs that reached the target.
        share: reached/n; None without runs.
        median: of all runs, the misses being the slowest; None if it is infinite, that is if half of the runs
            or more missed.
        fastest, slowest: of the runs that reached it; None if none did.
    """

    n: int
    reached: int
    share: float | None = None
    median: float | None = None
    fastest: float | None = None
    slowest: float | None = None


def summarize_times(times: Sequence[float | None] | NDArray[np.floating]) -> TimeToTarget:
    """Summarize times to a target (epochs, updates or seconds).

    Formula:
        median: the middle one in order, or the mean of the middle two; infinite as soon as one of them is.

    A mean over the runs that reached the target would praise a contestant for failing on the hard seeds; so
    there is none.

    Args:
        times: one a run, not negative; None, NaN or infinity for a miss.

    Raises:
        ValueError: a time is negative.
    """
    given = np.sort(as_times(times).ravel())
    n, reached = given.size, int(np.count_nonzero(np.isfinite(given)))
    if not n:
        return TimeToTarget(0, 0)
    median = float(given[(n - 1) // 2] / 2 + given[n // 2] / 2)
    fastest, slowest = (float(given[0]), float(given[reached - 1])) if reached else (None, None)
    return TimeToTarget(n, reached, reached / n, median if np.isfinite(median) else None, fastest, slowest)


def as_times(times: object) -> NDArray[np.float64]:
    """Times with every miss (None, NaN) as infinity.

    Raises:
        ValueError: a time is negative.
    """
    given = np.array(times, np.float64)
    given[np.isnan(given)] = np.inf
    if np.any(given < 0):
        raise ValueError(f"a time to a target is negative: {np.min(given)}; misses are None, NaN or infinity")
    return given
