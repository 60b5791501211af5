"""What a comparison of optimizers came to: a table a problem, verdicts, and what cannot be concluded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from gdrun.report.comparison import (
    Problem,
    best_of,
    clock_of,
    leaders,
    runs_without_end,
    section_of,
    setting,
    settings_in_words,
    verdicts,
)
from gdrun.report.console.layout import show_definitions, show_paragraph, width_of
from gdrun.report.console.numbers import number
from gdrun.report.console.screen import Screen
from gdrun.report.console.tables import plain_table
from gdrun.run_directory.directory import MEMBERS
from gdrun.run_directory.store import Group
from gdrun.text import printable

MOST_VERDICTS = 8
LONGEST_NAME = 20  # columns of a contestant
_PARTS = ("validation", "test")


def show_comparison(screen: Screen, group: Group) -> None:
    """Show what the files of the group say: results, verdicts and limits of every problem, then scores."""
    problems: Sequence[Problem] = group.summary.get("problems") or ()
    each = max(3, MOST_VERDICTS // max(1, len(problems)))
    for problem in problems:
        screen.show(problem_heading(problem))
        screen.show(problem_table(screen, problem))
        _show_settings(screen, problem)
        _show_verdicts(screen, problem, each)
        for notice in problem["notices"]:
            said = Text.assemble(("note: ", "warn"), printable(notice, one_line=True))
            show_paragraph(screen, said, hang=6)
        screen.show(Text())
    profiles = group.summary.get("profiles")
    if profiles:
        screen.show(score_table(profiles, len(problems)))


def next_command(group: Group) -> str:
    """Train with the best setting that was found, or look at what there is."""
    for problem in (group.summary.get("problems") or ())[:1]:
        best = next(iter(leaders(problem)), "")
        names = group.results.get("problem")
        for place, name in enumerate(group.results.get("run", ())):
            is_here = names is None or names[place] == problem["name"]
            of_best = group.results["optimizer"][place] == best
            if is_here and of_best and group.results["phase"][place] == "evaluation":
                config = group.path / MEMBERS / printable(name, one_line=True) / "config.yaml"
                descends = problem.get("objective") is not None
                return f"gdrun minimize {config}" if descends else f"gdrun train {config} --seeds 10"
    return f"gdrun runs show {group.path}"


def problem_heading(problem: Problem) -> Text:
    """Name, what is measured, the target."""
    said = f" · {_words(problem['monitor'])}, {problem['better']} is better"
    target = problem["target"].get("value")
    if target is not None:
        other = problem["target"]["metric"]
        metric = f" of {_words(str(other))}" if other != problem["monitor"] else ""
        said += f" · target{metric} {number(target)}"
    return Text.assemble((printable(problem["name"], one_line=True), "name"), said)


def problem_table(screen: Screen, problem: Problem) -> Table:
    """A line a contestant, best mean first; the best of a column has a star.

    Where the screen is too narrow, margins and learning rates are left out; the report has them all.
    """
    unlimited = screen.results.options.update(width=1000)
    for margins, rates in ((_PARTS, True), (_PARTS[:1], True), (_PARTS[:1], False), ((), False)):
        table = _problem_table(problem, margins, rates=rates)
        if Measurement.get(screen.results, unlimited, table).maximum <= width_of(screen):
            break
    return table


def _problem_table(problem: Problem, margins: Sequence[str], *, rates: bool) -> Table:
    names, better = list(problem["ranking"]), problem["better"]
    metric = _words(problem["monitor"]).removeprefix("validation ")
    columns: list[tuple[str, list[str], set[int]]] = []
    for part in _PARTS:
        found = [section_of(problem, name, part) for name in names]
        means = [one.get("mean") for one in found]
        if any(mean is not None for mean in means):
            texts = [_mean(one) if part in margins else number(one.get("mean")) for one in found]
            said = "best" if problem.get("objective") else part
            columns.append((f"{said}\n{metric}", texts, best_of(means, better)))
    times = [section_of(problem, name, "target").get("epochs") or {} for name in names]
    if any(times):
        soonest = best_of([one.get("median") for one in times], "lower")
        columns.append((f"{clock_of(problem)}s to\ntarget", [_time(one) for one in times], soonest))
    lost = [runs_without_end(problem, name, "evaluation") for name in names]
    if any(bad or not runs for bad, runs in lost):
        counts = [f"{bad}/{runs}" if runs else "all" for bad, runs in lost]
        columns.append(("di-\nverged", counts, set()))
    if rates and _only_rates(problem):
        chosen = [next(iter(section_of(problem, name, "chosen").values()), None) for name in names]
        columns.append(("learning\nrate", ["–" if one is None else setting(one) for one in chosen], set()))
    table = plain_table("optimizer", "", *(title for title, _, _ in columns))
    table.columns[1].justify = "left"
    table.padding = (0, 1, 0, 0)
    for place, name in enumerate(names):
        cells = [_starred(texts[place], place in best, bool(best)) for _, texts, best in columns]
        table.add_row(Text(short(name)), Text(str(problem["contestants"][name]["letters"]), "name"), *cells)
    return table


def score_table(profiles: Mapping[str, Any], problems: int) -> Table:
    """AlgoPerf's scores; on how many problems each was the fastest, and on how many it came to the target."""
    scores, shares = profiles["scores"], profiles["shares"]
    names = sorted(scores, key=lambda name: -(scores[name] or 0))
    best = best_of([scores[name] for name in names], "higher")
    table = plain_table("", "AlgoPerf score", "fastest on", "target reached on", title="Over all problems")
    for place, name in enumerate(names):
        share = shares.get(name) or [0.0]
        first, last = (f"{round(value * problems)} of {problems}" for value in (share[0], share[-1]))
        score = _starred(number(scores[name], 3), place in best, any_best=True)
        table.add_row(Text(short(name)), score, first, last)
    return table


def short(name: str) -> str:
    """A name that leaves room for the figures."""
    text = printable(name, one_line=True)
    return text if cell_len(text) <= LONGEST_NAME else f"{set_cell_size(text, LONGEST_NAME - 1)}…"


def _show_settings(screen: Screen, problem: Problem) -> None:
    """What was chosen, a line a contestant, where it is more than a learning rate."""
    if not _only_rates(problem):
        rows = [
            (Text(short(name)), Text(printable(settings_in_words(chosen), one_line=True)))
            for name in problem["ranking"]
            if (chosen := section_of(problem, name, "chosen"))
        ]
        screen.show(Text("chosen", "faint"))
        show_definitions(screen, rows)
        screen.show(Text())


def _show_verdicts(screen: Screen, problem: Problem, most: int) -> None:
    screen.show(Text("* best of its column; optimizers that share a letter cannot be told apart", "faint"))
    said = verdicts(problem)
    for sentence in said[:most]:
        show_paragraph(screen, Text(printable(sentence, one_line=True)), hang=2)
    if len(said) > most:
        screen.show(Text(f"… and {len(said) - most} more pairs in report.html", "faint"))


def _only_rates(problem: Problem) -> bool:
    keys = {key for name in problem["ranking"] for key in section_of(problem, name, "chosen")}
    return keys == {"optimizer.learning_rate"}


def _words(column: str) -> str:
    return printable(column.replace("val_", "validation ", 1).replace("_", " "), one_line=True)


def _mean(values: Mapping[str, Any]) -> str:
    """The mean, and half the width of its interval with as many decimals."""
    mean, bounds = number(values.get("mean")), values.get("interval")
    if not bounds:
        return mean
    margin, decimals = (bounds[1] - bounds[0]) / 2, len(mean.partition(".")[2])
    return f"{mean} ± {number(margin, 2) if 'e' in mean else format(margin, f'.{decimals}f')}"


def _time(values: Mapping[str, Any]) -> str:
    if not values.get("n"):
        return "–"
    median = values.get("median")
    return f"{'∞' if median is None else format(median, 'g')} ({values['reached']}/{values['n']})"


def _starred(text: str, is_best: bool, any_best: bool) -> Text:
    """The star has its own column where any cell has one."""
    star = ("*" if is_best else " ") if any_best else ""
    return Text(text + star, "good" if is_best else "")
