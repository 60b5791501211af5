"""What the evaluation of one contestant came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from gdrun.experiments.command import Row
from gdrun.experiments.comparison.measures import Read
from gdrun.run_directory.directory import GOOD
from gdrun.statistics import describe, interquartile_mean, quartiles

MOST_EPOCHS = 400  # of a curve in summary.json; of more, so many are taken evenly
_PARTS = ("train_", "val_", "test_")


def described(values: Sequence[float | None], higher: bool) -> dict[str, Any]:
    """Mean, spread and interval, the interquartile mean and the worst."""
    found = describe(values)
    worst = found.min if higher else found.max
    return asdict(found) | {"interquartile_mean": interquartile_mean(values), "worst": worst}


def metrics_of_rows(rows: Sequence[Row]) -> dict[str, Any]:
    """Every result of the runs that came to a good end, described."""
    columns = dict.fromkeys(key for row in rows for key in row if key.startswith(_PARTS))
    return {name: asdict(describe(good_values(rows, name))) for name in columns}


def good_values(rows: Sequence[Row], column: str) -> list[float | None]:
    """The values of a column; None for a run that diverged or failed."""
    return [row.get(column) if row["status"] in GOOD else None for row in rows]


def cost(tuning: Sequence[Row], evaluation: Sequence[Row]) -> dict[str, Any]:
    """What tuning and evaluation took: runs, updates, and seconds of the runs' shares."""
    found: dict[str, Any] = {"trials": len({row["trial"] for row in tuning})}
    for phase, rows in (("tuning", tuning), ("evaluation", evaluation)):
        found[f"{phase}_runs"] = len(rows)
        found[f"{phase}_updates"] = sum(row["steps"] or 0 for row in rows)
        found[f"{phase}_seconds"] = round(sum(row["seconds"] or 0.0 for row in rows), 6)
    return found


def curves(read: Read, rows: Sequence[Row], columns: Sequence[str]) -> dict[str, Any]:
    """Quartiles over the runs of some columns of metrics.csv, by epoch."""
    found: list[Mapping[str, Any]] = [read(row["run"]) for row in rows]
    found = [one for one in found if len(one.get("epoch", ()))]
    if not found:
        return {"epoch": [], "columns": {}}
    epochs = np.unique(np.concatenate([one["epoch"] for one in found]))
    kept = np.arange(len(epochs))
    if len(epochs) > MOST_EPOCHS:
        kept = np.unique(np.linspace(0, len(epochs) - 1, MOST_EPOCHS).round().astype(np.int64))
    drawn: dict[str, Any] = {}
    for column in columns:
        matrix = np.full((len(found), len(epochs)), np.nan)
        for place, one in enumerate(found):
            if column in one:
                matrix[place, np.searchsorted(epochs, one["epoch"])] = one[column]
        low, median, high, runs = (part[kept] for part in quartiles(matrix))
        if runs.any():
            drawn[column] = {
                "low": _plain(low),
                "median": _plain(median),
                "high": _plain(high),
                "runs": runs.tolist(),
            }
    return {"epoch": epochs[kept].tolist(), "columns": drawn}


def _plain(values: Any) -> list[float | None]:
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in values.tolist()]
