"""The tables of a comparison: results, pairs, chosen settings, costs, scores. All can be sorted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from gdrun.report.comparison import (
    Problem,
    best_of,
    clock_of,
    runs_without_end,
    section_of,
    setting,
    settings_in_words,
)
from gdrun.report.html.compare_words import has_test
from gdrun.report.html.source import section
from gdrun.report.html.words import NOTHING, as_float, column_words, duration, figure

LONGEST_NAME = 24  # letters on one line


@dataclass(frozen=True)
class Cell:
    """What a cell shows.

    Args:
        text: the value.
        value: the number that it is sorted by; a text is sorted by itself, and what has neither comes last.
        below: a second, smaller line.
        best: whether it is the best of its column.
    """

    text: str
    value: Any = None
    below: str = ""
    best: bool = False

    @property
    def key(self) -> str | None:
        """The value to sort by, in short, where the text doesn't say it; empty for none."""
        number = as_float(self.value)
        if number is None:
            return "" if self.value is None and self.text else None
        text = as_float(self.text.replace("−", "-").replace("\u202f", ""))
        return None if text is not None and math.isclose(text, number, rel_tol=1e-3) else f"{number:.7g}"


class Table(NamedTuple):
    """Titles of the columns, rows (name, its look, the cells after it), perhaps a last line of sums."""

    columns: Sequence[str]
    rows: Sequence[tuple[str, Mapping[str, Any] | None, Sequence[Cell]]]
    total: Sequence[Cell] = ()

    @property
    def looks(self) -> str:
        """Classes of the style sheet: whether names and last cells need to be broken into lines."""
        long_names = any(len(name) > LONGEST_NAME for name, _, _ in self.rows)
        long_words = any(cells and len(cells[-1].text) > LONGEST_NAME for _, _, cells in self.rows)
        return " ".join(["long-names"] * long_names + ["long-words"] * long_words)


Looks = Mapping[str, dict[str, Any]]


def cell(value: Any, below: str = "") -> Cell:
    return Cell(figure(value), as_float(value), below)


def result_table(problem: Problem, shown: Looks) -> Table:
    """A row a contestant, best first: results, times to the target, what diverged, what was chosen."""
    names, tested = list(problem["ranking"]), has_test(problem)
    better = problem["better"]
    metric = column_words(problem["monitor"])
    columns: list[tuple[str, list[Cell], str]] = [
        ("group", [_letters(problem, name) for name in names], ""),
        (f"{metric}, mean", [_mean(section_of(problem, name)) for name in names], better),
    ]
    for key, title in (
        ("median", "median"),
        ("interquartile_mean", "inter\u00adquartile mean"),
        ("worst", "worst"),
    ):
        columns.append((title, [cell(section_of(problem, name).get(key)) for name in names], better))
    if tested:
        test = metric.replace("validation", "test")
        columns.append(
            (f"{test}, mean", [_mean(section_of(problem, name, "test")) for name in names], better)
        )
    if any(section_of(problem, name, "target") for name in names):
        for unit, write in (("epochs", "{:g}".format), ("seconds", duration)):
            cells = [_time(section(section_of(problem, name, "target"), unit), write) for name in names]
            said = f"{clock_of(problem)}s" if unit == "epochs" else unit
            columns.append((f"{said} to target", cells, "lower"))
    columns.append(("diverged", [_diverged(problem, name) for name in names], ""))
    keys = {key for name in names for key in section_of(problem, name, "chosen")}
    title = "learning rate" if keys == {"optimizer.learning_rate"} else "chosen"
    columns.append((title, [_chosen(problem, name, short=len(keys) == 1) for name in names], ""))
    marked = [_marked(cells, direction) for _, cells, direction in columns]
    rows = [(name, shown[name], [column[place] for column in marked]) for place, name in enumerate(names)]
    return Table(["optimizer", *(title for title, _, _ in columns)], rows)


def _letters(problem: Problem, name: str) -> Cell:
    letters = str(problem["contestants"][name]["letters"])
    return Cell(letters or NOTHING, letters)


def _mean(values: Mapping[str, Any]) -> Cell:
    bounds = values.get("interval")
    return cell(values.get("mean"), f"{figure(bounds[0])} – {figure(bounds[1])}" if bounds else "")


def _time(values: Mapping[str, Any], write: Any) -> Cell:
    if not values.get("n"):
        return Cell(NOTHING)
    median = as_float(values.get("median"))
    below = f"{figure(values['reached'])} of {figure(values['n'])} seeds"
    text = "∞" if median is None else write(median)
    return Cell(text, "inf" if median is None else median, below)


def _diverged(problem: Problem, name: str) -> Cell:
    bad, runs = runs_without_end(problem, name, "evaluation")
    if not runs:
        return Cell("all trials", "inf")
    return Cell(f"{figure(bad)} of {figure(runs)}", bad)


def _chosen(problem: Problem, name: str, *, short: bool) -> Cell:
    chosen = section_of(problem, name, "chosen")
    values = list(chosen.values())
    return Cell(settings_in_words(chosen, short=short), as_float(values[0]) if len(values) == 1 else None)


def _marked(cells: Sequence[Cell], better: str) -> list[Cell]:
    """The cells, the best of them marked; none where a column has no better end."""
    values = [as_float(one.value) if one.value != "inf" else None for one in cells]
    best = best_of(values, better) if better else set()
    return [replace(one, best=place in best) for place, one in enumerate(cells)]


def pair_table(problem: Problem) -> Table:
    """A row a pair: the difference with its interval, the p-values, what is said of it."""
    scale, unit = problem["scale"], problem["unit"]
    rows = []
    for pair in problem["pairs"]:
        mean, bounds = as_float(pair["mean"]), pair["interval"]
        difference = Cell(NOTHING)
        if mean is not None:
            below = f"{signed(bounds[0] * scale)} to {signed(bounds[1] * scale)}" if bounds else ""
            difference = Cell(signed(mean * scale), mean * scale, below)
        share = as_float(pair["improvement"])
        cells = [
            difference,
            Cell(probability(pair["p_value"]), pair["p_value"]),
            Cell(
                probability(pair["adjusted_p_value"]),
                pair["adjusted_p_value"],
                best=pair["better"] is not None,
            ),
            Cell(NOTHING if share is None else f"{100 * share:.0f} %", share),
            cell(pair["seeds"]),
            cell(pair["seeds_needed"]),
            Cell(str(pair["verdict"]), str(pair["verdict"])),
        ]
        rows.append((f"{pair['first']} − {pair['second']}", None, cells))
    heading = f"difference, {unit}" if unit else f"difference of {column_words(problem['monitor'])}"
    columns = [
        *("pair", heading, "p", "p, adjusted", "probability of improvement"),
        *("seeds", "seeds needed", "verdict"),
    ]
    return Table(columns, rows)


def signed(value: float) -> str:
    """A difference with its sign, two decimals where it is around one."""
    size = abs(value)
    text = f"{value:+.2f}" if 0.1 <= size < 100 or value == 0 else f"{value:+.2g}"
    return text.replace("-", "−").replace("e−0", "e−").replace("e+0", "e")


def probability(value: Any) -> str:
    """A p-value with three decimals, four below a hundredth."""
    number = as_float(value)
    if number is None:
        return NOTHING
    if number < 0.0001:
        return "< 0.0001"
    return f"{number:.4f}" if number < 0.01 else f"{number:.3f}"


def setting_table(problem: Problem, shown: Looks) -> Table:
    """Every option of every contestant as evaluated, with the optimizer's name where it has another."""
    optimizers = {name: section_of(problem, name, "optimizer") for name in problem["ranking"]}
    renamed = any(options and options.get("name") != name for name, options in optimizers.items())
    options_of_all = dict.fromkeys(key for options in optimizers.values() for key in options)
    keys = [key for key in options_of_all if key != "name" or renamed]
    rows = [
        (name, shown[name], [option_cell(options.get(key)) for key in keys])
        for name, options in optimizers.items()
    ]
    return Table(["optimizer", *(key.replace("_", " ") for key in keys)], rows)


def option_cell(value: Any) -> Cell:
    return Cell("") if value is None else Cell(setting(value), value)


def cost_table(problem: Problem, shown: Looks) -> Table:
    """What tuning and evaluating each contestant took, and all together."""
    titles = {
        "trials": "trials",
        "tuning_runs": "tuning runs",
        "tuning_updates": "tuning updates",
        "tuning_seconds": "tuning time",
        "evaluation_runs": "evalu\u00adation runs",
        "evaluation_updates": "evalu\u00adation updates",
        "evaluation_seconds": "evalu\u00adation time",
    }
    costs = {name: section_of(problem, name, "cost") for name in problem["ranking"]}

    def row(values: Mapping[str, Any]) -> list[Cell]:
        cells = [
            Cell(duration(value) if key.endswith("seconds") else figure(value), as_float(value))
            for key in titles
            for value in (values.get(key),)
        ]
        time = [as_float(values.get(f"{phase}_seconds")) or 0.0 for phase in ("tuning", "evaluation")]
        return [*cells, Cell(duration(sum(time)), sum(time))]

    sums = {key: sum(as_float(values.get(key)) or 0 for values in costs.values()) for key in titles}
    whole = {key: value if key.endswith("seconds") else int(value) for key, value in sums.items()}
    rows = [(name, shown[name], row(values)) for name, values in costs.items()]
    return Table(["optimizer", *titles.values(), "time in all"], rows, row(whole))


def score_table(summary: Mapping[str, Any], shown: Looks) -> Table:
    """A row a contestant over several problems: AlgoPerf's score, then mean and letters on each problem."""
    scores = section(summary, "profiles", "scores")
    problems = summary["problems"]
    names = sorted(summary["contestants"], key=lambda name: -(as_float(scores.get(name)) or 0))
    columns = [_marked([cell(scores.get(name)) for name in names], "higher")]
    for problem in problems:
        cells = []
        for name in names:
            letters = problem["contestants"][name]["letters"]
            cells.append(cell(section_of(problem, name).get("mean"), f"group {letters}" if letters else ""))
        columns.append(_marked(cells, problem["better"]))
    rows = [(name, shown[name], [column[place] for column in columns]) for place, name in enumerate(names)]
    titles = [f"{problem['name']}: {column_words(problem['monitor'])}" for problem in problems]
    return Table(["optimizer", "AlgoPerf score", *titles], rows)
