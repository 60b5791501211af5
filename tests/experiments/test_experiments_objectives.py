"""Comparisons on objectives: drawn starts in the place of seeds, paired, judged by their best value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gdrun
from gdrun.errors import ConfigError
from gdrun.run_directory.tables import read_table

VALLEY: dict[str, Any] = {
    "name": "valley",
    "objective": {"name": "quadratic", "condition": 20, "angle": 25},
    "start": {"uniform": [-2, 2], "seed": 5},
    "steps": 40,
    "compare": {"trials": 4, "tuning_seeds": 2, "seeds": 6},
}
MOONS: dict[str, Any] = {
    "name": "moons",
    "dataset": {"name": "moons", "rows": 120},
    "model": {"name": "mlp", "hidden": [4]},
    "epochs": 2,
    "compare": {"trials": 2, "tuning_seeds": 2, "seeds": 6},
}


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> gdrun.Group:
    found = gdrun.compare_optimizers(
        VALLEY, optimizers=["sgd", "momentum", "lbfgs"], runs_dir=tmp_path_factory.mktemp("runs"), workers=1
    )
    assert isinstance(found, gdrun.Group)
    return found


def rows_of(group: gdrun.Group) -> list[dict[str, Any]]:
    columns = {name: column.tolist() for name, column in group.results.items()}
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def test_every_contestant_starts_at_the_same_points_and_evaluation_at_fresh_ones(group: gdrun.Group) -> None:
    starts: dict[tuple[str, int], set[tuple[float, ...]]] = {}
    for row in rows_of(group):
        way = read_table(group.path / "members" / row["run"] / "trajectory.csv")
        starts.setdefault((row["phase"], row["seed"]), set()).add((way["x0"][0], way["x1"][0]))
    assert all(len(points) == 1 for points in starts.values())
    assert {seed for phase, seed in starts if phase == "tuning"} == {0, 1}
    assert {seed for phase, seed in starts if phase == "evaluation"} == set(range(2, 8))
    assert len(set.union(*starts.values())) == 8


def test_a_run_is_judged_by_the_best_value_on_its_way(group: gdrun.Group) -> None:
    (problem,) = group.summary["problems"]
    assert (problem["monitor"], problem["better"], problem["clock"]) == ("value", "lower", "step")
    best: dict[str, list[float]] = {}
    for row in rows_of(group):
        way = read_table(group.path / "members" / row["run"] / "trajectory.csv")
        finite = way["value"][np.isfinite(way["value"])]
        assert row["initial_monitor"] == way["value"][0]
        if row["status"] in ("completed", "stopped"):
            assert row["best_monitor"] == finite.min()
        if row["phase"] == "evaluation":
            best.setdefault(row["optimizer"], []).append(finite.min())
    for name, values in best.items():
        assert problem["contestants"][name]["validation"]["mean"] == pytest.approx(np.mean(values))
    assert problem["ranking"][0] == "lbfgs"
    assert "rows" not in json.dumps(problem["notices"])


def test_the_time_to_the_target_is_in_steps(group: gdrun.Group) -> None:
    (problem,) = group.summary["problems"]
    value = problem["target"]["value"]
    for row in rows_of(group):
        if row["phase"] != "evaluation":
            continue
        way = read_table(group.path / "members" / row["run"] / "trajectory.csv")
        reached = np.flatnonzero(way["value"] <= value)
        expected = float(reached[0]) if len(reached) else np.nan
        np.testing.assert_equal(float(row["epochs_to_target"]), expected)


def test_the_report_draws_the_ways_of_all_from_one_start(group: gdrun.Group) -> None:
    text = group.report.read_text()
    data = json.loads(text.partition('id="report-data">')[2].partition("</script>")[0])
    (drawn,) = (chart for chart in data if chart.get("kind") == "landscape")
    assert [way["label"] for way in drawn["ways"]] == ["sgd", "momentum", "lbfgs"]
    assert len({(way["x"][0], way["y"][0]) for way in drawn["ways"]}) == 1
    assert len({way["role"] for way in drawn["ways"]}) == 3
    assert "steps to target" in text
    assert "the same start" in text
    assert "epoch" not in text.partition("<main>")[2].partition("<h2>Config</h2>")[0]


def test_a_network_and_an_objective_can_be_problems_of_one_comparison(tmp_path: Path) -> None:
    found = gdrun.compare_optimizers([MOONS, VALLEY], optimizers=["sgd", "adam"], trials=2, runs_dir=tmp_path)
    assert isinstance(found, gdrun.Group)
    assert [problem["monitor"] for problem in found.summary["problems"]] == ["val_accuracy", "value"]
    assert set(found.summary["profiles"]["scores"]) == {"sgd", "adam"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"start": [1.0, 1.0]}, "every seed needs a start of its own"),
        ({"compare.monitor": "val_loss"}, "choose one of value, gradient_norm"),
        ({"compare.target": {"value": 1, "metric": "accuracy"}}, "choose one of value, gradient_norm"),
    ],
)
def test_what_does_not_fit_is_said(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        gdrun.compare_optimizers(VALLEY, change, optimizers=["sgd", "adam"], runs_dir=tmp_path)
    assert not list(tmp_path.iterdir())


def test_all_are_those_that_an_objective_has_a_use_for(tmp_path: Path) -> None:
    numbers = {"compare.trials": 1, "compare.tuning_seeds": 1, "compare.seeds": 2, "steps": 5}
    found = gdrun.compare_optimizers(VALLEY, numbers, optimizers="all", runs_dir=tmp_path)
    assert isinstance(found, gdrun.Group)
    assert {"adam", "lbfgs", "annealing"} <= set(found.summary["contestants"])
    assert "sophia" not in found.summary["contestants"]
    with pytest.raises(ConfigError, match="take another optimizer"):
        gdrun.compare_optimizers(VALLEY, optimizers=["sgd", "sophia"], runs_dir=tmp_path)


def test_what_stands_around_the_optimizer_stands_around_every_contestant(tmp_path: Path) -> None:
    around = VALLEY | {"averaging": {"name": "polyak", "start_epoch": 0}, "gradient_clipping": {"norm": 0.5}}
    found = gdrun.compare_optimizers(around, optimizers=["sgd", "adam", "lbfgs"], runs_dir=tmp_path)
    assert isinstance(found, gdrun.Group)
    run = next(row["run"] for row in rows_of(found) if (row["optimizer"], row["phase"]) == ("sgd", "tuning"))
    member = found.path / "members" / run
    way = read_table(member / "trajectory.csv")
    length = np.hypot(np.diff(way["x0"])[0], np.diff(way["x1"])[0])
    assert length == pytest.approx(0.5 * way["learning_rate"][1], rel=1e-5)  # of a gradient cut to 0.5
    alone = gdrun.minimize(member / "config.yaml", runs_dir=tmp_path / "alone")
    assert (alone.path / "trajectory.csv").read_bytes() == (member / "trajectory.csv").read_bytes()
    said = "Around every optimizer: gradient_clipping (norm 0.5); averaging (polyak, start_epoch 0)."
    assert said in found.report.read_text()
    with pytest.raises(ConfigError, match="gradient_clipping: annealing computes no gradients"):
        gdrun.compare_optimizers(around, optimizers=["sgd", "annealing"], runs_dir=tmp_path)
    numbers = {"compare.trials": 1, "compare.tuning_seeds": 1, "compare.seeds": 2, "steps": 5}
    every = gdrun.compare_optimizers(around, numbers, optimizers="all", runs_dir=tmp_path)
    assert isinstance(every, gdrun.Group)
    assert "lbfgs" in every.summary["contestants"]
    assert "annealing" not in every.summary["contestants"]


def test_of_an_ascent_the_highest_value_is_the_best(tmp_path: Path) -> None:
    hill = VALLEY | {"objective": {"expression": "1 - x**2 - 9*y**2"}, "direction": "maximize"}
    found = gdrun.compare_optimizers(hill, optimizers=["sgd", "momentum"], runs_dir=tmp_path)
    assert isinstance(found, gdrun.Group)
    (problem,) = found.summary["problems"]
    assert problem["better"] == "higher"
    assert problem["target"]["value"] <= 1
    assert all(0.9 < one["validation"]["mean"] <= 1 for one in problem["contestants"].values())
