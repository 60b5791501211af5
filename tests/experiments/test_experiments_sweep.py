"""Sweeps: their points, the config and the bits of every run, their summary, failures, and going on."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from cli_commands import bits, config_file, gdrun, group_bits, record, strict_json, the_run

from gdrun.config import from_plain
from gdrun.config.load import plain_source, read_source
from gdrun.errors import ConfigError
from gdrun.experiments.planning import MOST_RUNS
from gdrun.experiments.sweep import points
from gdrun.experiments.sweep.plan import plan_sweep
from gdrun.experiments.sweep.space import space_of
from gdrun.experiments.sweep.summary import sweep_summary
from gdrun.run_directory.json_files import to_json
from gdrun.run_directory.tables import read_table

MIXED = (  # shapes, batches, components and numbers
    "model.hidden=[8],[6,4]",
    "batch_size=16,40",
    "optimizer=sgd,{name: adam, beta1: 0.8}",
    "optimizer.learning_rate=0.01,0.1",
    "model.dropout=0.1",
)


def sweep(runs: Path, *words: object, name: str = "blobs", more: str = "", code: int = 0) -> Path:
    """Sweep over keys of the small config; returns the group."""
    runs.mkdir(exist_ok=True, parents=True)
    answer = gdrun("sweep", config_file(runs, name, more), *words, "--runs-dir", runs, "-q")
    assert answer.code == code, answer
    return the_run(runs, name)


def planned(folder: Path, *values: str, **options: Any) -> list[dict[str, Any]]:
    """The entries of a plan."""
    plan = plan_sweep(space_of(read_source(config_file(folder)), values), **options)
    return [dict(entry) for entry in plan.entries]


def summary_of(group: Path) -> dict[str, Any]:
    found: dict[str, Any] = strict_json((group / "summary.json").read_text())
    return found


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A grid over four keys with two seeds each."""
    return sweep(tmp_path_factory.mktemp("mixed"), *MIXED, "--seeds", 2, "--workers", 1)


class TestPoints:
    def test_a_grid_in_the_order_of_the_keys_with_every_seed(self, tmp_path: Path) -> None:
        entries = planned(
            tmp_path, "batch_size=16,32", "seed=3", "optimizer.learning_rate=log(1e-3,1e-1,3)", seeds=2
        )
        assert entries[0] == {
            "run": "point-0000-seed-3",
            "point": 0,
            "batch_size": 16,
            "optimizer.learning_rate": 0.001,
            "seed": 3,
        }
        found = [(e["batch_size"], e["optimizer.learning_rate"], e["seed"]) for e in entries]
        assert found == list(itertools.product([16, 32], [0.001, 0.01, 0.1], [3, 4]))
        assert [entry["run"] for entry in entries[-2:]] == ["point-0005-seed-3", "point-0005-seed-4"]
        assert [entry["point"] for entry in entries] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]

    def test_several_values_of_seed_are_seeds(self, tmp_path: Path) -> None:
        entries = planned(tmp_path, "seed=7,1", "batch_size=16,32")
        assert [(e["point"], e["seed"]) for e in entries] == [(0, 7), (0, 1), (1, 7), (1, 1)]
        assert [entry["run"] for entry in planned(tmp_path, "batch_size=16,32")] == [
            "point-0000",
            "point-0001",
        ]

    def test_random_points_are_drawn_the_same_again_and_never_twice(self, tmp_path: Path) -> None:
        keys = (
            "optimizer.learning_rate=log(1e-4,1)",
            "optimizer.beta1=linear(0.5,0.9),0",
            "batch_size=16,32",
        )
        drawn = planned(tmp_path, *keys, random=40)
        assert drawn == planned(tmp_path, *keys, random=40)
        assert drawn[:10] == planned(tmp_path, *keys, random=10)
        assert drawn != planned(tmp_path, *keys, "seed=1", random=40)
        settings = [(e["optimizer.learning_rate"], e["optimizer.beta1"], e["batch_size"]) for e in drawn]
        assert len(set(settings)) == 40
        rates, betas, sizes = (np.array(column) for column in zip(*settings, strict=True))
        assert rates.min() >= 1e-4
        assert rates.max() <= 1
        assert 0.2 < np.mean(rates < 1e-2) < 0.8, "even in the logarithm"
        assert 0.2 < np.mean(betas == 0) < 0.8, "a range counts as one value"
        assert ((betas == 0) | ((betas >= 0.5) & (betas <= 0.9))).all()
        assert set(sizes) == {16, 32}
        assert all(float(f"{rate:.6g}") == rate for rate in rates)

    def test_keys_that_take_whole_numbers_get_whole_ones(self, tmp_path: Path) -> None:
        keys = (
            "batch_size=log(8,64)",
            "optimizer.learning_rate=linear(1,3)",
            "model.hidden.0=linear(2,9),20",
        )
        drawn = planned(tmp_path, *keys, random=40)
        sizes = [entry["batch_size"] for entry in drawn]
        assert {type(size) for size in sizes} == {int}
        assert (min(sizes) >= 8, max(sizes) <= 64, len(set(sizes)) > 15) == (True, True, True)
        assert 8 < sum(size < 23 for size in sizes) < 32, "even in the logarithm"
        assert {type(entry["model.hidden.0"]) for entry in drawn} == {int}
        assert all(entry["optimizer.learning_rate"] % 1 for entry in drawn)
        with pytest.raises(ConfigError, match=r"batch_size: found 8\.5"):
            planned(tmp_path, "batch_size=log(8.5,64)", random=3)

    def test_random_points_of_a_grid(self, tmp_path: Path) -> None:
        keys = ("batch_size=range(10,30)", "epochs=range(1,21)")
        some = [(e["batch_size"], e["epochs"]) for e in planned(tmp_path, *keys, random=30)]
        assert len(set(some)) == 30
        assert len({size for size, _ in some}) > 10
        all_of_them = planned(tmp_path, "batch_size=16,32", "epochs=1,2", random=9)
        assert len({(e["batch_size"], e["epochs"]) for e in all_of_them}) == 4
        plan = plan_sweep(
            space_of(read_source(config_file(tmp_path)), ["batch_size=16,32", "epochs=1,2"]), random=9
        )
        assert "--random 9: there are only 4 combinations; all are taken" in plan.notices

    def test_each_combination_is_as_likely(self) -> None:
        space = space_of(plain_source({}), ["a=1,2,3", "b=1,2"])
        counts = np.zeros((3, 2))
        for seed in range(600):
            (point,) = points.drawn(space.varied, 1, seed)
            counts[point["a"] - 1, point["b"] - 1] += 1
        assert counts.min() > 60  # of 100 expected; 4 standard deviations below

    def test_a_space_too_large_to_list_is_drawn_from_all_the_same(self) -> None:
        space = space_of(plain_source({}), [f"{key}=range(0,1000)" for key in "abcd"])
        drawn = points.drawn(space.varied, 50, 0)
        assert len({tuple(point.values()) for point in drawn}) == 50
        few = space_of(plain_source({}), ["a=linear(1,1.0001)"])
        assert len(points.drawn(few.varied, 9, 0)) == 9, "what came before is drawn over"
        assert 9 < len(points.drawn(few.varied, 50, 0)) <= 11, "no endless search for what isn't there"

    def test_a_value_given_twice_is_told(self, tmp_path: Path) -> None:
        plan = plan_sweep(space_of(read_source(config_file(tmp_path)), ["batch_size=16,32,16"]))
        assert len(plan.entries) == 2
        assert any("3 values were given, 2 of them different" in notice for notice in plan.notices)


class TestPlan:
    def test_runs_of_one_shape_share_a_stack(self, mixed: Path) -> None:
        group = record(mixed)
        by_name = {entry["run"]: entry for entry in group["plan"]}
        assert sorted(name for stack in group["stacks"] for name in stack) == sorted(by_name)
        shapes = [
            {
                (str(by_name[n]["model.hidden"]), by_name[n]["batch_size"], str(by_name[n]["optimizer"]))
                for n in stack
            }
            for stack in group["stacks"]
        ]
        assert all(len(shape) == 1 for shape in shapes)
        assert len(group["stacks"]) == 8
        assert {len(stack) for stack in group["stacks"]} == {4}

    @pytest.mark.parametrize("number", [0, 1, 5, 10, 15])
    def test_each_has_the_bits_of_gdrun_train_with_its_values(
        self, mixed: Path, tmp_path: Path, number: int
    ) -> None:
        grid = itertools.product(("[8]", "[6,4]"), (16, 40), ("sgd", "{name: adam, beta1: 0.8}"), (0.01, 0.1))
        hidden, size, optimizer, rate = list(grid)[number]
        words = (f"model.hidden={hidden}", f"batch_size={size}", f"optimizer={optimizer}")
        words += (f"optimizer.learning_rate={rate}", "model.dropout=0.1", "seed=1")
        answer = gdrun("train", config_file(tmp_path), *words, "--runs-dir", tmp_path, "-q")
        assert answer.code == 0, answer
        alone, member = the_run(tmp_path, "blobs"), mixed / "members" / f"point-{number:04d}-seed-1"
        assert bits(alone) == bits(member)
        assert (alone / "config.yaml").read_bytes() == (member / "config.yaml").read_bytes()

    def test_the_member_config_repeats_it(self, mixed: Path, tmp_path: Path) -> None:
        member = mixed / "members" / "point-0009-seed-0"
        answer = gdrun("train", member / "config.yaml", "--runs-dir", tmp_path, "-q")
        assert answer.code == 0, answer
        assert bits(the_run(tmp_path, "blobs")) == bits(member)

    def test_any_number_of_workers(self, mixed: Path, tmp_path: Path) -> None:
        assert group_bits(sweep(tmp_path, *MIXED, "--seeds", 2, "--workers", 2)) == group_bits(mixed)

    def test_an_override_holds_where_it_stands(self, tmp_path: Path) -> None:
        group = sweep(tmp_path, "optimizer=sgd,adam", "optimizer.learning_rate=0.25", "epochs=1")
        for member in (group / "members").iterdir():
            assert "learning_rate: 0.25" in (member / "config.yaml").read_text()

    def test_data_sets_of_different_tasks(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            lines = "".join(f"{row},{row % 3 if name == 'a' else row * 0.5}\n" for row in range(60))
            (tmp_path / f"{name}.csv").write_text("x,y\n" + lines)
        (tmp_path / "c.yaml").write_text("dataset: {name: csv, path: a.csv, target: y}\nepochs: 1\n")
        words = (
            "dataset.path=a.csv,b.csv",
            "dataset.columns.y=number,category",
            "--runs-dir",
            tmp_path / "runs",
        )
        answer = gdrun("sweep", tmp_path / "c.yaml", *words, "-q", "--seeds", 2)
        assert answer.code == 0, answer
        group = the_run(tmp_path / "runs", "c")
        members = [group / "members" / f"point-{number:04d}-seed-1" for number in range(4)]
        tasks = [record(member)["data"]["task"] for member in members]
        assert tasks == ["classification", "classification", "regression", "classification"]
        for member, task in zip(members, tasks, strict=True):
            loss = {"classification": "softmax_cross_entropy", "regression": "mse"}[task]
            assert f"{loss}" in next(
                line for line in (member / "config.yaml").read_text().splitlines() if line.startswith("loss:")
            )

    def test_an_empty_file_to_which_every_point_brings_its_data(self, tmp_path: Path) -> None:
        config = tmp_path / "empty.yaml"
        config.write_text("# nothing\n")
        words = ("dataset=iris,{name: wine}", "epochs=1", "--name", "tables", "--runs-dir", tmp_path, "-q")
        answer = gdrun("sweep", config, *words)
        assert answer.code == 0, answer
        group = the_run(tmp_path, "tables")
        assert record(group)["status"] == "completed"
        assert read_table(group / "results.csv")["dataset"].tolist() == ["iris", '{"name": "wine"}']

    def test_smoke(self, tmp_path: Path) -> None:
        group = sweep(tmp_path, "dataset.rows=2000", "epochs=1,9", "--smoke")
        found = [record(group / "members" / f"point-{n:04d}") for n in range(2)]
        assert [run["timing"]["epochs"] for run in found] == [1, 2]
        assert {run["data"]["rows_by_part"]["train"] for run in found} == {512}

    def test_too_many_runs_are_refused_with_the_figure(self, tmp_path: Path) -> None:
        source = read_source(config_file(tmp_path))
        with pytest.raises(
            ConfigError, match=r"a grid of 400 × 300 = 120,000 points with 1 seed .* 120,000 runs"
        ):
            plan_sweep(space_of(source, ["batch_size=range(1,401)", "epochs=range(0,300)"]))
        with pytest.raises(
            ConfigError, match=rf"60,000 points with 2 seeds each are 120,000 .* {MOST_RUNS:,}"
        ):
            plan_sweep(space_of(source, ["optimizer.learning_rate=log(1e-3,1)"]), random=60_000, seeds=2)

    def test_what_is_wrong_with_any_point_comes_at_once(self, tmp_path: Path) -> None:
        source = read_source(config_file(tmp_path))
        with pytest.raises(ConfigError) as caught:
            plan_sweep(space_of(source, ["batch_size=16,0", "optimizer.learning_rat=1,2", "epochs=1,-1"]))
        message = str(caught.value)
        assert "override 1 'batch_size=…': batch_size: found 0" in message
        assert "did you mean learning_rate?" in message
        assert "override 3 'epochs=…': epochs: found -1" in message
        assert "3 problems" in message


class TestResults:
    def test_a_row_a_run_with_every_varied_key(self, mixed: Path) -> None:
        table = read_table(mixed / "results.csv")
        keys = ["model.hidden", "batch_size", "optimizer", "optimizer.learning_rate"]
        assert list(table)[:11] == ["run", "point", *keys, "seed", "fold", "phase", "status", "best_epoch"]
        assert len(table["run"]) == 32
        assert table["optimizer.learning_rate"].tolist() == [0.01, 0.01, 0.1, 0.1] * 8
        assert table["model.hidden"].tolist() == ["[8]"] * 16 + ["[6, 4]"] * 16
        assert table["optimizer"].tolist()[4] == '{"name": "adam", "beta1": 0.8}'

    def test_a_varied_number_of_epochs_stands_in_its_column(self, tmp_path: Path) -> None:
        group = sweep(
            tmp_path,
            "epochs=3,40",
            "early_stopping={monitor: val_loss, patience: 1}",
            "optimizer.learning_rate=3",
        )
        table = read_table(group / "results.csv")
        assert table["epochs"].tolist() == [3, 40]
        assert record(group / "members" / "point-0001")["timing"]["epochs"] < 40

    def test_points_are_described_and_ranked_by_the_mean_of_the_monitor(self, mixed: Path) -> None:
        summary, table = summary_of(mixed), read_table(mixed / "results.csv")
        assert (summary["monitor"], summary["better"]) == ("val_accuracy", "higher")
        assert summary["seeds"] == [0, 1]
        assert summary["keys"] == ["model.hidden", "batch_size", "optimizer", "optimizer.learning_rate"]
        means = table["val_accuracy"].reshape(16, 2).mean(axis=1)
        for point, mean in zip(summary["points"], means, strict=True):
            assert point["metrics"]["val_accuracy"]["mean"] == pytest.approx(mean)
            assert point["metrics"]["val_accuracy"]["n"] == 2
        losses = table["val_loss"].reshape(16, 2).mean(axis=1)
        assert summary["ranking"] == np.lexsort((losses, -means)).tolist()
        assert len(set(means)) < 16, "the test should see points that are equal in the monitor"
        assert summary["best"] == summary["ranking"][0]
        assert summary["points"][5]["settings"]["model.hidden"] == [8]

    @pytest.mark.parametrize(
        ("more", "words", "monitor"),
        [
            ("early_stopping: {monitor: val_loss, patience: 3}\n", (), ("val_loss", "lower")),
            ("metrics: [f1, accuracy]\n", (), ("val_f1", "higher")),
            ("metrics: []\n", (), ("val_loss", "lower")),
            ("metrics: []\nsplit: {validation: 0}\n", (), ("train_loss", "lower")),
            ("split: {validation: 0.2}\n", ("split.validation=0,0.2",), ("train_loss", "lower")),
            (
                "early_stopping: {monitor: val_loss, patience: 3}\n",
                ("loss=softmax_cross_entropy,multiclass_svm",),
                ("val_accuracy", "higher"),
            ),
            (
                "early_stopping: {monitor: val_loss, patience: 3}\n",
                ("penalty.l2=0,0.1",),
                ("val_accuracy", "higher"),
            ),
        ],
    )
    def test_what_is_monitored(
        self, tmp_path: Path, more: str, words: tuple[str, ...], monitor: tuple[str, str]
    ) -> None:
        summary = summary_of(sweep(tmp_path, "batch_size=16,32", "epochs=1", *words, more=more))
        assert (summary["monitor"], summary["better"]) == monitor

    def test_divergence_is_a_finding_and_never_looks_better(self, tmp_path: Path) -> None:
        group = sweep(tmp_path, "optimizer={name: sgd, learning_rate: 1e38},adam", "epochs=3", "--seeds", 2)
        summary = summary_of(group)
        assert summary["statuses"] == {"diverged": 2, "completed": 2}
        assert summary["points"][0]["statuses"] == {"diverged": 2}
        assert (summary["best"], summary["ranking"]) == (1, [1, 0])
        assert record(group)["status"] == "completed"

    def test_nothing_is_best_if_all_diverged(self, tmp_path: Path) -> None:
        group = sweep(tmp_path, "optimizer.learning_rate=1e37,1e38", "optimizer.name=sgd", "epochs=3")
        assert summary_of(group)["best"] is None

    def test_the_order_of_points_of_which_some_diverged(self, tmp_path: Path) -> None:
        statuses = [
            "completed",
            "completed",
            "diverged",
            "completed",
            "diverged",
            "diverged",
            "stopped",
            "failed",
        ]
        losses = [0.9, 0.7, None, 0.1, None, None, 0.2, None]
        rows = [
            {"run": str(n), "status": status, "val_loss": loss}
            for n, (status, loss) in enumerate(zip(statuses, losses, strict=True))
        ]
        plan = [{"run": str(n), "point": n // 2, "a": n // 2, "seed": n % 2} for n in range(8)]
        sweep_record = {"keys": ["a"], "seeds": [0, 1], "random": None}
        (tmp_path / "group.json").write_bytes(to_json({"plan": plan, "sweep": sweep_record})[0])
        summary = sweep_summary(tmp_path, from_plain({"dataset": "iris", "metrics": []}).config, rows)
        assert summary["ranking"] == [0, 1, 3, 2], "0.1 of one run doesn't beat 0.8 of two"
        assert summary["best"] == 0
        assert summary["points"][1]["metrics"]["val_loss"]["n"] == 1


PLUGIN = """
from dataclasses import dataclass
from pathlib import Path
from gdrun.errors import DataError
from gdrun.optim.sgd import Sgd

@dataclass(frozen=True)
class Fragile(Sgd):
    "Descent that can break."

    breaks: bool = False

    def coefficients(self, *arguments, **more):
        if self.breaks and not Path({mended!r}).exists():
            raise DataError("row 7 is odd; correct it")
        return super().coefficients(*arguments, **more)
"""


def test_a_failing_point_stops_no_other(tmp_path: Path) -> None:
    plugin, mended = tmp_path / "plugin.py", tmp_path / "mended"
    plugin.write_text(PLUGIN.format(mended=str(mended)))
    words = ("optimizer=fragile", "optimizer.breaks=false,true", "batch_size=16,32", "--plugin", plugin)
    answer = gdrun("sweep", config_file(tmp_path), *words, "--runs-dir", tmp_path / "runs")
    assert answer.code == 8, answer
    path = the_run(tmp_path / "runs", "blobs")
    assert "2 of 4 runs failed (point-0002, point-0003): row 7 is odd; correct it" in answer.err
    assert answer.last_line.endswith(f"after mending the cause: gdrun resume {path}")
    assert read_table(path / "results.csv")["status"].tolist() == ["completed"] * 2 + ["failed"] * 2
    summary = summary_of(path)
    assert summary["statuses"] == {"completed": 2, "failed": 2}
    assert summary["ranking"][2:] == [2, 3]
    before = {name: (path / "members" / name / "run.json").stat() for name in ("point-0000", "point-0001")}
    mended.touch()
    again = gdrun("resume", path, "--json")
    assert again.code == 0, again
    assert again.document["results"]["status"] == ["completed"] * 4
    for name, stat in before.items():
        now = (path / "members" / name / "run.json").stat()
        assert (now.st_ino, now.st_mtime_ns) == (stat.st_ino, stat.st_mtime_ns), "it was complete"
