"""A directory for every kind of page that a report can be, and for every kind of picture on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from compare_samples import USUAL, Design, write_comparison
from learning_samples import curve_arrays, histogram_arrays, region_arrays, value_arrays, write_learned
from report_samples import labels, values, write_folds, write_group, write_run
from sweep_samples import RATES, write_sweep

import gdrun
from gdrun.report.html.large_groups import MOST_REPORTS

CLASSES = ["cat", "dog", *"12345678"]
FEW = {**dict(list(USUAL.items())[:3]), "broken": "broken"}
UNITS = {"layers.0.weight": np.arange(12.0).reshape(6, 2)}
VALLEY = {"objective": {"expression": "(u - 1)**2 + 10*(v - u**2)**2"}}
LINE = {"objective": {"expression": "u**4 - 3*u**2 + u"}}
DRAWN = {"optimizer": "adagrad"}  # payloads are put to none of these names: they can be drawn


def descent(path: Path, start: Any, **options: Any) -> Path:
    """A run of `minimize`, which has no invented samples."""
    config = {"objective": "rosenbrock", "steps": 12, "start": start, **options}
    return gdrun.minimize(config, runs_dir=path.parent / "runs").path


def objectives_compared(path: Path) -> Path:
    counts = {"trials": 2, "tuning_seeds": 2, "seeds": 6}
    config = {**VALLEY, **DRAWN, "steps": 12, "start": {"uniform": [-1, 1]}, "compare": counts}
    return gdrun.compare_optimizers(
        config, optimizers=["adagrad", "adam"], runs_dir=path.parent / "runs"
    ).path


KINDS: dict[str, Callable[[Path], Path]] = {
    "run": lambda path: write_run(path, predictions=labels(CLASSES, 60), data={"classes": CLASSES}),
    "failed run": lambda path: write_run(path, status="failed", reason="train_loss is not finite", epochs=3),
    "diverged run": lambda path: write_run(
        path, status="diverged", reason="train_loss is not finite at epoch 3", epochs=3, result={}
    ),
    "interrupted run": lambda path: write_run(path, status="interrupted", epochs=3, finished=None),
    "regression": lambda path: write_run(path, metric="rmse", predictions=values(30), data={"classes": None}),
    "histograms": lambda path: write_learned(
        path, histogram_arrays(), ["petal", "sepal"], classes=["cat", "dog"]
    ),
    "regions": lambda path: write_learned(path, region_arrays(), ["petal", "sepal"], classes=["cat", "dog"]),
    "surface": lambda path: write_learned(path, value_arrays(), ["petal", "sepal"]),
    "curve": lambda path: write_learned(path, curve_arrays(), ["petal"]),
    "first layer": lambda path: write_learned(
        path, {}, ["petal"] * 6, weights=UNITS, row_shape=[2, 3, 1], classes=["cat", "dog"]
    ),
    "group": lambda path: write_group(path, 4, 8, diverged=[2]),
    "large group": lambda path: write_group(path, MOST_REPORTS + 1, 3, diverged=[2]),
    "folds": write_folds,
    "folds of a regression": lambda path: write_folds(path, regression=True),
    "comparison": lambda path: write_comparison(path, Design(contestants=FEW, trials=5, seeds=3)),
    "comparison of errors": lambda path: write_comparison(
        path, Design(contestants=FEW, lower=True, tested=False, target=60, seeds=4, trials=4)
    ),
    "comparison on two problems": lambda path: write_comparison(
        path, Design(problems=("digits-mlp", "species"), contestants=FEW, seeds=4, trials=4)
    ),
    "comparison on an objective": objectives_compared,
    "sweep": lambda path: write_sweep(path, {"zeta": RATES, "omega": ["cat", "dog"]}, seeds=2, broken=[2]),
    "sweep of a key": lambda path: write_sweep(path, {"zeta": RATES}, seeds=3, broken=[2]),
    "sweep of three keys": lambda path: write_sweep(
        path, {"zeta": RATES[:3], "omega": ["cat", ["dog", 1]], "species": [16, 32]}
    ),
    "sweep of drawn points": lambda path: write_sweep(
        path, {"zeta": [10 ** (n / 20) for n in range(9)], "omega": [n / 9 for n in range(9)]}, points=9
    ),
    "descent": lambda path: descent(path, [-1.2, 1.0], name="digits-mlp"),
    "descents": lambda path: descent(path, [[-1.2, 1.0], [0.0, 1.0]], name="digits-mlp"),
    "descent that is drawn": lambda path: descent(path, [-1.2, 1.0], **VALLEY, **DRAWN),
    "descents that are drawn": lambda path: descent(path, [[-1.2, 1.0], [0.0, 1.0]], **VALLEY, **DRAWN),
    "descent on a line": lambda path: descent(path, 2.0, **LINE, **DRAWN),
    "diverged descent": lambda path: descent(
        path, [-1.2, 1.0], optimizer={"name": "sgd", "learning_rate": 0.1}
    ),
}
