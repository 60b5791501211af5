"""The summary.json of a comparison: what was tried, what came of it, what can be said."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from gdrun.config import AnyConfig, ObjectiveConfig
from gdrun.experiments.build import metrics_of
from gdrun.experiments.command import Row
from gdrun.experiments.comparison.measures import Read, curves_of
from gdrun.experiments.comparison.performance import described_performance, performances_of
from gdrun.experiments.comparison.problems import (
    Problems,
    compare_of,
    contestants_of,
    monitor_of,
    problems_of,
)
from gdrun.experiments.comparison.target import start_of, target_of
from gdrun.experiments.comparison.words import notices_of
from gdrun.experiments.summary import statuses_of
from gdrun.randomness import Purpose, generator
from gdrun.run_directory.group import RECORD
from gdrun.run_directory.json_files import read_json
from gdrun.statistics import (
    algoperf_score,
    compare,
    performance_profile,
    performance_ratios,
    verdict,
)
from gdrun.statistics.bootstrap import RESAMPLES

ALPHA = 0.05
LARGEST_RATIO = 4.0


def comparison_summary(path: Path, config: AnyConfig, rows: Sequence[Row]) -> dict[str, Any]:
    """Everything that the report says; the rows get their time to target."""
    record = read_json(path / RECORD)
    problems = problems_of(record, config)
    read = functools.cache(functools.partial(curves_of, path))
    found = [_problem(read, name, problem, rows) for name, problem in problems.items()]
    first = next(iter(problems.values()))
    numbers = compare_of(first)
    tuning, seeds = numbers.tuning_seeds, numbers.seeds
    return {
        "runs": len(rows),
        "statuses": statuses_of(rows),
        "metrics": {},
        "protocol": {
            "trials": numbers.trials,
            "tuning_seeds": list(range(first.seed, first.seed + tuning)),
            "seeds": list(range(first.seed + tuning, first.seed + tuning + seeds)),
            "alpha": ALPHA,
            "resamples": RESAMPLES,
            "resample_split": not isinstance(first, ObjectiveConfig) and first.split.resample,
        },
        "contestants": [contestant.name for contestant in contestants_of(first)],
        "problems": found,
        "profiles": _profiles(problems, found),
    }


def _problem(read: Read, name: str, problem: AnyConfig, rows: Sequence[Row]) -> dict[str, Any]:
    monitor, higher = monitor_of(problem)
    performances = performances_of(problem, name, rows)
    scores = {one: performance.scores for one, performance in performances.items()}
    result = compare(scores, generator(problem.seed, Purpose.RESAMPLES), higher_is_better=higher, alpha=ALPHA)
    unit, scale = _unit(problem, monitor)
    strongest = next((one for one in result.ranking if performances[one].has_result), None)
    runs = {one: performance.runs for one, performance in performances.items()}
    target = target_of(problem, strongest, runs)
    document: dict[str, Any] = {
        "name": name or problem.name,
        **_subject(problem),
        "monitor": monitor,
        "better": "higher" if higher else "lower",
        "unit": unit,
        "scale": scale,
        "start": start_of([row for own in runs.values() for row in own]),
        "target": target,
        "ranking": list(result.ranking),
        "fewest_seeds": result.fewest_seeds,
        "pairs": [
            asdict(pair) | {"verdict": verdict(pair, unit=unit, scale=scale).text} for pair in result.pairs
        ],
        "contestants": {
            one: {"letters": result.letters[one] if performance.has_result else ""}
            | described_performance(read, problem, performance, target)
            for one, performance in performances.items()
        },
    }
    return document | {"notices": list(notices_of(problem, document))}


def _subject(problem: AnyConfig) -> dict[str, Any]:
    """What a problem is about, and what its time is counted in where that isn't epochs."""
    if isinstance(problem, ObjectiveConfig):
        return {"dataset": None, "objective": problem.objective.name, "clock": "step"}
    return {"dataset": problem.dataset.name}


def _unit(problem: AnyConfig, monitor: str) -> tuple[str, int]:
    """The unit of differences, and what they are multiplied with for it: shares are read in points."""
    if isinstance(problem, ObjectiveConfig):
        return "", 1
    quantity = monitor.partition("_")[2]
    is_share = any(metric.name == quantity and metric.is_share for metric in metrics_of(problem))
    return ("points", 100) if is_share else ("", 1)


def _profiles(problems: Problems, found: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Performance profiles of the median epochs to target, and AlgoPerf's score; None for one problem."""
    if len(problems) < 2:
        return None
    names = list(found[0]["contestants"])
    times = [
        [(problem["contestants"][one]["target"] or {}).get("epochs", {}).get("median") for one in names]
        for problem in found
    ]
    ratios = performance_ratios(times)
    factors = np.unique(np.concatenate([[1.0, LARGEST_RATIO], ratios[np.isfinite(ratios)]]))
    shares = performance_profile(ratios, factors)
    scores = algoperf_score(ratios, largest_ratio=LARGEST_RATIO)
    return {
        "factors": factors.tolist(),
        "shares": dict(zip(names, shares.tolist(), strict=True)),
        "scores": dict(zip(names, scores.tolist(), strict=True)),
        "largest_ratio": LARGEST_RATIO,
    }
