"""Whole runs of networks over sequences and codes, with layers inside layers, from config to predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gdrun
from gdrun.data import DATASETS
from gdrun.errors import ConfigError, DataError

SEQUENCES: dict[str, Any] = {
    "name": "sequences",
    "dataset": {"name": "adding", "time": 6, "rows": 300},
    "preprocessing": {"features": "none", "target": "none"},
    "model": {
        "name": "sequential",
        "layers": [
            {"name": "gru", "units": 8, "return_sequences": True},
            {
                "name": "residual",
                "layers": ["layer_norm", {"name": "attention", "heads": 2}, {"name": "dropout", "rate": 0.1}],
            },
            "batch_norm",
            {"name": "lstm", "units": 6},
            {"name": "residual", "layers": [{"name": "dense", "units": 6}, "batch_norm"]},
            {"name": "dense", "units": 1},
        ],
    },
    "initializer": "xavier_uniform",
    "batch_size": 20,
    "drop_last": True,
    "epochs": 3,
}
CODES: dict[str, Any] = {
    "name": "codes",
    "dataset": "digits",
    "preprocessing": {"features": "none"},
    "model": {
        "name": "sequential",
        "layers": [
            {"name": "embedding", "vocabulary": 17, "units": 3},
            "flatten",
            {"name": "dense", "units": 32, "activation": "relu"},
            {"name": "dense", "units": 10},
        ],
    },
    "optimizer": {"name": "adam", "learning_rate": 0.01},
    "epochs": 5,
}


def model_with(config: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The same config whose first layer has other options."""
    first, *rest = config["model"]["layers"]
    return config | {"model": {"name": "sequential", "layers": [first | changes, *rest]}}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_seeds_have_the_weights_and_the_state_they_have_alone(tmp_path: Path, dtype: str) -> None:
    config = SEQUENCES | {"dtype": dtype}
    group = gdrun.train(config, seeds=3, runs_dir=tmp_path)
    alone = gdrun.train(config | {"seed": 1}, runs_dir=tmp_path)
    stacked = group.members["seed-1"].weights()
    assert stacked.keys() == alone.weights().keys()
    assert "layers.4.layers.1.running_variance" in stacked
    assert "layers.1.layers.1.output_weight" in stacked
    for name, values in alone.weights().items():
        np.testing.assert_array_equal(values, stacked[name])
    assert group.members["seed-1"].result["test"] == alone.result["test"]


def test_a_finished_run_predicts_sequences_as_it_was_tested(tmp_path: Path) -> None:
    run = gdrun.train(SEQUENCES, runs_dir=tmp_path)
    table = DATASETS["adding"](time=6, rows=300).load(Path())
    rows = run.split()["test"]
    predicted = np.asarray(run.predict(table.numbers[rows]))
    np.testing.assert_allclose(predicted.reshape(-1), run.predictions()["prediction"], rtol=1e-5)
    assert gdrun.load(run.path).evaluate()["test"] == run.result["test"]


def test_codes_are_embedded_and_learned_from(tmp_path: Path) -> None:
    run = gdrun.train(CODES, runs_dir=tmp_path)
    assert run.weights()["layers.0.weight"].shape == (17, 3)
    assert run.result["test"]["accuracy"] > 0.8


@pytest.mark.parametrize(
    ("changes", "found"),
    [({"preprocessing": {"features": "standardize"}}, r"-?\d+\.\d+"), ({"vocabulary": 12}, r"1[2-6]")],
    ids=["standardized", "a vocabulary too small"],
)
def test_what_is_no_code_is_refused_with_a_remedy(
    tmp_path: Path, changes: dict[str, Any], found: str
) -> None:
    config = CODES | changes if "preprocessing" in changes else model_with(CODES, **changes)
    message = rf"embedding takes whole numbers from 0 to 1[16], and there is {found}: raise vocabulary, or"
    with pytest.raises(DataError, match=message):
        gdrun.train(config, runs_dir=tmp_path)


def test_unit_variance_is_asked_for_by_a_config_and_refused_where_it_cannot_be(tmp_path: Path) -> None:
    layers = [{"name": "dense", "units": 20, "activation": "tanh", "weight_initializer": "lsuv"}]
    model = {"name": "sequential", "layers": [*layers, {"name": "dense", "units": 3}]}
    config = {"dataset": "iris", "model": model, "epochs": 0, "dtype": "float64"}
    run = gdrun.train(config, runs_dir=tmp_path)
    table = DATASETS["iris"]().load(Path())
    x = table.numbers[run.split()["train"]]
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    assert (x @ run.weights()["layers.0.weight"]).var() == pytest.approx(1, rel=1e-9)
    with pytest.raises(ConfigError, match=r"model.layers.0.weight_initializer: lsuv scales one array of w"):
        gdrun.train(model_with(SEQUENCES, weight_initializer="lsuv"), runs_dir=tmp_path)
