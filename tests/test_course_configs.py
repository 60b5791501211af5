"""Every config in configs/course: it runs, and what its comment says is so."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gdrun
from gdrun.config import load
from gdrun.run_directory.store import Run

ROOT = Path(__file__).parents[1]
COURSE = ROOT / "configs" / "course"
FILES = sorted(COURSE.glob("*.yaml"))

Train = Callable[..., Any]


@pytest.fixture(scope="module")
def train(tmp_path_factory: pytest.TempPathFactory) -> Train:
    """Train a config by its number, with changes; each only once."""
    done: dict[tuple[Any, ...], Any] = {}

    def trained(number: int, *words: str) -> Any:
        if (number, *words) not in done:
            runs = tmp_path_factory.mktemp("runs")
            done[(number, *words)] = gdrun.train(FILES[number - 1], list(words), runs_dir=runs)
        return done[(number, *words)]

    return trained


def rises(run: Run) -> int:
    """How often the training loss was higher than an epoch before, by more than rounding."""
    loss = run.metrics["train_loss"]
    return int((np.diff(loss) > 1e-6 * loss[:-1]).sum())


def sizes(run: Run, kind: str, epoch: int = 0) -> np.ndarray:
    """The root of the mean square by layer."""
    learning = run.learning()
    mean, std, _ = learning[f"{kind}.moments"][learning["epochs"].tolist().index(epoch)].T
    return np.hypot(mean, std)


def test_there_is_one_for_every_idea() -> None:
    assert [int(path.name[:2]) for path in FILES] == list(range(1, len(FILES) + 1))
    assert len(FILES) >= 15


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_says_what_to_watch_and_how_to_run_it(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("# ")
    assert "\n# Watch: " in text
    assert f"\nname: {path.stem[3:]}\n" in text
    (command,) = re.findall(r"^# Run: gdrun (.*)$", text, re.MULTILINE)
    assert f" configs/course/{path.name}" in command
    assert load(path).config.name == path.stem[3:]
    assert f"`{path.stem}`" in (ROOT / "README.md").read_text()


def test_01_the_line_is_that_of_least_squares(train: Train) -> None:
    run = train(1)
    rows = run.split()["train"]
    table = np.genfromtxt(ROOT / "configs" / "data" / "height-weight.csv", delimiter=",", skip_header=1)
    slope, level = np.polyfit(table[rows, 2], table[rows, 3], 1)
    learning = run.learning()
    np.testing.assert_allclose(
        learning["curve.value"][-1][:, 0], level + slope * learning["curve.x"], rtol=1e-5
    )
    assert np.ptp(learning["curve.value"][0]) == 0  # level at epoch 0
    assert 0.5 < slope < 1  # kilograms a centimetre
    assert 0 < run.result["test"]["r2"] < 0.4


def test_02_a_rate_may_be_too_small_and_too_large(train: Train) -> None:
    small, middle, large, too_large = (
        train(2, f"optimizer.learning_rate={rate}") for rate in ("3e-4", "0.03", "0.3", "3")
    )
    start = small.metrics["train_loss"][0]
    gain = start - large.metrics["train_loss"][-1]
    assert start - small.metrics["train_loss"][-1] < 0.25 * gain
    assert start - middle.metrics["train_loss"][-1] > 0.99 * gain
    assert too_large.status == "diverged"


def test_03_all_rows_go_down_smoothly_and_one_row_jumps(train: Train) -> None:
    one, some, whole = (train(3, f"batch_size={size}") for size in ("1", "32", "full"))
    assert rises(whole) == 0
    assert rises(one) > 10
    assert rises(some) < rises(one)
    first = [run.metrics["train_loss"][1] for run in (one, some, whole)]
    assert max(first[:2]) < 0.7 * first[2]
    assert some.metrics["train_loss"][-1] < min(run.metrics["train_loss"][-1] for run in (one, whole))


def test_04_the_rate_must_grow_with_the_batch(train: Train) -> None:
    sizes_of_batches = ("32", "512", "8192")
    scaled = [train(4, f"batch_size={size}") for size in sizes_of_batches]
    plain = [train(4, f"batch_size={size}", "learning_rate_scaling=null") for size in sizes_of_batches]
    losses = [run.metrics["train_loss"][-1] for run in scaled]
    assert max(losses) < 1.15 * min(losses)
    losses = [run.metrics["train_loss"][-1] for run in plain]
    assert losses[2] > 1.1 * losses[1] > 1.1 * 2 * losses[0]
    assert scaled[2].metrics["learning_rate"][-1] == pytest.approx(0.01 * 256)


def test_05_with_zeros_all_hidden_units_stay_equal(train: Train) -> None:
    zeros, drawn = train(5), train(5, "initializer=xavier_normal")
    weights = zeros.weights()
    assert np.abs(weights["layers.0.weight"]).max() > 0.5  # they did learn
    for units in (weights["layers.0.weight"].T, weights["layers.1.weight"]):
        np.testing.assert_allclose(units, np.broadcast_to(units[0], units.shape), rtol=1e-4)
    assert np.ptp(drawn.weights()["layers.0.weight"], axis=1).min() > 0.5
    assert zeros.result["test"]["accuracy"] < 0.93 < 0.98 < drawn.result["test"]["accuracy"]
    straight, bent = (bend(run.learning()["surface.class"][-1]) for run in (zeros, drawn))
    assert straight < 1 < 5 < bent


def bend(classes: np.ndarray) -> float:
    """How far, in steps of the grid, the border between two classes is from a straight line, at most."""
    edges = [(x + 0.5, y) for y, row in enumerate(classes) for x in np.flatnonzero(np.diff(row.astype(int)))]
    edges += [
        (x, y + 0.5) for x, row in enumerate(classes.T) for y in np.flatnonzero(np.diff(row.astype(int)))
    ]
    points = np.array(edges) - np.mean(edges, axis=0)
    across = np.linalg.svd(points, full_matrices=False)[2][1]
    return float(np.abs(points @ across).max())


def test_06_only_one_scale_lets_activations_through(train: Train) -> None:
    small, lecun, xavier, he = (
        train(6, f"initializer={name}")
        for name in ("{name: normal, std: 0.01}", "lecun_normal", "xavier_normal", "he_normal")
    )
    assert sizes(small, "activations")[7] < 1e-8
    assert small.result["test"]["accuracy"] < 0.2
    for run in (lecun, xavier):
        squares = sizes(run, "activations")[:8] ** 2
        assert 0.4 < (squares[7] / squares[0]) ** (1 / 7) < 0.65  # about half of it, a layer
    squares = sizes(he, "activations")[:8] ** 2
    assert 0.4 < squares[7] / squares[0] < 2.5
    assert he.metrics["train_loss"][3] < lecun.metrics["train_loss"][3]
    assert he.result["test"]["accuracy"] > 0.93


def test_07_gradients_vanish_behind_sigmoids_and_not_behind_relu(train: Train) -> None:
    sigmoid, relu = train(7), train(7, "model.activation=relu", "initializer=he_normal")
    gradients = sizes(sigmoid, "gradients")
    assert (np.diff(gradients) > 0).all()
    assert gradients[0] < 1e-3 * gradients[-1]
    gradients = sizes(relu, "gradients")
    assert gradients[0] > 0.1 * gradients[-1]
    assert sigmoid.result["test"]["accuracy"] < 0.2
    assert relu.result["test"]["accuracy"] > 0.9


def test_08_the_hinge_loss_is_satisfied_and_cross_entropy_never(train: Train) -> None:
    hinge, softmax = train(8), train(8, "loss=softmax_cross_entropy")
    loss = hinge.metrics["train_loss"]
    end = int(np.flatnonzero(loss == 0)[0])
    assert (loss[end:] == 0).all()
    assert hinge.metrics["gradient_norm"][-1] == 0
    loss = softmax.metrics["train_loss"]
    assert (np.diff(loss) < 0).all()
    assert loss[-1] > 0
    assert abs(hinge.result["test"]["accuracy"] - softmax.result["test"]["accuracy"]) < 0.05


def test_09_momentum_arrives_where_plain_descent_creeps(train: Train) -> None:
    fast, slow = train(9), train(9, "optimizer.momentum=0")
    assert fast.metrics["gradient_norm"][-1] < 0.01 * slow.metrics["gradient_norm"][-1]
    assert fast.metrics["train_loss"][-1] < slow.metrics["train_loss"][-1]
    assert rises(fast) > rises(slow) == 0  # a ball that rolls goes uphill, too


def test_10_rmsprop_learns_from_gradients_that_vanish(train: Train) -> None:
    rmsprop, plain = train(10), train(10, "optimizer={name: sgd, learning_rate: 0.1}")
    assert sizes(rmsprop, "gradients")[0] < 1e-3 * sizes(rmsprop, "gradients")[-1]
    assert rmsprop.result["test"]["accuracy"] > 0.6
    assert plain.result["test"]["accuracy"] < 0.2


def test_11_the_first_step_of_adam_is_the_learning_rate(train: Train) -> None:
    before = train(11, "epochs=0").weights()
    after = train(11, "epochs=1", "batch_size=full").weights()
    reached = train(11)
    for name, values in after.items():
        step = np.abs(values - before[name])
        moved = step[step > 0]  # pixels that are always white have no gradient
        assert len(moved) > 0.7 * step.size
        assert np.quantile(np.abs(moved / 1e-3 - 1), 0.99) < 0.01
    assert reached.result["test"]["accuracy"] > 0.94


def test_12_a_schedule_comes_to_rest_lower(train: Train) -> None:
    constant, step, cosine = (
        train(12, f"schedule={name}")
        for name in ("constant", "{name: step, every_epochs: 10, factor: 0.2}", "cosine")
    )
    restless = np.std(constant.metrics["train_loss"][-8:])
    for run in (step, cosine):
        assert run.metrics["train_loss"][-1] < 0.85 * constant.metrics["train_loss"][-1]
        assert np.std(run.metrics["train_loss"][-8:]) < restless / 2


def test_13_there_is_no_good_rate_for_inputs_as_measured(train: Train) -> None:
    standardized = train(13)
    assert standardized.result["test"]["accuracy"] > 0.93
    for rate in ("1e-6", "1e-5", "1e-4", "1e-3", "1e-2", "0.1"):
        run = train(13, "preprocessing.features=none", f"optimizer.learning_rate={rate}")
        assert run.result["test"]["accuracy"] < 0.8
        assert run.metrics["train_loss"][-1] > 5 * standardized.metrics["train_loss"][-1]


def test_14_the_run_stops_where_the_validation_loss_has_turned(train: Train) -> None:
    stopped, whole = train(14), train(14, "early_stopping=null")
    best = stopped.result["best_epoch"]
    assert stopped.status == "stopped"
    assert stopped.metrics["epoch"][-1] == best + 10
    assert best in stopped.learning()["epochs"].tolist()
    assert whole.metrics["val_loss"][-1] > 2 * whole.metrics["val_loss"][best]
    assert whole.metrics["train_loss"][-1] < 0.1 * whole.metrics["train_loss"][best]


def test_15_folds_differ_and_test_every_row_once(tmp_path: Path) -> None:
    group = gdrun.kfold(FILES[14], folds=10, runs_dir=tmp_path)
    accuracy = group.results["test_accuracy"]
    assert len(accuracy) == 10
    assert np.ptp(accuracy) > 0.04
    assert sorted(row for run in group.members.values() for row in run.split()["test"]) == list(range(178))
    low, high = group.summary["metrics"]["test_accuracy"]["interval"]
    assert low < group.summary["pooled"]["accuracy"] < high


def test_16_filters_make_half_of_the_errors_of_a_dense_layer(train: Train) -> None:
    dense, moved = "model={name: mlp, hidden: [64]}", "augmentation.shift=2"
    runs = {words: train(16, *words) for words in ((), (dense,), (moved,), (dense, moved))}
    errors = {words: 1 - run.result["test"]["accuracy"] for words, run in runs.items()}
    assert errors[()] < 0.65 * errors[(dense,)]
    assert errors[(moved,)] < 0.65 * errors[(dense, moved)]
    assert errors[(moved,)] < errors[()]
    assert errors[(dense, moved)] < errors[(dense,)]
    assert runs[()].record["parameters"] == 5_994
    assert runs[(dense,)].record["parameters"] == 50_890
