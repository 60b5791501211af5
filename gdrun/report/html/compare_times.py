"""How fast the target was reached: by the seeds of one problem, and over several problems."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gdrun.report.comparison import Problem, clock_of, section_of
from gdrun.report.html.compare_charts import overlay
from gdrun.report.html.curves import Chart, plain
from gdrun.report.html.source import section
from gdrun.report.html.words import as_float, as_floats, column_words, count, figure


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
    clock = clock_of(problem)
    views = [_time_view(unit, clock, names, rows, shown) for unit in ("epochs", "seconds")]
    reached = [
        f"{name} {figure(epochs.get('reached'))} of {figure(epochs.get('n'))}"
        for name in names
        if (epochs := section(section_of(problem, name, "target"), "epochs"))
    ]
    words = (
        f"Share of seeds that reached {column_words(str(problem['target']['metric']))} {figure(value)}, by "
        f"{clock}: in the end {', '.join(reached)}."
    )
    caption = (
        "How many of the evaluation seeds have reached the target by then. A line that ends below 100 % is "
        "of an optimizer that missed it with some seeds. Seconds are a run's share of the time of its "
        "stack."
    )
    return overlay("Time to the target", words, caption, views, names, shown, height=300)


def _time_view(
    unit: str,
    clock: str,
    names: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    shown: Mapping[str, dict[str, Any]],
) -> dict[str, Any]:
    times = {
        name: [as_float(row.get(f"{unit}_to_target")) for row in rows if row.get("optimizer") == name]
        for name in names
    }
    own = [as_float(row.get(f"{clock}s" if unit == "epochs" else "seconds")) for row in rows]
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
        "label": f"{clock}s" if unit == "epochs" else unit,
        "axis": clock if unit == "epochs" else unit,
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
            "median": plain(as_floats([*shares, shares[-1]]), 6),
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
        "For every factor, the share of problems on which the target is reached (median over the seeds) "
        "within so many times the epochs of the fastest. Higher is better; who leads depends on who takes "
        "part."
    )
    return overlay("Performance profiles", f"{words}.", caption, [view], names, shown, height=300)
