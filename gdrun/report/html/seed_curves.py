"""The curves of many seeds: each of them thin, their median thick, a band between their quartiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gdrun.report.html.curves import (
    POINTS_OF_A_LINE,
    Chart,
    Line,
    Values,
    is_steep,
    is_unbounded,
    kept_rows,
    plain,
)
from gdrun.report.html.source import ReportRun
from gdrun.report.html.words import PARTS, count, figure, heading
from gdrun.statistics import quartiles

MOST_CURVES = 40
_POSITIVE = ("Loss", "Learning rate", "Gradient norm", "Value above the minimum")
POINTS_OF_ALL_CURVES = 15_000  # each about 12 bytes of the page


def seed_charts(members: Mapping[str, ReportRun], names: Sequence[str], noun: str = "seed") -> list[Chart]:
    """Every seed's curve, with the median over the seeds and the band between its quartiles.

    Args:
        members: the runs.
        names: of the metrics.
        noun: what tells the runs apart: "seed" or "fold".
    """
    charts = []
    wanted: list[tuple[str, tuple[str, ...], str]] = [
        (name, ("train", "val"), heading(name)) for name in ("loss", *names)
    ]
    wanted += [(name, ("",), heading(name)) for name in ("learning_rate", "gradient_norm")]
    sets = sum(
        any(_column(part, name) in run.metrics for run in members.values())
        for name, parts, _ in wanted
        for part in parts
    )
    points = max(30, POINTS_OF_ALL_CURVES // max(1, sets * min(len(members), MOST_CURVES)))
    for name, parts, title in wanted:
        lines = []
        for part in parts:
            column = _column(part, name)
            drawn = seed_lines(
                members, column, PARTS.get(part, title.lower()), part or "other", min(points, 500)
            )
            if drawn:
                lines.append(drawn)
        if lines:
            charts.append(seeds_chart(title, lines, len(members), noun))
    return charts


def _column(part: str, name: str) -> str:
    return f"{part}_{name}" if part else name


def seed_lines(
    members: Mapping[str, ReportRun], column: str, words: str, role: str, points: int, across: str = "epoch"
) -> tuple[dict[str, Any], list[Line]] | None:
    """The curves of one column and their quartiles, or None where no seed has two values of it."""
    found: list[tuple[str, Values, Line]] = []
    for member, run in members.items():
        rows = len(run.metrics.get(across, ()))
        epochs = Line.of(across, "other", run.metrics.get(across), rows).values
        by_name = run.record.get("fold") is not None or across != "epoch"
        seed = None if by_name else run.record.get("seed")
        line = Line.of(str(member if seed is None else seed), role, run.metrics.get(column), rows)
        if rows > 1 and np.isfinite(line.values).any():
            found.append((line.words, epochs, line))
    if not found:
        return None
    axis = np.unique(np.concatenate([epochs for _, epochs, _ in found]))
    axis = axis[np.isfinite(axis)]
    matrix = np.full((len(found), len(axis)), np.nan)
    for row, (_, epochs, line) in enumerate(found):
        known = np.isfinite(epochs)
        matrix[row, np.searchsorted(axis, epochs[known])] = line.values[known]
    low, median, high, seeds = quartiles(matrix)
    kept = kept_rows([low, median, high], POINTS_OF_A_LINE // 2)
    drawn = np.unique(np.linspace(0, len(found) - 1, min(len(found), MOST_CURVES)).round().astype(int))
    if np.array_equal(low, high, equal_nan=True):
        drawn = drawn[:0]  # all seeds the same, such as a learning rate
    lines = []
    for seed_words, epochs, line in (found[seed] for seed in drawn):
        shown = kept_rows([line.values], points)
        lines.append({"seed": seed_words, "x": plain(epochs[shown]), "y": plain(line.values[shown], 5)})
    drawing = {
        "label": words,
        "role": role,
        "x": plain(axis[kept]),
        "low": plain(low[kept], 7),
        "median": plain(median[kept], 7),
        "high": plain(high[kept], 7),
        "seeds": seeds[kept].tolist(),
        "curves": lines,
        "found": len(found),
    }
    return drawing, [line for _, _, line in found]


def seeds_chart(
    title: str,
    drawn: Sequence[tuple[dict[str, Any], list[Line]]],
    members: int,
    noun: str,
    across: str = "epoch",
) -> Chart:
    lines = [line for _, lines in drawn for line in lines]
    possible = title in _POSITIVE or is_unbounded(lines)
    sets = [drawing for drawing, _ in drawn]
    caption = []
    thin = max(len(one["curves"]) for one in sets)
    found = max(one["found"] for one in sets)
    if 0 < thin < found:
        caption.append(f"{figure(thin)} of {figure(found)} {noun}s drawn thin; the band is over all.")
    if any(0 < number < members for one in sets for number in one["seeds"]):
        caption.append(
            f"{noun.capitalize()}s have ended on the way: median and band are over those that remain."
        )
    lost = sum(line.lost for line in lines)
    if lost:
        caption.append(f"NaN or infinite, and not drawn: {count(lost, 'value')}.")
    ends = "; ".join(
        f"median {one['label']} from {figure(one['median'][0])} to {figure(one['median'][-1])}"
        for one in sets
    )
    drawing = {
        "kind": "seeds",
        "noun": noun,
        "axis": across,
        "label": title,
        "sets": sets,
        "log_possible": possible,
        "log": possible
        and title != "Learning rate"
        and is_steep([np.array([v for one in sets for v in one["median"] if v is not None])]),
    }
    return Chart(title, f"{title} by {across}, {count(members, noun)}: {ends}.", " ".join(caption), drawing)
