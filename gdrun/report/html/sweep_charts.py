"""The charts of a sweep: the monitor by one key, by two as a map, by more on parallel axes; curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gdrun.report.html.curves import Chart, Line, is_steep, plain
from gdrun.report.html.source import ReportRun
from gdrun.report.html.sweep_axes import Axis
from gdrun.report.html.sweep_points import Point, labels_of
from gdrun.report.html.words import column_words, count, figure

_MOST_VALUES = 4800  # in one chart: what keeps the page below a megabyte
MOST_CELLS = 40  # along one side of a map
_NARROW = 6  # columns of a map that needs half of the page
MOST_KEYS = 8  # beside each other
MOST_CURVES = 8
_POINTS_OF_A_CURVE = 200


def drawn_points(points: Sequence[Point]) -> list[Point]:
    """The points that charts show: the best half of what there is room for, and some of the rest, evenly."""
    room = _MOST_VALUES // (3 + len(points[0].settings)) if points else 0
    if len(points) <= room:
        return list(points)
    half = room // 2
    rest = np.unique(np.linspace(half, len(points) - 1, room - half).round().astype(int))
    return [*points[:half], *(points[place] for place in rest.tolist())]


def key_chart(points: Sequence[Point], keys: Sequence[str], monitor: str, better: str) -> Chart | None:
    """The monitor against a key; with several keys a view each."""
    known = [point for point in points if point.score is not None]
    if not known:
        return None
    title = column_words(monitor)
    steep = _is_steep(known)
    views = []
    for key in keys[:MOST_KEYS]:
        axis = _axis(key, points)
        views.append(
            {
                "label": key,
                "x": {"kind": axis.kind, "labels": axis.labels if axis.kind == "names" else []},
                "at": list(axis.values),
                "line": len(keys) == 1 and axis.kind != "names",
                "log_possible": steep,
                "log": steep,
            }
        )
    drawing = {
        "kind": "key",
        "labels": labels_of(keys),
        "quantity": title,
        "lower": better == "lower",
        "views": views,
        "points": [_drawn(point, seeds=True) for point in points],
    }
    best = next((point for point in points if point.is_best), known[0])
    words = f"{title} by {', '.join(keys)}: best {figure(best.score)} at {best.in_words}."
    seeds = any(len(point.scores) > 1 for point in known)
    caption = ["A small dot is a run, a large one the mean of a point."] if seeds else ["A dot is a point."]
    if len(keys) > 1:
        caption.append("The other keys differ among dots above each other.")
    caption += ["The diamond is the best point."] * any(point.is_best for point in points)
    return Chart(
        f"{_title(monitor)} by {keys[0] if len(keys) == 1 else 'each key'}",
        words,
        " ".join([*caption, *_lost(points)]),
        drawing,
    )


def map_chart(points: Sequence[Point], keys: Sequence[str], monitor: str) -> Chart | None:
    """Two keys across and down: cells where the points are a grid, dots where they lie anywhere."""
    if len(keys) != 2 or not any(point.score is not None for point in points):
        return None
    across, down = (_axis(key, points) for key in (keys[1], keys[0]))
    is_grid = max(len(across.labels), len(down.labels)) <= MOST_CELLS
    if not is_grid and "names" in (across.kind, down.kind) and len(points) > MOST_CELLS**2:
        return None
    goodness = _goodness(points)
    drawing = {
        "kind": "map",
        "labels": labels_of(keys),
        "cells": is_grid,
        "x": _side(across, is_grid),
        "y": _side(down, is_grid),
        "points": [
            {**_drawn(point), "x": x, "y": y, "good": good}
            for point, x, y, good in zip(
                points,
                across.places if is_grid else across.values,
                down.places if is_grid else down.values,
                goodness,
                strict=True,
            )
        ],
    }
    title = f"{_title(monitor)} by both keys"
    words = f"{column_words(monitor)} by {keys[0]} and {keys[1]}: {count(len(points), 'point')}."
    caption = "The brighter, the better the rank of a point; the frame is around the best."
    wide = not is_grid or len(across.labels) > _NARROW
    return Chart(title, words, " ".join([caption, *_lost(points)]), drawing, wide)


def parallel_chart(points: Sequence[Point], keys: Sequence[str], monitor: str, better: str) -> Chart | None:
    """An axis a key and one for the monitor, a line a point."""
    known = [point for point in points if point.score is not None]
    if len(keys) < 3 or len(known) < 2:
        return None
    axes = [_axis(key, known) for key in keys[:MOST_KEYS]]
    scores = [point.score for point in known]
    kind = "log" if _is_steep(known) else "linear"
    score = Axis(column_words(monitor), kind, sorted({figure(value) for value in scores}), scores)  # type: ignore[arg-type] # one of both
    sides = [axis.shares() for axis in axes]
    last = [1 - (share or 0) if better == "lower" else share for share in score.shares()]
    drawing = {
        "kind": "parallel",
        "labels": labels_of(keys),
        "axes": [{"label": axis.label, "ticks": axis.ticks()} for axis in axes]
        + [
            {
                "label": score.label,
                "ticks": [
                    (1 - share if better == "lower" else share, text) for share, text in score.ticks(5)
                ],
            }
        ],
        "points": [
            {**_drawn(point), "at": _rounded(at), "good": good}
            for point, *at, good in zip(known, *sides, last, _goodness(known), strict=True)
        ],
    }
    words = f"{count(len(known), 'point')} of {count(len(keys), 'key')} and their {column_words(monitor)}."
    caption = [
        "A line is a point; bright ones have the better ranks, and the last axis has what is better above."
    ]
    caption.append("Draw along an axis to keep the lines that pass there; a click frees it.")
    if len(keys) > MOST_KEYS:
        caption.append(f"The first {MOST_KEYS} of {len(keys)} keys.")
    return Chart("All keys together", words, " ".join([*caption, *_lost(points)]), drawing, wide=True)


def curve_chart(
    members: Mapping[str, ReportRun],
    names: Mapping[str, str],
    monitor: str,
    better: str,
    *,
    across: str = "epoch",
) -> Chart | None:
    """The monitor over the epochs, one run of each of the best points.

    Args:
        members: the runs.
        names: of the runs → what to call their points, the best first.
        monitor: the column.
        better: lower or higher.
        across: the column of the epochs, or of what stands for them.
    """
    sets, lines = [], []
    for place, (run, label) in enumerate(names.items()):
        metrics = members[run].metrics if run in members else {}
        rows = len(metrics.get(across, ()))
        line = Line.of(label, "other", metrics.get(monitor), rows)
        if rows < 2 or not np.isfinite(line.values).any():
            continue
        kept = np.unique(np.linspace(0, rows - 1, min(rows, _POINTS_OF_A_CURVE)).round().astype(int))
        epochs = Line.of(across, "other", metrics.get(across), rows).values
        look = {"role": f"c{place % 8}", "dash": place // 8}
        sets.append({"label": label, **look, "x": plain(epochs[kept]), "median": plain(line.values[kept], 6)})
        lines.append(line)
    if not sets:
        return None
    title = column_words(monitor)
    steep = is_steep([line.values for line in lines])
    positive = all(np.nanmin(line.values) > 0 for line in lines)
    view = {
        "label": title,
        "axis": across,
        "quantity": title,
        "lower": better == "lower",
        "x_log": False,
        "sets": sets,
        "log_possible": positive,
        "log": positive and steep,
    }
    drawing = {
        "kind": "overlay",
        "noun": "run",
        "legend": [{key: one[key] for key in ("label", "role", "dash")} for one in sets],
        "views": [view],
    }
    words = f"{title} over the {across}s: one run of each of {count(len(sets), 'point')}."
    return Chart(
        f"{_title(monitor)} of the best points",
        words,
        f"One run a point, with its first {'seed' if across == 'epoch' else 'start'}.",
        drawing,
        wide=True,
    )


def _title(monitor: str) -> str:
    words = column_words(monitor)
    return words[:1].upper() + words[1:]


def _axis(key: str, points: Sequence[Point]) -> Axis:
    in_order = sorted(points, key=lambda point: point.number)
    return Axis.of(
        key, [point.settings[key] for point in points], [point.settings[key] for point in in_order]
    )


def _drawn(point: Point, *, seeds: bool = False) -> dict[str, Any]:
    drawn: dict[str, Any] = {"score": _number(point.score), "said": point.said(), "best": point.is_best}
    return drawn | {"seeds": [_number(value) for value in point.scores]} if seeds else drawn


def _side(axis: Axis, is_grid: bool) -> dict[str, Any]:
    if is_grid:
        return {"label": axis.label, "kind": "names", "labels": list(axis.labels)}
    return {
        "label": axis.label,
        "kind": axis.kind,
        "labels": list(axis.labels) if axis.kind == "names" else [],
    }


def _goodness(points: Sequence[Point]) -> list[float | None]:
    """From 0 for the worst to 1 for the best point that has a score, in the order of the points."""
    known = sum(point.score is not None for point in points)
    places = iter(range(known))
    return [
        None if point.score is None else round(1 - next(places) / max(1, known - 1), 4) for point in points
    ]


def _is_steep(points: Sequence[Point]) -> bool:
    scores = [point.score for point in points if point.score is not None]
    return min(scores) > 0 and max(scores) >= 10 * min(scores)


def _lost(points: Sequence[Point]) -> list[str]:
    lost = sum(point.score is None for point in points)
    return [f"Without a value, since no run came to a good end: {count(lost, 'point')}."] if lost else []


def _rounded(shares: Sequence[float | None]) -> list[float | None]:
    return [None if share is None else round(share, 4) for share in shares]


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.7g}")
