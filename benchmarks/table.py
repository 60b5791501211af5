"""The tables, on the screen and in RESULTS.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.lockstep import CONTENDERS
from benchmarks.problem import PROBLEMS
from benchmarks.targets import Finding

Figures = Mapping[str, Mapping[str, list[float]]]

NOTES = """\
Microseconds per update per run: a batch gathered by index, forward and backward pass, one step of Adam;
float32, relu, softmax cross entropy, the same networks, batch sizes and learning rate for all. Lower is
better. The median over the rounds (lowest to highest); in every round each contender has its turn, in a
process of its own on the same core. JAX's compilation is not counted. scikit-learn also sums up the loss of
every batch, as it always does. "Stacked" and "vmap" train many runs in the same calls; their time is divided
by the number of runs."""


def figures_rows(figures: Figures) -> tuple[list[str], list[list[str]]]:
    """Header and rows: a row a contender, a column a network."""
    header = [""]
    for name in figures:
        problem = PROBLEMS[name]
        sizes = "-".join(map(str, problem.sizes))
        header.append(f"{name}: {sizes}, batch {problem.batch}, stacks of {problem.stacked}")
    rows = []
    for contender in CONTENDERS:
        cells = [figures[name][contender] for name in figures]
        rows.append([contender, *(_microseconds(median(cell), min(cell), max(cell)) for cell in cells)])
    return header, rows


def _microseconds(middle: float, low: float, high: float) -> str:
    digits = 1 if middle < 100 else 0
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def findings_rows(findings: Sequence[Finding]) -> tuple[list[str], list[list[str]]]:
    marks = {True: "yes", False: "no"}
    rows = [
        [each.aim, each.target, each.found, marks[each.reached] if each.target else ""] for each in findings
    ]
    return ["", "target", "found", "reached"], rows


def show(console: Console, header: list[str], rows: list[list[str]]) -> None:
    table = Table(*header)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def markdown(machine: Mapping[str, str], figures: Figures, findings: Sequence[Finding]) -> str:
    """The whole of RESULTS.md."""
    parts = [
        "# gdrun beside its peers",
        "Written by `make benchmark BENCHMARK_OPTIONS=--write`; taken on one machine on one day.",
        markdown_table(["", ""], [[name, value] for name, value in machine.items()]),
        "## Microseconds per update per run",
        NOTES,
        markdown_table(*figures_rows(figures)),
        "## Targets",
        markdown_table(*findings_rows(findings)),
    ]
    return "\n\n".join(parts) + "\n"


def markdown_table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
