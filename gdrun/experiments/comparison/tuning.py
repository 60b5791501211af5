"""What tuning brought: the score of every trial, the best one, and whether there is more to try."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from gdrun.config.comparison import Compare, Contestant, SearchRange
from gdrun.experiments.command import Row
from gdrun.experiments.comparison.design import Settings, Side, beyond, search_of
from gdrun.experiments.comparison.measures import BEST
from gdrun.experiments.comparison.problems import settings_in
from gdrun.run_directory.directory import FINAL


@dataclass(frozen=True)
class Trial:
    """One setting of a contestant on one problem.

    Attributes:
        number: in the order in which they were tried.
        settings: option → value.
        scores: the best value of the monitor in each run; None for one that diverged or failed.
        score: their median, such a run being worse than all; None if that is the median.
    """

    number: int
    settings: Settings
    scores: tuple[float | None, ...]
    score: float | None


def trials_of(rows: Iterable[Row], higher: bool) -> list[Trial]:
    """The trials of one contestant on one problem, from its rows of the tuning phase."""
    by_number: dict[int, list[Row]] = {}
    for row in rows:
        by_number.setdefault(row["trial"], []).append(row)
    trials = []
    for number, own in sorted(by_number.items()):
        scores = tuple(row[BEST] for row in own)
        trials.append(Trial(number, settings_in(own[0]), scores, median_score(scores, higher)))
    return trials


def any_failed(rows: Iterable[Row]) -> bool:
    """Whether a run came to no end of its own; divergence is one."""
    return any(row["status"] not in FINAL for row in rows)


def median_score(scores: Sequence[float | None], higher: bool) -> float | None:
    """The median, None being worse than every number; None if that is what comes of it."""
    worst = -math.inf if higher else math.inf
    value = median(worst if score is None else score for score in scores)
    return value if math.isfinite(value) else None


def best_trial(trials: Sequence[Trial], higher: bool) -> Trial | None:
    """The trial with the best score; None if all failed.

    Of several that are equally good the middle one in the order of their settings, as far from where things
    get worse as it can be.
    """
    scored = [trial for trial in trials if trial.score is not None]
    if not scored:
        return None
    ordered = sorted(scored, key=lambda trial: trial.score or 0.0, reverse=higher)
    equal = [trial for trial in scored if trial.score == ordered[0].score]
    equal.sort(key=lambda trial: [_order(value) for value in trial.settings.values()])
    return equal[(len(equal) - 1) // 2]


def _order(value: Any) -> tuple[float, str]:
    number = isinstance(value, int | float)
    return (float(value), "") if number else (math.inf, str(value))


def edge_of(
    contestant: Contestant, compare: Compare, trials: Sequence[Trial], best: Trial
) -> tuple[str, Side] | None:
    """The first searched option whose best value has nothing tried on one of its sides, and which side."""
    for option, values in search_of(contestant, compare.trials).items():
        tried = {trial.settings[option] for trial in trials}
        if not isinstance(values, SearchRange) or len(tried) < 2:
            continue
        if best.settings[option] == min(tried):
            return option, "low"
        if best.settings[option] == max(tried):
            return option, "high"
    return None


def further_settings(
    contestant: Contestant, compare: Compare, trials: Sequence[Trial], higher: bool, seed: int
) -> list[Settings]:
    """What is to be tried beyond the edge that the best setting lies at, within twice the budget."""
    best = best_trial(trials, higher)
    if best is None:
        return []
    edge = edge_of(contestant, compare, trials, best)
    if edge is None:
        return []
    tried = [trial.settings for trial in trials]
    return beyond(contestant, tried, *edge, compare.trials, seed)[: 2 * compare.trials - len(trials)]
