"""A run or group directory as plain data for a report; a file that can't be read is a note, not an error."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from gdrun.errors import GdrunError, SystemRefusedError
from gdrun.report.html.first_layer import image_shape
from gdrun.report.html.outcome import PROBABILITY
from gdrun.report.html.source import Columns, ReportGroup, ReportRun, section
from gdrun.run_directory.directory import GOOD, MEMBERS, REPORT
from gdrun.run_directory.naming import is_name
from gdrun.run_directory.reading import read_bytes
from gdrun.run_directory.run import RECORD
from gdrun.run_directory.store import Group, Run
from gdrun.run_directory.tables import LARGEST, unguarded
from gdrun.run_directory.trajectory import TRAJECTORY

Value = TypeVar("Value")

MOST_MEMBERS = 200  # of a group, that are read for their curves
MOST_STILLS = 6  # of them, whose pictures of learning are shown side by side
MOST_REASONS = 20  # of runs that ended badly, that are read and shown


def read_run(run: Run) -> ReportRun:
    """One run."""
    notes: list[str] = []
    nothing: dict[str, Any] = {}
    config = attempt(lambda: run.config, nothing, notes)
    images = bool(run.result and image_shape(config, run.record))
    return ReportRun(
        name=run.path.absolute().name,
        config_text=attempt(lambda: run.config_text, "", notes),
        config=config,
        record={**run.record, "status": run.status},
        metrics=metrics_of(run, notes),
        predictions=columns(run, "predictions.csv", notes),
        learning=attempt(run.learning, nothing, notes),
        weights=attempt(run.weights, nothing, notes) if images else {},
        notes=tuple(dict.fromkeys(notes)),
    )


def metrics_of(run: Run, notes: list[str]) -> Columns:
    """The columns of metrics.csv, or of trajectory.csv for a descent."""
    name = TRAJECTORY if (run.path / TRAJECTORY).is_file() else "metrics.csv"
    return columns(run, name, notes, numbers=True)


def read_group(group: Group, *, members: bool = True) -> ReportGroup:
    """A group with its members that have begun, in the order of the plan; without any if not `members`.

    Of more than `MOST_MEMBERS` only so many are read, evenly spread over the plan.
    """
    notes: list[str] = []
    nothing: dict[str, Any] = {}
    begun = begun_members(group) if members else []
    read = read_members(group, evenly(begun, MOST_MEMBERS), notes, MOST_STILLS)
    results = columns(group, "results.csv", notes)
    summary = attempt(lambda: group.summary, nothing, notes)
    shown = group.record.get("command") == "kfold" and not section(summary, "confusion")
    return ReportGroup(
        name=group.path.absolute().name,
        config_text=attempt(lambda: group.config_text, "", notes),
        config=attempt(lambda: group.config, {}, notes),
        record={**group.record, "status": group.status},
        results=results,
        summary=summary,
        begun=len(begun),
        members=read,
        reports=frozenset(name for name in begun if (group.path / MEMBERS / name / REPORT).is_file()),
        reasons=read_reasons(group, begun, results),
        predictions=columns(group, "predictions.csv", notes) if shown else {},
        notes=tuple(dict.fromkeys(notes)),
    )


def begun_members(group: Group) -> list[str]:
    """The names of the members that have a run.json, in the order of the plan."""
    return [name for name in (str(entry.get("run")) for entry in group.plan) if has_begun(group, name)]


def has_begun(group: Group, name: str) -> bool:
    """Whether there is a member of this name, and no place elsewhere."""
    return is_name(name) and (group.path / MEMBERS / name / RECORD).is_file()


def evenly(names: Sequence[str], most: int) -> list[str]:
    """All names, or so many of them, evenly spread from the first to the last."""
    places = np.linspace(0, len(names) - 1, min(len(names), most)).round().astype(int)
    return [names[place] for place in places]


def read_members(
    group: Group, names: Iterable[str], notes: list[str], pictures: int = 0
) -> dict[str, ReportRun]:
    """What the curves of some members need: record and metrics of those that have begun and can be read.

    So many of them, the first ones, come with their pictures of learning.
    """
    found: dict[str, ReportRun] = {}
    nothing: dict[str, Any] = {}
    for name in names:
        if not has_begun(group, name):
            continue
        try:
            run = Run(group.path / MEMBERS / name)
        except GdrunError as error:
            notes.append(str(error))
            continue
        learning = attempt(run.learning, nothing, notes) if len(found) < pictures else {}
        found[name] = ReportRun(
            name,
            record={**run.record, "status": run.status},
            metrics=metrics_of(run, notes),
            learning=learning,
        )
    return found


def read_reasons(group: Group, begun: Iterable[str], results: Columns) -> dict[str, str]:
    """Why members ended that results.csv doesn't count as good: the first of them."""
    runs = zip(results.get("run", ()), results.get("status", ()), strict=False)
    badly = {str(run) for run, status in runs if status not in GOOD}
    first = [name for name in begun if name in badly][:MOST_REASONS]
    return {name: str(run.record.get("reason") or "") for name, run in read_members(group, first, []).items()}


def attempt(read_it: Callable[[], Value], otherwise: Value, notes: list[str]) -> Value:
    """What `read_it` returns; where gdrun refuses, `otherwise` and a note with the reason."""
    try:
        return read_it()
    except GdrunError as error:
        notes.append(str(error))
        return otherwise


def columns(saved: Run | Group, name: str, notes: list[str], *, numbers: bool = False) -> Columns:
    """The columns of a CSV file, none where there is no file; a line that is cut short is left out.

    With `numbers`, cells are floats, and None where they are empty: unlike in `Run.metrics`, a NaN that
    was written can be told from a value that isn't there. Class probabilities are many and not shown:
    their columns come without cells.
    """
    try:
        text = read_bytes(saved.path / name, LARGEST, saved.digest_of(name)).decode("utf-8", "replace")
        text = text[: text.rfind("\n") + 1]
        header = [unguarded(cell) for cell in next(csv.reader(io.StringIO(text, newline="")), [])]
        shown = [column for column in header if not column.startswith(PROBABILITY)]
        if shown != header[: len(shown)]:
            shown = header
        rows = cells_of(text, len(header), len(shown))
    except FileNotFoundError:
        return {}
    except SystemRefusedError as error:
        notes.append(str(error))
        return {}
    except (ValueError, csv.Error) as error:
        notes.append(f"{name} is damaged: {error}.")
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
