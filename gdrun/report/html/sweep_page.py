"""The sections of the report on a sweep, as plain data for the template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gdrun.report.html.group_page import group_details
from gdrun.report.html.minimize_page import TERMS, descent_facts
from gdrun.report.html.run_page import setting
from gdrun.report.html.source import ReportGroup, ReportRun, section
from gdrun.report.html.sweep_axes import in_words
from gdrun.report.html.sweep_charts import (
    MOST_CURVES,
    curve_chart,
    drawn_points,
    key_chart,
    map_chart,
    parallel_chart,
)
from gdrun.report.html.sweep_descents import sweep_descents
from gdrun.report.html.sweep_points import Point, points_of
from gdrun.report.html.words import as_int, column_words, count, duration, figure, terms
from gdrun.run_directory.directory import GOOD

_MOST_ROWS, _MOST_CELLS = 500, 2500  # of the table


def best_runs(group: ReportGroup) -> dict[str, str]:
    """The first run of each of the best points → what to call the point: those whose curves are shown."""
    plan: dict[int | None, str] = {}
    for entry in group.record.get("plan") or ():
        plan.setdefault(as_int(entry.get("point")), str(entry.get("run")))
    best = [point for point in points_of(group)[:MOST_CURVES] if point.score is not None]
    return {plan[point.number]: point.briefly for point in best if point.number in plan}


def sweep_page(group: ReportGroup) -> dict[str, Any]:
    """Everything that templates/sweep.html.jinja shows."""
    summary = group.summary
    keys = [str(key) for key in summary.get("keys") or ()]
    monitor, better = str(summary.get("monitor")), str(summary.get("better"))
    descends = "objective" in group.config
    points = points_of(group)
    shown = drawn_points(points)
    best = next((point for point in points if point.is_best), None)
    table = points_table(points, keys, monitor)
    two = map_chart(shown, keys, monitor)
    one = key_chart(shown, keys, monitor, better)
    charts = [
        two,
        parallel_chart(shown, keys, monitor, better),
        one and replace(one, wide=two is None or two.wide),
        *(sweep_descents(group, best_runs(group)) if descends else ()),
        None if descends else curve_chart(group.members, best_runs(group), monitor, better),
    ]
    return {
        "title": str(group.record.get("name") or group.config.get("name") or group.name),
        "kind": "sweep",
        "status": str(group.record.get("status") or "unknown"),
        "headline": headline(group, points, best, monitor),
        "facts": descent_facts(group.config, keys) if descends else facts(group.config, keys),
        "notes": group.notes,
        "tiles": tiles(group, points, best, monitor),
        "done": done(group, points, monitor, better) if points else [],
        "further": further(group, best),
        "moment": "step" if descends else "epoch",
        "points": table,
        "thinned": thinned(points, shown, len(table["rows"])),
        "charts": [chart for chart in charts if chart],
        "config": group.config_text,
        "reproduce": f"gdrun {'minimize' if descends else 'train'} config.yaml",
        "terms": TERMS if descends else terms(group.config, ()),
        "details": group_details(group, ReportRun("")),
    }


def headline(group: ReportGroup, points: Sequence[Point], best: Point | None, monitor: str) -> str:
    """The best point in a sentence."""
    if not points:
        reason = str(group.record.get("reason") or "").strip().removesuffix(".")
        return (
            f"There is no summary, so there are no results to show.{f' Reason: {reason}.' if reason else ''}"
        )
    if best is None:
        return f"None of {count(len(points), 'point')} has a run that came to a good end."
    over = f", the mean over {count(len(best.scores), _noun(group))}" if len(best.scores) > 1 else ""
    return (
        f"The best of {count(len(points), 'point')}: {best.in_words}, with a {column_words(monitor)} of "
        f"{figure(best.score)}{over}."
    )


def facts(config: Mapping[str, Any], keys: Sequence[str]) -> list[tuple[str, str]]:
    """What all points share, in the config's own words."""
    varied = {key.partition(".")[0] for key in keys}
    return [(key, text) for key, text in setting(config, None) if key not in varied]


def _noun(group: ReportGroup) -> str:
    """What the runs of a point differ in."""
    return "seed" if len(group.summary.get("seeds") or ()) > 1 else "start"


def tiles(
    group: ReportGroup, points: Sequence[Point], best: Point | None, monitor: str
) -> list[tuple[str, str, str]]:
    """(label, value, a line below): the best score, what it does on the test rows, how many of what."""
    shown, summary = [], group.summary
    if best is not None:
        over = count(len(best.scores), _noun(group))
        spread = f"± {figure(best.spread)} over {over}" if best.spread is not None else ""
        shown.append((f"best {column_words(monitor)}", figure(best.score), spread))
        tested = monitor.replace(monitor.partition("_")[0], "test", 1)
        test = section(best.metrics, tested)
        if test:
            shown.append((f"its {column_words(tested)}", figure(test.get("mean")), "chose nothing"))
    statuses = {str(status): as_int(number) or 0 for status, number in section(summary, "statuses").items()}
    bad = [f"{figure(n)} {status}" for status, n in statuses.items() if status not in GOOD]
    return [
        *shown,
        ("points", figure(len(points)), ""),
        ("runs", figure(as_int(summary.get("runs"))), ", ".join(bad)),
    ]


def done(
    group: ReportGroup, points: Sequence[Point], monitor: str, better: str
) -> list[tuple[str, list[str]]]:
    """(step, sentences): what was tried, how it was judged, and what follows."""
    keys = list(points[0].settings)
    drawn = as_int(group.summary.get("random"))
    seeds = [str(seed) for seed in group.summary.get("seeds") or ()]
    total = section(group.record, "timing").get("total")
    how = (
        f"{count(len(points), 'point')} drawn at random, none twice, from"
        if drawn is not None
        else f"All {count(len(points), 'combination')} of"
    )
    descends, several = "objective" in group.config, any(point.runs > 1 for point in points)
    each = (
        f"each with the same {count(len(seeds), 'seed')} ({seeds[0]} to {seeds[-1]})"
        if len(seeds) > 1
        else f"each with seed {''.join(seeds)}"
    )
    if descends and len(seeds) == 1:
        starts = points[0].runs
        each = f"each from the same {count(starts, 'start')}" if several else "each from one start"
    took = f" It took {duration(total)}." if total is not None else ""
    means = "the mean over its runs of their" if several else "its"
    moment = "step" if descends else "epoch"
    judged = (
        f"A point is as good as {means} {column_words(monitor)} at the best {moment}; {better} is better."
    )
    sentences = [judged]
    if any(point.lost for point in points):
        sentences.append(
            "Points of which a run diverged or failed come after all others, and those without any good run "
            "last; such runs are counted, and their values enter no mean."
        )
    caution = (
        "The best point was chosen by these very values, so they are too good for it; the more points, the "
        "more so. Its test rows chose nothing. Further seeds tell how far it is ahead."
    )
    if descends:
        caution = "From other starts, or with more steps, another point may be the best."
    return [
        ("Tried", [f"{how} {_listed(points, keys)}, {each}.{took}"]),
        ("Judged", sentences),
        ("Caution", [caution]),
    ]


def _listed(points: Sequence[Point], keys: Sequence[str]) -> str:
    """ "batch_size (16, 32) and epochs (5 values from 1 to 9)"."""
    parts = []
    for key in keys:
        values = [point.settings[key] for point in sorted(points, key=lambda point: point.number)]
        numeric = all(isinstance(value, int | float) for value in values)
        labels = list(dict.fromkeys(in_words(value) for value in (sorted(values) if numeric else values)))
        if len(labels) > 6 and numeric:
            parts.append(f"{key} ({figure(len(labels))} values from {min(values):g} to {max(values):g})")
        else:
            more = f", … {figure(len(labels))} in all" if len(labels) > 6 else ""
            parts.append(f"{key} ({', '.join(labels[:6])}{more})")
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if parts[1:] else parts[0]


def further(group: ReportGroup, best: Point | None) -> tuple[str, str]:
    """What may be done with the best point, and the command for that."""
    plan = group.record.get("plan") or ()
    run = next(
        (str(entry.get("run")) for entry in plan if best and as_int(entry.get("point")) == best.number), ""
    )
    config = f"members/{run}/config.yaml"
    if "objective" in group.config:
        return "To follow the best point's way again", f"gdrun minimize {config}" if run else ""
    return "To train the best point with more seeds", f"gdrun train {config} --seeds 10" if run else ""


def points_table(points: Sequence[Point], keys: Sequence[str], monitor: str) -> dict[str, Any]:
    """A row a point, the best first: settings, every result as its mean, and how its runs ended."""
    columns = list(dict.fromkeys(name for point in points for name in point.metrics))
    columns.sort(
        key=lambda name: (name != monitor, not name.startswith("val_"), not name.startswith("test_"))
    )
    several = any(point.runs > 1 for point in points)
    lost = any(point.lost for point in points)
    spread = ["std"] if several else []
    titles = ["point", *keys, *(column_words(name) for name in columns), *(["ended"] if lost else [])]
    titles[len(keys) + 2 : len(keys) + 2] = [f"{column_words(monitor)}, {name}" for name in spread]
    rows = []
    for point in points[: min(_MOST_ROWS, _MOST_CELLS // len(titles))]:
        cells = list(_cells(point, keys, columns, lost=lost))
        cells[len(keys) + 2 : len(keys) + 2] = [_cell(point.spread) for _ in spread]
        rows.append((point.is_best, cells))
    return {"columns": titles, "rows": rows}


def _cells(
    point: Point, keys: Sequence[str], columns: Sequence[str], *, lost: bool
) -> Iterator[tuple[str, Any]]:
    """(text, what to sort by)."""
    yield str(point.number), point.number
    for key in keys:
        value = point.settings[key]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        yield in_words(value), value if is_number else in_words(value)
    for name in columns:
        yield _cell(section(point.metrics, name).get("mean"))
    if lost:
        yield point.lost, point.lost


def _cell(value: Any) -> tuple[str, Any]:
    return figure(value), "" if value is None else value


def thinned(points: Sequence[Point], shown: Sequence[Point], rows: int) -> str:
    """What is said where not all points are shown."""
    said = []
    if len(points) > rows:
        said.append(f"The table has the best {figure(rows)} of {count(len(points), 'point')}.")
    if len(points) > len(shown):
        half = figure(len(shown) // 2)
        said.append(
            f"The charts have {figure(len(shown))}: the best {half}, and some of the others, evenly in "
            "their order."
        )
    return " ".join([*said, "All are in summary.json and results.csv."]) if said else ""
