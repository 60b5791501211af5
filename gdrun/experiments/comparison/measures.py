"""What the files of a run add to its row of results.csv: how its monitor went, epoch by epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdrun.config import AnyConfig
from gdrun.errors import ConfigError
from gdrun.experiments.command import Row
from gdrun.experiments.comparison.problems import monitor_of, problems_of
from gdrun.run_directory.directory import GOOD, MEMBERS
from gdrun.run_directory.metrics_csv import FILE_NAME as METRICS
from gdrun.run_directory.store import Run
from gdrun.run_directory.trajectory import TRAJECTORY

INITIAL, BEST = "initial_monitor", "best_monitor"
EPOCHS, SECONDS = "epochs_to_target", "seconds_to_target"

Curves = Mapping[str, NDArray[Any]]
Read = Callable[[str], Curves]  # of a run, by its name


def curves_of(path: Path, run: str) -> Curves:
    """The columns of a run's metrics.csv, or of a descent's trajectory.csv; none before it has begun.

    A descent's steps stand for its epochs, and for its seconds, too: every step takes as long.
    """
    folder = path / MEMBERS / run
    try:
        found = Run(folder)
    except ConfigError:
        return {}
    if not (folder / TRAJECTORY).is_file():
        return found.metrics
    columns = found.trajectory
    return {"epoch": columns["step"], "seconds": columns["step"].astype(np.float64)} | columns


def measure(
    path: Path,
    config: AnyConfig,
    record: Mapping[str, Any],
    rows: Sequence[Row],
    members: Sequence[Mapping[str, Any]],
) -> None:
    """Add the monitor's first value and its best one to rows.

    A run that diverged or failed has no best one, whatever it had reached before.

    Args:
        path: of the group.
        config: of the group.
        record: the content of group.json.
        rows: of results.csv.
        members: the content of run.json of each.
    """
    monitors = {name: monitor_of(problem) for name, problem in problems_of(record, config).items()}
    for row, member in zip(rows, members, strict=True):
        column, higher = monitors[row.get("problem") or ""]
        values = _values(path / MEMBERS / row["run"], column, member)
        finite = values[np.isfinite(values)]
        row[INITIAL] = float(values[0]) if len(values) and np.isfinite(values[0]) else None
        row[BEST] = None
        if row["status"] in GOOD and len(finite):
            row[BEST] = float(np.max(finite) if higher else np.min(finite))


def _values(folder: Path, column: str, record: Mapping[str, Any]) -> NDArray[Any]:
    """The values of one of the curves of a run."""
    try:
        found = Run(folder, record)
    except ConfigError:
        return np.empty(0)
    return found.column(TRAJECTORY if (folder / TRAJECTORY).is_file() else METRICS, column)


def measure_target(read: Read, row: Row, column: str, value: float | None, higher: bool) -> None:
    """Add to a row when its run first reached a value: epochs, and seconds of its share; None for a miss."""
    row[EPOCHS] = row[SECONDS] = None
    if value is None or row["status"] not in GOOD:
        return
    curves = read(row["run"])
    values = curves[column]
    reached = np.flatnonzero(values >= value if higher else values <= value)
    if len(reached):
        first = int(reached[0])
        whole = float(curves["seconds"][-1])  # of the stack; the run's share of it is in its row
        row[EPOCHS] = int(curves["epoch"][first])
        row[SECONDS] = row["seconds"] * float(curves["seconds"][first]) / whole if whole else 0.0
