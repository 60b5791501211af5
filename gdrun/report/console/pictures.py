"""Curves as text: braille dots, two by four in a character, with axes and ticks around them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

Float64 = NDArray[np.float64]

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a braille character, row by row
_BRAILLE = 0x2800
_STYLES = ("number", "warn")
_TICKS = 4.4  # at most, on the y axis: a little more than 4, so that 0 … 4.2 has one at each whole number
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Curve:
    """One line of a picture.

    Attributes:
        name: for the legend.
        y: (points,), at the points that the picture's x axis goes over; what isn't finite is left out.
    """

    name: str
    y: Float64


@dataclass(frozen=True)
class Picture:
    """One or two curves over the same axis; the second is drawn with gaps.

    Attributes:
        title: what is seen.
        first, last: of the x axis; the curves' points are evenly spread between them.
        x_name: what the x axis counts.
        curves: one or two.
        logarithmic: whether the y axis is; then every y is above 0.
        zero: whether the y axis begins at 0 or below.
    """

    title: str
    first: float
    last: float
    x_name: str
    curves: Sequence[Curve]
    logarithmic: bool = False
    zero: bool = False


def draw(picture: Picture, width: int = 60, height: int = 9) -> list[Text]:
    """The lines of a picture.

    Args:
        picture: its curves have at least one finite value.
        width, height: of the area with the curves, in characters.
    """
    curves = [np.log10(curve.y) if picture.logarithmic else curve.y for curve in picture.curves]
    low, high, step = _axis(curves, picture)
    first = math.ceil(low / step - 1e-9)
    marks = [(first + i) * step for i in range(math.floor(high / step + 1e-9) - first + 1)]
    ticks = {_row(mark, low, high, height) // 4: _label(mark, step, picture.logarithmic) for mark in marks}
    cells = np.zeros((height, width), np.int64)
    owners = np.full((height, width), -1)
    layers = [(-1, _zero_lines(picture, low, high, width, height))]
    layers += [(n, _line(y, low, high, width, height, gaps=n > 0)) for n, y in enumerate(curves)]
    for owner, dots in layers:
        for row, column in dots:
            cells[row // 4, column // 2] |= _DOTS[row % 4][column % 2]
            owners[row // 4, column // 2] = max(owners[row // 4, column // 2], owner)
    margin = max(map(len, ticks.values()))
    lines = []
    for row in range(height):
        line = Text(ticks.get(row, "").rjust(margin), style="faint")
        line = Text.assemble(line, (" ┤" if row in ticks else " │", "faint"))
        for cell, owner in zip(cells[row].tolist(), owners[row].tolist(), strict=True):
            line.append(chr(_BRAILLE + cell) if cell else " ", _STYLES[owner] if owner >= 0 else "faint")
        line.rstrip()
        lines.append(line)
    return [*lines, *_x_axis(picture, width, margin)]


def legend(picture: Picture) -> Text:
    """Which curve is which; nothing where there is only one."""
    if len(picture.curves) < 2:
        return Text()
    marks = ("⠒⠒", "⠂⠂")
    parts = [
        Text.assemble((mark, style), f" {curve.name}")
        for mark, style, curve in zip(marks, _STYLES, picture.curves, strict=False)
    ]
    return Text("   ").join(parts)


def _axis(curves: Sequence[Float64], picture: Picture) -> tuple[float, float, float]:
    """The least and the greatest value of the y axis, and the distance of its ticks."""
    values = np.concatenate([y[np.isfinite(y)] for y in curves])
    low, high = float(values.min()), float(values.max())
    if picture.zero:
        low = min(low, 0.0)
    if high - low < 1e-9 * max(abs(high), 1.0):
        low, high = low - 0.5, high + 0.5
    if picture.logarithmic and math.ceil(low) > math.floor(high):  # between two powers of ten: they are shown
        low, high = float(math.floor(low)), float(math.ceil(high))
    return low, high, _nice((high - low) / _TICKS, whole=picture.logarithmic)


def _nice(rough: float, *, whole: bool = False) -> float:
    """A round number that is at least so large."""
    power = 10.0 ** math.floor(math.log10(rough))
    nice = next(factor * power for factor in _STEPS if factor * power >= rough * (1 - 1e-9))
    return max(math.ceil(nice), 1) if whole else nice


def _label(value: float, step: float, logarithmic: bool) -> str:
    if logarithmic:
        return f"{10 ** round(value):g}" if abs(round(value)) < 4 else f"1e{round(value)}"
    if abs(value) < step / 1e6:
        return "0"
    return f"{value:.6g}".replace("-", "−")


def _row(value: float, low: float, high: float, height: int) -> int:
    """The row of dots of a value, from the top."""
    share = (high - value) / (high - low)
    return round(min(max(share, 0.0), 1.0) * (4 * height - 1))


def _line(
    y: Float64, low: float, high: float, width: int, height: int, *, gaps: bool
) -> Iterator[tuple[int, int]]:
    """The dots (row, column) of a curve: in each column all between the values that fall into it."""
    columns = np.minimum(np.arange(len(y)) * 2 * width // len(y), 2 * width - 1)
    before = None
    for column in range(2 * width):
        values = y[columns == column]
        if not len(values):  # fewer points than columns: the nearest one
            values = y[[min(column * len(y) // (2 * width), len(y) - 1)]]
        values = values[np.isfinite(values)]
        if not len(values):
            before = None
            continue
        rows = [_row(float(value), low, high, height) for value in values]
        top, bottom = min(rows), max(rows)
        if before is not None:  # a jump is drawn as a vertical line
            top, bottom = min(top, before + 1), max(bottom, before - 1)
        before = rows[-1]
        if gaps and column % 4 > 1 and bottom - top < 4:
            continue
        for row in range(max(top, 0), min(bottom, 4 * height - 1) + 1):
            yield row, column


def _zero_lines(
    picture: Picture, low: float, high: float, width: int, height: int
) -> Iterator[tuple[int, int]]:
    """Sparse dots where x or y is 0, if that is inside the picture."""
    if picture.logarithmic:
        return
    if low < 0 < high:
        row = _row(0.0, low, high, height)
        yield from ((row, column) for column in range(0, 2 * width, 4))
    if picture.first < 0 < picture.last:
        column = round(-picture.first / (picture.last - picture.first) * (2 * width - 1))
        yield from ((row, column) for row in range(0, 4 * height, 2))


def _x_axis(picture: Picture, width: int, margin: int) -> list[Text]:
    step = _nice((picture.last - picture.first) / max(width // 12, 2))
    count = math.floor((picture.last - picture.first) / step + 1e-9)
    first = math.ceil(picture.first / step - 1e-9) * step
    axis, labels = list("─" * width), list(" " * (width + margin + 8 + len(picture.x_name)))
    for tick in (first + i * step for i in range(count + 1)):
        column = round((tick - picture.first) / (picture.last - picture.first) * (width - 1))
        axis[column] = "┬"
        label = _label(tick, step, logarithmic=False)
        start = margin + 2 + column - (len(label) - 1) // 2
        labels[start : start + len(label)] = label
    text = "".join(labels).rstrip()
    return [Text(" " * margin + " └" + "".join(axis), "faint"), Text(f"{text} {picture.x_name}", "faint")]
