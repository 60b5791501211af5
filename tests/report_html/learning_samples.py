"""Runs with pictures of learning: circles told apart, a line fitted, layers with histograms, images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from report_samples import labels, values, write_run

from gdrun.run_directory.weights import pack_arrays

EPOCHS = [0, 1, 3, 10, 30]
Arrays = dict[str, Any]


def region_arrays(classes: int = 2) -> Arrays:
    """A circle that grows: inside it is the last class."""
    axis = np.linspace(-2, 2, 48)
    x, y = np.meshgrid(axis, axis)
    distance = np.hypot(x, y)
    sizes = np.linspace(0.2, 1.2, len(EPOCHS))[:, None, None]
    inside = distance < sizes
    sector = ((np.arctan2(y, x) / np.pi + 1) / 2 * max(classes - 1, 1)).astype(int).clip(0, classes - 2)
    random = np.random.default_rng(0)
    points = random.uniform(-2, 2, (300, 2))
    return {
        "epochs": np.array(EPOCHS),
        "surface.x": 100 + axis,
        "surface.y": axis / 1000,
        "points.features": points * [1, 1e-3] + [100, 0],
        "points.target": np.where(np.hypot(*points.T) < 1.2, classes - 1, 0),
        "surface.class": np.where(inside, classes - 1, sector).astype(np.uint8),
        "surface.margin": np.clip(255 * np.abs(distance - sizes), 0, 255).astype(np.uint8),
    }


def value_arrays() -> Arrays:
    axis = np.linspace(0, 1, 48)
    points = np.random.default_rng(1).uniform(0, 1, (200, 2))
    surface = np.stack([np.add.outer(axis, axis) * share for share in np.linspace(0, 1, len(EPOCHS))])
    return {
        "epochs": np.array(EPOCHS),
        "surface.x": axis,
        "surface.y": axis,
        "points.features": points,
        "points.target": points.sum(axis=1, keepdims=True),
        "surface.value": surface.astype(np.float32),
    }


def curve_arrays(outputs: int = 1) -> Arrays:
    axis = np.linspace(0, 6, 200)
    points = np.random.default_rng(2).uniform(0, 6, (80, 1))
    wave = np.stack([np.sin(axis + output) for output in range(outputs)], axis=1)
    return {
        "epochs": np.array(EPOCHS),
        "curve.x": axis,
        "points.features": points,
        "points.target": np.concatenate([np.sin(points + output) for output in range(outputs)], axis=1),
        "curve.value": np.stack([wave * share for share in np.linspace(0, 1, len(EPOCHS))]).astype(
            np.float32
        ),
    }


def histogram_arrays(layers: int = 3) -> Arrays:
    """Gradients that vanish towards the first layer."""
    found: Arrays = {
        "epochs": np.array(EPOCHS),
        "activations.layers": np.arange(layers),
        "weights.layers": np.arange(layers),
    }
    random = np.random.default_rng(5)
    for kind in ("activations", "gradients", "weights"):
        counts = np.zeros((len(EPOCHS), layers, 64), np.uint32)
        bounds, moments = np.zeros((len(EPOCHS), layers, 2)), np.zeros((len(EPOCHS), layers, 3))
        for frame in range(len(EPOCHS)):
            for layer in range(layers):
                drawn = random.normal(size=4000) * (1 + frame) * 10.0 ** -(layers - layer)
                moments[frame, layer] = drawn.mean(), drawn.std(), 0.25
                drawn = np.log10(np.abs(drawn)) if kind == "gradients" else drawn
                counts[frame, layer], edges = np.histogram(drawn, 64)
                bounds[frame, layer] = edges[0], edges[-1]
        found |= {f"{kind}.counts": counts, f"{kind}.range": bounds, f"{kind}.moments": moments}
    return found


def preprocessing(names: list[str], targets: list[str] | None = None, **more: Any) -> dict[str, Any]:
    numbers = [{"name": name, "fill": 0, "center": 0, "scale": 1} for name in names]
    return {"numbers": numbers, "categories": [], "target_names": targets or ["class"], **more}


def write_learned(
    directory: Path,
    arrays: Arrays,
    names: list[str],
    *,
    classes: list[str] | None = None,
    best: int = 10,
    weights: Arrays | None = None,
    row_shape: list[int] | None = None,
    **record: Any,
) -> Path:
    """A run directory with these arrays in its learning.npz."""
    data = {
        "classes": len(classes) if classes else None,
        "labels": classes or [],
        "preprocessing": preprocessing(names, row_shape=row_shape),
    }
    predictions = labels(classes, 50) if classes and len(classes) > 5 else None
    write_run(directory, data=data, predictions=predictions if classes else values(60), **record)
    document = json.loads((directory / "run.json").read_text())
    document["result"]["best_epoch"] = best
    (directory / "run.json").write_text(json.dumps(document))
    if arrays:
        (directory / "learning.npz").write_bytes(pack_arrays(arrays, compressed=True))
    if weights:
        (directory / "weights.npz").write_bytes(pack_arrays(weights))
    return directory
