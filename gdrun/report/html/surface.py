"""What the network computes over one or two features, drawn at every epoch of which there is a picture.

The drawing is SVG and made here, not by the script: without it the page shows the weights that were kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdrun.report.html.axes import Axis
from gdrun.report.html.contours import borders, path
from gdrun.report.html.png import Colour, picture
from gdrun.report.html.words import count, figure

Arrays = Mapping[str, NDArray[Any]]

BY_EPOCH = {"epochs", "surface.class", "surface.margin", "surface.value", "curve.value"}
WIDTH, HEIGHT = 440, 400
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 26, 46
RGB = (  # of the style sheet's --c0 to --c7 on white; in a picture they can't follow the colour scheme
    *((0, 114, 178), (213, 94, 0), (0, 135, 106), (184, 80, 154)),
    *((160, 120, 0), (132, 80, 42), (106, 81, 163), (107, 111, 118)),
)
SHADES = 32  # of a class's colour
CLASSES: list[Colour] = [
    (*colour, round(255 * (0.08 + 0.4 * shade / (SHADES - 1)))) for colour in RGB for shade in range(SHADES)
]
LEVELS = 5  # lines of equal value
STEPS = 9  # colours of values


@dataclass(frozen=True)
class Frame:
    """The picture at one epoch: a shading (or none) and lines, each an SVG path and its colour."""

    words: str
    shading: str
    lines: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Drawing:
    """All that the template needs."""

    title: str
    alternative: str
    caption: str
    frames: Sequence[Frame]
    start: int
    x: Axis
    y: Axis
    x_label: str
    y_label: str
    shaded: tuple[float, float, float, float]  # x, y, width and height of the shading
    points: Sequence[tuple[str, str]]  # path and colour
    legend: Sequence[tuple[str, str]]  # colour and what it stands for


def frame_words(epochs: Sequence[int], kept: int | None) -> list[str]:
    """What is said of the picture at each epoch."""
    words = []
    for epoch in epochs:
        said = f"epoch {figure(epoch)}"
        said += ": before the first update" if epoch == 0 else ""
        words.append(said + (": the weights that were kept" if epoch == kept and epoch else ""))
    return words


def shown_first(epochs: Sequence[int], kept: int | None) -> int:
    """The place of the picture to show first: that of the kept weights, else the last one."""
    return epochs.index(kept) if kept in epochs else len(epochs) - 1


def surface(
    arrays: Arrays, preprocessing: Mapping[str, Any], labels: Sequence[str], kept: int | None
) -> Drawing | None:
    """The drawing of the pictures in a learning.npz; None where it has none of this kind.

    Args:
        arrays: of the file.
        preprocessing: of run.json: the names of features and targets.
        labels: names of the classes; empty for regression.
        kept: the epoch whose weights are the run's result.
    """
    if "surface.x" not in arrays and "curve.x" not in arrays:
        return None
    names = [str(number.get("name")) for number in preprocessing.get("numbers", ())]
    targets = [str(name) for name in preprocessing.get("target_names", ())] or ["target"]
    epochs = arrays["epochs"].tolist()
    frames = (frame_words(epochs, kept), shown_first(epochs, kept))
    if "curve.x" in arrays:
        return _curve(arrays, names, targets, labels, *frames)
    if "surface.class" in arrays:
        return _regions(arrays, names, labels, *frames)
    return _values(arrays, names, targets[0], *frames)


def _axis(values: NDArray[np.float64], start: float, stop: float) -> Axis:
    return Axis.over(float(values.min()), float(values.max()), start, stop)


def _axes(arrays: Arrays) -> tuple[Axis, Axis, tuple[float, float, float, float]]:
    """Both axes of a surface, and where its shading lies: half a step more than from first to last point."""
    x = _axis(arrays["surface.x"], LEFT, WIDTH - RIGHT)
    y = _axis(arrays["surface.y"], HEIGHT - BOTTOM, TOP)
    wide = (x.stop - x.start) / (len(arrays["surface.x"]) - 1)
    tall = (y.start - y.stop) / (len(arrays["surface.y"]) - 1)
    box = (x.start - wide / 2, y.stop - tall / 2, x.stop - x.start + wide, y.start - y.stop + tall)
    return x, y, (round(box[0], 2), round(box[1], 2), round(box[2], 2), round(box[3], 2))


def _on_paper(segments: NDArray[np.float64], x: Axis, y: Axis, shape: tuple[int, ...]) -> str:
    """The path of segments in steps of the grid."""
    scale = np.array([(x.stop - x.start) / (shape[1] - 1), (y.stop - y.start) / (shape[0] - 1)])
    return path(segments * scale + (x.start, y.start))


def _dots(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    """A path that is a dot at each point where its line has round ends."""
    return "".join(f"M{a:g} {b:g}h0" for a, b in np.round(np.stack([x, y], axis=1), 1).tolist())


def _regions(
    arrays: Arrays, names: Sequence[str], labels: Sequence[str], words: Sequence[str], start: int
) -> Drawing:
    x, y, shaded = _axes(arrays)
    frames = []
    for said, classes, margin in zip(words, arrays["surface.class"], arrays["surface.margin"], strict=True):
        pixels = (classes % len(RGB)) * SHADES + margin // (256 // SHADES)
        lines = _on_paper(borders(classes, margin.astype(float)), x, y, classes.shape)
        frames.append(Frame(said, picture(pixels[::-1].astype(np.uint8), CLASSES), [(lines, "var(--ink)")]))
    across, up = x.place(arrays["points.features"][:, 0]), y.place(arrays["points.features"][:, 1])
    target = arrays["points.target"]
    points = [
        (_dots(across[target == label], up[target == label]), f"var(--c{label % len(RGB)})")
        for label in np.unique(target).tolist()
    ]
    legend = [(f"c{number % len(RGB)}", label) for number, label in enumerate(labels[:12])]
    several = len(np.unique(arrays["surface.class"][start]))
    alternative = (
        f"Decision boundary over {names[0]} and {names[1]} at {len(words)} epochs; shown is "
        f"{words[start]}: {count(several, 'class')} predicted somewhere."
    )
    caption = (
        f"Colour: the predicted class, the stronger the surer. Line: the decision boundary. Dots: "
        f"{count(len(target), 'training row')}."
    )
    return Drawing(
        "Decision boundary", alternative, caption, frames, start,
        x, y, names[0], names[1], shaded, points, legend,
    )  # fmt: skip


def _values(
    arrays: Arrays, names: Sequence[str], target_name: str, words: Sequence[str], start: int
) -> Drawing:
    x, y, shaded = _axes(arrays)
    target = arrays["points.target"].reshape(len(arrays["points.features"]), -1)[:, 0]
    low, high = float(target.min()), float(target.max())
    scale = 1 / (high - low) if high > low else 0.0
    palette = [_between(step / 255) for step in range(256)]
    levels = [low + (high - low) * (level + 1) / (LEVELS + 1) for level in range(LEVELS)]
    frames = []
    for said, values in zip(words, arrays["surface.value"].astype(float), strict=True):
        pixels = np.clip((values - low) * scale * 255, 0, 255).astype(np.uint8)
        lines = [
            (
                _on_paper(borders(values > level, np.abs(values - level)), x, y, values.shape),
                "var(--soft)",
            )
            for level in levels
        ]
        frames.append(Frame(said, picture(pixels[::-1], palette), [line for line in lines if line[0]]))
    across, up = x.place(arrays["points.features"][:, 0]), y.place(arrays["points.features"][:, 1])
    steps = np.clip((target - low) * scale * STEPS, 0, STEPS - 1).astype(int)
    points = []
    for step in np.unique(steps).tolist():
        red, green, blue, _ = _between(step / (STEPS - 1))
        points.append((_dots(across[steps == step], up[steps == step]), f"rgb({red} {green} {blue})"))
    seen = arrays["surface.value"][start]
    alternative = (
        f"{target_name} as predicted over {names[0]} and {names[1]} at {len(words)} epochs; shown is "
        f"{words[start]}: from {figure(float(seen.min()))} to {figure(float(seen.max()))}."
    )
    said = ", ".join(figure(level) for level in levels)
    caption = (
        f"Blue is low ({figure(low)}), orange high ({figure(high)}). Lines of equal prediction: {said}. "
        f"Dots: {count(len(target), 'training row')} in the colour of their target."
    )
    title = f"Prediction of {target_name}"
    return Drawing(title, alternative, caption, frames, start, x, y, names[0], names[1], shaded, points, ())


def _between(share: float) -> Colour:
    """From blue by grey to orange: opaque at both ends, hardly visible in the middle."""
    end = RGB[0] if share < 0.5 else RGB[1]
    strength = abs(2 * share - 1)
    red, green, blue = (round(128 + (value - 128) * strength**0.5) for value in end)
    return red, green, blue, round(255 * (0.05 + 0.6 * strength))


def _curve(
    arrays: Arrays,
    names: Sequence[str],
    targets: Sequence[str],
    labels: Sequence[str],
    words: Sequence[str],
    start: int,
) -> Drawing:
    """The curves over one feature: predicted values, or the probability of each class."""
    values = arrays["curve.value"].astype(float)
    rows = len(arrays["points.features"])
    target = arrays["points.target"].reshape(rows, -1)
    shown = list(labels) if labels else list(targets)
    outputs = min(values.shape[2], len(shown))
    if labels:
        low, high = 0.0, 1.0
    else:
        low, high = float(target.min()), float(target.max())
        room = 0.08 * (high - low) or 0.5
        low, high = low - room, high + room
    x = _axis(arrays["curve.x"], LEFT, WIDTH - RIGHT)
    y = Axis.over(low, high, HEIGHT - BOTTOM, TOP)
    across = x.place(arrays["curve.x"])
    colours = [f"var(--c{output % len(RGB)})" for output in range(outputs)]
    frames = []
    for said, frame in zip(words, values, strict=True):
        heights = np.clip(y.place(frame), TOP - HEIGHT, 2 * HEIGHT)  # far outside is far enough
        lines = []
        for output, colour in enumerate(colours):
            points = np.round(np.stack([across, heights[:, output]], axis=1), 1).tolist()
            lines.append(("M" + "L".join(f"{a:g} {b:g}" for a, b in points), colour))
        frames.append(Frame(said, "", lines))
    places = x.place(arrays["points.features"][:, 0])
    if labels:  # at the top those of a class, in its colour
        top = np.full(rows, y.place(np.array(1.0)))
        dots = [
            (_dots(places[target[:, 0] == c], top[target[:, 0] == c]), colours[c]) for c in range(outputs)
        ]
    else:
        up = y.place(target.astype(float))
        shades = colours if outputs > 1 else ["var(--soft)"]
        dots = [(_dots(places, up[:, i]), shade) for i, shade in enumerate(shades[: up.shape[1]])]
    name = "probability" if labels else shown[0] if outputs == 1 else "prediction"
    alternative = f"{name} over {names[0]} at {len(words)} epochs; shown is {words[start]}."
    what = "the probability of each class" if labels else "the prediction"
    caption = f"Line: {what}. Dots: {count(rows, 'training row')}."
    legend = [(f"c{output % len(RGB)}", label) for output, label in enumerate(shown[:outputs])]
    return Drawing(
        "Fitted curve", alternative, caption, frames, start, x, y, names[0], name, (0, 0, 0, 0), dots,
        legend if outputs > 1 else (),
    )  # fmt: skip
