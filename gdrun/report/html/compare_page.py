"""The sections of the report on a comparison of optimizers, as plain data for the template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gdrun.config.dump import dump_plain_yaml
from gdrun.report.comparison import Problem, clock_of, leaders, section_of, verdicts
from gdrun.report.html.compare_charts import (
    curve_chart,
    expected_best_chart,
    looks,
)
from gdrun.report.html.compare_protocol import done, limits
from gdrun.report.html.compare_seeds import pair_chart, seed_chart
from gdrun.report.html.compare_tables import (
    cost_table,
    pair_table,
    result_table,
    score_table,
    setting_table,
)
from gdrun.report.html.compare_times import profile_chart, time_chart
from gdrun.report.html.compare_trials import rates_chart, trial_chart, trial_table
from gdrun.report.html.compare_words import answer, best_score, comparison_terms, headline, in_front
from gdrun.report.html.curves import Chart
from gdrun.report.html.group_page import group_details
from gdrun.report.html.landscape import Way, landscape, objective_config
from gdrun.report.html.run_page import setting
from gdrun.report.html.source import ReportGroup, ReportRun, section
from gdrun.report.html.words import as_float, column_words, component_name, duration, figure, terms

VERDICTS = 8  # said before the table of all


def compare_page(group: ReportGroup) -> dict[str, Any]:
    """Everything that templates/compare.html.jinja shows."""
    summary: Mapping[str, Any] = group.summary if group.summary.get("problems") else {}
    problems: Sequence[Problem] = summary.get("problems") or ()
    several = len(problems) > 1
    shown = looks(summary) if summary else {}
    sections = [problem_section(group, problem, place, shown) for place, problem in enumerate(problems)]
    overall: dict[str, Any] = {"scores": None, "profiles": None}
    if several and section(summary, "profiles"):
        overall = {"scores": score_table(summary, shown), "profiles": profile_chart(summary, shown)}
    names = {
        name: str(section_of(problem, name, "optimizer").get("name") or name)
        for problem in problems
        for name in problem["contestants"]
    }
    configs = configs_of(group, problems)
    return {
        "title": str(group.record.get("name") or group.config.get("name") or group.name),
        "kind": "comparison",
        "status": str(group.record.get("status") or "unknown"),
        "headline": _headline(group, summary),
        "facts": [] if several else facts(group.config),
        "notes": group.notes,
        "tiles": tiles(problems[0], summary) if len(problems) == 1 else [],
        "several": several,
        "answers": [(problem["name"], answer(problem)) for problem in problems],
        "done": done(summary, configs) if summary else [],
        "problems": sections,
        "overall": overall,
        "limits": limits(summary) if summary else [],
        "charts": [
            *([overall["profiles"]] if overall["profiles"] else []),
            *(chart for one in sections for chart in one["charts"]),
        ],
        "config": config_files(configs) if several else group.config_text,
        "reproduce": reproduce(problems),
        "terms": comparison_terms(names, several) | terms(group.config, metrics_of(group.config)),
        "details": group_details(group, ReportRun("")),
    }


def _headline(group: ReportGroup, summary: Mapping[str, Any]) -> str:
    if not summary:
        reason = str(group.record.get("reason") or "").strip().removesuffix(".")
        because = f" Reason: {reason}." if reason else ""
        return f"There is no summary, so there are no results to show.{because}"
    if len(summary["problems"]) == 1:
        return " ".join(answer(summary["problems"][0]))
    said = [headline(summary, section(group.record, "timing").get("total"))]
    return " ".join(filter(None, [*said, in_front(summary), best_score(summary)]))


def reproduce(problems: Sequence[Problem]) -> str:
    """The command that does it again; config.yaml names contestants, trials and seeds, too."""
    files = [f"{problem['name']}.yaml" for problem in problems] if len(problems) > 1 else ["config.yaml"]
    return f"gdrun compare-optimizers {' '.join(files)}"


def config_files(configs: Mapping[str, Mapping[str, Any]]) -> str:
    """The files that `reproduce` names, one below the other."""
    return "\n".join(f"# {name}.yaml\n{dump_plain_yaml(config)}" for name, config in configs.items())


def tiles(problem: Problem, summary: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(label, value, a line below): the best mean on validation and test rows, the soonest, what it cost."""
    shown = []
    front = leaders(problem)
    better = max if problem["better"] == "higher" else min
    for part, words in (("validation", "validation"), ("test", "test")):
        means = {
            name: mean
            for name in problem["ranking"]
            if (mean := as_float(section_of(problem, name, part).get("mean"))) is not None
        }
        if means:
            best = better(means, key=lambda name: means[name])
            metric = column_words(problem["monitor"]).replace("validation", words)
            shown.append((f"best mean {metric}", figure(means[best]), best))
    times = {
        name: median
        for name in problem["ranking"]
        if (median := as_float(section(section_of(problem, name, "target"), "epochs").get("median")))
        is not None
    }
    if times:
        soonest = min(times, key=lambda name: times[name])
        also = sum(time == times[soonest] for time in times.values()) - 1
        more = f" and {also} more" if also else ""
        shown.append((f"fewest {clock_of(problem)}s to target", f"{times[soonest]:g}", f"{soonest}{more}"))
    costs = [section_of(problem, name, "cost") for name in problem["ranking"]]
    seconds = sum(
        as_float(cost.get(f"{phase}_seconds")) or 0.0 for cost in costs for phase in ("tuning", "evaluation")
    )
    if front:
        shown.append(
            (
                "not told apart from the best",
                figure(len(front) - 1),
                f"of {len(problem['ranking']) - 1} others",
            )
        )
    return [*shown, ("runs", figure(summary["runs"]), f"{duration(seconds)} of training")]


def configs_of(group: ReportGroup, problems: Sequence[Problem]) -> dict[str, Mapping[str, Any]]:
    """The config of each problem: in group.json where there are several, else config.yaml."""
    several = section(group.record, "problems")
    return {problem["name"]: section(several, problem["name"]) or group.config for problem in problems}


def facts(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The setting without the optimizer, which is what varies."""
    return [(key, value) for key, value in setting(config, None) if key != "optimizer"]


def metrics_of(config: Mapping[str, Any]) -> list[str]:
    """The names of the metrics of a config."""
    found = config.get("metrics")
    return [component_name(metric) for metric in found] if isinstance(found, list) else []


def problem_section(
    group: ReportGroup, problem: Problem, place: int, shown: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    """Tables and charts on one problem; `charts` holds all of its charts in the order of the page."""
    rows = evaluation_rows(group, problem)
    share = 1 / len(group.summary["problems"])
    parts: dict[str, Chart | None] = {
        "seeds": seed_chart(problem, rows, shown),
        "pairs": pair_chart(problem),
        "curves": curve_chart(problem, shown, share),
        "rates": rates_chart(problem, shown),
        "expected": expected_best_chart(problem, shown),
        "times": time_chart(problem, rows, shown),
        "trials": trial_chart(problem, shown),
        "map": map_chart(group, problem, rows, shown),
    }
    said = verdicts(problem)
    return {
        "name": problem["name"],
        "clock": clock_of(problem),
        "anchor": f"problem-{place + 1}",
        "facts": facts(configs_of(group, [problem])[problem["name"]]),
        "verdicts": said[:VERDICTS],
        "more_verdicts": max(0, len(said) - VERDICTS),
        "notices": [str(notice) for notice in problem["notices"]],
        "metric": column_words(problem["monitor"]),
        "result": result_table(problem, shown),
        "pair_table": pair_table(problem),
        "settings": setting_table(problem, shown),
        "costs": cost_table(problem, shown),
        "trial_table": trial_table(problem),
        **parts,
        "charts": [chart for chart in parts.values() if chart],
    }


def map_chart(
    group: ReportGroup,
    problem: Problem,
    rows: Sequence[Mapping[str, Any]],
    shown: Mapping[str, dict[str, Any]],
) -> Chart | None:
    """The ways of the chosen settings from one start, over the contours of an objective."""
    if not problem.get("objective"):
        return None
    config = objective_config(configs_of(group, [problem])[problem["name"]], group.record.get("plugins"), [])
    if config is None:
        return None
    ways = [
        Way(
            str(row["optimizer"]),
            group.members[run].metrics,
            config.objective.variables,
            **shown[row["optimizer"]],
        )
        for row in rows
        if (run := str(row["run"])) in group.members and row.get("optimizer") in shown
    ]
    return landscape(config, ways, legend=True) if ways else None


def first_evaluations(group: ReportGroup) -> list[str]:
    """The runs whose ways are drawn: of every contestant on an objective, that of the first seed."""
    found = []
    for problem in group.summary.get("problems") or ():
        if problem.get("objective"):
            rows = evaluation_rows(group, problem)
            first = rows[0]["seed"] if rows else None
            found += [str(row["run"]) for row in rows if row["seed"] == first]
    return found


def evaluation_rows(group: ReportGroup, problem: Problem) -> list[dict[str, Any]]:
    """The rows of results.csv that are evaluation runs of this problem."""
    columns = list(group.results)
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*group.results.values(), strict=True)]
    return [
        row
        for row in rows
        if row.get("phase") == "evaluation" and row.get("problem", problem["name"]) == problem["name"]
    ]
