"""Every config in the configs folder: it trains, it learns, and what its comment says is so."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent / "cli"))

from cli_commands import CONFIGS, gdrun, record, the_run

from gdrun.data import DATASETS
from gdrun.run_directory.store import Run

DESCENTS = sorted(path.stem for path in CONFIGS.glob("minimize-*.yaml"))  # see test_configs_minimize.py
NAMES = sorted({path.stem for path in CONFIGS.glob("*.yaml")} - set(DESCENTS))
LOWEST_ACCURACY = {
    "moons-decision": 0.93,
    "digits-svm": 0.9,
    "mnist-mlp": 0.88,
    "mnist-lenet": 0.975,
    "compare-breast-cancer": 0.92,
    "mlp-inverse-scaling-digits": 0.5,
}

Train = Callable[..., Run]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Train:
    """Train a config by its name, with changes; each only once."""
    done: dict[tuple[str, ...], Run] = {}

    def train(name: str, *words: str) -> Run:
        if (name, *words) not in done:
            runs = tmp_path_factory.mktemp("runs")
            answer = gdrun("train", CONFIGS / f"{name}.yaml", *words, "--runs-dir", runs, "-q")
            assert answer.code == 0, answer
            done[(name, *words)] = Run(the_run(runs, name))
        return done[(name, *words)]

    return train


def test_there_are_configs() -> None:
    assert len(NAMES) >= 15
    assert set(NAMES) >= set(LOWEST_ACCURACY)


@pytest.mark.parametrize("name", [*NAMES, *DESCENTS])
def test_names_its_run_after_the_file_and_says_what_to_watch(name: str) -> None:
    text = (CONFIGS / f"{name}.yaml").read_text()
    assert f"\nname: {name}" in text
    assert text.startswith("# ")
    assert "\n# Watch: " in text


@pytest.mark.parametrize("name", [*NAMES, *DESCENTS])
def test_is_valid_without_a_warning(name: str) -> None:
    answer = gdrun("validate", CONFIGS / f"{name}.yaml", "--json")
    assert answer.code == 0, answer


@pytest.mark.parametrize("name", NAMES)
def test_smoke(trained: Train, name: str) -> None:
    run = trained(name, "--smoke")
    assert run.status in ("completed", "stopped")
    assert run.record["timing"]["epochs"] == 2
    assert run.record["data"]["rows_by_part"]["train"] <= 512


@pytest.mark.parametrize("name", NAMES)
def test_learns(trained: Train, name: str) -> None:
    run = trained(name)
    assert run.status in ("completed", "stopped")
    test = run.result["test"]
    if run.record["data"]["task"] == "regression":
        assert test["r2"] > 0.4
        return
    if test is None:  # all rows train
        assert run.result["train"]["accuracy"] > LOWEST_ACCURACY.get(name, 0.93)
        return
    _, counts = np.unique(run.predictions()["target"].astype(str), return_counts=True)
    majority = counts.max() / counts.sum()
    assert test["accuracy"] > max(LOWEST_ACCURACY.get(name, 0.93), majority)


class TestComments:
    """What the comments say to watch."""

    def test_clipping_keeps_a_recurrent_network_on_its_way(self, trained: Train, tmp_path: Path) -> None:
        run = trained("adding-clipping")
        assert run.result["test"]["r2"] > 0.9
        norms = run.metrics["gradient_norm"][1:]
        assert np.median(norms) < 2.5
        assert norms.max() > 4  # before clipping
        config = CONFIGS / "adding-clipping.yaml"
        words = ["--seeds", "3", "--runs-dir", tmp_path, "--json"]
        for clipping, expected in (("{norm: 1}", "completed"), ("null", "diverged")):
            answer = gdrun("train", config, f"gradient_clipping={clipping}", *words)
            (group,) = tmp_path.iterdir()
            members = [Run(path) for path in (group / "members").iterdir()]
            assert [member.status for member in members] == [expected] * 3, answer
            if expected == "completed":
                assert min(member.result["test"]["r2"] for member in members) > 0.9
            shutil.rmtree(group)

    def test_clipping_at_a_hundred_is_too_late(self, trained: Train) -> None:
        run = trained("adding-clipping", "gradient_clipping={norm: 100}")
        assert run.result["validation"]["r2"] < 0.1

    def test_sunspots_are_predicted_better_than_by_this_year(self, trained: Train) -> None:
        run = trained("sunspots-gru")
        table = DATASETS["sunspots"]().load(Path())
        tested = run.split()["test"]
        this_year, next_year = table.numbers[tested, -1], table.target[tested, 0]
        assert np.sqrt(np.mean((this_year - next_year) ** 2)) == pytest.approx(30, abs=0.5)
        assert run.result["test"]["rmse"] < 22
        assert run.split()["train"].max() < run.split()["validation"].min()
        answer = gdrun("train", CONFIGS / "sunspots-gru.yaml", "split.time_ordered=false", "--dry-run")
        assert answer.code == 2
        assert "set split.time_ordered: true" in answer.err

    def test_digits_row_by_row_come_near_the_mlp(self, trained: Train) -> None:
        by_rows, at_once = (
            trained(name).result["test"]["accuracy"] for name in ("digits-rows-lstm", "digits-mlp")
        )
        assert by_rows > at_once - 0.03

    def test_averaged_weights_stay_where_the_last_ones_jump_around(self, trained: Train) -> None:
        last: dict[str, list[float]] = {"average": [], "plain": [], "lookahead": []}
        for seed in range(4):
            plain = ("averaging=null", f"seed={seed}")
            runs = {
                "average": trained("averaging-noisy-tail", f"seed={seed}"),
                "plain": trained("averaging-noisy-tail", *plain),
                "lookahead": trained("averaging-noisy-tail", *plain, "lookahead={steps: 5, alpha: 0.2}"),
            }
            for name, run in runs.items():
                last[name].append(run.metrics["train_loss"][-1])
            both = [runs[name].metrics["train_loss"] for name in ("average", "plain")]
            assert (both[0][:11] == both[1][:11]).all()  # until the average begins
            assert np.abs(np.diff(both[0][15:])).max() < np.abs(np.diff(both[1][15:])).max() / 5
        assert max(last["average"]) < min(last["plain"])
        assert np.ptp(last["average"]) < np.ptp(last["plain"]) / 10
        assert np.mean(last["average"]) < np.mean(last["lookahead"]) < np.mean(last["plain"])
        falling = trained("averaging-noisy-tail", "averaging=null", "schedule=linear")
        assert falling.metrics["train_loss"][-1] < 1.02 * min(last["average"])

    def test_auto_mpg_is_a_few_miles_off(self, trained: Train) -> None:
        assert trained("auto-mpg-huber").result["test"]["mae"] < 3

    def test_breast_cancer_reports_f1(self, trained: Train) -> None:
        run = trained("breast-cancer-logistic")
        assert run.weights()["layers.0.weight"].shape == (30, 1)  # one output
        assert run.result["test"]["f1"] > 0.9

    def test_csv_predicts_its_own_file(self, trained: Train) -> None:
        answer = gdrun("predict", trained("csv-file").path, CONFIGS / "data" / "harvest.csv")
        assert answer.code == 0, answer
        assert answer.out.startswith("row,target,prediction\n")

    def test_diabetes_stops_when_the_validation_error_turns(self, trained: Train) -> None:
        run = trained("diabetes-regression")
        assert run.status == "stopped"
        train, best = run.metrics["train_loss"], run.result["best_epoch"]
        assert train[-1] < train[best]
        assert run.metrics["val_loss"][-1] > run.metrics["val_loss"][best]

    def test_large_batch_needs_its_larger_learning_rate(self, trained: Train) -> None:
        scaled = trained("digits-large-batch")
        plain = trained("digits-large-batch", "learning_rate_scaling=null")
        factor = scaled.metrics["learning_rate"][1:] / plain.metrics["learning_rate"][1:]
        np.testing.assert_allclose(factor, 8, rtol=1e-12)
        assert plain.metrics["train_loss"][-1] > 5 * scaled.metrics["train_loss"][-1]

    def test_momentum_is_through_where_plain_descent_is_not(self, trained: Train) -> None:
        plain = trained("mlp-strategies-digits")
        for other in ("{name: momentum, learning_rate: 0.2}", "{name: adam, learning_rate: 0.01}"):
            better = trained("mlp-strategies-digits", f"optimizer={other}")
            assert better.result["train"]["loss"] < plain.result["train"]["loss"] / 3

    def test_strategies_end_at_one_accuracy_on_iris(self, trained: Train) -> None:
        plain = trained("mlp-strategies-iris").result["train"]
        adam = trained("mlp-strategies-iris", "optimizer={name: adam, learning_rate: 0.01}").result["train"]
        assert abs(plain["accuracy"] - adam["accuracy"]) < 0.02
        assert adam["loss"] < plain["loss"] / 2

    def test_inverse_scaling_stands_still_after_an_epoch(self, trained: Train) -> None:
        loss = trained("mlp-inverse-scaling-digits").metrics["train_loss"]
        assert loss[1] - loss[-1] < (loss[0] - loss[1]) / 3
        constant = trained("mlp-inverse-scaling-digits", "schedule=null").metrics["train_loss"]
        assert constant[1] == loss[1]
        assert constant[1] - constant[-1] > 10 * (loss[1] - loss[-1])

    def test_sequential_shows_every_shape(self) -> None:
        answer = gdrun("train", CONFIGS / "digits-sequential.yaml", "--dry-run")
        assert "64 → 64 selu → dropout 0.1 → 32 → softplus → 10" in " ".join(answer.out.split())

    def test_svm_starts_at_the_number_of_wrong_classes(self, trained: Train) -> None:
        assert trained("digits-svm").metrics["train_loss"][0] == 9

    def test_iris_falls_smoothly_until_the_gradient_is_almost_zero(self, trained: Train) -> None:
        run = trained("iris-softmax-regression")
        assert (np.diff(run.metrics["train_loss"]) < 0).all()
        assert run.metrics["gradient_norm"][-1] < 1e-2

    def test_moons_need_a_hidden_layer(self, trained: Train) -> None:
        linear = trained("moons-decision", "model=linear")
        assert 0.84 < linear.result["test"]["accuracy"] < 0.92

    def test_penguins_tell_what_was_filled(self, tmp_path: Path) -> None:
        answer = gdrun("train", CONFIGS / "penguins-categories.yaml", "--smoke", "--runs-dir", tmp_path)
        assert "note: " in answer.err
        assert "missing" in answer.err

    def test_the_best_learning_rate_of_the_moons_grows_with_the_batch(self, tmp_path: Path) -> None:
        words = ("optimizer.learning_rate=log(1e-2,10,7)", "batch_size=8,32,full", "--seeds", 3)
        answer = gdrun("sweep", CONFIGS / "moons-sweep.yaml", *words, "--json", "--runs-dir", tmp_path)
        assert answer.code == 0, answer
        best: dict[object, tuple[float, float]] = {}
        for point in answer.document["summary"]["points"]:
            size, rate = (point["settings"][key] for key in ("batch_size", "optimizer.learning_rate"))
            best[size] = max(best.get(size, (0, 0)), (point["metrics"]["val_accuracy"]["mean"], -rate))
        assert -best[8][1] < -best[32][1] < -best["full"][1]

    def test_sine_leaves_plain_descent_behind(self, trained: Train) -> None:
        adam, sgd, adadelta = (
            trained("sine-full-batch", *words).result["train"]["loss"]
            for words in ((), ("optimizer=sgd",), ("optimizer=adadelta",))
        )
        assert sgd > 10 * adam
        assert adadelta < 3 * adam

    def test_momentum_is_ahead_on_wine(self, trained: Train) -> None:
        fast, slow = trained("wine-momentum"), trained("wine-momentum", "optimizer.momentum=0")
        assert (fast.metrics["train_loss"][1:11] < slow.metrics["train_loss"][1:11]).all()

    def test_spirals_are_rougher_without_the_warmup(self, trained: Train) -> None:
        with_it = trained("spirals-deep")
        without = trained("spirals-deep", "schedule.warmup_epochs=null")
        assert with_it.metrics["learning_rate"][1] < 0.3 * without.metrics["learning_rate"][1]

    def test_mnist_evaluates_a_sample(self, trained: Train) -> None:
        run = trained("mnist-mlp")
        assert run.record["data"]["evaluated_train_rows"] == 1000
        assert record(run.path)["data"]["rows_by_part"]["train"] > 1000

    def test_lenet_makes_a_third_of_the_errors_of_the_mlp(self, trained: Train) -> None:
        lenet, mlp = trained("mnist-lenet"), trained("mnist-mlp")
        assert lenet.result["test"]["accuracy"] >= 0.975
        assert 1 - lenet.result["test"]["accuracy"] < (1 - mlp.result["test"]["accuracy"]) / 3
        assert lenet.record["parameters"] < 0.7 * mlp.record["parameters"]

    def test_lenet_learns_by_heart_without_the_moves(self, trained: Train) -> None:
        moved = trained("mnist-lenet")
        still = trained("mnist-lenet", "augmentation=null", "epochs=12")
        assert still.metrics["train_loss"][-1] < moved.metrics["train_loss"][-1]
        assert still.result["test"]["accuracy"] < moved.result["test"]["accuracy"]

    def test_digits_stop_when_the_validation_loss_has_turned(self, trained: Train) -> None:
        run = trained("digits-mlp", "epochs=200")
        assert run.status == "stopped"
        best = run.result["best_epoch"]
        assert run.metrics["val_loss"][-1] > run.metrics["val_loss"][best]
        assert run.metrics["val_accuracy"][-1] >= run.metrics["val_accuracy"][best] - 0.005
