"""The charts of a comparison in which every contestant is a line: over epochs, trials, times and factors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gdrun.report.comparison import Problem, section_of
from gdrun.report.html.curves import Chart, Line, Values, is_steep, is_unbounded, kept_rows, plain
from gdrun.report.html.source import section
from gdrun.report.html.words import as_float, column_words, count, figure

COLOURS = 8  # of report.css; contestants beyond differ in their dashes
DASHES = 3
VALUES_OF_ALL_CURVES = 24_000  # each about eight bytes of the page
CLOSE = 0.2  # a close-up shows this share of the way from the start to the best value


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
        more: `noun`, `height`.
    """
    views = [view for view in views if view["sets"]]
    if not views:
        return None
    drawn = {line["label"] for view in views for line in view["sets"]}
    known = [name for name in names if name in drawn]
    drawing = {"kind": "overlay", "noun": "seed", "legend": legend(known, shown), "views": views, **more}
    return Chart(title, words, caption, drawing, wide=True)


def numbers(cells: Sequence[Any]) -> Values:
    """Values with NaN for every gap."""
    return np.array(
        [math.nan if (value := as_float(cell)) is None else value for cell in cells], dtype=np.float64
    )


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
    words = f"Median {column_words(problem['monitor'])} by epoch: {ends}."
    return overlay("Curves over the epochs", words, caption, views, names, shown)


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
        low, median, high = (numbers(values.get(key) or ()) for key in ("low", "median", "high"))
        if not np.isfinite(median).any():
            continue
        kept = kept_rows([low, median, high], points)
        sets.append(
            {
                "label": name,
                **shown[name],
                "x": plain(numbers(curves["epoch"])[kept]),
                "low": plain(low[kept], 5),
                "median": plain(median[kept], 5),
                "high": plain(high[kept], 5),
                "runs": plain(numbers(values["runs"])[kept]),
            }
        )
    if all(one["low"] == one["high"] for one in sets):  # the same for every seed, such as a learning rate
        for one in sets:
            del one["low"], one["high"]
    found = [Line(one["label"], "", numbers(one["median"])) for one in sets]
    possible = bool(found) and (column.endswith("loss") or column == "learning_rate" or is_unbounded(found))
    view = {
        "column": column,
        "label": column_words(column),
        "axis": "epoch",
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
        values = numbers(section_of(problem, name, "tuning").get("expected_best") or ())
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
        "The best score that k of the trials, picked at random, give on average: how much tuning an optimizer "
        "needs. A line begins where at least one of any k trials has a result."
    )
    return overlay(
        "What tuning brings", f"Expected best score by trials: {words}.", caption, [view], names, shown
    )


def time_chart(
    problem: Problem, rows: Sequence[Mapping[str, Any]], shown: Mapping[str, dict[str, Any]]
) -> Chart | None:
    """The share of the evaluation seeds that have reached the target, by epochs and by seconds.

    Args:
        problem: of the summary.
        rows: of results.csv, the evaluation runs of this problem.
        shown: the looks of the contestants.
    """
    value = as_float(problem["target"].get("value"))
    if value is None:
        return None
    names = list(problem["ranking"])
    views = [_time_view(unit, names, rows, shown) for unit in ("epochs", "seconds")]
    reached = [
        f"{name} {figure(epochs.get('reached'))} of {figure(epochs.get('n'))}"
        for name in names
        if (epochs := section(section_of(problem, name, "target"), "epochs"))
    ]
    words = (
        f"Share of seeds that reached {column_words(str(problem['target']['metric']))} {figure(value)}, by "
        f"epoch: in the end {', '.join(reached)}."
    )
    caption = (
        "How many of the evaluation seeds have reached the target by then. A line that ends below 100 % is of an "
        "optimizer that missed it with some seeds. Seconds are a run's share of the time of its stack."
    )
    return overlay("Time to the target", words, caption, views, names, shown, height=300)


def _time_view(
    unit: str,
    names: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    shown: Mapping[str, dict[str, Any]],
) -> dict[str, Any]:
    times = {
        name: [as_float(row.get(f"{unit}_to_target")) for row in rows if row.get("optimizer") == name]
        for name in names
    }
    own = [as_float(row.get("epochs" if unit == "epochs" else "seconds")) for row in rows]
    known = [time for found in times.values() for time in found if time is not None]
    end = max([*(time for time in own if time is not None), *known], default=0.0)
    sets = []
    for name, found in times.items():
        reached = np.sort([time for time in found if time is not None and math.isfinite(time)])
        if found:
            places, numbers_at = np.unique(reached, return_counts=True)
            share = np.concatenate([[0.0], np.cumsum(numbers_at) / len(found)])
            x = np.concatenate([[0.0], places])
            if places.size and places[0] == 0:
                x, share = x[1:], share[1:]
            x, share = np.append(x, max(end, x[-1])), np.append(share, share[-1])
            sets.append({"label": name, **shown[name], "x": plain(x, 6), "median": plain(share, 6)})
    return {
        "label": unit,
        "axis": unit.removesuffix("s") if unit == "epochs" else unit,
        "quantity": "share of seeds at the target",
        "step": True,
        "percent": True,
        "fractions": unit == "seconds",
        "sets": sets if known else [],
    }


def profile_chart(summary: Mapping[str, Any], shown: Mapping[str, dict[str, Any]]) -> Chart | None:
    """Performance profiles over several problems."""
    profiles = section(summary, "profiles")
    factors = [value for cell in profiles.get("factors") or () if (value := as_float(cell)) is not None]
    names = sorted(profiles.get("shares") or {}, key=lambda name: -(profiles["scores"].get(name) or 0))
    if not factors:
        return None
    last = max(factors[-1] * 1.05, as_float(profiles.get("largest_ratio")) or 4.0)
    sets = [
        {
            "label": name,
            **shown[name],
            "x": plain(np.array([*factors, last]), 6),
            "median": plain(numbers([*shares, shares[-1]]), 6),
        }
        for name in names
        if (shares := profiles["shares"][name])
    ]
    view = {
        "label": "",
        "axis": "times the epochs of the fastest",
        "quantity": "share of problems",
        "step": True,
        "percent": True,
        "x_log": last > 8,
        "fractions": True,
        "sets": sets,
    }
    words = f"Performance profiles over {count(len(summary['problems']), 'problem')}: " + "; ".join(
        f"{one['label']} the fastest on {100 * one['median'][0]:.0f} %, reaching the target on "
        f"{100 * one['median'][-1]:.0f} %"
        for one in sets
    )
    caption = (
        "For every factor, the share of problems on which the target is reached (median over the seeds) within so "
        "many times the epochs of the fastest. Higher is better; who leads depends on who takes part."
    )
    return overlay("Performance profiles", f"{words}.", caption, [view], names, shown, height=300)
