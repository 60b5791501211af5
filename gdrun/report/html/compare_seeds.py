"""Charts of single seeds and of pairs: the results of every evaluation run, and the paired differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gdrun.report.comparison import Problem, section_of
from gdrun.report.html.compare_tables import probability
from gdrun.report.html.curves import Chart, plain
from gdrun.report.html.words import as_float, as_floats, column_words, figure

PAIRS_AT_ONCE = 15  # of more, those of the best contestant are shown first


def seed_chart(
    problem: Problem, rows: Sequence[Mapping[str, Any]], shown: Mapping[str, dict[str, Any]]
) -> Chart | None:
    """A dot an evaluation run, for each contestant with mean and interval; on validation and on test rows."""
    metric = column_words(problem["monitor"])
    wanted = {"validation": ("best_monitor", metric)}
    wanted["test"] = (problem["monitor"].replace("val_", "test_", 1), metric.replace("validation", "test"))
    views: list[dict[str, Any]] = []
    for part, (column, words) in wanted.items():
        lines = []
        for name in problem["ranking"]:
            own = [row for row in rows if row.get("optimizer") == name and row.get("status") != "diverged"]
            values, found = as_floats([row.get(column) for row in own]), section_of(problem, name, part)
            if found.get("mean") is None:
                continue
            low, high = found.get("interval") or (None, None)
            lines.append(
                {
                    "label": name,
                    **shown[name],
                    "values": plain(values, 7),
                    "seeds": [str(row.get("seed")) for row in own],
                    "mean": as_float(found["mean"]),
                    "low": as_float(low),
                    "high": as_float(high),
                }
            )
        if lines:
            views.append({"label": words, "rows": lines})
    if not views:
        return None
    words = "; ".join(f"{row['label']} mean {figure(row['mean'])}" for row in views[0]["rows"])
    caption = (
        "A dot is a seed, a larger one several with the same value; the diamond is the mean, the bar its "
        "95 % interval. Bars that overlap do not mean that two can't be told apart, since seeds are "
        "paired: see the differences below."
    )
    drawing = {"kind": "strips", "views": views}
    return Chart("Every seed", f"{views[0]['label']} of every seed: {words}.", caption, drawing, wide=True)


def pair_chart(problem: Problem) -> Chart | None:
    """The mean of the paired differences with its interval, a row a pair."""
    scale = problem["scale"]
    pairs = []
    for pair in problem["pairs"]:
        mean, bounds = as_float(pair["mean"]), pair["interval"] or (None, None)
        if mean is not None:
            pairs.append(
                {
                    "first": pair["first"],
                    "second": pair["second"],
                    "mean": in_unit(mean, scale),
                    "low": in_unit(bounds[0], scale),
                    "high": in_unit(bounds[1], scale),
                    "told": pair["better"] is not None,
                    "p": probability(pair["adjusted_p_value"]),
                }
            )
    if not pairs:
        return None
    every = list(range(len(pairs)))
    top = [place for place, pair in enumerate(pairs) if pair["first"] == pairs[0]["first"]]
    views = [{"label": "all pairs", "rows": every}]
    if 1 < len(top) < len(pairs):
        views.append({"label": f"{pairs[0]['first']} against the others", "rows": top})
        if len(pairs) > PAIRS_AT_ONCE:
            views.reverse()
    side = "Right" if problem["better"] == "higher" else "Left"
    unit = f", in {problem['unit']}" if problem["unit"] else ""
    caption = (
        f"First − second{unit}: the mean over the seeds with its 95 % interval. {side} of 0 the first is "
        "better. Filled: told apart, by the adjusted p. Hollow: not. An interval is for its pair alone and "
        "may leave 0 out all the same."
    )
    told = sum(pair["told"] for pair in pairs)
    words = f"Paired differences of {figure(len(pairs))} pairs, of which {figure(told)} can be told apart."
    label = f"difference of {column_words(problem['monitor'])}{unit}"
    drawing = {"kind": "forest", "label": label, "pairs": pairs, "views": views}
    return Chart("Paired differences", words, caption, drawing, wide=True)


def in_unit(value: float | None, scale: float) -> float | None:
    """A difference as it is shown, with enough digits to draw it."""
    return None if value is None else float(f"{value * scale:.6g}")
