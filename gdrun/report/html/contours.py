"""Lines between the regions of a grid, as the paths of SVG."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# The edges of a cell, from corner to corner; corners are (0, 0), (1, 0), (1, 1) and (0, 1) as (x, y).
_CORNERS = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], float)
_NEXT = (1, 2, 3, 0)


def borders(labels: NDArray[Any], margin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Line segments (segments, 2, 2), each from (x, y) to (x, y) in steps of the grid, between unlike labels.

    Where two neighbours differ, the border passes between them at such a place that the margin would fall to
    0 there; in a cell it joins the two such places, or all of them in the middle.

    Args:
        labels: (y, x).
        margin: (y, x), how far each point is from being of another label; not negative.
    """
    corner_labels = np.stack([labels[:-1, :-1], labels[:-1, 1:], labels[1:, 1:], labels[1:, :-1]])
    rows, columns = np.nonzero((corner_labels != corner_labels[0]).any(axis=0))
    segments = []
    for y, x in zip(rows.tolist(), columns.tolist(), strict=True):
        crossings = []
        for corner, other in enumerate(_NEXT):
            here, there = _CORNERS[corner], _CORNERS[other]
            if corner_labels[corner, y, x] != corner_labels[other, y, x]:
                near = margin[y + int(here[1]), x + int(here[0])]
                far = margin[y + int(there[1]), x + int(there[0])]
                share = near / (near + far) if near + far > 0 else 0.5
                crossings.append(here + share * (there - here) + (x, y))
        if len(crossings) == 2:
            segments.append(crossings)
        else:
            middle = np.mean(crossings, axis=0)
            segments += [[crossing, middle] for crossing in crossings]
    return np.array(segments, float).reshape(-1, 2, 2)


def path(segments: NDArray[np.float64]) -> str:
    """The `d` of an SVG path that draws segments (segments, 2, 2), to a tenth of a unit."""
    starts = np.round(segments[:, 0], 1)
    ways = np.round(segments[:, 1], 1) - starts
    return "".join(
        f"M{x:g} {y:g}l{dx:g} {dy:g}"
        for (x, y), (dx, dy) in zip(starts.tolist(), np.round(ways, 1).tolist(), strict=True)
    )
