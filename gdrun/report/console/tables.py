"""Tables of results, drawn from what a run or a group left."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from gdrun.report.console.numbers import duration, number

_PARTS = ("train", "validation", "test")
_STATUS_STYLE = {
    "completed": "good",
    "stopped": "good",
    "running": "number",
    "interrupted": "warn",
    "diverged": "bad",
    "failed": "bad",
}


def plain_table(*headers: str, title: str | None = None) -> Table:
    """An empty table in the house style: the first column is text, the others numbers."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="name", pad_edge=False)
    for place, header in enumerate(headers):
        table.add_column(header, justify="left" if place == 0 else "right", overflow="fold")
    return table


def status_text(status: str) -> Text:
    """A status in its colour."""
    return Text(status, style=_STATUS_STYLE.get(status, ""))


def result_table(run: Mapping[str, Any]) -> Table:
    """Loss and metrics of one run on each part, from its run.json."""
    result = run["result"]
    return values_table({name: result[name] for name in _PARTS if result.get(name)})


def values_table(values: Mapping[str, Mapping[str, float]]) -> Table:
    """A line a part of the data, a column a quantity."""
    quantities = list(next(iter(values.values()), {}))
    table = plain_table("", *quantities)
    for part, found in values.items():
        table.add_row(part, *(Text(number(found[name]), style="number") for name in quantities))
    return table


def run_summary(run: Mapping[str, Any]) -> Text:
    """One line: how the run ended, at which epoch it was best, how long it took."""
    timing = run["timing"]
    text = Text.assemble(status_text(run["status"]))
    if run["reason"]:
        text.append(f" ({run['reason']})")
    best = run["result"].get("best_epoch")
    if best is not None:
        text.append(f" · weights of epoch {best}")
    if timing.get("steps"):
        rate = timing["steps_per_second"] or 0
        text.append(f" · {timing['steps']:,} updates in {duration(timing['training'])}, {rate:,.0f}/s")
    return text


def group_table(
    metrics: Mapping[str, Mapping[str, Any]],
    interval: str = "95 % interval",
    pooled: Mapping[str, float] | None = None,
) -> Table:
    """Mean, spread and interval of every result over the runs of a group, from its summary.json.

    Args:
        metrics: of the summary.
        interval: what the interval is called.
        pooled: metrics of all out-of-fold predictions together, where there are any.
    """
    more = ["pooled"] if pooled else []
    table = plain_table("", "mean", "std", interval, "min", "max", *more)
    for name, values in metrics.items():
        low, high = values["interval"] or (None, None)
        between = "–" if low is None else f"{number(low)} … {number(high)}"
        cells = [number(values["mean"]), number(values["std"]), between]
        cells += [number(values["min"]), number(values["max"])]
        if pooled:
            known = name.startswith("test_") and name.removeprefix("test_") in pooled
            cells.append(number(pooled[name.removeprefix("test_")]) if known else "")
        table.add_row(name, Text(cells[0], style="number"), *cells[1:])
    return table


def members_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """A line a run: its status and its results."""
    columns = [name for name in rows[0] if name not in ("run", "status")]
    table = plain_table("run", "status", *columns)
    for row in rows:
        cells = [_found(row[name]) for name in columns]
        table.add_row(str(row["run"]), status_text(str(row["status"])), *cells)
    return table


def _found(value: Any) -> str:
    """A cell of results.csv; NaN is one that holds nothing."""
    if not isinstance(value, float):
        return str(value)
    return number(None if math.isnan(value) else value)
