"""How activations, gradients and weights are distributed in every layer, by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdrun.report.html.curves import Chart, Line, curves
from gdrun.report.html.surface import frame_words, shown_first
from gdrun.report.html.words import figure

Arrays = Mapping[str, NDArray[Any]]

BINS = 60  # of a histogram as it is drawn
MOST_LINES = 8
OUTERMOST = 0.001  # the share of the values on each side for which an axis isn't made longer
AXES = "Each to its own height, without the outermost 0.1 % on either side; dashed: the first epoch."
KINDS = {  # kind: what numbers its layers, its title, its axis, what is drawn by epoch, and the caption
    "activations": (
        *("activations.layers", "Activations", "output of a unit", "Spread of the activations"),
        "What the units of each layer give for some of the training rows.",
    ),
    "gradients": (
        *("weights.layers", "Gradients", "power of ten of a gradient's size", "Size of the gradients"),
        "Of the loss with respect to each weight: how large, as powers of ten; those that are 0 left out.",
    ),
    "weights": (
        *("weights.layers", "Weights", "weight", "Spread of the weights"),
        "The weights of each layer, without biases.",
    ),
}
DRAWN = {
    "activations": "The standard deviation over rows and units: near 0 a layer says the same of every row.",
    "gradients": "The root of the mean square over a layer's weights, by epoch.",
    "weights": "The standard deviation over a layer's weights, by epoch.",
}


def histogram_charts(arrays: Arrays, layers: Sequence[Any], kept: int | None) -> list[Chart]:
    """For each kind the histograms of all layers, and their width by epoch; none where there are none.

    Args:
        arrays: of learning.npz.
        layers: what run.json calls the layers.
        kept: the epoch whose weights are the run's result.
    """
    charts: list[Chart] = []
    for kind, (numbers, title, axis, spread_title, caption) in KINDS.items():
        if f"{kind}.counts" not in arrays or not len(arrays[numbers]):
            continue
        names = [layer_name(number, layers) for number in arrays[numbers].tolist()]
        charts.append(_ridges(arrays, kind, names, title, axis, caption, kept))
        spread = _spread(arrays, kind, names, spread_title)
        if spread is not None:
            charts.append(spread)
    return charts


def layer_name(number: int, layers: Sequence[Any]) -> str:
    """A layer's number, counted from 0 as in weights.npz, and what run.json calls it."""
    said = str(layers[number]) if number < len(layers) else ""
    return f"{number} {said}".strip()


def _ridges(
    arrays: Arrays, kind: str, names: Sequence[str], title: str, axis: str, caption: str, kept: int | None
) -> Chart:
    epochs = arrays["epochs"].tolist()
    counts, bounds = arrays[f"{kind}.counts"].astype(float), arrays[f"{kind}.range"]
    low, high = _common_range(counts.reshape(-1, counts.shape[2]), bounds.reshape(-1, 2))
    frames = []
    for frame in range(len(epochs)):
        heights = []
        for layer in range(len(names)):
            own = _rebinned(counts[frame, layer], bounds[frame, layer], low, high)
            top = own.max() or 1.0
            heights.append(np.rint(99 * own / top).astype(int).tolist())
        frames.append(heights)
    words = frame_words(epochs, kept)
    start = shown_first(epochs, kept)
    moments = arrays[f"{kind}.moments"][start]
    said = "; ".join(
        f"{name} {figure(float(mean))} ± {figure(float(std))}"
        for name, (mean, std, _) in zip(names, moments.tolist(), strict=True)
    )
    drawing = {
        "kind": "ridges",
        "label": axis,
        "layers": names,
        "low": low,
        "high": high,
        "frames": frames,
        "epochs": epochs,
        "words": words,
        "start": start,
        "values": [
            [[float(f"{value:.4g}") for value in layer] for layer in frame]
            for frame in arrays[f"{kind}.moments"].tolist()
        ],
    }
    alternative = f"{title} by layer at {words[start]}, mean and standard deviation: {said}."
    return Chart(title, alternative, f"{caption} {AXES}", drawing)


def _common_range(counts: NDArray[np.float64], bounds: NDArray[np.float64]) -> tuple[float, float]:
    """From where to where an axis must reach for many histograms, but for the outermost of each."""
    ends = []
    for own, (low, high) in zip(counts, bounds.tolist(), strict=True):
        if total := own.sum():
            reached = np.concatenate([[0.0], np.cumsum(own)]) / total
            ends += np.interp(
                (OUTERMOST, 1 - OUTERMOST), reached, np.linspace(low, high, len(reached))
            ).tolist()
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _rebinned(
    counts: NDArray[np.float64], bounds: NDArray[np.float64], least: float, largest: float
) -> NDArray[np.float64]:
    """Counts of equal bins between two bounds, spread over the bins of a common axis."""
    low, high = bounds.tolist()
    edges = np.linspace(least, largest, BINS + 1)
    if high <= low:  # all in one place
        own, _ = np.histogram([low], edges, weights=[counts.sum()])
        return own.astype(float)
    below = np.concatenate([[0.0], np.cumsum(counts)])
    result: NDArray[np.float64] = np.diff(np.interp(edges, np.linspace(low, high, len(counts) + 1), below))
    return result


def _spread(arrays: Arrays, kind: str, names: Sequence[str], title: str) -> Chart | None:
    """A line a layer over the epochs; of many layers some, evenly spread."""
    epochs = arrays["epochs"].tolist()
    if len(epochs) < 2:
        return None
    moments = arrays[f"{kind}.moments"]
    values = np.sqrt((moments[..., :2] ** 2).sum(axis=-1)) if kind == "gradients" else moments[..., 1]
    places = np.linspace(0, len(names) - 1, min(len(names), MOST_LINES)).round().astype(int)
    lines = [
        Line.of(names[place], f"c{number}", values[:, place].tolist(), len(epochs))
        for number, place in enumerate(places.tolist())
    ]
    across = Line.of("epoch", "other", epochs, len(epochs))
    chart = curves(title, across, lines, logarithmic=True)
    if chart is None:
        return None
    some = f" {len(places)} of {len(names)} layers." if len(places) < len(names) else ""
    return Chart(chart.title, chart.alternative, DRAWN[kind] + some, chart.drawing)


def moments_table(arrays: Arrays, layers: Sequence[Any], kept: int | None) -> dict[str, Any]:
    """The figures of every layer at the epoch that is shown first, to be read without charts."""
    if "activations.counts" not in arrays:
        return {"columns": [], "rows": [], "words": ""}
    epochs = arrays["epochs"].tolist()
    start = shown_first(epochs, kept)
    columns = ["activations, mean", "standard deviation", "share of zeros"]
    columns += ["gradients, root mean square", "share of zeros", "weights, standard deviation"]
    cells: dict[int, list[float | None]] = {}
    for layer, (mean, std, zeros) in zip(
        arrays["activations.layers"].tolist(), arrays["activations.moments"][start].tolist(), strict=True
    ):
        cells[layer] = [mean, std, zeros, None, None, None]
    for layer, (mean, std, zeros), (_, spread, _) in zip(
        arrays["weights.layers"].tolist(),
        arrays["gradients.moments"][start].tolist(),
        arrays["weights.moments"][start].tolist(),
        strict=True,
    ):
        cells.setdefault(layer, [None] * 6)[3:] = [(mean**2 + std**2) ** 0.5, zeros, spread]
    rows = [
        (layer_name(layer, layers), [(figure(value), value) for value in cells[layer]])
        for layer in sorted(cells)
    ]
    return {"columns": columns, "rows": rows, "words": frame_words(epochs, kept)[start]}
