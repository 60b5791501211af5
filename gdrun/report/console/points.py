"""What a sweep came to: a line a point, the best first, and the grid of two keys as a heat map."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from gdrun.config.dump import flow
from gdrun.report.console.numbers import number
from gdrun.report.console.screen import Screen
from gdrun.report.console.tables import plain_table
from gdrun.run_directory.directory import CONFIG, GOOD, MEMBERS
from gdrun.run_directory.store import Group
from gdrun.text import printable

MOST_POINTS = 20
_LONGEST_VALUE = 32
_ACROSS, _DOWN = 9, 18  # of a heat map: more are hard to read in text
_UNBROKEN = 10_000  # columns: what is measured is cut off at the width of the screen
_SHADES = ("faint", "", "cyan", "bold cyan", "bold green")  # from the worst to the best

Point = Mapping[str, Any]


def show_points(screen: Screen, group: Group) -> None:
    """Show the points of a sweep from its summary."""
    summary = group.summary
    points = ranked(summary)
    if not points:
        return
    screen.show(_fitting(screen, summary, points[:MOST_POINTS]))
    if len(points) > MOST_POINTS:
        more = len(points) - MOST_POINTS
        screen.show(Text(f"… and {more:,} more in report.html and results.csv", "faint"))
    heat_map, unbroken = grid_table(summary), screen.results.options.update(width=_UNBROKEN)
    if (
        heat_map is not None
        and screen.results.measure(heat_map, options=unbroken).maximum <= screen.results.width
    ):
        screen.show(heat_map)
    if summary["best"] is None:
        screen.show(Text("no point has a run that came to a good end: nothing to compare", "warn"))


def train_the_best(group: Group) -> str:
    """What to do next: train the best point with more seeds, or make the descent from there."""
    best = group.summary["best"]
    name = next((entry["run"] for entry in group.plan if entry["point"] == best), None)
    if name is None:
        return f"gdrun runs show {group.path}"
    config = group.path / MEMBERS / name / CONFIG
    return f"gdrun minimize {config}" if _descends(group.summary) else f"gdrun train {config} --seeds 10"


def _descends(summary: Mapping[str, Any]) -> bool:
    """Whether the runs are descents on an objective, whose values are of any size."""
    return bool(summary["monitor"] == "value")


def ranked(summary: Mapping[str, Any]) -> list[Point]:
    """The points, the best first."""
    by_number = {point["point"]: point for point in summary["points"]}
    return [by_number[place] for place in summary["ranking"]]


def _fitting(screen: Screen, summary: Mapping[str, Any], points: Sequence[Point]) -> Table:
    """The table with as much beside the monitor as the screen has room for."""
    several = _several(summary)
    unbroken = screen.results.options.update(width=_UNBROKEN)
    for beside, spread in ((True, several), (False, several)):
        table = points_table(summary, points, beside=beside, spread=spread)
        if screen.results.measure(table, options=unbroken).maximum <= screen.results.width:
            return table
    return points_table(summary, points, beside=False, spread=False)


def points_table(
    summary: Mapping[str, Any], points: Sequence[Point], *, beside: bool = True, spread: bool = True
) -> Table:
    """A line a point: its settings, the monitor, and how its runs ended if not well.

    Args:
        summary: of the sweep.
        points: to show.
        beside: whether another result stands beside the monitor.
        spread: whether means have their standard deviations.
    """
    monitor, keys = summary["monitor"], summary["keys"]
    words = {key: _words([point["settings"].get(key) for point in summary["points"]]) for key in keys}
    known = list(dict.fromkeys(name for point in points for name in point["metrics"]))
    shown = _beside(monitor, known) if beside else []
    bad = any(status not in GOOD for point in points for status in point["statuses"])
    means = (", mean ± std" if spread else ", mean") if _several(summary) else ""
    digits = 6 if _descends(summary) else 4
    headers = [*map(_broken, keys), f"{monitor}{means}", *shown, *(["ended"] if bad else [])]
    table = plain_table("point", *headers)
    for point in points:
        is_best = point["point"] == summary["best"]
        cells = [Text(words[key][_identity(point["settings"].get(key))]) for key in keys]
        cells += [
            _cell(point["metrics"].get(name), spread=spread, digits=digits) for name in (monitor, *shown)
        ]
        if bad:
            cells.append(_ended(point))
        name = Text.assemble(str(point["point"]), (" best" if is_best else "", "good"))
        table.add_row(name, *cells, style="name" if is_best else "")
    return table


def _several(summary: Mapping[str, Any]) -> bool:
    """Whether a point has more than one run."""
    return any(point["runs"] > 1 for point in summary["points"])


def _broken(key: str) -> str:
    """A dotted path in lines: columns are narrow."""
    return key.replace(".", ".\n")


def _identity(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _words(values: Sequence[Any]) -> dict[str, str]:
    """What is written for the values of a key; a component's name alone, where that is enough."""
    distinct = {_identity(value): value for value in values}
    names = [value.get("name") if isinstance(value, dict) else value for value in distinct.values()]
    return {
        identity: _text(name if isinstance(name, str) and names.count(name) == 1 else value)
        for (identity, value), name in zip(distinct.items(), names, strict=True)
    }


def _text(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else printable(flow(value), one_line=True)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def grid_table(summary: Mapping[str, Any]) -> Table | None:
    """The mean of the monitor by two keys, the darker the worse; None where there is no small grid."""
    keys, points, monitor = summary["keys"], summary["points"], summary["monitor"]
    if len(keys) != 2 or summary.get("random") is not None:
        return None
    words = [_words([point["settings"][key] for point in points]) for key in keys]
    down, across = (list(found.values()) for found in words)
    if not (2 <= len(down) <= _DOWN and 2 <= len(across) <= _ACROSS):
        return None
    means, at_best = {}, None
    for point in points:
        place = tuple(
            found[_identity(point["settings"][key])] for key, found in zip(keys, words, strict=True)
        )
        means[place] = point["metrics"].get(monitor, {}).get("mean")
        at_best = place if point["point"] == summary["best"] else at_best
    table = plain_table(
        f"{keys[0]} ↓\n{keys[1]} →", *across, title=f"{monitor}{', mean' * _several(summary)}"
    )
    known = sorted(value for value in means.values() if value is not None)
    for row in down:
        cells = []
        for column in across:
            mean = means.get((row, column))
            if mean is None:
                cells.append(Text("–", "bad"))
                continue
            rank = known.index(mean) if summary["better"] == "higher" else len(known) - 1 - known.index(mean)
            mark = "* " if (row, column) == at_best else ""
            said = f"{mean:.3g}" if _descends(summary) else number(mean, 3)
            cells.append(Text(f"{mark}{said}", _SHADES[rank * len(_SHADES) // len(known)]))
        table.add_row(Text(row), *cells)
    return table


def _beside(monitor: str, known: Sequence[str]) -> list[str]:
    """What else is worth a column: the first metric, or the loss, on the same rows.

    Never results on the test rows: they choose nothing.
    """
    if monitor == "value":
        return [name for name in ("distance", "gradient_norm") if name in known][:1]
    part = monitor.partition("_")[0]
    others = [name for name in known if name.startswith(f"{part}_") and name != monitor]
    metrics = [name for name in others if not name.endswith("_loss")]
    return (metrics or others)[:1]


def _cell(description: Mapping[str, Any] | None, *, spread: bool, digits: int) -> Text:
    if not description or description.get("mean") is None:
        return Text("–")
    mean, std = number(description["mean"], digits), description.get("std")
    if not spread or std is None:
        return Text(mean, "number")
    decimals = len(mean.partition(".")[2])
    return Text(f"{mean} ± {number(std, 3) if 'e' in mean else f'{std:.{decimals}f}'}", "number")


def _ended(point: Point) -> Text:
    """How the runs of a point ended that came to no good end."""
    bad = {status: count for status, count in point["statuses"].items() if status not in GOOD}
    return Text(", ".join(f"{count} of {point['runs']} {status}" for status, count in bad.items()), "bad")
