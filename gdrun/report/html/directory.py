"""A run or group directory as plain data for a report; a file that can't be read is a note, not an error."""

from __future__ import annotations

import contextlib
import csv
import io
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from gdrun.errors import GdrunError
from gdrun.report.html.outcome import PROBABILITY
from gdrun.report.html.source import Columns, ReportGroup, ReportRun, section
from gdrun.run_directory.directory import MEMBERS
from gdrun.run_directory.store import Group, Run
from gdrun.run_directory.tables import unguarded

Value = TypeVar("Value")


def read_run(run: Run, *, predictions: bool = True) -> ReportRun:
    """One run; without its predictions where only its curves are wanted."""
    notes: list[str] = []
    return ReportRun(
        name=run.path.absolute().name,
        config_text=attempt(lambda: run.config_text, "", notes),
        config=attempt(lambda: run.config, {}, notes),
        record={**run.record, "status": run.status},
        metrics=columns(run.path / "metrics.csv", notes, numbers=True),
        predictions=columns(run.path / "predictions.csv", notes) if predictions else {},
        notes=tuple(dict.fromkeys(notes)),
    )


def read_group(group: Group, *, members: bool = True) -> ReportGroup:
    """A group with every member that has begun, in the order of the plan; without any if not `members`."""
    notes: list[str] = []
    nobody: dict[str, Run] = {}
    nothing: dict[str, Any] = {}
    begun = attempt(lambda: group.members, nobody, notes) if members else nobody
    summary = attempt(lambda: group.summary, nothing, notes)
    shown = group.record.get("command") == "kfold" and not section(summary, "confusion")
    return ReportGroup(
        name=group.path.absolute().name,
        config_text=attempt(lambda: group.config_text, "", notes),
        config=attempt(lambda: group.config, {}, notes),
        record={**group.record, "status": group.status},
        results=columns(group.path / "results.csv", notes),
        summary=summary,
        members={name: read_run(run, predictions=False) for name, run in begun.items()},
        reports=frozenset(name for name, run in begun.items() if run.report.is_file()),
        predictions=columns(group.path / "predictions.csv", notes) if shown else {},
        notes=tuple(dict.fromkeys(notes)),
    )


def read_members(group: Group, names: Iterable[str]) -> dict[str, ReportRun]:
    """Those of some members that have begun and can be read."""
    found = {}
    for name in names:
        with contextlib.suppress(GdrunError):
            if Path(name).name == name:
                found[name] = read_run(Run(group.path / MEMBERS / name), predictions=False)
    return found


def attempt(read_it: Callable[[], Value], otherwise: Value, notes: list[str]) -> Value:
    """What `read_it` returns; where gdrun refuses, `otherwise` and a note with the reason."""
    try:
        return read_it()
    except GdrunError as error:
        notes.append(str(error))
        return otherwise


def columns(path: Path, notes: list[str], *, numbers: bool = False) -> Columns:
    """The columns of a CSV file, none where there is no file; a line that is cut short is left out.

    With `numbers`, cells are floats, and None where they are empty: unlike in `Run.metrics`, a NaN that
    was written can be told from a value that isn't there. Class probabilities are many and not shown:
    their columns come without cells.
    """
    try:
        text = path.read_bytes().decode("utf-8", "replace")
        text = text[: text.rfind("\n") + 1]
        header = [unguarded(cell) for cell in next(csv.reader(io.StringIO(text, newline="")), [])]
        shown = [column for column in header if not column.startswith(PROBABILITY)]
        if shown != header[: len(shown)]:
            shown = header
        rows = cells_of(text, len(header), len(shown))
    except FileNotFoundError:
        return {}
    except OSError as error:
        notes.append(f"{path.name} can't be read: {error.strerror}.")
        return {}
    except csv.Error as error:
        notes.append(f"{path.name} is damaged: {error}.")
        return {}
    table = list(zip(*rows, strict=True)) if rows else [()] * len(shown)
    cells: dict[str, list[Any]] = {column: [] for column in header}
    for column, values in zip(shown, table, strict=True):
        cells[column] = [number(value) if numbers else unguarded(value) for value in values]
    return cells


def cells_of(text: str, wide: int, wanted: int) -> list[list[str]]:
    """The first `wanted` cells of every row below the header that is as wide as the header."""
    if '"' not in text and "\r" not in text:  # no quoting: the cells not wanted need no look
        return [
            line.split(",", wanted)[:wanted] for line in text.split("\n")[1:-1] if line.count(",") == wide - 1
        ]
    return [row[:wanted] for row in csv.reader(io.StringIO(text, newline="")) if len(row) == wide][1:]


def number(cell: str) -> float | None:
    """A cell of metrics.csv: None when it is empty; NaN where it is no number."""
    if not cell:
        return None
    try:
        return float(cell)
    except ValueError:
        return math.nan
