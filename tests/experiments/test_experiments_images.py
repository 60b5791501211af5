"""Rows with a shape, from the dataset to predictions: images through every command that uses a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gdrun
from gdrun.data import DATASETS, read_features
from gdrun.errors import ConfigError, DataError
from gdrun.experiments.trained import TrainedRun

DIGITS: dict[str, Any] = {
    "name": "images",
    "dataset": {"name": "digits", "images": True},
    "split": {"train": 200},
    "model": {"name": "mlp", "hidden": [8]},
    "epochs": 2,
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> gdrun.Run:
    return gdrun.train(DIGITS, runs_dir=tmp_path_factory.mktemp("runs"))


def test_the_mlp_flattens_images_and_computes_what_it_does_of_columns(run: gdrun.Run, tmp_path: Path) -> None:
    flat = gdrun.train(DIGITS, {"dataset": "digits"}, runs_dir=tmp_path)
    assert run.record["data"]["features"] == flat.record["data"]["features"] == 64
    assert run.record["data"]["sha256"] != flat.record["data"]["sha256"]
    assert set(run.weights()) == {f"layers.{layer}.{part}" for layer in (1, 2) for part in ("weight", "bias")}
    np.testing.assert_array_equal(run.metrics["train_loss"], flat.metrics["train_loss"])


def test_a_finished_run_predicts_images_and_flat_rows(run: gdrun.Run) -> None:
    table = DATASETS["digits"]().load(Path())
    kept = run.predictions()
    flat = table.numbers[kept["row"]]
    expected = kept["prediction"].astype(str)
    for features in (flat, flat.reshape(-1, 8, 8, 1)):
        np.testing.assert_array_equal(run.predict(features), expected)
    assert run.predict(flat[0].reshape(8, 8, 1)).tolist() == [expected[0]]
    with pytest.raises(DataError, match=r"shape \(8, 8\) instead of the 64 .*, in rows of shape \(8, 8, 1\)"):
        run.predict(flat.reshape(-1, 8, 8))
    with pytest.raises(DataError, match=r"63 columns instead of the 64 trained on"):
        run.predict(flat[:, 1:])


def test_a_finished_run_is_evaluated_on_its_own_and_on_other_images(run: gdrun.Run, tmp_path: Path) -> None:
    trained = TrainedRun(run.path)
    own, _ = trained.evaluate()
    assert own["test"]["accuracy"] == pytest.approx(run.result["test"]["accuracy"])
    table = DATASETS["digits"]().load(Path())
    path = tmp_path / "images.npz"
    np.savez(path, X=table.numbers.reshape(-1, 8, 8, 1), y=table.target)
    npz = {"name": "npz", "path": str(path), "keep_shape": True}
    other, _ = trained.evaluate({"dataset": npz})
    assert other["data"]["accuracy"] > own["test"]["accuracy"] - 0.1
    with pytest.raises(DataError, match=r"its columns x0, .* and 54 more are not those of the training data"):
        trained.evaluate({"dataset": {**npz, "keep_shape": False}})
    rows = read_features(path, trained.preprocessor)
    assert (trained.predict(rows).values == trained.predict(rows).target).mean() == other["data"]["accuracy"]
    np.savez(path, X=table.numbers.reshape(-1, 4, 16, 1), y=table.target)
    with pytest.raises(DataError, match=r"rows of shape \(4, 16, 1\), but the network was trained on"):
        read_features(path, trained.preprocessor)
    with pytest.raises(DataError, match=r"rows have the shape \(4, 16, 1\), those of the training data \(8"):
        trained.evaluate({"dataset": npz})


def test_idx_files_train_and_a_change_of_their_labels_is_noticed(tmp_path: Path) -> None:
    table = DATASETS["digits"]().load(Path())

    def write(name: str, array: np.ndarray) -> None:
        sizes = np.array(array.shape, ">u4").tobytes()
        (tmp_path / name).write_bytes(bytes([0, 0, 8, array.ndim]) + sizes + array.astype("u1").tobytes())

    write("train-images-idx3-ubyte", 15 * table.numbers[:300].reshape(-1, 8, 8))
    write("train-labels-idx1-ubyte", table.target[:300])
    write("t10k-images-idx3-ubyte", 15 * table.numbers[300:].reshape(-1, 8, 8))
    write("t10k-labels-idx1-ubyte", table.target[300:])
    images = str(tmp_path / "train-images-idx3-ubyte")
    test = str(tmp_path / "t10k-images-idx3-ubyte")
    config = {
        **DIGITS,
        "dataset": {"name": "idx", "path": images},
        "split": {"test_path": test},
        "preprocessing": {"features": "scale"},
    }
    run = gdrun.train(config, {"epochs": 30, "model.hidden": [32]}, runs_dir=tmp_path / "runs")
    assert run.record["data"]["rows_by_part"]["test"] == table.rows - 300
    assert run.result["test"]["accuracy"] > 0.7
    trained = TrainedRun(run.path)
    other, _ = trained.evaluate({"dataset": {"name": "idx", "path": test}})
    assert other["data"]["accuracy"] == pytest.approx(run.result["test"]["accuracy"])
    rows = read_features(Path(test), trained.preprocessor)
    assert (trained.predict(rows).values == table.target[300:].astype(str)).mean() == other["data"][
        "accuracy"
    ]
    write("train-labels-idx1-ubyte", np.roll(table.target[:300], 1))
    changed = gdrun.train(config, {"epochs": 0}, runs_dir=tmp_path / "runs")
    assert changed.record["data"]["sha256"] != run.record["data"]["sha256"]


def test_a_dense_layer_without_a_flatten_shows_the_shapes_up_to_it(tmp_path: Path) -> None:
    layers = [{"name": "activation", "activation": "relu"}, {"name": "dense", "units": 10}]
    model = {"name": "sequential", "layers": layers}
    with pytest.raises(ConfigError, match="put a flatten first") as caught:
        gdrun.train(DIGITS, {"model": model}, runs_dir=tmp_path)
    assert str(caught.value).endswith("(8, 8, 1) → activation (8, 8, 1)")


def test_folds_and_seeds_of_images_have_the_bits_that_they_have_alone(tmp_path: Path) -> None:
    for group in (
        gdrun.kfold(DIGITS, folds=3, runs_dir=tmp_path),
        gdrun.train(DIGITS, seeds=3, runs_dir=tmp_path),
    ):
        member = list(group.members.values())[1]
        alone = gdrun.train(member.path / "config.yaml", runs_dir=tmp_path)
        assert alone.weights().keys() == member.weights().keys()
        for name, values in alone.weights().items():
            np.testing.assert_array_equal(member.weights()[name], values)


CONVOLUTION = {
    **DIGITS,
    "preprocessing": {"features": "scale"},
    "augmentation": {"shift": 1, "horizontal_flip": False},
    "model": {
        "name": "sequential",
        "layers": [
            {"name": "conv2d", "filters": 4, "kernel_size": 3, "activation": "relu"},
            {"name": "max_pool2d", "size": 2},
            {"name": "flatten"},
            {"name": "dense", "units": 10},
        ],
    },
}


def test_convolutions_of_augmented_images_train_and_have_their_bits_in_groups(tmp_path: Path) -> None:
    changes = {"epochs": 5, "split.train": 600, "optimizer.learning_rate": 0.02}
    group = gdrun.train(CONVOLUTION, changes, seeds=2, runs_dir=tmp_path)
    alone = gdrun.train(CONVOLUTION, {**changes, "seed": 1}, runs_dir=tmp_path)
    member = group.members["seed-1"]
    assert alone.result == member.result
    assert alone.result["test"]["accuracy"] > 0.6
    weights = alone.weights()
    assert weights["layers.0.weight"].shape == (3, 3, 1, 4)
    for name, values in weights.items():
        np.testing.assert_array_equal(member.weights()[name], values)
    again = gdrun.train(alone.path / "config.yaml", runs_dir=tmp_path)
    np.testing.assert_array_equal(again.weights()["layers.0.weight"], weights["layers.0.weight"])


def test_pixels_with_scales_of_their_own_are_not_moved(tmp_path: Path) -> None:
    for features in ("standardize", "min_max"):
        with pytest.raises(ConfigError, match=f"augmentation: moves pixels, .*: {features} scales"):
            gdrun.train(CONVOLUTION, {"preprocessing.features": features}, runs_dir=tmp_path)
    with pytest.raises(ConfigError, match=r"augmentation: only images .*, not rows of shape \(64,\)"):
        gdrun.train(CONVOLUTION, {"dataset": "digits", "model": "linear"}, runs_dir=tmp_path)
    with pytest.raises(ConfigError, match="augmentation: a shift by 9 leaves nothing of images of 8×8"):
        gdrun.train(CONVOLUTION, {"augmentation.shift": 9}, runs_dir=tmp_path)


def test_images_are_moved_in_training_alone(tmp_path: Path) -> None:
    """The weights of epoch 0 are the same with and without, and so is all that is said of them."""
    found = []
    for augmentation in (None, {"shift": 2, "horizontal_flip": True}):
        run = gdrun.train(CONVOLUTION, {"epochs": 0, "augmentation": augmentation}, runs_dir=tmp_path)
        found.append((run.result, (run.path / "predictions.csv").read_bytes()))
        trained = TrainedRun(run.path).evaluate()[0]
        assert {part: trained[part]["loss"] for part in ("train", "validation", "test")} == {
            part: pytest.approx(run.result[part]["loss"]) for part in ("train", "validation", "test")
        }
    assert found[0] == found[1]


def test_runs_with_other_moves_are_no_stack(tmp_path: Path) -> None:
    moves = [None, {"shift": 1}, {"shift": 2}]
    group = gdrun.sweep(CONVOLUTION, {"augmentation": moves}, overrides={"epochs": 1}, runs_dir=tmp_path)
    assert len(group.record["stacks"]) == 3
    for member, augmentation in zip(group.members.values(), moves, strict=True):
        alone = gdrun.train(CONVOLUTION, {"epochs": 1, "augmentation": augmentation}, runs_dir=tmp_path)
        assert alone.result == member.result
