"""The table of runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gdrun.config.problems import did_you_mean, shown
from gdrun.errors import ConfigError, GdrunError
from gdrun.report.console.numbers import duration
from gdrun.report.console.run_result import NOTHING, result_in_words
from gdrun.report.console.screen import Screen
from gdrun.report.console.tables import status_text
from gdrun.run_directory.directory import Status
from gdrun.run_directory.listing import Entry
from gdrun.run_directory.store import Group
from gdrun.text import printable

_STATUSES = (*get_args(Status), "damaged")


def check_statuses(statuses: Collection[str]) -> Collection[str]:
    """The same, if each can be a run's.

    Raises:
        ConfigError: one can't.
    """
    for status in statuses:
        if status not in _STATUSES:
            near = did_you_mean(status, _STATUSES)
            raise ConfigError(
                f"--status: {shown(status)} is no status{near} (there are: {', '.join(_STATUSES)})"
            )
    return statuses


def list_document(runs_directory: Path, entries: Sequence[Entry]) -> dict[str, Any]:
    """What `gdrun runs list --json` prints."""
    return {"runs_directory": str(runs_directory), "runs": [_entry_document(entry) for entry in entries]}


def show_list(screen: Screen, runs_directory: Path, entries: Sequence[Entry], *, hidden: int) -> None:
    """The table, and what to do next."""
    if not entries:
        if hidden:
            screen.show(Text(f"none of the {hidden} runs under {runs_directory} has that status"))
        else:
            screen.show(Text(f"no runs under {runs_directory} yet"))
            screen.show(Text.assemble(("next  ", "faint"), ("gdrun train CONFIG", "command")))
        return
    show_table(screen.results, entries)
    for entry in entries:
        if entry.problem:
            screen.notice(printable(entry.problem, one_line=True))
    command = f"gdrun runs show {'latest' if not hidden else entries[0].id}"
    screen.show(Text.assemble(("next  ", "faint"), (command, "command")))


def show_table(console: Console, entries: Sequence[Entry]) -> None:
    """A line a run or group; columns that the width has no room for are left out."""
    now = datetime.now().astimezone()
    rows = [_cells(entry, now) for entry in entries]
    widths = {name: max(len(name), *(cell_len(row[name].plain) for row in rows)) for name in rows[0]}
    for name in ("when", "time", "command"):  # the first is in the name, too
        if sum(widths.values()) + 2 * len(widths) - 2 > console.width:
            del widths[name]
    if "command" not in widths:
        for row, entry in zip(rows, entries, strict=True):
            row["run"].append("" if _members(entry) is None else f" ×{_members(entry)}")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="faint")
    for name in widths:
        table.add_column(name, justify="right" if name == "time" else "left", overflow="fold")
    for row in rows:
        table.add_row(*(row[name] for name in widths))
    for line in console.render_lines(table, pad=False):
        text = Text.assemble(*((segment.text, segment.style or "") for segment in line))
        text.rstrip()
        console.print(text, soft_wrap=True)


def show_removed(screen: Screen, path: Path) -> None:
    """Say what is gone."""
    screen.show(Text.assemble(("removed  ", "faint"), printable(path, one_line=True)))


def _cells(entry: Entry, now: datetime) -> dict[str, Text]:
    command = str(entry.record.get("command") or "–")
    if (members := _members(entry)) is not None:
        command += f" ×{members}"
    seconds = (entry.record.get("timing") or {}).get("total")
    return {
        "run": Text(printable(entry.id, one_line=True), "name"),
        "command": Text(printable(command, one_line=True)),
        "status": status_text(entry.status),
        "result": Text(_result(entry), "number"),
        "time": Text("–" if seconds is None else duration(seconds)),
        "when": Text(_ago(entry, now), "faint"),
    }


def _members(entry: Entry) -> int | None:
    """How many runs a group has; None for a run."""
    return len(entry.saved.plan) if isinstance(entry.saved, Group) else None


def _result(entry: Entry) -> str:
    try:
        return result_in_words(entry.saved)
    except GdrunError:
        return NOTHING


def _ago(entry: Entry, now: datetime) -> str:
    """When it began, as a person says it."""
    try:
        then = datetime.fromisoformat(str(entry.record["created"]))
        seconds = (now - then).total_seconds()
    except (KeyError, ValueError, TypeError):
        return "–"
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 31 * 86400:
            return f"{then:%Y-%m-%d}"
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' * (count > 1)} ago"
    return "just now"


def _entry_document(entry: Entry) -> dict[str, Any]:
    kept = ("name", "command", "reason", "created", "finished", "seed", "timing")
    document = {
        "id": entry.id,
        "path": str(entry.path),
        "kind": entry.kind or None,
        "status": entry.status,
        "members": _members(entry),
        **{key: entry.record.get(key) for key in kept},
        "problem": entry.problem,
    }
    if isinstance(entry.saved, Group):
        try:
            return document | {"result": entry.saved.summary.get("metrics")}
        except GdrunError as error:
            return document | {"result": None, "problem": str(error)}
    return document | {"result": entry.record.get("result")}
