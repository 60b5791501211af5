"""`gdrun kfold`: cross-validation, folds of one shape trained as one stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdrun.config import Config, Fold
from gdrun.data.folds import Strategy, resolve_strategy
from gdrun.engines.interruption import Interruption
from gdrun.errors import ConfigError
from gdrun.experiments import tiles
from gdrun.experiments.build import load_all_data, load_table, metrics_of, stack_work
from gdrun.experiments.carrying_out import Tell
from gdrun.experiments.plan import Plan, carry_out_plan
from gdrun.experiments.summary import summarize
from gdrun.run_directory.directory import MEMBERS
from gdrun.run_directory.files import write_atomically
from gdrun.run_directory.run import PREDICTIONS
from gdrun.run_directory.store import Run
from gdrun.run_directory.tables import pack_table
from gdrun.statistics.cross_validation import describe_folds

MOST_RUNS = 10_000  # folds times repetitions


def plan_kfold(
    config: Config,
    folds: int = 5,
    repeats: int = 1,
    strategy: Strategy = "auto",
    workers: int | str | None = None,
) -> Plan:
    """Read the data, make the folds, and decide which of them train together.

    Repetition r draws folds of its own and takes the seed of the config plus r.

    Args:
        config: as loaded; `split.test` has no say, `split.validation` is a share of a fold's training rows.
        folds: at least 2.
        repeats: at least 1.
        strategy: see `gdrun.data.folds`.
        workers: processes, or "auto"; None for what the config says.

    Raises:
        ConfigError, DataError: something doesn't fit.
        SystemRefusedError: it doesn't fit into memory.
    """
    if folds < 2 or repeats < 1 or folds * repeats > MOST_RUNS:
        raise ConfigError(
            f"--folds {folds}, --repeats {repeats}: take at least 2 folds and 1 repetition, "
            f"and at most {MOST_RUNS:,} runs"
        )
    table = load_table(config)
    chosen = resolve_strategy(table, strategy, config.split.time_ordered)
    if chosen == "time-series" and repeats > 1:
        raise ConfigError("--repeats: the order of time has no repetitions; leave it out")
    entries, configs = [], []
    for repeat in range(repeats):
        for number in range(folds):
            name = f"fold-{number}" if repeats == 1 else f"repeat-{repeat}-fold-{number}"
            fold = Fold(number, folds, repeat, chosen)
            seed = config.seed + repeat
            entries.append(
                {"run": name, "seed": seed, "split.fold.number": number, "split.fold.repeat": repeat}
            )
            configs.append(replace(config, seed=seed, split=replace(config.split, fold=fold)))
    configs, data, which = load_all_data(configs, table)
    work = stack_work(configs[:1], data[:1], [0])
    count = len(configs)
    number_of_workers = tiles.workers_for(work, count, config.compute.workers if workers is None else workers)
    size = tiles.tile_size(work, count, number_of_workers)
    by_rows: dict[int, list[str]] = {}  # runs of a stack have equally many training rows
    for entry, place in zip(entries, which, strict=True):
        by_rows.setdefault(len(data[place].train.rows), []).append(str(entry["run"]))
    stacks = [stack for names in by_rows.values() for stack in tiles.stacks(names, size)]
    parts = [part for fold in data for part in (fold.train, fold.validation, fold.test) if part]
    held = sum(part.features.nbytes for part in parts)
    memory = tiles.memory_needed(work, size, number_of_workers) + 2 * held
    tiles.check_memory(memory)
    words = f"{folds} {chosen} folds" + (f", {repeats} times" if repeats > 1 else "")
    return Plan("kfold", configs[0], entries, stacks, work, number_of_workers, memory, words)


def kfold(
    plan: Plan,
    runs_directory: Path,
    *,
    tell: Tell,
    interruption: Interruption,
    plugins: Sequence[Path] = (),
) -> Path:
    """Carry a plan out; returns the group directory. See `carry_out_plan`."""
    return carry_out_plan(
        plan, runs_directory, tell=tell, interruption=interruption, plugins=plugins, conclude=kfold_summary
    )


def kfold_summary(path: Path, config: Config, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The summary.json of a cross-validation; writes the out-of-fold predictions beside it.

    Intervals are the corrected ones of overlapping training sets. `pooled` has the metrics of all
    out-of-fold predictions of a repetition together, averaged over the repetitions.
    """
    fold = config.split.fold
    assert fold is not None  # noqa: S101 - a group of kfold has one
    summary = summarize(rows)
    columns = list(summary["metrics"])
    for name in columns:
        values = [row.get(name) if row["status"] in ("completed", "stopped") else None for row in rows]
        by_repeat = [values[i : i + fold.of] for i in range(0, len(values), fold.of)]
        summary["metrics"][name] = asdict(describe_folds(by_repeat))
    summary["folds"], summary["repeats"], summary["strategy"] = fold.of, len(rows) // fold.of, fold.strategy
    ended = [row for row in rows if row["status"] in ("completed", "stopped", "diverged")]
    if len(ended) == len(rows):
        summary |= _pooled(path, config, [str(row["run"]) for row in rows], fold.of)
    return summary


def _pooled(path: Path, config: Config, names: Sequence[str], of: int) -> dict[str, Any]:
    """Metrics of the out-of-fold predictions, and for classes the confusion; writes predictions.csv."""
    runs = [Run(path / MEMBERS / name) for name in names]
    classes: list[str] = runs[0].record["data"]["labels"]
    targets: list[str] = runs[0].record["data"]["targets"]
    tables = [run.predictions() for run in runs]
    header = ["repeat", "fold", *tables[0]]
    lines = []
    for place, table in enumerate(tables):
        for line in zip(*(column.tolist() for column in table.values()), strict=True):
            lines.append((place // of, place % of, *line))
    lines.sort(key=lambda line: (line[0], line[2]))  # by repetition and row
    write_atomically(path / PREDICTIONS, pack_table(header, lines))
    found: dict[str, list[float]] = {}
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    for repeat in range(len(runs) // of):
        own = tables[repeat * of : (repeat + 1) * of]
        whole = {name: np.concatenate([table[name] for table in own]) for name in own[0]}
        predicted, target = _arrays(whole, classes, targets)
        for metric in metrics_of(config):
            found.setdefault(metric.name, []).append(float(metric.value(predicted, target)[0]))
        if classes:
            np.add.at(confusion, (target[0], _class_indices(whole["prediction"], classes)), 1)
    pooled = {name: float(np.mean(values)) for name, values in found.items()}
    return {"pooled": pooled} | (
        {"confusion": {"classes": classes, "counts": confusion.tolist()}} if classes else {}
    )


def _arrays(
    table: Mapping[str, NDArray[Any]], classes: Sequence[str], targets: Sequence[str]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Predictions and targets as metrics take them, from the columns of predictions.csv."""
    if classes:
        probabilities = np.stack([table[f"probability_{name}"] for name in classes], axis=-1)
        return probabilities[None], _class_indices(table["target"], classes)[None]
    if len(targets) == 1:
        return table["prediction"][None, :, None], table["target"][None, :, None]
    predicted = np.stack([table[f"prediction_{name}"] for name in targets], axis=-1)
    return predicted[None], np.stack([table[f"target_{name}"] for name in targets], axis=-1)[None]


def _class_indices(labels: NDArray[Any], classes: Sequence[str]) -> NDArray[np.int64]:
    """The classes of labels, which come as numbers if all of them look like numbers."""
    kind = type(labels.tolist()[0])
    places = {kind(name): place for place, name in enumerate(classes)}
    return np.array([places[label] for label in labels.tolist()], np.int64)
