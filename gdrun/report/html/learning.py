"""The section on what the network learned: what it computes, what its first layer sees, and its layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdrun.report.html.first_layer import first_layer, image_shape
from gdrun.report.html.histograms import histogram_charts, moments_table
from gdrun.report.html.source import ReportRun, section
from gdrun.report.html.surface import BY_EPOCH, Drawing, shown_first, surface
from gdrun.report.html.words import as_int

_KINDS = ("activations", "gradients", "weights")


def learning_section(run: ReportRun) -> dict[str, Any]:
    """What templates/learning.html.jinja shows; its parts are empty where there is nothing of the kind."""
    data = section(run.record, "data")
    preprocessing = section(data, "preprocessing")
    kept = as_int(section(run.record, "result").get("best_epoch"))
    labels = [str(label) for label in data.get("labels") or ()]
    arrays = run.learning if fits(run.learning, preprocessing) else {}
    layers = run.record.get("layers")
    layers = layers if isinstance(layers, list) else []
    shape = image_shape(run.config, run.record)
    return {
        "surface": surface(arrays, preprocessing, labels, kept),
        "images": first_layer(run.weights, shape, labels),
        "layers": histogram_charts(arrays, layers, kept),
        "moments": moments_table(arrays, layers, kept),
        "unreadable": bool(run.learning) and not arrays,
    }


def stills(runs: Iterable[ReportRun]) -> tuple[list[Drawing], str]:
    """What the kept weights of each run compute, where there is such a picture, and one caption for all."""
    found, caption = [], ""
    for run in runs:
        data = section(run.record, "data")
        preprocessing = section(data, "preprocessing")
        if fits(run.learning, preprocessing):
            kept = as_int(section(run.record, "result").get("best_epoch"))
            labels = [str(label) for label in data.get("labels") or ()]
            place = shown_first(run.learning["epochs"].tolist(), kept)
            one = {
                name: array[place : place + 1] if name in BY_EPOCH else array
                for name, array in run.learning.items()
            }
            drawing = surface(one, preprocessing, labels, kept)
            if drawing is not None:
                found.append(replace(drawing, title=run.name, caption=""))
                caption = caption or drawing.caption
    return found, caption


def fits(arrays: Mapping[str, NDArray[Any]], preprocessing: Mapping[str, Any]) -> bool:
    """Whether arrays are as gdrun writes them into a learning.npz: shapes, finite numbers, axes that rise."""
    if "epochs" not in arrays or arrays["epochs"].ndim != 1 or not len(arrays["epochs"]):
        return False
    frames = len(arrays["epochs"])
    sizes = {name: array.shape for name, array in arrays.items()}
    if not all(array.dtype.kind in "iuf" and np.isfinite(array).all() for array in arrays.values()):
        return False
    axes = [arrays[name] for name in ("surface.x", "surface.y", "curve.x") if name in arrays]
    if not all(axis.ndim == 1 and (np.diff(axis) > 0).all() for axis in axes):
        return False
    names = preprocessing.get("numbers")
    expected: dict[str, tuple[int, ...]] = {"epochs": (frames,)}
    if "surface.x" in sizes or "curve.x" in sizes:
        points, outputs = len(arrays.get("points.target", ())), sizes.get("points.target", ())[1:]
        expected["points.target"] = (points, *outputs)
        two = "surface.x" in sizes
        expected["points.features"] = (points, 2 if two else 1)
        if not isinstance(names, list) or len(names) != (2 if two else 1) or not points:
            return False
    if "surface.x" in sizes:
        grid = (sizes.get("surface.y", (0,))[0], sizes["surface.x"][0])
        expected |= {"surface.x": grid[1:], "surface.y": grid[:1]}
        kinds = ("surface.class", "surface.margin") if "surface.class" in sizes else ("surface.value",)
        expected |= dict.fromkeys(kinds, (frames, *grid))
        if min(grid) < 2:
            return False
    if "curve.x" in sizes:
        across, values = sizes["curve.x"][:1], sizes.get("curve.value", (0,))[-1:]
        expected |= {"curve.x": across, "curve.value": (frames, *across, *values)}
    if "activations.counts" in sizes:
        bins = sizes["activations.counts"][-1:]
        for kind in _KINDS:
            numbers = "activations.layers" if kind == "activations" else "weights.layers"
            layers = sizes.get(numbers, (0,))[:1]
            expected |= {
                numbers: layers,
                f"{kind}.counts": (frames, *layers, *bins),
                f"{kind}.range": (frames, *layers, 2),
                f"{kind}.moments": (frames, *layers, 3),
            }
    return sizes == expected
