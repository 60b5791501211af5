"""`gdrun train`: every file that a run leaves, every option, and what each kind of failure looks like."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_commands import CONFIGS, Answer, bits, config_file, gdrun, record, strict_json, the_run, train

from gdrun.config import load, to_plain
from gdrun.data.datasets import DATASETS
from gdrun.errors import SystemRefusedError
from gdrun.experiments import tiles
from gdrun.run_directory import files
from gdrun.run_directory.files import Disk
from gdrun.run_directory.growing import Appender
from gdrun.run_directory.tables import read_table

RUN_FIELDS = [
    *("schema_version", "id", "name", "command", "status", "reason", "created", "finished", "seed", "fold"),
    *("parameters", "data", "environment", "timing", "result"),
]
METRICS = [
    *("epoch", "step", "learning_rate", "train_loss", "train_accuracy", "val_loss", "val_accuracy"),
    *("gradient_norm", "seconds"),
]


class TestRunDirectory:
    def test_has_all_its_files_and_no_other(self, classifier: Path) -> None:
        assert {path.name for path in classifier.iterdir()} - {".lock"} == {
            *("config.yaml", "run.json", "metrics.csv", "weights.npz", "split.npz", "predictions.csv"),
            *("report.html", "run.log", "learning.npz"),
        }

    def test_run_json(self, classifier: Path) -> None:
        run = record(classifier)
        assert list(run)[: len(RUN_FIELDS)] == RUN_FIELDS
        assert run["schema_version"] == 1
        assert run["id"] == classifier.name
        assert (run["name"], run["command"], run["status"]) == ("classifier", "train", "completed")
        assert (run["reason"], run["seed"], run["fold"]) == (None, 0, None)
        assert run["created"] < run["finished"]
        assert run["parameters"] == 2 * 8 + 8 + 8 * 3 + 3
        assert list(run["data"])[:5] == ["dataset", "rows", "features", "classes", "sha256"]
        assert (run["data"]["rows"], run["data"]["features"], run["data"]["classes"]) == (160, 2, 3)
        assert len(run["data"]["sha256"]) == 64
        assert list(run["environment"]) == ["gdrun", "python", "numpy", "blas", "cpu", "platform", "git"]
        assert list(run["timing"])[:6] == [
            "setup",
            "training",
            "evaluation",
            "total",
            "steps",
            "steps_per_second",
        ]
        assert run["timing"]["steps"] == 4 * 7
        assert list(run["result"]) == ["best_epoch", "train", "validation", "test"]
        for part in ("train", "validation", "test"):
            assert list(run["result"][part]) == ["loss", "accuracy"]

    def test_metrics_csv(self, classifier: Path) -> None:
        lines = (classifier / "metrics.csv").read_text().splitlines()
        assert lines[0].split(",") == METRICS
        first = lines[1].split(",")
        assert first[:3] == ["0", "0", ""]
        assert first[METRICS.index("gradient_norm")] == ""
        table = read_table(classifier / "metrics.csv")
        assert table["epoch"].tolist() == [0, 1, 2, 3, 4]
        assert table["step"].tolist() == [0, 7, 14, 21, 28]
        np.testing.assert_array_equal(table["learning_rate"][1:], 1e-2)
        assert abs(table["train_loss"][0] - math.log(3)) < 1.5  # before the first update
        assert (np.diff(table["seconds"]) >= 0).all()

    def test_result_is_the_row_of_the_best_epoch(self, classifier: Path) -> None:
        table, result = read_table(classifier / "metrics.csv"), record(classifier)["result"]
        best = int(np.argmin(table["val_loss"]))
        assert result["best_epoch"] == best
        for part, prefix in (("train", "train"), ("validation", "val")):
            for quantity in ("loss", "accuracy"):
                assert result[part][quantity] == table[f"{prefix}_{quantity}"][best]

    def test_weights_are_read_by_numpy_without_pickles(self, classifier: Path) -> None:
        with np.load(classifier / "weights.npz", allow_pickle=False) as arrays:
            shapes = {name: (arrays[name].shape, arrays[name].dtype) for name in arrays.files}
        kind = np.dtype(np.float32)
        assert shapes == {
            "layers.0.weight": ((2, 8), kind),
            "layers.0.bias": ((8,), kind),
            "layers.1.weight": ((8, 3), kind),
            "layers.1.bias": ((3,), kind),
        }

    def test_split_is_disjoint_and_complete(self, classifier: Path) -> None:
        with np.load(classifier / "split.npz", allow_pickle=False) as arrays:
            parts = {name: arrays[name] for name in arrays.files}
        assert list(parts) == ["train", "validation", "test"]
        assert {name: len(rows) for name, rows in parts.items()} == record(classifier)["data"]["rows_by_part"]
        assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(160))

    def test_predictions_agree_with_the_result(self, classifier: Path) -> None:
        found = read_table(classifier / "predictions.csv")
        assert list(found) == [
            "row",
            "target",
            "prediction",
            "probability_0",
            "probability_1",
            "probability_2",
        ]
        with np.load(classifier / "split.npz") as arrays:
            np.testing.assert_array_equal(found["row"], arrays["test"])
        accuracy = float((found["target"] == found["prediction"]).mean())
        assert accuracy == pytest.approx(record(classifier)["result"]["test"]["accuracy"], rel=1e-12)
        probabilities = np.stack([found[f"probability_{c}"] for c in range(3)], axis=1)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
        np.testing.assert_array_equal(probabilities.argmax(axis=1), found["prediction"])
        chosen = probabilities[np.arange(len(probabilities)), found["target"]]
        loss = record(classifier)["result"]["test"]["loss"]
        assert -np.log(chosen).mean() == pytest.approx(loss, rel=1e-5)

    def test_its_config_repeats_it_to_the_bit(self, classifier: Path, tmp_path: Path) -> None:
        assert gdrun("train", classifier / "config.yaml", "--runs-dir", tmp_path, "-q").code == 0
        assert bits(the_run(tmp_path, "classifier")) == bits(classifier)

    def test_log_says_what_happened(self, classifier: Path) -> None:
        log = (classifier / "run.log").read_text()
        assert "training (2,) → dense (8,) → dense (3,) on blobs, 1 run, from the start\n" in log
        assert f"run {classifier.name} completed\n" in log


class TestGroup:
    COLUMNS = (
        *("run", "seed", "fold", "phase", "status", "best_epoch", "epochs", "steps"),
        *(
            "train_loss",
            "train_accuracy",
            "val_loss",
            "val_accuracy",
            "test_loss",
            "test_accuracy",
            "seconds",
        ),
    )

    def test_has_all_its_files_and_complete_members(self, members: Path) -> None:
        names = {path.name for path in members.iterdir()} - {".lock", "checkpoints"}
        assert names == {
            *("config.yaml", "group.json", "results.csv", "summary.json", "report.html", "members"),
        }
        assert not list(members.rglob("*.checkpoint"))
        assert sorted(path.name for path in (members / "members").iterdir()) == [
            f"seed-{i}" for i in range(4)
        ]
        for number in range(4):
            member = members / "members" / f"seed-{number}"
            assert {"config.yaml", "run.json", "metrics.csv", "weights.npz", "split.npz"} <= {
                path.name for path in member.iterdir()
            }
            assert record(member)["seed"] == number
            assert record(member)["id"] == f"{members.name}/seed-{number}"
            assert load(member / "config.yaml").config.seed == number

    def test_group_json(self, members: Path) -> None:
        group = record(members)
        assert (group["command"], group["status"], group["reason"]) == ("train", "completed", None)
        assert group["plan"] == [{"run": f"seed-{i}", "seed": i} for i in range(4)]

    def test_results_csv(self, members: Path) -> None:
        table = read_table(members / "results.csv")
        assert tuple(table) == self.COLUMNS
        assert table["run"].tolist() == [f"seed-{i}" for i in range(4)]
        assert table["epochs"].tolist() == [4] * 4
        for number in range(4):
            result = record(members / "members" / f"seed-{number}")["result"]
            assert table["test_accuracy"][number] == result["test"]["accuracy"]
            assert table["best_epoch"][number] == result["best_epoch"]

    def test_summary_json(self, members: Path) -> None:
        summary = strict_json((members / "summary.json").read_text())
        assert (summary["runs"], summary["statuses"]) == (4, {"completed": 4})
        column = read_table(members / "results.csv")["val_loss"]
        found = summary["metrics"]["val_loss"]
        assert found["mean"] == pytest.approx(column.mean(), rel=1e-12)
        assert found["std"] == pytest.approx(column.std(ddof=1), rel=1e-9)
        assert (found["min"], found["max"]) == (column.min(), column.max())
        low, high = found["interval"]
        assert low < found["mean"] < high

    def test_a_member_has_the_bits_of_a_run_alone(self, members: Path, tmp_path: Path) -> None:
        alone = train(tmp_path, "alone", "seed=2")
        assert bits(alone) == bits(members / "members" / "seed-2")

    def test_one_seed_is_a_group_too(self, tmp_path: Path) -> None:
        group = train(tmp_path, "one", "--seeds", "1", "seed=7", "epochs=0")
        assert record(group)["plan"] == [{"run": "seed-7", "seed": 7}]
        summary = strict_json((group / "summary.json").read_text())
        assert summary["metrics"]["val_loss"]["interval"] is None

    @pytest.mark.parametrize("seeds", ["0", "-1", "1000000", "2.5", "many"])
    def test_numbers_of_seeds_that_cannot_be(self, tmp_path: Path, seeds: str) -> None:
        answer = gdrun("train", config_file(tmp_path), "--seeds", seeds, "--runs-dir", tmp_path / "runs")
        assert answer.code == 2
        assert "--seeds" in answer.err
        assert not (tmp_path / "runs").exists()


class TestOptions:
    def test_json_is_one_strict_document(self, tmp_path: Path) -> None:
        answer = gdrun("train", config_file(tmp_path), "--runs-dir", tmp_path / "runs", "--json")
        path = the_run(tmp_path / "runs", "blobs")
        assert answer.document == {"path": str(path), **record(path)}

    def test_json_of_a_group(self, tmp_path: Path) -> None:
        config = config_file(tmp_path)
        answer = gdrun("train", config, "--runs-dir", tmp_path / "runs", "--json", "-q", "--seeds", "2")
        assert answer.err == ""
        assert answer.document["status"] == "completed"
        assert answer.document["results"]["run"] == ["seed-0", "seed-1"]
        assert set(answer.document["summary"]["metrics"]) >= {"val_loss", "test_accuracy"}

    def test_quiet_leaves_only_the_result(self, tmp_path: Path) -> None:
        config = config_file(tmp_path)
        quiet = gdrun("train", config, "--runs-dir", tmp_path / "runs", "-q")
        loud = gdrun("train", config, "--runs-dir", tmp_path / "more")
        assert quiet.err == ""
        assert "validation" in quiet.out
        assert "learning rate 0.0100, constant" in loud.err
        assert "learning rate" not in loud.out

    def test_name_and_overrides(self, tmp_path: Path) -> None:
        words = ("epochs=1", "optimizer.learning_rate=0.5", "model.hidden=[3, 2]", "--name", "other.name_1-2")
        assert gdrun("train", config_file(tmp_path), *words, "--runs-dir", tmp_path / "deep" / "er").code == 0
        path = the_run(tmp_path / "deep" / "er", "other.name_1-2")
        config = load(path / "config.yaml").config
        assert config.epochs == 1
        assert config.name == "other.name_1-2"
        assert read_table(path / "metrics.csv")["learning_rate"][1] == 0.5
        with np.load(path / "weights.npz") as arrays:
            assert arrays["layers.1.weight"].shape == (3, 2)

    @pytest.mark.parametrize("name", ["a b", "../up", "", "x" * 65, "a/b", "ä"])
    def test_names_that_cannot_be(self, tmp_path: Path, name: str) -> None:
        answer = gdrun("train", config_file(tmp_path), "--name", name, "--runs-dir", tmp_path / "runs")
        assert answer.code == 2
        assert "name" in answer.last_line
        assert not (tmp_path / "runs").exists()

    def test_a_change_of_name_drops_what_does_not_fit_with_a_notice(self, tmp_path: Path) -> None:
        config = config_file(tmp_path, more="schedule: {name: cosine, warmup_epochs: 1}\n")
        answer = gdrun("train", config, "schedule=constant", "optimizer=momentum", "--dry-run")
        assert answer.code == 0
        assert answer.err.startswith("note: ") or answer.err == ""

    def test_what_will_not_do_as_meant_is_said_before_the_run(self, tmp_path: Path) -> None:
        config = config_file(tmp_path)
        answer = gdrun("train", config, "optimizer=rprop", "batch_size=7", "--dry-run")
        assert "note: rprop is made for full batches: with 7 of " in answer.err
        full = gdrun("train", config, "optimizer=rprop", "batch_size=full", "--dry-run")
        assert "full batches" not in full.err

    def test_smoke_is_short(self, tmp_path: Path) -> None:
        config = config_file(tmp_path)
        assert (
            gdrun("train", config, "dataset.rows=2000", "--smoke", "--runs-dir", tmp_path / "runs", "-q").code
            == 0
        )
        run = record(the_run(tmp_path / "runs", "blobs"))
        assert run["data"]["rows_by_part"]["train"] == 512
        assert run["timing"]["epochs"] == 2

    def test_dry_run_says_what_would_be_done_and_writes_nothing(self, tmp_path: Path) -> None:
        config = config_file(tmp_path)
        before = sorted(tmp_path.rglob("*"))
        answer = gdrun("train", config, "--dry-run", "--seeds", "5", "--runs-dir", tmp_path / "runs")
        assert answer.code == 0
        assert "mlp 2 → 8 relu → 3, 51 parameters" in answer.out
        assert "5 seeds from 0 to 4" in answer.out
        assert "of memory" in answer.out
        assert answer.err == ""
        assert sorted(tmp_path.rglob("*")) == before

    def test_dry_run_as_json(self, tmp_path: Path) -> None:
        answer = gdrun(
            "train", config_file(tmp_path), "--dry-run", "--seeds", "5", "--json", "--workers", "2"
        )
        plan = answer.document
        assert (plan["runs"], plan["workers"]) == (5, 2)
        assert [entry["seed"] for entry in plan["plan"]] == [0, 1, 2, 3, 4]
        assert (plan["parameters"], plan["updates_per_run"], plan["epochs"]) == (51, 28, 4)
        assert plan["memory_bytes"] > 0

    def test_print_config_is_complete_and_repeats_the_run(self, tmp_path: Path) -> None:
        config = config_file(tmp_path)
        answer = gdrun("train", config, "--print-config", "epochs=2", "--runs-dir", tmp_path / "runs")
        assert answer.code == 0
        assert not (tmp_path / "runs").exists()
        again = tmp_path / "again.yaml"
        again.write_text(answer.out)
        assert to_plain(load(again).config)["epochs"] == 2
        assert gdrun("train", again, "--print-config").out == answer.out

    @pytest.mark.parametrize("workers", ["0", "-1", "two", "1.5", ""])
    def test_workers_that_cannot_be(self, tmp_path: Path, workers: str) -> None:
        answer = gdrun("train", config_file(tmp_path), "--workers", workers, "--runs-dir", tmp_path / "runs")
        assert answer.code == 2
        assert "--workers" in answer.last_line


class TestKindsOfRuns:
    def test_no_epochs_leave_the_initial_weights_and_their_metrics(self, tmp_path: Path) -> None:
        path = train(tmp_path, "none", "epochs=0", "early_stopping={monitor: val_loss}")
        assert record(path)["status"] == "completed"
        assert record(path)["result"]["best_epoch"] == 0
        assert record(path)["timing"]["steps_per_second"] is None
        assert len(read_table(path / "metrics.csv")["epoch"]) == 1

    def test_no_epochs_with_seeds(self, tmp_path: Path) -> None:
        group = train(tmp_path, "none", "epochs=0", "--seeds", "3")
        table = read_table(group / "results.csv")
        assert table["epochs"].tolist() == [0, 0, 0]
        assert len(set(table["val_loss"].tolist())) == 3

    def test_without_validation_the_last_weights_are_kept(self, tmp_path: Path) -> None:
        path = train(tmp_path, "unvalidated", "split.validation=0")
        run, table = record(path), read_table(path / "metrics.csv")
        assert run["result"]["best_epoch"] == 4
        assert run["result"]["validation"] is None
        assert np.isnan(table["val_loss"]).all()
        lines = (path / "metrics.csv").read_text().splitlines()
        assert lines[1].split(",")[5:7] == ["", ""]

    def test_without_a_test_part(self, tmp_path: Path) -> None:
        path = train(tmp_path, "untested", "split.test=0")
        assert record(path)["result"]["test"] is None
        assert not (path / "predictions.csv").exists()
        assert (path / "report.html").is_file()

    def test_training_rows_alone(self, tmp_path: Path) -> None:
        group = train(tmp_path, "alone", "split={validation: 0, test: 0}", "--seeds", "2")
        assert "val_loss" not in read_table(group / "results.csv")
        assert record(group / "members" / "seed-1")["data"]["rows_by_part"] == {
            "train": 160,
            "validation": 0,
            "test": 0,
        }

    @pytest.mark.parametrize("batch_size", ["full", "112", "113", "1000000"])
    def test_one_batch_with_all_rows(self, tmp_path: Path, batch_size: str) -> None:
        path = train(tmp_path, "full", f"batch_size={batch_size}")
        assert record(path)["timing"]["steps"] == 4

    def test_the_order_of_a_full_batch_is_of_no_importance(self, tmp_path: Path) -> None:
        one = train(tmp_path, "one", "batch_size=full", "name=x", "--name", "one")
        two = train(tmp_path, "two", "batch_size=5000", "shuffle=false")
        assert bits(one) == bits(two)

    def test_drop_last(self, tmp_path: Path) -> None:
        path = train(tmp_path, "dropped", "batch_size=50", "drop_last=true")
        assert record(path)["timing"]["steps"] == 8

    def test_dropout_trains_and_is_silent_in_evaluations(self, tmp_path: Path) -> None:
        path = train(tmp_path, "dropout", "model.dropout=0.4", "seed=5")
        again = train(tmp_path, "again", "model.dropout=0.4", "seed=5")
        assert bits(path) == bits(again)
        found = gdrun("evaluate", path, "--json").document["values"]
        assert found == {part: record(path)["result"][part] for part in ("train", "validation", "test")}

    def test_double_precision(self, tmp_path: Path) -> None:
        path = train(tmp_path, "double", "dtype=float64")
        with np.load(path / "weights.npz") as arrays:
            assert {arrays[name].dtype for name in arrays.files} == {np.dtype(np.float64)}

    def test_early_stopping_says_why(self, tmp_path: Path) -> None:
        words = (
            "epochs=200",
            "early_stopping={monitor: val_loss, patience: 2}",
            "optimizer.learning_rate=1.0",
        )
        path = train(tmp_path, "stopped", *words)
        run = record(path)
        assert run["status"] == "stopped"
        assert run["reason"] == "early stopping: val_loss has not improved in 2 evaluations"
        table = read_table(path / "metrics.csv")
        assert run["timing"]["epochs"] == table["epoch"][-1] == int(np.argmin(table["val_loss"])) + 2

    def test_tolerance_stops(self, tmp_path: Path) -> None:
        path = train(tmp_path, "flat", "tolerance=1000")
        assert record(path)["status"] == "stopped"
        assert record(path)["reason"] == "the gradient norm fell below 1000 in epoch 1"

    def test_evaluation_less_often_keeps_first_and_last(self, tmp_path: Path) -> None:
        path = train(tmp_path, "seldom", "evaluation.every_epochs=3", "epochs=7")
        assert read_table(path / "metrics.csv")["epoch"].tolist() == [0, 3, 6, 7]

    def test_evaluated_rows_are_told(self, tmp_path: Path) -> None:
        path = train(tmp_path, "sampled", "evaluation.train_rows=20")
        assert record(path)["data"]["evaluated_train_rows"] == 20


REGRESSION = """
name: table
dataset: {{name: csv, path: table.csv, target: {target}}}
model: {{name: mlp, hidden: [8]}}
batch_size: 8
epochs: 30
optimizer: {{name: adam, learning_rate: 2e-2}}
"""


def table_file(folder: Path, outputs: int = 1) -> None:
    random = np.random.default_rng(4)
    x = random.normal(size=(80, 2))
    y = 1000 + 100 * (x @ random.normal(size=(2, outputs)))
    names = ["a", "b", *(f"y{number}" for number in range(outputs))]
    lines = [",".join(names), *(",".join(f"{v:.4f}" for v in row) for row in np.hstack([x, y]))]
    (folder / "table.csv").write_text("\n".join(lines) + "\n")


class TestRegression:
    def test_results_are_in_the_unit_of_the_target(self, tmp_path: Path) -> None:
        table_file(tmp_path)
        (tmp_path / "c.yaml").write_text(REGRESSION.format(target="y0"))
        assert gdrun("train", tmp_path / "c.yaml", "--runs-dir", tmp_path / "runs").code == 0
        path = the_run(tmp_path / "runs", "table")
        found, result = read_table(path / "predictions.csv"), record(path)["result"]
        assert list(found) == ["row", "target", "prediction"]
        assert 700 < found["prediction"].mean() < 1300
        error = found["prediction"] - found["target"]
        metrics = {"rmse": np.sqrt((error**2).mean()), "mae": np.abs(error).mean()}
        metrics["r2"] = 1 - (error**2).sum() / ((found["target"] - found["target"].mean()) ** 2).sum()
        checked = [name for name in metrics if name in result["test"]]
        assert checked
        for name in checked:
            assert result["test"][name] == pytest.approx(metrics[name], rel=1e-4)
        assert result["test"]["r2"] > 0.5

    def test_several_targets(self, tmp_path: Path) -> None:
        table_file(tmp_path, 3)
        (tmp_path / "c.yaml").write_text(REGRESSION.format(target="[y0, y1, y2]"))
        answer = gdrun("train", tmp_path / "c.yaml", "--runs-dir", tmp_path / "runs")
        assert "predicts y0, y1, y2" in " ".join(answer.err.split())
        path = the_run(tmp_path / "runs", "table")
        with np.load(path / "weights.npz") as arrays:
            assert arrays["layers.1.weight"].shape == (8, 3)
        found = read_table(path / "predictions.csv")
        assert list(found) == [
            "row",
            *(f"{kind}_y{i}" for kind in ("target", "prediction") for i in range(3)),
        ]
        assert abs(found["prediction_y1"] - found["target_y1"]).mean() < 100


class TestInitialWeights:
    def test_start_where_another_run_ended(self, classifier: Path, tmp_path: Path) -> None:
        path = train(tmp_path, "further", f"initial_weights={classifier / 'weights.npz'}", "epochs=0")
        assert (path / "weights.npz").read_bytes() == (classifier / "weights.npz").read_bytes()
        assert record(path)["result"]["test"] == record(classifier)["result"]["test"]

    def test_of_another_shape(self, classifier: Path, tmp_path: Path) -> None:
        words = (
            f"initial_weights={classifier / 'weights.npz'}",
            "model.hidden=[9]",
            "--runs-dir",
            tmp_path / "r",
        )
        answer = gdrun("train", config_file(tmp_path), *words)
        assert answer.code == 4
        assert "layers.0.weight is (2, 8), the network has (2, 9)" in answer.last_line
        assert not (tmp_path / "r").exists()

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"hello" * 100])
    def test_that_are_damaged(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "w.npz").write_bytes(content)
        answer = gdrun("train", config_file(tmp_path), f"initial_weights={tmp_path / 'w.npz'}")
        assert answer.code == 4
        assert "w.npz" in answer.last_line

    def test_that_are_not_there(self, tmp_path: Path) -> None:
        answer = gdrun("train", config_file(tmp_path), f"initial_weights={tmp_path / 'w.npz'}")
        assert answer.code == 4
        assert "there is no such file" in answer.last_line


class TestRefusals:
    def test_of_a_path_that_no_file_can_have(self, tmp_path: Path) -> None:
        answer = gdrun("train", config_file(tmp_path), f"dataset={{name: csv, path: {'x' * 300}}}")
        assert answer.code == 3
        assert "not a possible path" in answer.last_line

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["loss=binary_cross_entropy"], "loss: binary_cross_entropy tells 2 classes apart, not 3"),
            (["loss={name: softmax_cross_entropy, class_weights: [1, 2]}"], "each of the 3 classes, not 2"),
            (["dataset=diabetes", "metrics=[r2]", "loss=poisson"], "preprocessing.target: poisson takes"),
            (["dataset=diabetes", "metrics=[r2]", "loss=cosine", "preprocessing.target=none"], "take mse"),
            (["loss=mse"], "loss"),
            (["metrics=[r2]"], "metrics"),
            (["early_stopping.monitor=val_los"], "did you mean val_loss"),
            (["early_stopping={monitor: val_loss}", "split.validation=0"], "val_loss"),
            (["schedule={name: plateau, monitor: val_loss}", "split.validation=0"], "val_loss"),
            (["model={name: sequential, layers: [{name: dense, units: 5}]}"], "end with a dense layer of 3"),
            (["optimzer=sgd"], "optimizer"),
            (["optimizer.lr=1"], "optimizer"),
            (["epochs=-1"], "epochs"),
            (["epochs"], "epochs"),
            (["batch_size=0"], "batch_size"),
            (["optimizer.learning_rate=nan"], "learning_rate"),
        ],
    )  # fmt: skip
    def test_what_does_not_fit(self, tmp_path: Path, words: list[str], message: str) -> None:
        answer = gdrun("train", config_file(tmp_path), *words, "--runs-dir", tmp_path / "runs")
        assert answer.code == 2, answer
        assert message in answer.err
        assert answer.out == ""
        assert "Traceback" not in answer.err
        assert not (tmp_path / "runs").exists()

    def test_a_config_that_is_not_there(self, tmp_path: Path) -> None:
        answer = gdrun("train", tmp_path / "no.yaml")
        assert answer.code == 2
        assert "no.yaml" in answer.last_line

    def test_data_that_are_not_there(self, tmp_path: Path) -> None:
        (tmp_path / "c.yaml").write_text(REGRESSION.format(target="y0"))
        answer = gdrun("train", tmp_path / "c.yaml", "--runs-dir", tmp_path / "runs")
        assert answer.code == 3
        assert "table.csv" in answer.last_line

    def test_too_few_rows(self, tmp_path: Path) -> None:
        answer = gdrun("train", config_file(tmp_path), "split={validation: 100, test: 100}")
        assert answer.code in (2, 3)
        assert "160" in answer.last_line

    def test_a_model_too_large_for_memory_is_refused_before_anything_is_allocated(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def allocate(*arguments: Any, **keywords: Any) -> None:
            raise AssertionError("something was allocated")

        monkeypatch.setattr("gdrun.nn.network.Network.bind", allocate)
        words = ("model.hidden=[3000000, 3000000]", "--runs-dir", tmp_path / "runs")
        answer = gdrun("train", config_file(tmp_path), *words)
        assert answer.code == 7
        assert "this needs about" in answer.last_line
        assert "GB are free" in answer.last_line
        assert not (tmp_path / "runs").exists()

    def test_a_stack_too_large_for_memory(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tiles, "available_memory", lambda: 1000)
        answer = gdrun("train", config_file(tmp_path), "--seeds", "30", "--runs-dir", tmp_path / "runs")
        assert answer.code == 7
        assert not (tmp_path / "runs").exists()

    def test_a_file_in_the_place_of_the_runs_directory(self, tmp_path: Path) -> None:
        (tmp_path / "runs").write_text("")
        answer = gdrun("train", config_file(tmp_path), "--runs-dir", tmp_path / "runs")
        assert answer.code == 7
        assert str(tmp_path / "runs") in answer.last_line

    @pytest.mark.parametrize("operation", ["create", "open_growing", "write", "fsync", "replace", "mkdir"])
    @pytest.mark.parametrize("after", [0, 3, 9])
    @pytest.mark.parametrize("words", [(), ("--seeds", "2")])
    def test_a_full_disk_is_one_message_and_never_success(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        operation: str,
        after: int,
        words: tuple[str, ...],
    ) -> None:
        left = [after]

        def refuse(*arguments: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(28, "No space left on device")
            return getattr(Disk, operation)(files_disk, *arguments)

        class FullDisk(Disk):
            pass

        files_disk = FullDisk()
        setattr(FullDisk, operation, staticmethod(refuse))
        monkeypatch.setattr(files, "disk", files_disk)
        path = config_file(tmp_path, more="checkpoint: {min_seconds: 0}\n")
        answer = gdrun("train", path, *words, "--runs-dir", tmp_path / "runs", "-q")
        if left[0] >= 0:  # it needs fewer of these operations than that
            assert operation == "mkdir" or operation == "open_growing"
            return
        assert answer.code == 7, answer
        assert list(Appender._open) == [], "a file is still open"
        assert "No space left on device" in answer.err
        assert "Traceback" not in answer.err
        monkeypatch.undo()
        for directory in (tmp_path / "runs").glob("*-blobs") if (tmp_path / "runs").exists() else ():
            if not {"run.json", "group.json"} & {path.name for path in directory.iterdir()}:
                continue  # it was refused before there was a run
            again = gdrun("resume", directory, "-q")
            assert again.code == 0, again
            assert record(directory)["status"] == "completed"


class TestDivergence:
    WORDS = ("optimizer=sgd", "optimizer.learning_rate=1e6", "dataset=diabetes", "batch_size=32")

    def test_of_one_run(self, tmp_path: Path) -> None:
        config = CONFIGS / "diabetes-regression.yaml"
        words = ("optimizer=sgd", "optimizer.learning_rate=1e6", "--runs-dir", tmp_path)
        answer = gdrun("train", config, *words)
        assert answer.code == 6
        assert answer.last_line.startswith("gdrun: diverged: ")
        assert "smaller learning rate" in answer.last_line
        path = the_run(tmp_path, "diabetes-regression")
        run = record(path)
        assert run["status"] == "diverged"
        assert "became NaN or infinite in epoch 1" in run["reason"]
        assert any(word in run["reason"] for word in ("train_loss", "val_loss", "weight"))
        with np.load(path / "weights.npz") as arrays:
            assert all(np.isfinite(arrays[name]).all() for name in arrays.files)
        assert run["result"]["best_epoch"] == 0
        assert (path / "report.html").is_file()
        assert gdrun("resume", path).code == 0  # it has ended, and that is told
        shown = gdrun("evaluate", path, "--json")
        assert shown.code == 0
        assert shown.document["values"]["train"] == run["result"]["train"]

    def test_as_json(self, tmp_path: Path) -> None:
        answer = gdrun(
            *("train", CONFIGS / "diabetes-regression.yaml", "optimizer=sgd", "optimizer.learning_rate=1e6"),
            *("--json", "--runs-dir", tmp_path),
        )
        assert answer.code == 6
        assert answer.document["status"] == "diverged"

    def test_in_a_group_it_is_a_result_and_counted(self, tmp_path: Path) -> None:
        answer = gdrun(
            *("train", CONFIGS / "diabetes-regression.yaml", "optimizer=sgd", "optimizer.learning_rate=1e6"),
            *("--seeds", "3", "--runs-dir", tmp_path),
        )
        assert answer.code == 0
        assert "3 diverged" in answer.out
        group = the_run(tmp_path, "diabetes-regression")
        summary = strict_json((group / "summary.json").read_text())
        assert (summary["statuses"], summary["metrics"]) == ({"diverged": 3}, {})
        assert record(group)["status"] == "completed"

    def test_a_loss_that_overflows_at_the_start_leaves_strict_json(self, tmp_path: Path) -> None:
        weights = tmp_path / "w.npz"
        huge = np.float64(1e200)
        np.savez(
            weights,
            **{
                "layers.0.weight": np.full((2, 8), huge),
                "layers.0.bias": np.full(8, huge),
                "layers.1.weight": np.full((8, 3), huge),
                "layers.1.bias": np.zeros(3),
            },
        )
        path = train(tmp_path, "huge", f"initial_weights={weights}", "dtype=float64", code=6)
        run = record(path)
        assert run["status"] == "diverged"
        assert "epoch 0" in run["reason"]
        assert run["result"]["best_epoch"] is None


class TestScreen:
    def test_paths_do_not_steer_the_terminal(self, tmp_path: Path) -> None:
        folder = tmp_path / "odd\x1b[31m"
        folder.mkdir()
        table_file(folder)
        (folder / "c.yaml").write_text(REGRESSION.format(target="y0"))
        answer = gdrun("train", folder / "c.yaml", "--runs-dir", folder / "runs")
        assert answer.code == 2
        assert "\\x1b" in answer.err
        assert "\x1b" not in answer.out + answer.err

    @pytest.mark.parametrize("column", ["a", "a\x1b[2J"])
    def test_columns_steer_neither_the_terminal_nor_the_markup(self, tmp_path: Path, column: str) -> None:
        folder = tmp_path / "od[bold]d"
        folder.mkdir()
        table_file(folder)
        text = (folder / "table.csv").read_text()
        (folder / "table.csv").write_text(text.replace("y0", "[red]y[/no]", 1).replace("a", column, 1))
        (folder / "c.yaml").write_text(REGRESSION.format(target='"[red]y[/no]"'))
        answer = gdrun("train", folder / "c.yaml", "--runs-dir", folder / "runs")
        assert answer.code == 0, answer
        assert "predicts [red]y[/no]" in " ".join(answer.err.split())
        path = the_run(folder / "runs", "table")
        shown = [answer]
        for words in (("evaluate", path), ("predict", path, folder / "table.csv"), ("report", path)):
            shown.append(gdrun(*words))
            assert shown[-1].code == 0, shown[-1]
        assert "\x1b" not in "".join(answer.out + answer.err for answer in shown)

    def test_what_to_do_next_is_said(self, tmp_path: Path) -> None:
        answer = gdrun("train", config_file(tmp_path), "--runs-dir", tmp_path / "runs")
        path = the_run(tmp_path / "runs", "blobs")
        assert f"gdrun predict {path} DATA\n" in answer.out
        assert f"{path / 'report.html'}\n" in answer.out

    def test_lines_of_tables_have_no_blanks_at_their_ends(self, tmp_path: Path) -> None:
        answer = gdrun("train", config_file(tmp_path), "--runs-dir", tmp_path / "runs", "--seeds", "2")
        assert [line for line in (answer.out + answer.err).splitlines() if line != line.rstrip()] == []


def test_the_dictionary_of_data_sets_is_not_empty_and_all_can_be_trained_on(tmp_path: Path) -> None:
    names = [name for name in DATASETS if name not in ("csv", "npz", "idx", "parquet", "mnist-5k")]
    assert len(names) >= 10
    answers: dict[str, Answer] = {}
    for name in names:
        words = (f"dataset={name}", "epochs=1", "--runs-dir", tmp_path / name, "-q", "loss=null")
        order = ["split.time_ordered=true"] if name == "sunspots" else []  # its rows overlap
        answers[name] = gdrun("train", config_file(tmp_path), *words, *order)
    assert {name: answer.code for name, answer in answers.items()} == dict.fromkeys(names, 0)


def test_refusals_are_told_by_their_exit_codes() -> None:
    assert SystemRefusedError.exit_code == 7
