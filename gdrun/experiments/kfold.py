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
from gdrun.errors import ConfigError
from gdrun.experiments.build import load_table, metrics_of
from gdrun.experiments.command import Command
from gdrun.experiments.plan import Plan
from gdrun.experiments.planning import lay_out, names_of
from gdrun.experiments.summary import summarize
from gdrun.run_directory.directory import GOOD, MEMBERS
from gdrun.run_directory.files import write_atomically
from gdrun.run_directory.run import PREDICTIONS
from gdrun.run_directory.store import Run
from gdrun.run_directory.tables import pack_table, read_cells, unguarded
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
            repetition = {"split.fold.repeat": repeat} if repeats > 1 else {}
            entries.append({"run": name, "seed": seed, "split.fold.number": number, **repetition})
            configs.append(replace(config, seed=seed, split=replace(config.split, fold=fold)))
    layout = lay_out(configs, names_of(entries), workers, table=table)
    words = f"{folds} {chosen} folds" + (f", {repeats} times" if repeats > 1 else "")
    return Plan(KFOLD, layout.configs[0], entries, layout, words)


def kfold_summary(path: Path, config: Config, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The summary.json of a cross-validation; writes the out-of-fold predictions beside it.

    Intervals are the corrected ones of overlapping training sets. `pooled` has the metrics of all
    out-of-fold predictions of a repetition together, averaged over the repetitions; there is none, and no
    predictions.csv, unless every fold came to a good end.
    """
    fold = config.split.fold
    assert fold is not None  # noqa: S101 - a group of kfold has one
    summary = summarize(rows)
    columns = list(summary["metrics"])
    for name in columns:
        values = [row.get(name) if row["status"] in GOOD else None for row in rows]
        by_repeat = [values[i : i + fold.of] for i in range(0, len(values), fold.of)]
        summary["metrics"][name] = asdict(describe_folds(by_repeat))
    summary["folds"], summary["repeats"], summary["strategy"] = fold.of, len(rows) // fold.of, fold.strategy
    if all(row["status"] in GOOD for row in rows):
        summary |= _pooled(path, config, [str(row["run"]) for row in rows], fold.of)
    return summary


def _pooled(path: Path, config: Config, names: Sequence[str], of: int) -> dict[str, Any]:
    """Metrics of the out-of-fold predictions, and for classes the confusion; writes predictions.csv."""
    runs = [Run(path / MEMBERS / name) for name in names]
    data = runs[0].record["data"]
    classes: list[str] = data["labels"]
    tables = [read_cells(run.path / PREDICTIONS, run.digest_of(PREDICTIONS)) for run in runs]
    titles = ["row", *(title for title in tables[0] if title != "row")]
    lines: list[tuple[int, int, int, Sequence[str]]] = []
    for place, table in enumerate(tables):
        for row, *cells in zip(*(table[title] for title in titles), strict=True):
            lines.append((place // of, int(row), place % of, [unguarded(cell) for cell in cells]))
    lines.sort(key=lambda line: line[:2])  # by repetition and row
    table_of_all = [(repeat, fold, row, *cells) for repeat, row, fold, cells in lines]
    write_atomically(path / PREDICTIONS, pack_table(["repeat", "fold", *titles], table_of_all))
    found: dict[str, list[float]] = {}
    counts = np.zeros((len(classes), len(classes)), np.int64)
    for repeat in range(len(names) // of):
        own = [cells for number, _, _, cells in lines if number == repeat]
        columns = dict(zip(titles[1:], zip(*own, strict=True), strict=True))
        predicted, target = _arrays(columns, classes, data["targets"])
        for metric in metrics_of(config):
            found.setdefault(metric.name, []).append(float(metric.value(predicted, target)[0]))
        if classes:
            np.add.at(counts, (target[0], _class_indices(columns["prediction"], classes)), 1)
    pooled = {name: float(np.mean(values)) for name, values in found.items()}
    confusion = {"confusion": {"classes": classes, "counts": counts.tolist()}} if classes else {}
    return {"pooled": pooled} | confusion


def _arrays(
    columns: Mapping[str, Sequence[str]], classes: Sequence[str], targets: Sequence[str]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Predictions and targets as metrics take them, from the cells of predictions.csv."""
    if classes:
        probabilities = _numbers(columns, [f"probability_{name}" for name in classes])
        return probabilities, _class_indices(columns["target"], classes)[None]
    endings = [""] if len(targets) == 1 else [f"_{name}" for name in targets]
    predicted, target = (
        _numbers(columns, [kind + ending for ending in endings]) for kind in ("prediction", "target")
    )
    return predicted, target


def _numbers(columns: Mapping[str, Sequence[str]], titles: Sequence[str]) -> NDArray[np.float64]:
    """Columns of numbers, (1, rows, columns)."""
    return np.stack([np.array(columns[title], np.float64) for title in titles], axis=-1)[None]


def _class_indices(labels: Sequence[str], classes: Sequence[str]) -> NDArray[np.int64]:
    places = {name: place for place, name in enumerate(classes)}
    return np.array([places[label] for label in labels], np.int64)


KFOLD = Command("kfold", kfold_summary)
