"""The runs of a comparison: first all trials, then what they make necessary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from gdrun.config import AnyConfig, Config, ObjectiveConfig, to_plain
from gdrun.config.comparison import Compare
from gdrun.config.objective import UniformStart
from gdrun.errors import ConfigError
from gdrun.experiments.build import metrics_of
from gdrun.experiments.command import Command
from gdrun.experiments.comparison.contestants import resolved_contestants
from gdrun.experiments.comparison.design import settings_of
from gdrun.experiments.comparison.measures import measure
from gdrun.experiments.comparison.problems import (
    EVALUATION,
    TUNING,
    Problems,
    compare_of,
    contestants_of,
    entries_of,
    member_config,
    monitor_of,
    problems_of,
)
from gdrun.experiments.comparison.rounds import next_runs
from gdrun.experiments.comparison.summary import comparison_summary
from gdrun.experiments.plan import Plan
from gdrun.experiments.planning import MOST_RUNS, lay_out, names_of
from gdrun.optim import OPTIMIZERS
from gdrun.statistics import fewest_seeds


def plan_comparison(
    configs: Sequence[AnyConfig],
    *,
    optimizers: str | None = None,
    seeds: int | None = None,
    trials: int | None = None,
    workers: int | str | None = None,
) -> Plan:
    """Plan the trials of every contestant on every problem.

    Args:
        configs: the problems; contestants and numbers are those of the first one's `compare` section,
            monitor and target each problem's own.
        optimizers: names of the contestants, or "all", in place of the config's.
        seeds, trials: in place of the config's.
        workers: processes, or "auto"; None for what the first config says.

    Raises:
        ConfigError, DataError: something doesn't fit.
        SystemRefusedError: it doesn't fit into memory.
    """
    compare = _with_numbers(compare_of(configs[0]), seeds=seeds, trials=trials)
    compare = replace(compare, optimizers=resolved_contestants(compare, optimizers, configs))
    names = _names(configs)
    _check_size(len(names), compare)
    problems = {
        name: replace(
            config,
            compare=replace(compare, monitor=compare_of(config).monitor, target=compare_of(config).target),
        )
        for name, config in zip(names, configs, strict=True)
    }
    entries: list[dict[str, Any]] = []
    for name, problem in problems.items():
        for contestant in contestants_of(problem):
            settings = settings_of(contestant, compare.trials, problem.seed)
            entries += entries_of(problems, name, contestant, enumerate(settings), TUNING)
    members = [member_config(problems, entry) for entry in entries]
    later = len(problems) * len(compare.optimizers or ()) * compare.seeds
    layout = lay_out(members, names_of(entries), workers, more=1 + later / len(entries))
    by_problem = dict(zip([entry.get("problem", "") for entry in entries], layout.configs, strict=True))
    problems = {name: _checked(problem, by_problem[name]) for name, problem in problems.items()}
    record = {"problems": {name: to_plain(problem) for name, problem in problems.items()}}
    return Plan(
        COMPARE,
        next(iter(problems.values())),
        entries,
        layout,
        _words(compare, problems, len(entries)),
        later,
        record if len(problems) > 1 else {},
        tuple(_notices(compare, optimizers)),
    )


def _with_numbers(compare: Compare, **numbers: int | None) -> Compare:
    try:
        return replace(compare, **{name: value for name, value in numbers.items() if value is not None})  # type: ignore[arg-type] # of fields that hold numbers
    except ValueError as error:
        raise ConfigError(f"compare: {str(error).removeprefix('Compare: ')}") from error


def _check_size(problems: int, compare: Compare) -> None:
    each = compare.trials * compare.tuning_seeds + compare.seeds
    runs = problems * len(compare.optimizers or ()) * each
    if runs > MOST_RUNS:
        raise ConfigError(
            f"{runs:,} runs are too many, the most is {MOST_RUNS:,}; take fewer seeds, trials or optimizers"
        )


def _names(configs: Sequence[AnyConfig]) -> list[str]:
    """A name for each problem, "" for a single one."""
    names = [config.name for config in configs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"two of the configs are called {twice!r}; give one of them another name: …")
    if len(names) == 1:
        return [""]
    hidden = next((name for name in names if name.startswith(".")), None)
    if hidden is not None:
        raise ConfigError(f"name {hidden!r}: the names of several problems don't begin with a dot")
    return names


def _checked(problem: AnyConfig, member: AnyConfig) -> AnyConfig:
    """The problem with what its data say, if what is asked for is measured, on something to choose by.

    Args:
        problem: as it was loaded.
        member: the config of one of its runs, complete.

    Raises:
        ConfigError: not so.
    """
    if isinstance(problem, ObjectiveConfig):
        _check_columns(problem, ["value", "gradient_norm"])
        if not isinstance(problem.start, UniformStart):
            raise ConfigError(
                f"{problem.name}: every seed needs a start of its own, and these are given; "
                "draw them, such as start={uniform: [-2, 2]}"
            )
        return problem
    assert isinstance(member, Config)  # noqa: S101 - it is a run of this problem
    config = replace(member, seed=problem.seed, compare=problem.compare)
    quantities = ["loss", *(metric.name for metric in metrics_of(config))]
    _check_columns(config, [f"{part}_{quantity}" for part in ("val", "train") for quantity in quantities])
    has_validation = config.split.validation or getattr(config.dataset, "validation_path", None) is not None
    if not has_validation:
        raise ConfigError(
            f"{config.name}: optimizers are tuned on validation rows, and there are none; "
            "give some, such as split.validation=0.15"
        )
    return config


def _check_columns(config: AnyConfig, columns: Sequence[str]) -> None:
    """See to it that the columns which a config names are measured.

    Raises:
        ConfigError: not so.
    """
    compare = compare_of(config)
    asked = {"compare.monitor": monitor_of(config)[0]}
    if compare.target is not None and compare.target.metric is not None:
        asked["compare.target.metric"] = compare.target.metric
    for key, column in asked.items():
        if column not in columns:
            raise ConfigError(
                f"{config.name}: {key}: {column!r} isn't measured; choose one of {', '.join(columns)}"
            )


def _words(compare: Compare, problems: Problems, runs: int) -> str:
    several = f" on {len(problems)} problems" if len(problems) > 1 else ""
    return (
        f"{len(compare.optimizers or ())} optimizers{several}: {runs:,} runs of tuning with "
        f"{compare.tuning_seeds} seeds a trial, then the best setting of each on {compare.seeds} fresh seeds"
    )


def _notices(compare: Compare, asked: str | None) -> Iterator[str]:
    contestants = len(compare.optimizers or ())
    named = {contestant.name for contestant in compare.optimizers or ()}
    if asked == "all" and (without := [name for name in OPTIMIZERS if name not in named]):
        yield f"left out: {', '.join(without)}, which the config doesn't allow (gdrun explain {without[0]})"
    pairs = contestants * (contestants - 1) // 2
    fewest = fewest_seeds(pairs)
    if fewest is None or compare.seeds < fewest:
        more = "fewer optimizers" if fewest is None else f"--seeds {fewest}, or fewer optimizers"
        yield (
            f"with {compare.seeds} seeds and {pairs} pairs no difference can be declared, however clear; "
            f"take {more}"
        )


COMPARE = Command(
    "compare-optimizers",
    comparison_summary,
    member=lambda record, config, entry: member_config(problems_of(record, config), entry),
    next_runs=next_runs,
    measure=measure,
    tested=lambda entry: entry["phase"] == EVALUATION,
)
