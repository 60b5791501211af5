"""The problems of a comparison, and the runs that contestants make on them."""

from __future__ import annotations

import functools
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from gdrun.config import AnyConfig, ObjectiveConfig
from gdrun.config.comparison import Compare, Contestant, replaced
from gdrun.config.load import plain_source
from gdrun.config.objective import UniformStart
from gdrun.experiments.build import metrics_of
from gdrun.experiments.command import Entry, Row
from gdrun.experiments.comparison.design import Settings
from gdrun.nn import metric

TUNING, EVALUATION = "tuning", "evaluation"
VALUE = "value"  # of an objective: what tells how good a descent is
PREFIX = "optimizer."  # of the keys of settings
LONGEST_NAME = 64

Run = TypeVar("Run", Entry, Row)
Key = tuple[str, str, str]  # problem, contestant and phase
Problems = Mapping[str, AnyConfig]  # by name; that of a single one is ""


def problems_of(record: Mapping[str, Any], config: AnyConfig) -> Problems:
    """The problems of a group, from group.json and its config."""
    several = record.get("problems")
    if not several:
        return {"": config}
    return {name: _parsed(json.dumps(plain)) for name, plain in several.items()}


@functools.lru_cache(maxsize=64)
def _parsed(plain: str) -> AnyConfig:
    return plain_source(json.loads(plain)).load_any().config


def compare_of(problem: AnyConfig) -> Compare:
    """How a problem is compared on."""
    return problem.compare or Compare()


def contestants_of(problem: AnyConfig) -> tuple[Contestant, ...]:
    """Who takes part."""
    return compare_of(problem).optimizers or ()


def monitor_of(problem: AnyConfig) -> tuple[str, bool]:
    """The column that tells how good a run is, and whether higher is better."""
    if isinstance(problem, ObjectiveConfig):
        usual = VALUE
    else:
        usual = next((f"val_{one.name}" for one in metrics_of(problem)), "val_loss")
    column = compare_of(problem).monitor or usual
    return column, higher_is_better(problem, column)


def higher_is_better(problem: AnyConfig, column: str) -> bool:
    """Of a column of metrics.csv, or of trajectory.csv."""
    if isinstance(problem, ObjectiveConfig):
        return column == VALUE and problem.sign < 0
    return metric.higher_is_better(metrics_of(problem), column)


def entries_of(
    problems: Problems,
    name: str,
    contestant: Contestant,
    trials: Iterable[tuple[int, Settings]],
    phase: str,
) -> Iterator[dict[str, Any]]:
    """An entry of the plan a trial and seed.

    Args:
        problems: all of them.
        name: of the problem.
        contestant: whose trials.
        trials: number and settings.
        phase: tuning or evaluation, which have seeds of their own.
    """
    problem = problems[name]
    compare = compare_of(problem)
    first, count = problem.seed, compare.tuning_seeds
    if phase == EVALUATION:
        first, count = first + count, compare.seeds
    for number, settings in trials:
        for seed in range(first, first + count):
            run = f"{contestant.name}-trial-{number:02d}-seed-{seed}"
            if name:
                named = f"{name}-{run}"
                run = named if len(named) <= LONGEST_NAME else f"problem-{list(problems).index(name)}-{run}"
            yield {
                "run": run,
                **({"problem": name} if name else {}),
                "optimizer": contestant.name,
                "trial": number,
                **{f"{PREFIX}{option}": value for option, value in settings.items()},
                "seed": seed,
                "phase": phase,
            }


def settings_in(entry: Mapping[str, Any]) -> Settings:
    """Option → value, from an entry of the plan or a row of results.csv."""
    return {
        key.removeprefix(PREFIX): value
        for key, value in entry.items()
        if key.startswith(PREFIX) and value is not None
    }


def member_config(problems: Problems, entry: Entry) -> AnyConfig:
    """The config of one run. A descent starts at the point that is drawn for the seed, the same for all."""
    problem = problems[entry.get("problem", "")]
    (contestant,) = (one for one in contestants_of(problem) if one.name == entry["optimizer"])
    optimizer = replaced(contestant.optimizer, settings_in(entry))
    if not isinstance(problem, ObjectiveConfig):
        return replace(problem, compare=None, optimizer=optimizer, seed=entry["seed"])
    start = problem.start
    if isinstance(start, UniformStart):
        start = start.draw(entry["seed"], problem.dimension)
    return replace(problem, compare=None, optimizer=optimizer, seed=entry["seed"], start=start)


def key_of(run: Entry) -> Key:
    """Of an entry of the plan or a row of results.csv."""
    return run.get("problem") or "", run["optimizer"], run["phase"]


def by_key(runs: Iterable[Run]) -> Mapping[Key, list[Run]]:
    """Entries or rows by problem, contestant and phase; an empty list where there are none."""
    found: dict[Key, list[Run]] = defaultdict(list)
    for run in runs:
        found[key_of(run)].append(run)
    return found
