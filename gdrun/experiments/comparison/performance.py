"""What one contestant did on one problem: its trials, the best of them, and the runs that evaluate it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gdrun.config import AnyConfig, ObjectiveConfig, to_plain
from gdrun.config.comparison import Contestant, replaced
from gdrun.experiments.command import Row
from gdrun.experiments.comparison import evaluation
from gdrun.experiments.comparison.design import LEARNING_RATE, kind_of_design, settings_of
from gdrun.experiments.comparison.measures import BEST, Read
from gdrun.experiments.comparison.problems import (
    EVALUATION,
    PREFIX,
    TUNING,
    by_key,
    compare_of,
    contestants_of,
    monitor_of,
)
from gdrun.experiments.comparison.target import times_to_target
from gdrun.experiments.comparison.tuning import Trial, any_failed, best_trial, edge_of, trials_of
from gdrun.experiments.summary import statuses_of
from gdrun.run_directory.directory import GOOD
from gdrun.statistics import expected_best, learning_rate_range


@dataclass(frozen=True)
class Performance:
    """One contestant on one problem.

    Attributes:
        contestant: who.
        tuning: rows of its trials.
        trials: what they came to.
        best: the trial whose settings were chosen; None if all diverged, or some failed and wait.
        runs: rows of the best settings on the evaluation seeds.
        scores: the best value of the monitor on each of these seeds; None where there is none.
    """

    contestant: Contestant
    tuning: Sequence[Row]
    trials: Sequence[Trial]
    best: Trial | None
    runs: Sequence[Row]
    scores: Sequence[float | None]

    @property
    def has_result(self) -> bool:
        """On any seed."""
        return any(score is not None for score in self.scores)


def performances_of(problem: AnyConfig, name: str, rows: Sequence[Row]) -> dict[str, Performance]:
    """Those of all contestants, by their names.

    Args:
        problem: its config.
        name: of the problem.
        rows: of results.csv, with the best monitor of each.
    """
    _, higher = monitor_of(problem)
    ended = by_key(rows)
    found = {}
    for contestant in contestants_of(problem):
        tuning = ended[name, contestant.name, TUNING]
        trials = trials_of(tuning, higher)
        best = None if any_failed(tuning) else best_trial(trials, higher)
        runs = ended[name, contestant.name, EVALUATION]
        runs = [row for row in runs if best is not None and row["trial"] == best.number]
        scores = [row[BEST] for row in runs] or [None] * compare_of(problem).seeds
        found[contestant.name] = Performance(contestant, tuning, trials, best, runs, scores)
    return found


def described_performance(
    read: Read, problem: AnyConfig, performance: Performance, target: Mapping[str, Any]
) -> dict[str, Any]:
    """What summary.json says of it; its rows get their time to the target.

    Args:
        read: gives the curves of a run.
        problem: its config.
        performance: of one contestant.
        target: from `target_of`.
    """
    monitor, higher = monitor_of(problem)
    tuning, runs = performance.tuning, performance.runs
    settings = None if performance.best is None else performance.best.settings
    test = f"test_{monitor.partition('_')[2]}"
    tested = evaluation.good_values(runs, test) if any(row.get(test) is not None for row in runs) else None
    quantities = ["train_loss", "val_loss", monitor, target["metric"], "learning_rate"]
    optimizer = performance.contestant.optimizer
    return {
        "optimizer": None if settings is None else to_plain(replaced(optimizer, settings)),
        "chosen": None if settings is None else {f"{PREFIX}{key}": v for key, v in settings.items()},
        "validation": evaluation.described(performance.scores, higher),
        "test": None if tested is None else evaluation.described(tested, higher),
        "metrics": evaluation.metrics_of_rows(runs),
        "target": times_to_target(read, problem, target, runs),
        "ended": {"tuning": statuses_of(tuning), "evaluation": statuses_of(runs)},
        "tuning": _tuning(problem, performance),
        "cost": evaluation.cost(tuning, runs),
        "curves": evaluation.curves(read, _drawn(problem, runs), list(dict.fromkeys(quantities))),
    }


def _drawn(problem: AnyConfig, runs: Sequence[Row]) -> list[Row]:
    """The runs of whose values curves are made: a descent that diverges leaves all scales before it ends."""
    bounded = isinstance(problem, ObjectiveConfig)
    return [row for row in runs if row["status"] in GOOD or not bounded]


def _tuning(problem: AnyConfig, performance: Performance) -> dict[str, Any]:
    numbers = compare_of(problem)
    _, higher = monitor_of(problem)
    contestant, trials, best = performance.contestant, performance.trials, performance.best
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
