"""The sections of the report on a descent, or on a group of them, as plain data for the template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gdrun.config import ObjectiveConfig
from gdrun.report.html.curves import Chart, Line, curves
from gdrun.report.html.group_page import seeds_table, statistics_table
from gdrun.report.html.landscape import Way, landscape, objective_config
from gdrun.report.html.large_groups import ended_badly, left_out, sampled
from gdrun.report.html.run_page import around_optimizer, details, history
from gdrun.report.html.seed_curves import seed_lines, seeds_chart
from gdrun.report.html.source import Columns, ReportGroup, ReportRun, section
from gdrun.report.html.words import (
    STATUSES,
    as_float,
    as_int,
    component_name,
    count,
    duration,
    figure,
    in_one_line,
)

TERMS = {
    "value": "Of the objective at a point, whichever way it is followed.",
    "gradient norm": "The length of the gradient: 0 at a minimum, a maximum or a saddle.",
    "step": "One update of the variables. Step 0 is the start.",
    "distance": "From the point to the nearest known minimum.",
    "best": "The lowest value on the way, or the highest of an ascent; not always the last one.",
}
EXCESS = "value above the minimum"
MOST_SHOWN = 4  # numbers of a point


def minimize_page(run: ReportRun) -> dict[str, Any]:
    """Everything that templates/minimize.html.jinja shows of one run."""
    record, result = run.record, section(run.record, "result")
    notes = list(run.notes)
    config = objective_config(run.config, record.get("plugins"), notes)
    way = with_excess(run.metrics, result.get("minimum"))
    best = as_int(result.get("best_step"))
    charts = [] if config is None else _maps(config, {"way": run})
    shared = _shared(config, run.config, notes)
    return shared | {
        "title": str(record.get("name") or run.name),
        "kind": "run",
        "status": str(record.get("status") or "unknown"),
        "headline": _headline(record),
        "tiles": _tiles(result, record),
        "result": _result_table(result, section(record, "timing")),
        "charts": charts + _curves(way),
        "history": history(run.metrics, best, "step"),
        "config": run.config_text,
        "details": details(run.name, record),
    }


def minimize_group_page(group: ReportGroup) -> dict[str, Any]:
    """The same of several starts."""
    notes = list(group.notes)
    config = objective_config(group.config, group.record.get("plugins"), notes)
    best = section(group.summary, "best")
    first = next(iter(group.members.values()), ReportRun(""))
    record = {
        key: group.record[key] for key in ("id", "command", "created", "finished") if key in group.record
    }
    timing = section(group.record, "timing")
    environment = section(group.record, "environment") or section(first.record, "environment")
    runs = as_int(group.summary.get("runs")) or len(group.members)
    charts = [] if config is None else _maps(config, group.members)
    return _shared(config, group.config, notes) | {
        "title": str(group.record.get("name") or group.name),
        "kind": "group",
        "status": str(group.record.get("status") or "unknown"),
        "headline": _group_headline(group, runs),
        "tiles": _group_tiles(group, best, runs),
        "result": statistics_table(section(group.summary, "metrics"), "start"),
        "charts": charts + _group_curves(group),
        "history": {"columns": [], "rows": [], "of": 0},
        "starts": seeds_table(replace(group, results=_readable(group.results))),
        "sampled": sampled(group, "start"),
        "left_out": left_out(group, "start"),
        "ended_badly": ended_badly(group),
        "config": group.config_text,
        "details": details(group.name, record | {"timing": timing, "environment": environment}),
    }


def _readable(results: Columns) -> Columns:
    """The columns of results.csv with points as people write them; without the seed, which is the same."""
    kept = {name: cells for name, cells in results.items() if name != "seed"}
    if "start" in kept:
        kept["start"] = [_point(str(cell)) for cell in kept["start"]]
    return kept


def _point(cell: str) -> str:
    """ "(−1.2, 1)" of "[-1.2, 1.0]"."""
    numbers = [figure(as_float(part)) for part in cell.strip("[]").split(",")[:MOST_SHOWN]]
    return f"({', '.join(numbers)})"


def _shared(config: ObjectiveConfig | None, plain: Mapping[str, Any], notes: Sequence[str]) -> dict[str, Any]:
    """What both pages have, with gaps where the other one has more."""
    nothing: dict[str, Any] = {"columns": [], "rows": []}
    about = "" if config is None else in_one_line(type(config.objective))
    return {
        "facts": descent_facts(plain),
        "notes": list(dict.fromkeys(notes)),
        "reproduce": "gdrun minimize config.yaml",
        "terms": TERMS | ({config.objective.name: about} if config is not None else {}),
        "starts": nothing,
        "sampled": "",
        "left_out": (),
        "ended_badly": (),
    }


def descent_facts(config: Mapping[str, Any], varied: Sequence[str] = ()) -> list[tuple[str, str]]:
    """What was run, in the config's own words, but for keys that are varied."""
    facts = []
    for key in ("objective", "optimizer", "schedule"):
        value = config.get(key)
        name = component_name(value)
        if isinstance(value, Mapping):
            if key == "objective":
                name = str(value.get("expression") or " ".join([name, str(value.get("problem") or "")]))
            rate = as_float(value.get("learning_rate"))
            name += f", learning_rate {rate:g}" if rate is not None else ""
        if name.strip():
            facts.append((key, name.strip()))
    facts += around_optimizer(config)
    facts += [
        (key, str(config[key]))
        for key in ("direction", "steps", "tolerance", "dtype")
        if config.get(key) is not None
    ]
    tops = {key.partition(".")[0] for key in varied}
    return [(key, said) for key, said in facts if key not in tops]


def _headline(record: Mapping[str, Any]) -> str:
    status = str(record.get("status") or "unknown")
    timing = section(record, "timing")
    words = "Diverged" if status == "diverged" else STATUSES.get(status, f"Status {status}")
    steps = as_int(timing.get("steps"))
    words += f" after {count(steps, 'step')}" if steps is not None else ""
    words += f", in {duration(timing['training'])}" if as_float(timing.get("training")) is not None else ""
    reason = str(record.get("reason") or "").strip().removesuffix(".")
    return f"{words}. Reason: {reason}." if reason else f"{words}."


def _group_headline(group: ReportGroup, runs: int) -> str:
    statuses = {str(key): as_int(number) for key, number in section(group.summary, "statuses").items()}
    said = ", ".join(f"{figure(number)} {status}" for status, number in statuses.items() if number)
    total = section(group.record, "timing").get("total")
    ending = f" in {duration(total)}" if as_float(total) is not None else ""
    return f"{count(runs, 'start')}{ending}{': ' + said if said else ''}."


def _tiles(result: Mapping[str, Any], record: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    if not result:
        return []
    known = as_float(result.get("minimum"))
    steps = as_int(section(record, "timing").get("steps"))
    shown = [
        (
            "best value",
            figure(result.get("value")),
            "" if known is None else f"known minimum {figure(known)}",
        ),
        ("gradient norm there", figure(result.get("gradient_norm")), ""),
        ("best step", figure(result.get("best_step")), "" if steps is None else f"of {figure(steps)}"),
    ]
    if result.get("distance") is not None:
        shown.append(("distance", figure(result["distance"]), "to the nearest known minimum"))
    return shown


def _group_tiles(group: ReportGroup, best: Mapping[str, Any], runs: int) -> list[tuple[str, str, str]]:
    value = section(group.summary, "metrics", "value")
    known = as_float(group.summary.get("minimum"))
    shown = []
    if best:
        below = str(best.get("run")) + ("" if known is None else f"; known minimum {figure(known)}")
        shown.append(("best value", figure(best.get("value")), below))
    if value:
        shown.append(("median of the best values", figure(value.get("median")), "of starts that ended well"))
    return [*shown, ("starts", figure(runs), "")]


def _result_table(result: Mapping[str, Any], timing: Mapping[str, Any]) -> dict[str, Any]:
    if not result:
        return {"columns": [], "rows": []}
    names = list(section(result, "point"))
    known = ["distance"] * (result.get("distance") is not None)
    rows = []
    for label, step, found in (
        ("best", result.get("best_step"), result),
        ("last", timing.get("steps"), section(result, "last")),
    ):
        numbers = [step, found.get("value"), found.get("gradient_norm")]
        numbers += [found.get("distance")] * len(known)
        numbers += [section(found, "point").get(name) for name in names]
        rows.append((label, [(figure(number), number) for number in numbers]))
    return {"columns": ["step", "value", "gradient norm", *known, *names], "rows": rows}


def _maps(config: ObjectiveConfig, runs: Mapping[str, ReportRun]) -> list[Chart]:
    ways = [Way(name, run.metrics, config.objective.variables) for name, run in runs.items()]
    chart = landscape(config, ways)
    return [] if chart is None else [chart]


def with_excess(way: Columns, minimum: Any) -> Columns:
    """The columns of a trajectory with how far the values are above a known minimum."""
    known = as_float(minimum)
    if known is None:
        return way
    values = [as_float(cell) for cell in way.get("value", ())]
    return {**way, EXCESS: [None if value is None else value - known for value in values]}


def _curves(way: Columns) -> list[Chart]:
    """Value, gradient norm and learning rate by step."""
    rows = len(way.get("step", ()))
    if rows < 2:
        return []
    steps = Line.of("step", "other", way["step"], rows)
    charts = []
    for column, title in _columns_of(way):
        line = Line.of(column.replace("_", " "), "train", way.get(column), rows)
        finite = line.values[np.isfinite(line.values)]
        is_rate = column == "learning_rate"
        if len(finite) and not (is_rate and (finite == finite[0]).all()):
            positive, steep = bool(finite.min() >= 0), False if is_rate else None
            charts.append(curves(title, steps, [line], logarithmic=positive, steep=steep, noun="step"))
    return [chart for chart in charts if chart is not None]


def _columns_of(way: Columns) -> list[tuple[str, str]]:
    value = (EXCESS, "Value above the minimum") if EXCESS in way else ("value", "Value")
    return [value, ("gradient_norm", "Gradient norm"), ("learning_rate", "Learning rate")]


def _group_curves(group: ReportGroup) -> list[Chart]:
    """The same for many starts: each thin, the median thick, a band between the quartiles."""
    minimum = group.summary.get("minimum")
    members = {
        name: replace(run, metrics=with_excess(run.metrics, minimum)) for name, run in group.members.items()
    }
    first = next(iter(members.values()), ReportRun(""))
    points = max(30, min(500, 10_000 // max(1, 3 * len(members))))
    charts = []
    for column, title in _columns_of(first.metrics):
        drawn = seed_lines(members, column, title.lower(), "train", points, across="step")
        is_same = column == "learning_rate" and drawn is not None and len({*drawn[0]["median"]} - {None}) == 1
        if drawn is not None and not is_same:
            charts.append(seeds_chart(title, [drawn], len(members), "start", across="step"))
    return charts
