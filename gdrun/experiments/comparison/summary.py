"""The summary.json of a comparison: what was tried, what came of it, what can be said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from gdrun.config import Config, to_plain
from gdrun.config.comparison import Contestant, replaced
from gdrun.experiments.build import metrics_of
from gdrun.experiments.command import Row
from gdrun.experiments.comparison import evaluation as evaluated
from gdrun.experiments.comparison.design import LEARNING_RATE, kind_of_design, settings_of
from gdrun.experiments.comparison.measures import BEST, measure
from gdrun.experiments.comparison.problems import (
    EVALUATION,
    PREFIX,
    TUNING,
    Problems,
    compare_of,
    contestants_of,
    monitor_of,
    problems_of,
    rows_of,
)
from gdrun.experiments.comparison.target import start_of, target_of, times_to_target
from gdrun.experiments.comparison.tuning import Trial, any_failed, best_trial, edge_of, trials_of
from gdrun.experiments.comparison.words import notices_of
from gdrun.randomness import Purpose, generator
from gdrun.run_directory.group import RECORD
from gdrun.run_directory.json_files import read_json
from gdrun.statistics import (
    algoperf_score,
    compare,
    expected_best,
    learning_rate_range,
    performance_profile,
    performance_ratios,
    verdict,
)
from gdrun.statistics.bootstrap import RESAMPLES

ALPHA = 0.05
LARGEST_RATIO = 4.0


def comparison_summary(path: Path, config: Config, rows: Sequence[Row]) -> dict[str, Any]:
    """Everything that the report says; the rows get their first and best monitor and their time to target."""
    problems = problems_of(read_json(path / RECORD), config)
    measure(path, rows, {name: monitor_of(problem) for name, problem in problems.items()})
    found = [_problem(path, name, problem, rows) for name, problem in problems.items()]
    first = next(iter(problems.values()))
    numbers = compare_of(first)
    tuning, seeds = numbers.tuning_seeds, numbers.seeds
    return {
        "runs": len(rows),
        "statuses": evaluated.statuses(rows),
        "metrics": {},
        "protocol": {
            "trials": numbers.trials,
            "tuning_seeds": list(range(first.seed, first.seed + tuning)),
            "seeds": list(range(first.seed + tuning, first.seed + tuning + seeds)),
            "alpha": ALPHA,
            "resamples": RESAMPLES,
            "resample_split": first.split.resample,
        },
        "contestants": [contestant.name for contestant in contestants_of(first)],
        "problems": found,
        "profiles": _profiles(problems, found),
    }


def _problem(path: Path, name: str, problem: Config, rows: Sequence[Row]) -> dict[str, Any]:
    monitor, higher = monitor_of(problem)
    chosen: dict[str, Trial | None] = {}
    trials: dict[str, list[Trial]] = {}
    runs: dict[str, list[Row]] = {}
    for contestant in contestants_of(problem):
        tuning = rows_of(rows, name, contestant.name, TUNING)
        own = trials_of(tuning, higher)
        best = None if any_failed(tuning) else best_trial(own, higher)
        trials[contestant.name], chosen[contestant.name] = own, best
        runs[contestant.name] = [
            row
            for row in rows_of(rows, name, contestant.name, EVALUATION)
            if best is not None and row["trial"] == best.number
        ]
    seeds = compare_of(problem).seeds
    scores = {one: [row[BEST] for row in own] or [None] * seeds for one, own in runs.items()}
    result = compare(scores, generator(problem.seed, Purpose.RESAMPLES), higher_is_better=higher, alpha=ALPHA)
    unit, scale = _unit(problem, monitor)
    strongest = next((one for one in result.ranking if any(s is not None for s in scores[one])), None)
    target = target_of(problem, strongest, runs)
    quantities = ["train_loss", "val_loss", monitor, target["metric"], "learning_rate"]
    contestants = {}
    for contestant in contestants_of(problem):
        one = contestant.name
        tuning = rows_of(rows, name, one, TUNING)
        best = chosen[one]
        settings = None if best is None else best.settings
        test = f"test_{monitor.partition('_')[2]}"
        has_test = any(row.get(test) is not None for row in runs[one])
        contestants[one] = {
            "letters": result.letters[one] if any(score is not None for score in scores[one]) else "",
            "optimizer": None if settings is None else to_plain(replaced(contestant.optimizer, settings)),
            "chosen": None if settings is None else {f"{PREFIX}{key}": v for key, v in settings.items()},
            "validation": evaluated.described(scores[one], higher),
            "test": evaluated.described(evaluated.good_values(runs[one], test), higher) if has_test else None,
            "metrics": evaluated.metrics_of_rows(runs[one]),
            "target": times_to_target(path, problem, target, runs[one]),
            "ended": {"tuning": evaluated.statuses(tuning), "evaluation": evaluated.statuses(runs[one])},
            "tuning": _tuning(problem, contestant, trials[one], chosen[one], higher),
            "cost": evaluated.cost(tuning, runs[one]),
            "curves": evaluated.curves(path, runs[one], list(dict.fromkeys(quantities))),
        }
    pairs = []
    for pair in result.pairs:
        said = verdict(pair, unit=unit, scale=scale)
        pairs.append(asdict(pair) | {"verdict": said.text})
    document: dict[str, Any] = {
        "name": name or problem.name,
        "dataset": problem.dataset.name,
        "monitor": monitor,
        "better": "higher" if higher else "lower",
        "unit": unit,
        "scale": scale,
        "start": start_of([row for own in runs.values() for row in own]),
        "target": target,
        "ranking": list(result.ranking),
        "fewest_seeds": result.fewest_seeds,
        "pairs": pairs,
        "contestants": contestants,
    }
    return document | {"notices": list(notices_of(problem, document))}


def _unit(problem: Config, monitor: str) -> tuple[str, int]:
    """The unit of differences, and what they are multiplied with for it: shares are read in points."""
    quantity = monitor.partition("_")[2]
    is_share = any(metric.name == quantity and metric.is_share for metric in metrics_of(problem))
    return ("points", 100) if is_share else ("", 1)


def _tuning(
    problem: Config, contestant: Contestant, trials: Sequence[Trial], best: Trial | None, higher: bool
) -> dict[str, Any]:
    numbers = compare_of(problem)
    planned = len(settings_of(contestant, numbers.trials, problem.seed))
    edge = None if best is None else edge_of(contestant, numbers, trials, best)
    scores = [trial.score for trial in trials]
    rates = [trial.settings.get(LEARNING_RATE) for trial in trials]
    width = None
    if trials and all(rate is not None for rate in rates):
        width = learning_rate_range([rate or 0.0 for rate in rates], scores, higher_is_better=higher)
    return {
        "keys": [f"{PREFIX}{option}" for option in (trials[0].settings if trials else {})],
        "design": kind_of_design(contestant),
        "trials": [
            {
                "trial": trial.number,
                "settings": {f"{PREFIX}{key}": value for key, value in trial.settings.items()},
                "scores": list(trial.scores),
                "score": trial.score,
                "added": trial.number >= planned,
            }
            for trial in trials
        ],
        "chosen": None if best is None else best.number,
        "edge": None if edge is None else edge[1],
        "edge_option": None if edge is None else edge[0],
        "added": max(0, len(trials) - planned),
        "learning_rate_range": None if width is None else asdict(width),
        "expected_best": list(expected_best(scores, higher_is_better=higher)),
    }


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
