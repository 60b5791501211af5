"""Two runs side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from rich.text import Text

from gdrun.config.dump import flow
from gdrun.report.console.numbers import number
from gdrun.report.console.screen import Screen
from gdrun.report.console.tables import plain_table, status_text
from gdrun.run_directory.difference import MISSING, Difference, Row
from gdrun.run_directory.store import Group, Run
from gdrun.statistics import Description
from gdrun.text import printable

_LEFT_OUT = {field.name for field in dataclasses.fields(Description)} - {"mean", "std"}


def difference_document(first: Run | Group, second: Run | Group, found: Difference) -> dict[str, Any]:
    """The three parts, each a list of `key`, `first`, `second`; a side that has no such key lacks it."""
    return {
        "first": str(first.path),
        "second": str(second.path),
        "config": [_row_document(row) for row in found.config],
        "environment": [_row_document(row) for row in found.environment],
        "results": [_row_document(row) for row in found.results],
    }


def show_difference(screen: Screen, first: Run | Group, second: Run | Group, found: Difference) -> None:
    """Keys of the config and the environment that differ, then all results."""
    for letter, saved in (("A", first), ("B", second)):
        screen.show(Text.assemble((f"{letter}  ", "number"), (printable(saved.path, one_line=True), "name")))
    for title, rows in (("Config", found.config), ("Environment", found.environment)):
        screen.show(Text())
        if rows:
            screen.show(_table(title, rows))
        else:
            screen.show(Text.assemble((title, "name"), "  the same"))
    screen.show(Text())
    screen.show(_table("Results", [row for row in found.results if _is_shown(row)]))


def _table(title: str, rows: Sequence[Row]) -> Any:
    table = plain_table("", "A", "B", title=title)
    for key, one, other in rows:
        cells = (_cell(key, value, title == "Results") for value in (one, other))
        table.add_row(Text(printable(key, one_line=True)), *cells)
    return table


def _is_shown(row: Row) -> bool:
    """Of a group's results the mean and the spread; the file has the rest."""
    return row[0].rpartition(".")[2] not in _LEFT_OUT


def _cell(key: str, value: Any, is_result: bool) -> Text:
    """A result in four digits, anything else as a config has it."""
    if is_result and key == "status":
        return status_text(str(value))
    if value is MISSING:
        return Text("–", "faint")
    if isinstance(value, float) and is_result:
        return Text(number(value), "number")
    return Text(printable(value if isinstance(value, str) else flow(value), one_line=True))


def _row_document(row: Row) -> dict[str, Any]:
    key, one, other = row
    sides = {"first": one, "second": other}
    return {"key": key, **{side: value for side, value in sides.items() if value is not MISSING}}
