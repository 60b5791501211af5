"""gdrun from Python: what the commands do, with runs as objects."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent / "cli"))

from cli_commands import CONFIGS, bits, group_bits, record

import gdrun
from gdrun.errors import ConfigError, DataError, StoppedError, WeightsError

BLOBS: dict[str, Any] = {
    "name": "blobs",
    "dataset": {"name": "blobs", "rows": 160, "centers": 3, "spread": 2.0},
    "model": {"name": "mlp", "hidden": [8]},
    "optimizer": {"name": "adam", "learning_rate": 1e-2},
    "batch_size": 16,
    "epochs": 4,
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def run(runs: Path) -> gdrun.Run:
    """A run from a mapping."""
    found = gdrun.train(BLOBS, runs_dir=runs)
    assert isinstance(found, gdrun.Run)
    return found


@pytest.fixture(scope="module")
def group(runs: Path) -> gdrun.Group:
    """A group of three seeds."""
    found = gdrun.train(BLOBS, {"seed": 4}, seeds=3, runs_dir=runs, workers=2)
    assert isinstance(found, gdrun.Group)
    return found


def test_a_run(run: gdrun.Run) -> None:
    assert run.status == "completed"
    assert run.path.name.endswith("-blobs")
    assert run.config["epochs"] == 4
    assert len(run.metrics["val_loss"]) == 5
    assert set(run.result) == {"best_epoch", "train", "validation", "test"}
    assert next(iter(run.weights())) == "layers.0.weight"
    assert (run.path / "report.html").is_file()
    assert repr(run) == f"Run({str(run.path)!r}, completed)"


def test_overrides_as_mapping_and_as_texts(runs: Path) -> None:
    one = gdrun.train(
        BLOBS, {"optimizer.learning_rate": 0.5, "model.hidden": [3], "schedule": None}, runs_dir=runs
    )
    two = gdrun.train(BLOBS, ["optimizer.learning_rate=0.5", "model.hidden=[3]"], runs_dir=str(runs))
    assert bits(one.path) == bits(two.path)
    assert one.metrics["learning_rate"][1] == 0.5


def test_a_file_and_its_content_are_the_same_run(tmp_path: Path) -> None:
    one = gdrun.train(CONFIGS / "wine-momentum.yaml", {"epochs": 2}, runs_dir=tmp_path)
    two = gdrun.train(str(CONFIGS / "wine-momentum.yaml"), ["epochs=2"], runs_dir=tmp_path)
    three = gdrun.train(one.config, runs_dir=tmp_path)
    assert bits(one.path) == bits(two.path) == bits(three.path)
    assert len({one.path, two.path, three.path}) == 3


def test_the_config_that_was_given_is_left_alone(runs: Path) -> None:
    before = repr(BLOBS)
    gdrun.train(BLOBS, {"epochs": 0}, runs_dir=runs)
    assert repr(BLOBS) == before


def test_a_group(group: gdrun.Group, runs: Path) -> None:
    assert list(group.members) == ["seed-4", "seed-5", "seed-6"]
    assert group.results["seed"].tolist() == [4, 5, 6]
    assert group.summary["runs"] == 3
    member = group.members["seed-5"]
    assert isinstance(member, gdrun.Run)
    assert member.predict(np.zeros((2, 2))).shape == (2,)
    alone = gdrun.train(BLOBS, {"seed": 5}, runs_dir=runs)
    assert bits(alone.path) == bits(member.path)


def test_predict_classes(run: gdrun.Run) -> None:
    features = np.array([[0.0, 0.0], [5.0, -5.0]])
    found = run.predict(features)
    assert found.shape == (2,)
    assert set(found) <= {"0", "1", "2"}
    np.testing.assert_array_equal(run.predict(features.tolist()), found)
    assert run.predict(features[0]).shape == (1,)
    with pytest.raises(DataError, match="3 columns instead of the 2"):
        run.predict(np.zeros((4, 3)))


def test_predict_values_in_the_unit_of_the_target(runs: Path) -> None:
    config = {
        "dataset": "diabetes",
        "epochs": 20,
        "name": "diabetes",
        "model": {"name": "mlp", "hidden": [8]},
    }
    run = gdrun.train(config, runs_dir=runs)
    from gdrun.data.datasets import DATASETS

    table = DATASETS["diabetes"]().load(Path())
    kept = run.predictions()
    found = run.predict(table.numbers[kept["row"]])
    assert found.shape == (len(kept["row"]), 1)
    np.testing.assert_allclose(found[:, 0], kept["prediction"], rtol=1e-5)
    assert 100 < found.mean() < 200


def test_predict_with_missing_values(runs: Path) -> None:
    run = gdrun.train(BLOBS, {"epochs": 1}, runs_dir=runs)
    assert run.predict(np.array([[np.nan, 1.0]])).shape == (1,)


def test_categories_cannot_be_given_as_an_array(runs: Path) -> None:
    run = gdrun.train({"dataset": "penguins", "epochs": 1, "name": "penguins"}, runs_dir=runs)
    with pytest.raises(DataError, match="categories"):
        run.predict(np.zeros((1, 7)))


def test_evaluate(run: gdrun.Run) -> None:
    parts = ("train", "validation", "test")
    assert run.evaluate() == {part: run.result[part] for part in parts}
    assert set(run.evaluate({"metrics": ["f1"]})["test"]) == {"loss", "f1"}
    with pytest.raises(ConfigError, match="seed cannot be changed"):
        run.evaluate({"seed": 1})


def test_load(run: gdrun.Run, group: gdrun.Group, runs: Path) -> None:
    again = gdrun.load(run.path)
    assert isinstance(again, gdrun.Run)
    assert again.result == run.result
    assert isinstance(gdrun.load(group.path.name, runs_dir=runs), gdrun.Group)
    assert isinstance(gdrun.load(f"{group.path.name}/seed-6", runs_dir=runs), gdrun.Run)
    with pytest.raises(ConfigError, match="names no run"):
        gdrun.load("nothing", runs_dir=runs)


def test_a_run_that_diverged_is_returned(runs: Path) -> None:
    config = {"dataset": "diabetes", "epochs": 3, "optimizer": {"name": "sgd", "learning_rate": 1e6}}
    run = gdrun.train(config, runs_dir=runs)
    assert run.status == "diverged"
    assert "epoch 1" in run.reason
    assert np.isfinite(run.weights()["layers.0.weight"]).all()


@pytest.mark.parametrize(
    ("config", "overrides", "error", "message"),
    [
        ({}, (), ConfigError, "dataset"),
        ({"dataset": "digist"}, (), ConfigError, "digits"),
        (BLOBS, {"epochs": -1}, ConfigError, "epochs"),
        (BLOBS, {"epoch": 1}, ConfigError, "epochs"),
        (BLOBS, {"initial_weights": "/nowhere/w.npz"}, WeightsError, "no such file"),
        ({"dataset": {"name": "csv", "path": "/nowhere/t.csv", "target": "y"}}, (), DataError, "t.csv"),
    ],
)
def test_errors_are_raised(
    config: dict[str, Any], overrides: Any, error: type[Exception], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        gdrun.train(config, overrides, runs_dir=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


class TestSweep:
    def test_a_grid(self, tmp_path: Path) -> None:
        values = {"optimizer.learning_rate": "log(1e-3,1e-1,2)", "model.hidden": [[4], [8, 4]]}
        group = gdrun.sweep(BLOBS, values, overrides={"epochs": 2}, seeds=2, runs_dir=tmp_path)
        assert isinstance(group, gdrun.Group)
        assert group.status == "completed"
        assert group.results["optimizer.learning_rate"].tolist() == [0.001] * 4 + [0.1] * 4
        assert group.results["model.hidden"].tolist() == ["[4]", "[4]", "[8, 4]", "[8, 4]"] * 2
        assert group.summary["best"] in range(4)
        member = group.members["point-0001-seed-1"]
        assert isinstance(member, gdrun.Run)
        assert member.config["model"]["hidden"] == [8, 4]
        changes = {"optimizer.learning_rate": 0.001, "model.hidden": [8, 4], "epochs": 2, "seed": 1}
        alone = gdrun.train(BLOBS, changes, runs_dir=tmp_path)
        assert bits(alone.path) == bits(member.path)

    def test_random_points_of_a_file(self, tmp_path: Path) -> None:
        config = CONFIGS / "moons-sweep.yaml"
        values = ["optimizer.learning_rate=log(1e-3,1)", "epochs=1"]
        first, second = (gdrun.sweep(config, values, random=3, runs_dir=tmp_path) for _ in range(2))
        assert group_bits(first.path) == group_bits(second.path)
        assert first.summary["random"] == 3

    def test_errors_are_raised(self, tmp_path: Path) -> None:
        for values, message in (
            ({}, "nothing varies"),
            ({"epoch": [1, 2]}, "epochs"),
            ({"epochs": []}, "no values"),
        ):
            with pytest.raises(ConfigError, match=message):
                gdrun.sweep(BLOBS, values, runs_dir=tmp_path / "runs")
        with pytest.raises(ConfigError, match="dataset"):
            gdrun.sweep({}, {"epochs": [1, 2]}, runs_dir=tmp_path / "runs")
        assert not (tmp_path / "runs").exists()

    def test_a_key_may_be_missing_but_for_the_points(self, tmp_path: Path) -> None:
        group = gdrun.sweep({"epochs": 1}, {"dataset": ["iris", "diabetes"]}, runs_dir=tmp_path)
        assert [run.config["dataset"] for run in group.members.values()] == ["iris", "diabetes"]
        assert [run.record["data"]["task"] for run in group.members.values()] == [
            "classification",
            "regression",
        ]


@pytest.mark.parametrize("seeds", [0, -1, 200_000])
def test_numbers_of_seeds_that_cannot_be(seeds: int, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="seeds"):
        gdrun.train(BLOBS, seeds=seeds, runs_dir=tmp_path / "runs")


@pytest.mark.parametrize("seeds", [None, 2])
def test_interrupted_and_resumed(seeds: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gdrun.experiments.writer import TileWriter

    def epoch_ended(self: Any, epoch: int) -> None:
        if epoch == 2:
            os.kill(os.getpid(), signal.SIGINT)

    whole = gdrun.train(BLOBS, seeds=seeds, runs_dir=tmp_path / "whole")
    monkeypatch.setattr(TileWriter, "epoch_ended", epoch_ended)
    with pytest.raises(StoppedError, match="go on with: gdrun resume"):
        gdrun.train(BLOBS, seeds=seeds, runs_dir=tmp_path / "part")
    monkeypatch.undo()
    part = gdrun.load("latest", runs_dir=tmp_path / "part")
    assert part.status == "interrupted"
    done = gdrun.resume(part.path)
    assert done.status == "completed"
    same = bits if seeds is None else group_bits
    assert same(done.path) == same(whole.path)
    assert gdrun.resume(part.path).status == "completed"  # nothing is left to do


def test_a_script_without_a_guard_may_use_workers(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import gdrun\n"
        f"group = gdrun.train({BLOBS!r}, seeds=4, workers=2, runs_dir='runs')\n"
        "print(group.status, len(group.members))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == ("completed 4\n", "", 0)


def test_nothing_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gdrun.train(BLOBS, {"epochs": 1}, runs_dir=tmp_path)
    assert capsys.readouterr() == ("", "")


def test_what_can_be_imported() -> None:
    assert set(gdrun.__all__) <= set(dir(gdrun))
    for name in gdrun.__all__:
        assert getattr(gdrun, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        gdrun.trian  # noqa: B018


def test_record_says_from_which_command(run: gdrun.Run) -> None:
    assert record(run.path)["command"] == "train"
