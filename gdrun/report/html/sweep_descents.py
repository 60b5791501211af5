"""What the report on a sweep of descents has in place of curves over epochs: the best ways and values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gdrun.report.html.curves import Chart
from gdrun.report.html.landscape import Way, landscape, objective_config
from gdrun.report.html.minimize_page import EXCESS, with_excess
from gdrun.report.html.source import ReportGroup, section
from gdrun.report.html.sweep_charts import curve_chart


def sweep_descents(group: ReportGroup, names: Mapping[str, str]) -> list[Chart]:
    """The map of the objective with a way of each of the best points, and the values on these ways.

    Args:
        group: with the runs that are drawn.
        names: of these runs → what to call their points, the best first.
    """
    keys = [str(key) for key in group.summary.get("keys") or ()]
    known = {
        name: with_excess(run.metrics, section(run.record, "result").get("minimum"))
        for name, run in group.members.items()
    }
    column = EXCESS if known and all(EXCESS in way for way in known.values()) else "value"
    members = {name: replace(run, metrics=known[name]) for name, run in group.members.items()}
    better = str(group.summary.get("better"))
    same = not any(key.partition(".")[0] == "objective" for key in keys)
    charts = [
        _map(group, names) if same else None,
        curve_chart(members, names, column, better, across="step"),
    ]
    return [chart for chart in charts if chart is not None]


def _map(group: ReportGroup, names: Mapping[str, str]) -> Chart | None:
    config = objective_config(group.config, group.record.get("plugins") or (), [])
    if config is None:
        return None
    ways = [
        Way(label, group.members[name].metrics, config.objective.variables, f"c{place % 8}")
        for place, (name, label) in enumerate(names.items())
        if name in group.members
    ]
    return landscape(config, ways, legend=True) if ways else None
