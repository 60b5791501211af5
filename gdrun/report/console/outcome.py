"""What a run or a group came to: tables, its path, and the next useful command."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.text import Text

from gdrun.report.console.numbers import duration
from gdrun.report.console.screen import Screen
from gdrun.report.console.tables import group_table, result_table, run_summary, status_text
from gdrun.report.lazily import function
from gdrun.run_directory.store import Group, load
from gdrun.text import printable

SHOWN: Mapping[str, str] = {  # what is shown of groups of a command
    "train": "console.outcome.show_metrics",
    "kfold": "console.folds.show_folds",
    "compare-optimizers": "console.comparison.show_comparison",
    "sweep": "console.points.show_points",
    "minimize": "console.descents.show_descents",
}
NEXT: Mapping[str, str] = {  # which command is useful then
    "compare-optimizers": "console.comparison.next_command",
    "sweep": "console.points.train_the_best",
}


def show_outcome(screen: Screen, path: Path) -> dict[str, Any]:
    """Show what a finished run or group left; returns its record.

    With `--json` it is one document: run.json with its path, or group.json with path, summary and results.
    """
    saved = load(path)
    if isinstance(saved, Group):
        if screen.json:
            results = {name: column.tolist() for name, column in saved.results.items()}
            screen.document(
                _strict({"path": str(path), **saved.record, "summary": saved.summary, "results": results})
            )
        _show_group(screen, saved)
        return saved.record
    if screen.json:
        screen.document({"path": str(path), **saved.record})
    if saved.record.get("command") == "minimize":
        function("console.descents.show_descent")(screen, saved.record)
        _next(screen, path, f"gdrun runs show {path}")
        return saved.record
    screen.show(run_summary(saved.record))
    if saved.result:
        screen.show(result_table(saved.record))
    _next(screen, path, f"gdrun predict {path} DATA")
    return saved.record


def _show_group(screen: Screen, group: Group) -> None:
    summary = group.summary
    counts = Text(" · ").join(
        Text.assemble(f"{count} ", status_text(status)) for status, count in summary["statuses"].items()
    )
    total = (group.record.get("timing") or {}).get("total")
    screen.show(Text.assemble(f"{summary['runs']} runs: ", counts, f" · {duration(total)}" if total else ""))
    command = str(group.record.get("command"))
    function(SHOWN.get(command, SHOWN["train"]))(screen, group)
    further = NEXT.get(command)
    _next(screen, group.path, function(further)(group) if further else f"gdrun runs show {group.path}")


def show_metrics(screen: Screen, group: Group) -> None:
    """Show mean, spread and interval of every result."""
    if group.summary["metrics"]:
        screen.show(group_table(group.summary["metrics"]))


def _next(screen: Screen, path: Path, command: str) -> None:
    screen.show_line(Text.assemble(("run     ", "faint"), printable(path, one_line=True)))
    screen.show_line(Text.assemble(("report  ", "faint"), printable(path / "report.html", one_line=True)))
    screen.show_line(Text.assemble(("next    ", "faint"), (printable(command, one_line=True), "command")))


def _strict(value: Any) -> Any:
    """The same without non-finite numbers, which strict JSON doesn't have: null."""
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_strict(item) for item in value]
    return None if isinstance(value, float) and not abs(value) < float("inf") else value
