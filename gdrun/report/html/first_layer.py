"""The weights of the first layer as images, where its inputs are images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdrun.data.datasets import DATASETS
from gdrun.report.html.png import Colour, picture
from gdrun.report.html.source import section
from gdrun.report.html.surface import RGB
from gdrun.report.html.words import component_name, figure

MOST_IMAGES = 64
MOST_PIXELS = 120_000  # of all images together: about as many bytes of the page

# Orange above, blue below, nothing in the middle: so it goes with light and dark paper.
SIGNED: list[Colour] = [(*RGB[step > 127], round(abs(2 * step - 255))) for step in range(256)]
MIXED: list[Colour] = [
    (red * 51, round(green * 42.5), blue * 51, 255)
    for red in range(6)
    for green in range(7)
    for blue in range(6)
]


@dataclass(frozen=True)
class Images:
    """All that the template needs: the images with what each is called."""

    caption: str
    images: Sequence[tuple[str, str]]
    small: bool  # a few pixels wide


def image_shape(config: Mapping[str, Any], record: Mapping[str, Any]) -> list[int]:
    """(height, width, channels) of a row of the data, also where the network takes it as a list of pixels.

    Args:
        config: names the dataset.
        record: run.json, which knows the shape of rows that are not flat.
    """
    shape = section(record, "data", "preprocessing").get("row_shape")
    if shape is None:
        dataset = DATASETS.get(component_name(config.get("dataset")))
        shape = list(getattr(dataset, "image_shape", ()))
    return [int(size) for size in shape] if isinstance(shape, list) else []


def first_layer(
    weights: Mapping[str, NDArray[Any]], shape: Sequence[int], labels: Sequence[str]
) -> Images | None:
    """The images of the units or filters of the first layer with weights; None where they would be none.

    Args:
        weights: the arrays of weights.npz.
        shape: (height, width, channels) of an image.
        labels: names of the classes, for a network of one layer.
    """
    if len(shape) != 3 or shape[2] not in (1, 3):
        return None
    height, width, channels = shape
    name = min((name for name in weights if name.endswith(".weight")), key=_layer, default="")
    if not name or not np.isfinite(weights[name]).all():
        return None
    weight = weights[name]
    if weight.ndim == 2 and len(weight) == prod(shape):
        weight = weight.reshape(height, width, channels, -1)
        what = "unit"
    elif weight.ndim == 4 and weight.shape[2] == channels:
        what = "filter"
    else:
        return None
    units = weight.shape[3]
    pixels = prod(weight.shape[:2])
    shown = max(1, min(units, MOST_IMAGES, MOST_PIXELS // pixels))
    alone = sum(other.endswith(".weight") for other in weights) == 1 and units == len(labels)
    names = [str(label) for label in labels] if alone else [f"{what} {unit}" for unit in range(units)]
    images = [(names[unit], _image(weight[..., unit])) for unit in range(shown)]
    first = f"The first {figure(shown)} of {figure(units)} {what}s. " if shown < units else ""
    colours = (
        "Orange raises and blue lowers a unit's sum, each image by its own largest weight."
        if channels == 1
        else "Each channel's weights are its red, green or blue, from an image's least weight to its largest."
    )
    return Images(first + colours, images, max(weight.shape[:2]) < 12)


def _layer(name: str) -> int:
    number = name.split(".")[1]
    return int(number) if number.isdigit() else 10**9


def _image(weight: NDArray[Any]) -> str:
    """The image of one unit's weights (height, width, channels)."""
    values = weight.astype(float)
    if weight.shape[2] == 1:
        largest = np.abs(values).max() or 1.0
        pixels = np.rint(127.5 + 127.5 * values[..., 0] / largest).astype(np.uint8)
        return picture(pixels, SIGNED)
    low, high = values.min(), values.max()
    parts = np.rint((values - low) / ((high - low) or 1.0) * np.array([5, 6, 5])).astype(int)
    pixels = (parts[..., 0] * 7 + parts[..., 1]) * 6 + parts[..., 2]  # 6·7·6 = 252 colours
    return picture(pixels.astype(np.uint8), MIXED)
