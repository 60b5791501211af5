"""The sections of the report on a group of seeds or folds, as plain data for the template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gdrun.report.html.curves import Chart, Line, plain
from gdrun.report.html.folds import REPEAT, fold_sections, is_kfold
from gdrun.report.html.large_groups import (
    MOST_DOTS,
    MOST_ROWS,
    bins,
    ended_badly,
    left_out,
    result_rows,
    sampled,
)
from gdrun.report.html.learning import stills
from gdrun.report.html.run_page import details, metric_names, setting
from gdrun.report.html.seed_curves import seed_charts
from gdrun.report.html.source import Columns, ReportGroup, ReportRun, section
from gdrun.report.html.words import as_float, as_int, column_words, count, duration, figure, heading, terms

STATISTICS = {
    "mean": "mean",
    "std": "standard deviation",
    "interval": "",  # see INTERVALS
    "min": "min",
    "median": "median",
    "max": "max",
}
INTERVALS = {"seed": "95 % t interval", "fold": "95 % corrected resampled t", "start": "95 % t interval"}


def group_page(group: ReportGroup) -> dict[str, Any]:
    """Everything that templates/group.html.jinja shows."""
    noun = "fold" if is_kfold(group) else "seed"
    members = list(group.members.values())
    metrics = section(group.summary, "metrics")
    first = members[0] if members else ReportRun("")
    tested = {name.replace("test_", "val_", 1): () for name in metrics}
    names = metric_names(dict(first.metrics) | tested, {})
    runs = as_int(group.summary.get("runs")) or len(members) or len(next(iter(group.results.values()), ()))
    pictures, caption = stills(members)
    page = {
        "title": str(group.record.get("name") or group.config.get("name") or group.name),
        "kind": "group",
        "noun": noun,
        "runs": runs,
        "interval": INTERVALS[noun],
        "status": str(group.record.get("status") or "unknown"),
        "headline": headline(group, runs, noun),
        "facts": setting(group.config, None),
        "notes": group.notes,
        "tiles": tiles(metrics, names, runs, noun),
        "statistics": statistics_table(metrics, noun),
        "spreads": spreads(group.results, metrics, noun),
        "binned": result_rows(group) > MOST_DOTS,
        "charts": seed_charts(group.members, names, noun),
        "sampled": sampled(group, noun),
        "stills": pictures,
        "stills_caption": caption,
        "seeds": seeds_table(group),
        "left_out": left_out(group, noun),
        "ended_badly": ended_badly(group),
        "config": group.config_text,
        "reproduce": f"gdrun train config.yaml --seeds {runs}",
        "terms": terms(group.config, names),
        "details": group_details(group, first),
        "how": (),
        "predictions": (),
        "prediction_facts": {},
        "confusion": None,
    }
    return page | fold_sections(group, page) if is_kfold(group) else page


def headline(group: ReportGroup, runs: int, noun: str) -> str:
    """How many seeds or folds ended how."""
    statuses = {str(status): as_int(number) for status, number in section(group.summary, "statuses").items()}
    said = ", ".join(f"{figure(number)} {status}" for status, number in statuses.items() if number)
    total = section(group.record, "timing").get("total")
    ending = f" in {duration(total)}" if as_float(total) is not None else ""
    return f"{count(runs, noun)} trained{ending}{': ' + said if said else ''}."


def tiles(
    metrics: Mapping[str, Any], names: Sequence[str], runs: int, noun: str
) -> list[tuple[str, str, str]]:
    """(label, value, a line below): the first metric and the loss as mean and interval, how many seeds."""
    shown = []
    for name in [*names[:1], "loss"]:
        column = next(
            (f"{part}_{name}" for part in ("test", "val", "train") if f"{part}_{name}" in metrics), ""
        )
        values = section(metrics, column)
        if values:
            shown.append(
                (
                    f"{column_words(column)}, mean",
                    figure(values.get("mean")),
                    interval(values.get("interval")),
                )
            )
    return [*shown, (f"{noun}s", figure(runs), "")]


def interval(bounds: Any) -> str:
    if not isinstance(bounds, list | tuple) or len(bounds) != 2 or None in bounds:
        return ""
    return f"{figure(bounds[0])} to {figure(bounds[1])}"


def statistics_table(metrics: Mapping[str, Any], noun: str) -> dict[str, Any]:
    """A row a result: mean, standard deviation, interval and so on, as summary.json has them."""
    rows = []
    for name in metrics:
        values = section(metrics, name)
        cells = [
            (interval(values.get(key)) or "–", None)
            if key == "interval"
            else (figure(values.get(key)), values.get(key))
            for key in STATISTICS
        ]
        number, excluded = as_int(values.get("n")), as_int(values.get("excluded"))
        runs = figure(number) + (
            f" of {figure(number + excluded)}" if number is not None and excluded else ""
        )
        rows.append((column_words(name), [*cells, (runs, None)]))
    return {"columns": [*(STATISTICS | {"interval": INTERVALS[noun]}).values(), f"{noun}s"], "rows": rows}


def spreads(results: Columns, metrics: Mapping[str, Any], noun: str) -> list[Chart]:
    """For each result on the test rows (else the validation rows) its values, with mean and interval."""
    part = next(
        (part for part in ("test", "val", "train") if any(name.startswith(f"{part}_") for name in metrics)),
        "",
    )
    seeds = (results.get("seed") if noun == "seed" else None) or results.get("run") or ()
    charts = []
    for name in sorted(metrics, key=lambda name: name.endswith("_loss")):
        values = section(metrics, name)
        if not name.startswith(f"{part}_") or name not in results:
            continue
        line = Line.of(name, "other", results[name], len(results[name]))
        low, high = values["interval"] if interval(values.get("interval")) else (None, None)
        many = len(line.values) > MOST_DOTS
        drawing = {
            "kind": "spread",
            "noun": noun,
            "label": column_words(name),
            "values": [] if many else plain(line.values),
            "seeds": [] if many else [str(seed) for seed in seeds],
            "bins": bins(line.values) if many else [],
            "mean": as_float(values.get("mean")),
            "low": as_float(low),
            "high": as_float(high),
        }
        if np.isfinite(line.values).any():
            seen = count(int(np.isfinite(line.values).sum()), noun)
            words = f"{column_words(name)} of {seen}: mean {figure(values.get('mean'))}"
            words += f", 95 % interval {interval(values.get('interval'))}." if low is not None else "."
            charts.append(Chart(heading(column_words(name)), words, "", drawing))
    return charts


def seeds_table(group: ReportGroup) -> dict[str, Any]:
    """results.csv without its empty columns; the run's name leads to its own report."""
    shown = [
        column for column in group.results if any(cell not in (None, "") for cell in group.results[column])
    ]
    table = []
    for row in range(min(result_rows(group), MOST_ROWS)):
        cells = [group.results[column][row] for column in shown]
        name = str(group.results["run"][row]) if "run" in group.results else ""
        link = f"members/{name}/report.html" if name in group.reports else None
        table.append(
            (
                link,
                [
                    (figure(value) if column != "run" else str(value), value)
                    for column, value in zip(shown, cells, strict=True)
                ],
            )
        )
    titles = ["repetition" if column == REPEAT else column_words(column) for column in shown]
    return {"columns": titles, "rows": table}


def group_details(group: ReportGroup, first: ReportRun) -> list[tuple[str, list[tuple[str, str]]]]:
    """The tables on the group, then those that hold for every member, taken from the first."""
    timing = {"timing": section(group.record, "timing")} if section(group.record, "timing") else {}
    shared = {
        key: section(group.record, key) or section(first.record, key) for key in ("data", "environment")
    }
    record = {
        key: group.record[key]
        for key in ("id", "command", "created", "finished", "schema_version")
        if key in group.record
    }
    return details(group.name, record | timing | shared)
