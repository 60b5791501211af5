"""Lines over epochs and steps, thinned out where there are more points than a screen can show.

Thinning keeps, of every stretch of rows, the lowest and the highest point of each line: a spike stays a
spike. Nothing is averaged, so every point of a drawn line is a value of metrics.csv.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdrun.report.html.words import as_float, as_floats, as_int, count, figure

Values = NDArray[np.float64]
POINTS_OF_A_LINE = 500
STEEP = 100  # a logarithmic axis is the first choice when values span more than this factor


@dataclass(frozen=True)
class Chart:
    """A figure of the page: what the template writes around it and what the browser draws in it."""

    title: str
    alternative: str  # the chart in words, for those who don't see it
    caption: str
    drawing: Mapping[str, Any]
    wide: bool = False


@dataclass(frozen=True)
class Line:
    """A column of metrics.csv, ready to be drawn.

    Args:
        words: what it is called.
        role: train, val or other: what gives it its colour.
        values: (rows,); NaN where the cell is empty or isn't a finite number.
        lost: how many cells held NaN or an infinity.
    """

    words: str
    role: str
    values: Values
    lost: int = 0

    @classmethod
    def of(cls, words: str, role: str, column: Sequence[Any] | None, rows: int) -> Line:
        """The line of a column; missing cells at its end are empty ones."""
        cells = (column or ())[:rows]
        values = np.full(rows, np.nan)
        values[: len(cells)] = as_floats(cells)
        wrong = np.flatnonzero(~np.isfinite(values[: len(cells)]))
        lost = sum(as_float(cells[place]) is not None for place in wrong.tolist())
        values[wrong] = np.nan
        return cls(words, role, values, lost)

    @property
    def is_empty(self) -> bool:
        return not np.isfinite(self.values).any() and not self.lost


def kept_rows(lines: Sequence[Values], points: int, always: Iterable[int] = ()) -> NDArray[np.intp]:
    """The rows to draw, ascending: all of them, or the start and the extremes of every line in each stretch.

    The stretches are equally long on paper, not in epochs: short where a curve falls steeply, long where it
    runs flat.

    Args:
        lines: values (rows,) each; NaN is a gap.
        points: how many rows may stay, about.
        always: rows that stay whatever happens.
    """
    rows = len(lines[0])
    if rows <= points:
        return np.arange(rows)
    way = np.sum([travelled(line) for line in lines], axis=0)
    path = np.arange(rows) / rows + way / max(float(way[-1]), 1e-9)
    stretches = max(1, points // (1 + 2 * len(lines)))
    edges = np.unique(np.searchsorted(path, np.linspace(0, path[-1], stretches + 1)[:-1]))
    lengths = np.diff(np.append(edges, rows))
    kept = {rows - 1, *edges.tolist(), *always}
    for line in lines:
        finite = np.isfinite(line)
        for empty, reduce in ((np.inf, np.minimum), (-np.inf, np.maximum)):
            filled = np.where(finite, line, empty)
            extremes = np.repeat(reduce.reduceat(filled, edges), lengths)
            hits = np.flatnonzero((filled == extremes) & finite)
            kept.update(hits[np.unique(np.repeat(edges, lengths)[hits], return_index=True)[1]].tolist())
        turns = np.flatnonzero(finite[1:] != finite[:-1])[:50]
        kept.update(turns.tolist(), (turns + 1).tolist())  # a gap stays a gap
    return np.array(sorted(kept), np.intp)


def travelled(line: Values) -> Values:
    """How far a line has gone up and down, (rows,), on a linear and on a logarithmic axis of height 1."""
    known = np.flatnonzero(np.isfinite(line))
    way = np.zeros(len(line))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for values in (line[known], np.log(line[known])):
            steps = np.abs(np.diff(values)) / np.ptp(values) if len(known) > 1 else np.zeros(0)
            way[known[1:]] += np.where(np.isfinite(steps), steps, 0)
    total: Values = way.cumsum()
    return total


def plain(values: Values, digits: int | None = None) -> list[float | int | None]:
    """Values for strict JSON: None for NaN, whole numbers as such; rounded where many lines share a page."""
    result: list[float | int | None] = []
    for value in values.tolist():
        if not math.isfinite(value):
            result.append(None)
        elif value.is_integer() and abs(value) < 2**53:
            result.append(int(value))
        else:
            result.append(value if digits is None else float(f"{value:.{digits}g}"))
    return result


def is_steep(lines: Iterable[Values]) -> bool:
    """Whether the positive values span more than two powers of ten."""
    values = np.concatenate(list(lines))
    values = values[np.isfinite(values) & (values > 0)]
    return len(values) > 1 and bool(values.max() / STEEP > values.min())


def is_unbounded(lines: Iterable[Line]) -> bool:
    """Whether a quantity is no share: all its values are positive, and some are above 1."""
    values = np.concatenate([line.values for line in lines])
    values = values[np.isfinite(values)]
    return len(values) > 0 and bool(values.min() > 0 and values.max() > 1)


def curves(
    title: str,
    across: Line,
    lines: Sequence[Line],
    *,
    beside: Sequence[Line] = (),
    best: int | None = None,
    logarithmic: bool = False,
    steep: bool | None = None,
    noun: str = "evaluation",
) -> Chart | None:
    """A chart of some lines over one axis; None where there is nothing to draw.

    Args:
        title: what the lines measure.
        across: the horizontal axis.
        beside: further columns for the tooltip.
        best: the place on the axis to mark as the best epoch.
        logarithmic: whether a logarithmic axis makes sense for this quantity.
        steep: whether to start with it; by default when the values span more than two powers of ten.
        noun: what a row of the columns is called.
    """
    if not any(np.isfinite(line.values).any() for line in lines):
        return None
    rows = len(across.values)
    always = np.flatnonzero(across.values == best).tolist() if best is not None else []
    kept = kept_rows([line.values for line in lines], POINTS_OF_A_LINE, always)
    drawing = {
        "kind": "curves",
        "axis": across.words,
        "label": title,
        "x": plain(across.values[kept]),
        "beside": [{"label": line.words, "values": plain(line.values[kept])} for line in beside],
        "lines": [
            {"label": line.words, "role": line.role, "values": plain(line.values[kept])} for line in lines
        ],
        "best": best,
        "log_possible": logarithmic,
        "log": logarithmic and (is_steep(line.values for line in lines) if steep is None else steep),
    }
    lost = ", ".join(f"{count(line.lost, 'value')} of {line.words}" for line in lines if line.lost)
    notes = [f"NaN or infinite, and not drawn: {lost}."] if lost else []
    if len(kept) < rows:
        notes.append(f"{figure(len(kept))} of {count(rows, noun)} drawn: the extremes of each stretch.")
    return Chart(title, describe(title, across, lines), " ".join(notes), drawing)


def describe(title: str, across: Line, lines: Sequence[Line]) -> str:
    """A chart in words: where each line starts and ends."""
    sentences = []
    for line in lines:
        finite = np.flatnonzero(np.isfinite(line.values) & np.isfinite(across.values))
        if len(finite):
            start, end = (
                f"{figure(line.values[row])} at {across.words} {as_int(across.values[row])}"
                for row in (finite[0], finite[-1])
            )
            sentences.append(f"{line.words} from {start} to {end}")
    return f"{title} by {across.words}: {'; '.join(sentences) or 'no values'}."
