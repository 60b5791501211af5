"""The charts of a comparison in which every contestant is a line: over epochs, trials, times and factors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gdrun.report.comparison import Problem, clock_of, section_of
from gdrun.report.html.curves import Chart, Line, is_steep, is_unbounded, kept_rows, plain
from gdrun.report.html.source import section
from gdrun.report.html.words import as_float, as_floats, column_words, figure

COLOURS = 8  # of report.css; contestants beyond differ in their dashes
DASHES = 3
VALUES_OF_ALL_CURVES = 15_000  # each about eight bytes of the page
CLOSE = 0.12  # a close-up shows this share of the way from the start to the best value


def look(place: int) -> dict[str, Any]:
    """Colour and dashes of the contestant at this place of the summary."""
    return {"role": f"c{place % COLOURS}", "dash": place // COLOURS % DASHES}


def looks(summary: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The same of every contestant, by its name."""
    return {str(name): look(place) for place, name in enumerate(summary["contestants"])}


def legend(names: Iterable[str], shown: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"label": name, **shown[name]} for name in names]


def overlay(
    title: str,
    words: str,
    caption: str,
    views: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    shown: Mapping[str, dict[str, Any]],
    **more: Any,
) -> Chart | None:
    """A chart of one line a contestant; None where there is no line.

    Args:
        title, words, caption: around it.
        views: what it can show, one at a time; those without lines are left out.
        names: the contestants in the order of the legend.
        shown: their looks.
        more: `height`.
    """
    views = [view for view in views if view["sets"]]
    if not views:
        return None
    drawn = {line["label"] for view in views for line in view["sets"]}
    known = [name for name in names if name in drawn]
    drawing = {"kind": "overlay", "legend": legend(known, shown), "views": views, **more}
    return Chart(title, words, caption, drawing, wide=True)


def curve_chart(problem: Problem, shown: Mapping[str, dict[str, Any]], share: float) -> Chart | None:
    """Median and quartiles over the evaluation seeds by epoch; a view a quantity.

    Args:
        problem: of the summary.
        shown: the looks of the contestants.
        share: of the values that all problems may draw together.
    """
    names = list(problem["ranking"])
    present = {
        column: None for name in names for column in section(section_of(problem, name, "curves"), "columns")
    }
    columns = sorted(present, key=lambda column: _importance(column, problem["monitor"]))
    lines = max(1, len(columns) * len(names) * 3)
    points = max(20, min(300, int(share * VALUES_OF_ALL_CURVES / lines)))
    views = [_curve_view(problem, column, names, shown, points) for column in columns]
    ended = any(
        0 < min(runs) < max(runs)
        for name in names
        if (
            runs := section(section_of(problem, name, "curves"), "columns", problem["monitor"]).get("runs")
            or ()
        )
    )
    caption = "Line: median over the evaluation seeds; band: from the lower to the upper quartile."
    if ended:
        caption += " Some runs end earlier than others: median and band are over those that still run."
    monitor = next((view for view in views if view["column"] == problem["monitor"]), None)
    ends = "; ".join(
        f"{one['label']} from {figure(one['median'][0])} to {figure(one['median'][-1])}"
        for one in (monitor["sets"] if monitor else ())
    )
    words = f"Median {column_words(problem['monitor'])} by {clock_of(problem)}: {ends}."
    return overlay(f"Curves over the {clock_of(problem)}s", words, caption, views, names, shown)


def _importance(column: str, monitor: str) -> tuple[int, str]:
    first = (monitor, monitor.replace("val_", "train_", 1), "val_loss", "train_loss")
    return (
        first.index(column) if column in first else 9 if column == "learning_rate" else 5,
        column,
    )


def _curve_view(
    problem: Problem, column: str, names: Sequence[str], shown: Mapping[str, dict[str, Any]], points: int
) -> dict[str, Any]:
    sets = []
    for name in names:
        curves = section_of(problem, name, "curves")
        values = section(curves, "columns", column)
        low, median, high = (as_floats(values.get(key) or ()) for key in ("low", "median", "high"))
        if not np.isfinite(median).any():
            continue
        kept, runs = kept_rows([low, median, high], points), as_floats(values["runs"])
        sets.append(
            {
                "label": name,
                **shown[name],
                "x": plain(as_floats(curves["epoch"])[kept]),
                "low": plain(low[kept], 5),
                "median": plain(median[kept], 5),
                "high": plain(high[kept], 5),
                **({"runs": plain(runs[kept])} if runs.min() < runs.max() else {}),
            }
        )
    if all(one["low"] == one["high"] for one in sets):  # the same for every seed, such as a learning rate
        for one in sets:
            del one["low"], one["high"]
    found = [Line(one["label"], "", as_floats(one["median"])) for one in sets]
    possible = bool(found) and (column.endswith("loss") or column == "learning_rate" or is_unbounded(found))
    view = {
        "column": column,
        "label": column_words(column),
        "axis": clock_of(problem),
        "quantity": column_words(column),
        "lower": column.endswith("loss") or (column == problem["monitor"] and problem["better"] == "lower"),
        "log_possible": possible,
        "log": possible and is_steep(line.values for line in found),
        "sets": sets,
    }
    if column == problem["monitor"]:
        view |= {"near": close_up(problem), "close": True, "rule": target_rule(problem)}
    return view


def close_up(problem: Problem) -> list[float] | None:
    """The vertical range in which the good values lie; None where it can't be told."""
    start = as_float(problem.get("start"))
    bests = [
        value
        for name in problem["ranking"]
        if (
            value := as_float(
                section_of(problem, name).get("max" if problem["better"] == "higher" else "min")
            )
        )
        is not None
    ]
    if start is None or not bests:
        return None
    best = max(bests) if problem["better"] == "higher" else min(bests)
    way = best - start
    if way == 0 or not math.isfinite(way):
        return None
    far = best + 0.1 * CLOSE * way
    target = as_float(problem["target"].get("value"))
    if target is not None and 0 < (target - best) / way < CLOSE:
        far = target + 0.05 * CLOSE * way
    return sorted([best - CLOSE * way, far])


def target_rule(problem: Problem) -> dict[str, Any] | None:
    value = as_float(problem["target"].get("value"))
    return None if value is None else {"at": value, "label": f"target {figure(value)}"}


def expected_best_chart(problem: Problem, shown: Mapping[str, dict[str, Any]]) -> Chart | None:
    """What k trials bring on average, for k = 1 … trials."""
    names, sets = list(problem["ranking"]), []
    for name in names:
        values = as_floats(section_of(problem, name, "tuning").get("expected_best") or ())
        if np.isfinite(values).any():
            trials = np.arange(1.0, len(values) + 1)
            sets.append({"label": name, **shown[name], "x": plain(trials), "median": plain(values, 7)})
    view = {
        "label": "",
        "axis": "trials",
        "quantity": f"expected best {column_words(problem['monitor'])}",
        "lower": problem["better"] == "lower",
        "near": close_up(problem),
        "sets": sets,
    }
    words = "; ".join(
        f"{one['label']} {figure(value)} with one trial, {figure(one['median'][-1])} with {len(one['x'])}"
        for one in sets
        if (value := next((v for v in one["median"] if v is not None), None)) is not None
    )
    caption = (
        "The best score that k of the trials, picked at random, give on average: how much tuning it takes. "
        " A line begins where at least one of any k trials has a result."
    )
    return overlay(
        "What tuning brings", f"Expected best score by trials: {words}.", caption, [view], names, shown
    )
