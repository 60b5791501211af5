"""Whole trainings against an independent implementation: PyTorch 2.13.0 made tests/golden/training.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gdrun
from gdrun.run_directory.weights import write_arrays

CASES = json.loads((Path(__file__).parent.parent / "golden" / "training.json").read_text())


def write_data(folder: Path, case: dict[str, Any]) -> None:
    features, target = np.array(case["features"]), np.array(case["target"])
    np.savez(folder / "data.npz", X=features, y=target)
    initial = {name: np.array(values) for name, values in case["initial"].items()}
    write_arrays(folder / "initial.npz", initial)


def config_of(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    config = case["config"]
    kind = "regression" if case["target"] and isinstance(case["target"][0], list) else "classification"
    extra = {
        key: config[key]
        for key in ("penalty", "gradient_clipping", "lookahead", "averaging")
        if key in config
    }
    return {
        "name": "golden",
        "dtype": "float64",
        "dataset": {"name": "npz", "path": str(folder / "data.npz"), "task": kind},
        "split": {"validation": 0, "test": 0},
        "preprocessing": {"features": "none", "target": "none"},
        "model": {"name": "mlp", "hidden": config["hidden"], "activation": config["activation"]},
        "loss": config["loss"],
        "optimizer": config["optimizer"],
        "batch_size": config["batch_size"],
        "epochs": config["epochs"],
        "shuffle": False,
        "initial_weights": str(folder / "initial.npz"),
    } | extra


def _name(case: dict[str, Any]) -> str:
    config = case["config"]
    wrappers = [key for key in ("lookahead", "averaging") if key in config]
    return " ".join([config["loss"]["name"], config["optimizer"]["name"], *wrappers])


@pytest.mark.parametrize("case", CASES, ids=list(map(_name, CASES)))
def test_training_agrees_with_an_independent_implementation(case: dict[str, Any], tmp_path: Path) -> None:
    write_data(tmp_path, case)
    run = gdrun.train(config_of(case, tmp_path), runs_dir=tmp_path / "runs")
    np.testing.assert_allclose(run.metrics["train_loss"][1:], case["train_loss"], rtol=1e-10)
    weights = run.weights()
    assert weights.keys() == case["final"].keys()
    for name, values in case["final"].items():
        np.testing.assert_allclose(weights[name], np.array(values), rtol=1e-9, atol=1e-12)


def test_there_are_cases() -> None:
    assert len(CASES) >= 13
