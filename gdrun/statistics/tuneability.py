"""How forgiving an optimizer is: the range of learning rates that do almost as well as the best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class LearningRateRange:
    """The learning rates around the best that do almost as well.

    Attributes:
        best: the learning rate with the best score.
        low, high: the range.
        decades: its width, log₁₀(high/low).
        open_below, open_above: the range reaches the smallest or largest rate that was tried, so that it may
            well be wider.
    """

    best: float
    low: float
    high: float
    decades: float
    open_below: bool
    open_above: bool


def learning_rate_range(
    learning_rates: Sequence[float] | NDArray[np.floating],
    scores: Sequence[float | None] | NDArray[np.floating],
    *,
    higher_is_better: bool,
    tolerance: float = 0.01,
) -> LearningRateRange | None:
    """How wide the range of learning rates within 1 % of the best is.

    A score is within the tolerance if it is at most tolerance·|best| worse than the best. The range is the
    unbroken stretch of such rates around the best one; another stretch, beyond worse rates, is not counted.
    Where the score crosses the limit between two rates, it is taken to be linear in the logarithm of the
    rate; towards a failed trial the range ends at the last good rate.

    Args:
        learning_rates: (trials,), positive, in any order. If one was tried several times, its best score
            counts.
        scores: (trials,); None, NaN and infinite are trials that failed.
        higher_is_better: whether the best is the largest.
        tolerance: relative; 0.01 is 1 %.

    Returns:
        The range, or None if every trial failed. If several rates are equally good, the widest of their
        ranges; of equally wide ones the lowest.

    Raises:
        ValueError: a learning rate is not positive and finite, the lengths differ, or the tolerance is
            negative.

    Reference:
        The idea of tunability: Sivaprasad et al., "Optimizer benchmarking needs to account for
        hyperparameter tuning", ICML 2020; the width is ours.
    """
    rates, given = np.asarray(learning_rates, np.float64), np.asarray(scores, np.float64)
    if rates.ndim != 1 or rates.shape != given.shape:
        raise ValueError(f"{rates.shape} learning rates and {given.shape} scores; give one score a rate")
    if not np.all((rates > 0) & np.isfinite(rates)) or not 0 <= tolerance < math.inf:
        raise ValueError("learning rates are positive and finite, and the tolerance is not negative")
    loss = np.where(np.isfinite(given), -given if higher_is_better else given, np.inf)
    if not np.any(np.isfinite(loss)):
        return None
    tried = np.unique(rates)
    lowest = np.array([np.min(loss[rates == rate]) for rate in tried])
    limit = float(np.min(lowest)) + tolerance * abs(float(np.min(lowest)))
    position = np.log10(tried)
    ranges = []
    for place in np.flatnonzero(lowest == np.min(lowest)).tolist():
        first, open_below = _end(position, lowest, limit, place, -1)
        last, open_above = _end(position, lowest, limit, place, 1)
        found = LearningRateRange(
            float(tried[place]), 10**first, 10**last, last - first, open_below, open_above
        )
        ranges.append(found)
    return max(ranges, key=lambda found: found.decades)


def _end(
    position: NDArray[np.float64], loss: NDArray[np.float64], limit: float, place: int, step: int
) -> tuple[float, bool]:
    """Where the stretch around `place` ends in one direction, and whether that is the last rate tried."""
    while 0 <= place + step < loss.size and loss[place + step] <= limit:
        place += step
    beyond = place + step
    if not 0 <= beyond < loss.size:
        return float(position[place]), True
    part = (limit - loss[place]) / (loss[beyond] - loss[place])  # 0 if the trial beyond failed
    return float(position[place] + part * (position[beyond] - position[place])), False
