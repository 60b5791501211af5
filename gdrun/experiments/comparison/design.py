"""Which settings of an optimizer are tried: a grid for one option, Sobol points for several."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from gdrun.config.comparison import Contestant, Search, SearchRange, replaced, rounded
from gdrun.randomness import Purpose, generator

Settings = dict[str, Any]  # option → value
Side = Literal["low", "high"]
LEARNING_RATE = "learning_rate"
_HALF_A_DECADE = math.sqrt(10)


def kind_of_design(contestant: Contestant) -> Literal["grid", "sobol", "fixed"]:
    """How the settings of a contestant are laid out."""
    count = 1 if contestant.search is None else len(contestant.search)
    return "fixed" if count == 0 else "grid" if count == 1 else "sobol"


def search_of(contestant: Contestant, trials: int) -> Mapping[str, Search]:
    """What is searched: as the contestant says, or the learning rate around its default.

    Formula:
        η₀·10^(i/2) for i = −⌊trials/2⌋ … ⌈trials/2⌉ − 1, η₀ the default of the optimizer.
    """
    if contestant.search is not None:
        return contestant.search
    centre, below = contestant.optimizer.base_rate, trials // 2
    low, high = (centre * 10 ** ((i - below) / 2) for i in (0, trials - 1))
    return {contestant.optimizer.rate_option: SearchRange(low, high) if trials > 1 else (centre,)}


def settings_of(contestant: Contestant, trials: int, seed: int) -> list[Settings]:
    """The settings that are tried, in order.

    One option: all its values, or so many points from one end of its range to the other. Several options:
    the first `trials` of 2^m scrambled Sobol points, the same for every contestant with as many options; a
    coordinate is a share of the way through a range, or of a list of values.

    Args:
        contestant: whose settings.
        trials: how many.
        seed: of the scrambling.

    Reference:
        Sobol', "On the distribution of points in a cube and the approximate evaluation of integrals", USSR
        Computational Mathematics and Mathematical Physics 7, 1967; Owen, "Scrambling Sobol' and
        Niederreiter-Xing points", Journal of Complexity 14, 1998; drawn by `scipy.stats.qmc`.
    """
    search = search_of(contestant, trials)
    if not search:
        return [{}]
    if len(search) == 1:
        ((option, values),) = search.items()
        if isinstance(values, tuple):
            return [{option: value} for value in values]
        shares = np.linspace(0, 1, trials) if trials > 1 else [0.5]
        return [{option: rounded(values.at(share))} for share in shares]
    return [_at(search, point) for point in _sobol(len(search), trials, seed)]


def beyond(
    contestant: Contestant, tried: Sequence[Settings], option: str, side: Side, trials: int, seed: int
) -> list[Settings]:
    """Settings past an end of what was tried of an option; none where its bounds allow none.

    A grid goes on by one step. Sobol points are drawn anew in a strip past the end, as wide as a quarter of
    the range: a quarter of the trials.
    """
    search = search_of(contestant, trials)
    values = search[option]
    if not isinstance(values, SearchRange):
        return []
    if len(search) == 1:
        step = _step(sorted({settings[option] for settings in tried}), values, side)
        return _allowed(contestant, [{option: step}])
    strip = _strip(values, [settings[option] for settings in tried], side)
    if strip is None:
        return []
    points = _sobol(len(search), max(1, trials // 4), seed + len(tried))
    return _allowed(contestant, [_at({**search, option: strip}, point) for point in points])


def _step(ordered: Sequence[float], values: SearchRange, side: Side) -> float:
    end, inner = (ordered[0], ordered[1:2]) if side == "low" else (ordered[-1], ordered[-2:-1])
    if values.scale == "log":
        ratio = end / inner[0] if inner else _HALF_A_DECADE ** (1 if side == "high" else -1)
        return rounded(end * ratio)
    return rounded(end + (end - inner[0] if inner else 0.0))


def _strip(values: SearchRange, tried: Sequence[float], side: Side) -> SearchRange | None:
    """A quarter of the range beside what was tried; None if it would leave the scale."""
    last = min(*tried, values.low) if side == "low" else max(*tried, values.high)
    width = 0.25 * (math.log(values.high / values.low) if values.scale == "log" else values.high - values.low)
    sign = -1 if side == "low" else 1
    end = last * math.exp(sign * width) if values.scale == "log" else last + sign * width
    low, high = sorted((last, end))
    if not (math.isfinite(high) and low < high) or (values.scale == "log" and low <= 0):
        return None
    return replace(values, low=low, high=high)


def _allowed(contestant: Contestant, settings: Sequence[Settings]) -> list[Settings]:
    """Those settings that keep to the bounds of their options."""
    allowed = []
    for one in settings:
        try:
            replaced(contestant.optimizer, one)
        except ValueError:
            continue
        allowed.append(one)
    return allowed


def _at(search: Mapping[str, Search], point: Sequence[float]) -> Settings:
    settings: Settings = {}
    for (option, values), share in zip(search.items(), point, strict=True):
        if isinstance(values, SearchRange):
            settings[option] = rounded(values.at(share))
        else:
            settings[option] = values[min(int(share * len(values)), len(values) - 1)]
    return settings


def _sobol(dimensions: int, points: int, seed: int) -> list[list[float]]:
    from scipy.stats.qmc import Sobol

    source = Sobol(dimensions, scramble=True, rng=generator(seed, Purpose.TRIALS))
    drawn: list[list[float]] = source.random_base2(max(0, math.ceil(math.log2(points)))).tolist()
    return drawn[:points]
