"""The value that contestants shall reach, and how long it took them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from gdrun.config import AnyConfig
from gdrun.experiments.command import Row
from gdrun.experiments.comparison.measures import BEST, EPOCHS, INITIAL, SECONDS, Read, measure_target
from gdrun.experiments.comparison.problems import compare_of, higher_is_better, monitor_of
from gdrun.statistics import summarize_times

GIVEN_AWAY = 0.01  # of the way from the start


def start_of(rows: Sequence[Row]) -> float | None:
    """The median of the monitor before the first update."""
    values = [row[INITIAL] for row in rows if row[INITIAL] is not None]
    return float(np.median(values)) if values else None


def target_of(problem: AnyConfig, strongest: str | None, rows: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    """What is to be reached: as the config says, or what the strongest contestant reaches in half its seeds.

    Formula:
        v − 0.01·(v − start), v the best value that at least half of the strongest contestant's seeds reach,
        start the median of the monitor before the first update.

    Args:
        problem: its config.
        strongest: the first of the ranking; None where nobody has a result.
        rows: of the evaluation, by contestant.
    """
    monitor, higher = monitor_of(problem)
    asked = compare_of(problem).target
    if asked is not None:
        return {"metric": asked.metric or monitor, "value": asked.value, "given": True, "from": None}
    found: dict[str, Any] = {"metric": monitor, "value": None, "given": False, "from": strongest}
    own = rows.get(strongest or "", ())
    best = sorted((row[BEST] for row in own if row[BEST] is not None), reverse=higher)
    half = (len(own) + 1) // 2
    start = start_of([row for each in rows.values() for row in each])
    if len(best) >= half > 0 and start is not None:
        value = best[half - 1]
        found["value"] = value - GIVEN_AWAY * (value - start)
    return found


def times_to_target(
    read: Read, problem: AnyConfig, target: Mapping[str, Any], rows: Sequence[Row]
) -> dict[str, Any] | None:
    """Epochs and seconds until the target over the evaluation seeds, or None without a target.

    Each row gets its own, too.
    """
    column = target["metric"]
    for row in rows:
        measure_target(read, row, column, target["value"], higher_is_better(problem, column))
    if target["value"] is None:
        return None
    return {
        unit: asdict(summarize_times([row[name] for row in rows]))
        for unit, name in (("epochs", EPOCHS), ("seconds", SECONDS))
    }
