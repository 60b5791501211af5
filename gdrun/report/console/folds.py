"""What a cross-validation came to: a line a fold or a repetition, its summary, its confusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from gdrun.report.console.numbers import number
from gdrun.report.console.screen import Screen
from gdrun.report.console.tables import group_table, plain_table, status_text
from gdrun.run_directory.directory import GOOD
from gdrun.run_directory.store import Group
from gdrun.text import printable

MOST_FOLDS = 20  # more are summed up by repetition
MOST_CLASSES = 12


def show_folds(screen: Screen, group: Group) -> None:
    """Show what the files of the group say: every fold, all of them together, and the confusion."""
    rows = _rows(group)
    if rows and any(name.startswith("test_") for name in rows[0]):
        screen.show(folds_table(rows, int(group.summary.get("folds") or len(rows))))
    show_folds_summary(screen, group.summary)


def show_folds_summary(screen: Screen, summary: Mapping[str, Any]) -> None:
    """Show mean, spread, corrected interval, pooled metrics, and the confusion of not too many classes."""
    if summary.get("metrics"):
        screen.show(group_table(summary["metrics"], "corrected 95 % interval", summary.get("pooled")))
    if summary and "pooled" not in summary:
        screen.show(
            Text("not every fold came to a good end: no out-of-fold predictions, nothing pooled", "warn")
        )
    confusion = summary.get("confusion")
    if confusion and len(confusion["classes"]) <= MOST_CLASSES:
        table = confusion_table(confusion["classes"], confusion["counts"])
        if screen.results.measure(table).minimum <= screen.results.width:
            screen.show(table)


def folds_table(rows: Sequence[Mapping[str, Any]], folds: int) -> Table:
    """The results on the test rows: a line a fold, or a line a repetition where the folds are many.

    Args:
        rows: of results.csv, in its order.
        folds: of a repetition.
    """
    metrics = [name for name in rows[0] if name.startswith("test_")]
    if len(rows) > MOST_FOLDS and len(rows) > folds:
        return _repetitions_table(rows, folds, metrics)
    shown = rows[:MOST_FOLDS]
    bad = any(row["status"] not in GOOD for row in shown)
    table = plain_table("", *(["status"] if bad else []), "best epoch", *metrics)
    for row in shown:
        epoch = row.get("best_epoch")
        status = [status_text(str(row["status"]))] if bad else []
        known = isinstance(epoch, int | float) and epoch == epoch
        table.add_row(
            str(row["run"]),
            *status,
            f"{epoch:.0f}" if known else "–",
            *(_cell(row.get(name)) for name in metrics),
        )
    if len(rows) > len(shown):
        table.add_row(f"… and {len(rows) - len(shown)} more")
    return table


def _repetitions_table(rows: Sequence[Mapping[str, Any]], folds: int, metrics: Sequence[str]) -> Table:
    table = plain_table("", "folds", *(f"{name}, mean ± std" for name in metrics))
    for repeat in range(len(rows) // folds):
        good = [row for row in rows[repeat * folds : (repeat + 1) * folds] if row["status"] in GOOD]
        cells = []
        for name in metrics:
            values = [row[name] for row in good]
            spread = f" ± {number(stdev(values), 2)}" if len(values) > 1 else ""
            cells.append(number(fmean(values)) + spread if values else "–")
        of = f"{len(good)} of {folds}" if len(good) < folds else str(folds)
        table.add_row(f"repetition {repeat}", of, *cells)
    return table


def confusion_table(classes: Sequence[str], counts: Sequence[Sequence[int]]) -> Table:
    """How often a row of each class was taken for which."""
    names = [_short(label) for label in classes]
    table = plain_table("true ↓ predicted →", *names, title="Out-of-fold predictions")
    for place, (name, line) in enumerate(zip(names, counts, strict=True)):
        cells = (
            Text(str(count) if count else "·", "good" if place == column else "bad" if count else "faint")
            for column, count in enumerate(line)
        )
        table.add_row(Text(name), *cells)
    return table


def _short(label: str) -> str:
    """A label that leaves room for the others."""
    text = printable(label, one_line=True)
    return text if cell_len(text) <= 12 else f"{text[:11]}…"


def _cell(value: Any) -> str:
    return number(value) if isinstance(value, int | float) and value == value else "–"


def _rows(group: Group) -> list[dict[str, Any]]:
    values = {name: column.tolist() for name, column in group.results.items()}
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
