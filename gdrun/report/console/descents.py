"""Descents on objectives in words and tables: what is about to happen, and what it came to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from gdrun.config import AnyConfig, ObjectiveConfig
from gdrun.objectives.line_methods import LineMethod
from gdrun.report.console.numbers import duration, number
from gdrun.report.console.screen import Screen
from gdrun.report.console.tables import plain_table, status_text
from gdrun.run_directory.store import Group
from gdrun.text import printable

MOST_RUNS = 10  # that are shown one by one, the best of them
MOST_VARIABLES = 6  # of a point


def objective_in_words(config: ObjectiveConfig, begins: str = "") -> str:
    """ "minimize rosenbrock, 2 variables, from (-1.2, 1)"; `begins` is said in place of the start."""
    count = config.dimension
    name = printable(getattr(config.objective, "expression", config.objective.name), one_line=True)
    problem = getattr(config.objective, "problem", None)
    called = f"{name} {problem}" if isinstance(problem, str) else name
    if config.interval is not None:
        begins = "on [{:g}, {:g}]".format(*config.interval)
    elif not begins:
        starts = config.starts()
        begins = f"from {point_in_words(starts[0])}" if len(starts) == 1 else f"{len(starts):,} starts"
    return f"{config.direction} {called}, {count} variable{'s' * (count > 1)}, {begins}"


def method_in_words(config: ObjectiveConfig) -> str:
    """ "adam, learning rate 0.05, cosine"."""
    method = config.optimizer
    if isinstance(method, LineMethod):
        return method.name
    what = method.rate_option.replace("_", " ")
    words = [method.name, f"{what} {number(method.base_rate)}", config.schedule.name]
    return ", ".join([*words, *around_in_words(config)])


def around_in_words(config: AnyConfig) -> list[str]:
    """What stands beside the optimizer: "gradients clipped", "lookahead", "averaged (ema)" …"""
    words = ["gradients clipped"] if config.gradient_clipping else []
    words += ["lookahead"] if config.lookahead else []
    words += [f"averaged ({config.averaging.name})"] if config.averaging else []
    return words + (["gradient noise"] if config.gradient_noise else [])


def descent_in_words(config: ObjectiveConfig) -> str:
    """ "500 steps, or until the gradient norm is below 1e-08"."""
    until = "" if config.tolerance is None else f", or until the gradient norm is below {config.tolerance:g}"
    return f"{config.steps:,} steps{until}, {config.dtype}"


def point_in_words(point: Any) -> str:
    """ "(-1.2, 1)", of many variables the first ones."""
    shown = [f"{x:.6g}" for x in list(point)[:MOST_VARIABLES]]
    more = ["…"] * (len(point) > MOST_VARIABLES)
    return f"({', '.join([*shown, *more])})"


def descent_summary(run: Mapping[str, Any]) -> Text:
    """One line: how the descent ended, and how long it took."""
    timing = run["timing"] or {}
    text = Text.assemble(status_text(run["status"]))
    if run["reason"]:
        text.append(f" ({run['reason']})")
    if timing.get("steps") is not None:
        text.append(f" · {timing['steps']:,} steps in {duration(timing['training'])}")
    return text


def descent_table(run: Mapping[str, Any]) -> Table:
    """The best point and the last one of a run, from its run.json."""
    result = run["result"]
    names = list(result["point"])[:MOST_VARIABLES]
    more = ["…"] * (len(result["point"]) > MOST_VARIABLES)
    known = ["distance"] * (result.get("distance") is not None)
    table = plain_table("", "step", "value", "gradient norm", *known, *map(str, names), *more)
    lines = {"best": (result["best_step"], result), "last": (run["timing"]["steps"], result["last"])}
    for label, (step, found) in lines.items():
        cells = [f"{step:,}", number(found["value"], 6), number(found["gradient_norm"])]
        cells += [number(found.get("distance")) if "distance" in found else ""] * len(known)
        cells += [number(found["point"][name], 6) for name in names] + more
        table.add_row(
            label, *(Text(cell, style="number" if place == 1 else "") for place, cell in enumerate(cells))
        )
    return table


def show_descent(screen: Screen, record: Mapping[str, Any]) -> None:
    """Show what one run of `gdrun minimize` came to."""
    screen.show(descent_summary(record))
    if record["result"]:
        screen.show(descent_table(record))
        if record["result"].get("minimum") is not None:
            screen.show(Text(f"the known minimum is {record['result']['minimum']:.10g}", style="faint"))


def show_descents(screen: Screen, group: Group) -> None:
    """Show the spread over the starts, and the best of them."""
    table = plain_table("", "median", "mean", "std", "min", "max")
    for name, found in group.summary["metrics"].items():
        cells = [number(found[key]) for key in ("median", "mean", "std", "min", "max")]
        table.add_row(name.replace("_", " "), Text(cells[0], style="number"), *cells[1:])
    screen.show(table)
    columns = {name: column.tolist() for name, column in group.results.items()}
    if group.summary["best"] is None:
        return
    names = list(group.summary["best"]["point"])[:MOST_VARIABLES]
    rows = range(len(columns["run"]))
    sign = -1 if group.config["direction"] == "maximize" else 1
    values = columns["value"]
    order = sorted(rows, key=lambda row: (math.isnan(values[row]), sign * values[row]))[:MOST_RUNS]
    known = ["distance"] * any(not math.isnan(x) for x in columns["distance"])
    best = plain_table("the best runs" if len(rows) > MOST_RUNS else "run", "status", "value", *known, *names)
    for row in order:
        cells = [number(columns[name][row], 6) for name in ("value", *known, *names)]
        best.add_row(str(columns["run"][row]), status_text(str(columns["status"][row])), *cells)
    screen.show(best)
