"""The words for a paired difference."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gdrun.statistics.comparison import PairedDifference


@dataclass(frozen=True)
class Verdict:
    """What a comparison of two says, as data and in words.

    Attributes:
        better, worse: None if the two cannot be told apart.
        difference: between their means, without its sign, in the unit of the verdict; None without results.
        margin: the distance from the difference to the farther end of its interval.
        unit: of both; may be empty.
        seeds: on which both have a result.
        seeds_needed, for_difference: how many seeds would tell apart what difference, if the two cannot be.
        text: one sentence without a full stop.
    """

    better: str | None
    worse: str | None
    difference: float | None
    margin: float | None
    unit: str
    seeds: int
    seeds_needed: int | None
    for_difference: float | None
    text: str


def verdict(pair: PairedDifference, *, unit: str = "", scale: float = 1.0) -> Verdict:
    """Say what a paired difference means.

    "adam is better than sgd by 0.8 ± 0.3 points", or "adam and nesterov cannot be told apart with 10 seeds
    (12 would be needed for 0.1 points)". The margin is the distance to the farther end of the interval, so
    that the interval lies within what is said. If that would reach zero (a lopsided interval), both ends are
    given in its place. Runs without a result are mentioned.

    Args:
        pair: from `compare`, which knows whether higher or lower is better.
        unit: after every difference, such as "points"; empty for none.
        scale: what the scores are multiplied with for this unit; 100 turns a share into points.

    Raises:
        ValueError: the scale is not positive.
    """
    if not 0 < scale < math.inf:
        raise ValueError(
            f"the scale of a verdict is {scale}; it must be positive, for example 100 for points"
        )
    if pair.better is None or pair.mean is None or pair.interval is None:
        difference, margin = None if pair.mean is None else abs(pair.mean) * scale, None
        if pair.mean is not None and pair.interval is not None:
            margin = max(pair.mean - pair.interval[0], pair.interval[1] - pair.mean) * scale
        target = None if pair.target_difference is None else pair.target_difference * scale
        text = _not_told_apart(pair, target, unit) + _missing(pair)
        return Verdict(None, None, difference, margin, unit, pair.seeds, pair.seeds_needed, target, text)
    worse = pair.second if pair.better == pair.first else pair.first
    sign = math.copysign(scale, pair.mean)
    difference = pair.mean * sign
    low, high = sorted(end * sign for end in pair.interval)
    margin = max(difference - low, high - difference)
    constant = not pair.std or pair.std < 1e-9 * difference / scale  # what rounding leaves of 0.96 − 0.95
    size = _constant(difference, unit) if constant else _size(difference, margin, low, high, unit)
    text = f"{pair.better} is better than {worse} by {size}{_missing(pair)}"
    return Verdict(pair.better, worse, difference, margin, unit, pair.seeds, None, None, text)


def _size(difference: float, margin: float, low: float, high: float, unit: str) -> str:
    digits = 2 if f"{margin:.1e}".startswith("1") else 1
    decimals = digits - 1 - int(f"{margin:.{digits - 1}e}".partition("e")[2])
    if round(margin, decimals) >= round(difference, decimals):
        middle, first, last = (rounded(value, decimals + 1) for value in (difference, low, high))
        return f"{_with_unit(middle, unit)} (between {first} and {last})"
    return _with_unit(f"{rounded(difference, decimals)} ± {rounded(margin, decimals)}", unit)


def _constant(difference: float, unit: str) -> str:
    return f"{_with_unit(significant(difference, 3), unit)}, the same with every seed"


def _not_told_apart(pair: PairedDifference, target: float | None, unit: str) -> str:
    if not pair.seeds:
        return f"{pair.first} and {pair.second} cannot be compared: there is no seed with a result of both"
    text = f"{pair.first} and {pair.second} cannot be told apart with {_seeds(pair.seeds)}"
    if pair.mean == 0 and pair.std == 0:
        return f"{text} (their results are the same)"
    if pair.seeds_needed is None or target is None:
        return text
    words = "are enough" if pair.seeds_needed <= pair.seeds else "would be needed"
    return f"{text} ({pair.seeds_needed:,} {words} for {_with_unit(significant(target, 2), unit)})"


def _missing(pair: PairedDifference) -> str:
    missing = {pair.first: pair.first_missing, pair.second: pair.second_missing}
    parts = [f"{name} has no result with {_seeds(number)}" for name, number in missing.items() if number]
    return f"; {' and '.join(parts)}" if parts else ""


def _seeds(number: int) -> str:
    return f"{number:,} seed" if number == 1 else f"{number:,} seeds"


def _with_unit(number: str, unit: str) -> str:
    return f"{number} {unit}" if unit else number


def rounded(value: float, decimals: int) -> str:
    """The value with so many decimals, none for a negative number; in powers of ten if it is very small."""
    if decimals > 6:
        return f"{value:.1e}"
    return f"{value:,.{max(decimals, 0)}f}"


def significant(value: float, digits: int) -> str:
    """The value with so many significant digits, without trailing zeros; written out where it is large."""
    text = f"{value:.{digits}g}"
    return f"{value:,.0f}" if "e+" in text else text
