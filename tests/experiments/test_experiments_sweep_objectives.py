"""Sweeps of descents: each is that of `gdrun minimize`, and points are ranked by the best values."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gdrun
from gdrun.config.load import plain_source
from gdrun.errors import ConfigError, MembersFailedError
from gdrun.run_directory.group import GroupDirectory
from gdrun.run_directory.tables import read_table

VALLEY: dict[str, Any] = {
    "name": "valley",
    "objective": {"name": "quadratic", "condition": 20, "angle": 25},
    "start": [-1.5, 2.0],
    "optimizer": {"name": "sgd", "learning_rate": 0.05},
    "steps": 30,
}
DRAWN = VALLEY | {"start": {"uniform": [-2, 2], "seed": 5}}
RATES, NAMES = [0.02, 0.05, 1e12], ["sgd", "momentum"]
GRID = {"optimizer.learning_rate": RATES, "optimizer.name": NAMES}


def rows_of(group: gdrun.Group) -> list[dict[str, Any]]:
    columns = {name: column.tolist() for name, column in group.results.items()}
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def way(run: Path) -> bytes:
    return (run / "trajectory.csv").read_bytes()


def swept(config: Any, values: Any, folder: Path, **options: Any) -> gdrun.Group:
    return gdrun.sweep(config, values, runs_dir=folder, workers=1, **options)


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> gdrun.Group:
    return swept(VALLEY, GRID, tmp_path_factory.mktemp("runs"))


def test_every_run_is_that_of_minimize_with_these_keys(grid: gdrun.Group, tmp_path: Path) -> None:
    rows = rows_of(grid)
    assert [(row["optimizer.learning_rate"], row["optimizer.name"]) for row in rows] == list(
        itertools.product(RATES, NAMES)
    )
    for row in rows:
        member = grid.path / "members" / row["run"]
        changes = {key: row[key] for key in GRID}
        alone = gdrun.minimize(VALLEY, changes, runs_dir=tmp_path)
        assert way(member) == way(alone.path)
        assert (member / "config.yaml").read_text() == (alone.path / "config.yaml").read_text()


def test_points_are_ranked_by_their_best_values_and_those_that_diverge_come_last(grid: gdrun.Group) -> None:
    summary, best = grid.summary, {}
    for place, row in enumerate(rows_of(grid)):
        values = read_table(grid.path / "members" / row["run"] / "trajectory.csv")["value"]
        best[place] = values.min() if np.isfinite(values).all() else math.inf
    assert (summary["monitor"], summary["better"]) == ("value", "lower")
    assert [best[place] for place in summary["ranking"]] == sorted(best.values())
    assert summary["best"] == min(best, key=lambda place: best[place])
    assert summary["statuses"] == {"completed": 4, "diverged": 2}
    (sgd,) = (
        point for point in summary["points"] if point["settings"] == {**dict.fromkeys(GRID), **_at(1e12)}
    )
    assert sgd["statuses"] == {"diverged": 1}
    assert sgd["metrics"] == {}
    assert sgd["point"] in summary["ranking"][-2:]


def _at(rate: float) -> dict[str, Any]:
    return {"optimizer.learning_rate": rate, "optimizer.name": "sgd"}


def test_of_an_ascent_the_highest_value_is_the_best(tmp_path: Path) -> None:
    hill = VALLEY | {"objective": {"expression": "1 - x**2 - 9*y**2"}, "direction": "maximize"}
    group = swept(hill, {"optimizer.learning_rate": "log(1e-3,1e-1,5)"}, tmp_path)
    values = [point["metrics"]["value"]["mean"] for point in group.summary["points"]]
    assert group.summary["better"] == "higher"
    assert [values[place] for place in group.summary["ranking"]] == sorted(values, reverse=True)


def test_of_equal_values_that_which_was_there_sooner_is_first(tmp_path: Path) -> None:
    bowl = VALLEY | {"objective": "sphere", "steps": 1200}
    group = swept(bowl, {"optimizer.learning_rate": [0.25, 0.375, 0.5]}, tmp_path)
    found = [
        (p["metrics"]["value"]["mean"], p["metrics"]["best_step"]["mean"]) for p in group.summary["points"]
    ]
    assert [found[place] for place in group.summary["ranking"]] == sorted(found)
    assert {value for value, _ in found} == {0.0}
    assert group.summary["ranking"] == [2, 1, 0]


def test_drawn_starts_stand_for_seeds_and_are_the_same_at_every_point(tmp_path: Path) -> None:
    group = swept(DRAWN, {"optimizer.learning_rate": RATES[:2]}, tmp_path, seeds=3)
    config = plain_source(DRAWN).load_objective().config
    by_seed: dict[int, set[str]] = {}
    for row in rows_of(group):
        by_seed.setdefault(row["seed"], set()).add(row["start"])
    assert {seed: [json.loads(one) for one in starts] for seed, starts in by_seed.items()} == {
        seed: [list(config.start.draw(seed, 2))]
        for seed in range(3)  # type: ignore[union-attr] # it is drawn
    }
    for point in group.summary["points"]:
        own = [row["value"] for row in rows_of(group) if row["point"] == point["point"]]
        assert (point["runs"], point["metrics"]["value"]["mean"]) == (3, pytest.approx(np.mean(own)))
    run = rows_of(group)[4]["run"]
    again = gdrun.minimize(group.path / "members" / run / "config.yaml", runs_dir=tmp_path / "again")
    assert way(again.path) == way(group.path / "members" / run)


def test_without_seeds_the_runs_of_a_point_begin_where_those_of_minimize_do(tmp_path: Path) -> None:
    group = swept(DRAWN, {"start.count": [1, 3], "optimizer.learning_rate": RATES[:1]}, tmp_path)
    rows = rows_of(group)
    assert [row["point"] for row in rows] == [0, 1, 1, 1]
    assert [row["run"] for row in rows][1:] == [f"point-0001-start-{number}" for number in range(3)]
    assert [point["runs"] for point in group.summary["points"]] == [1, 3]
    whole = gdrun.minimize(DRAWN, {"start.count": 3, "optimizer.learning_rate": RATES[0]}, runs_dir=tmp_path)
    for number in range(3):
        assert way(group.path / "members" / f"point-0001-start-{number}") == way(
            whole.path / "members" / f"start-{number}"
        )


@pytest.mark.parametrize(
    "start", [[[1.0, 2.0], [0.5, 0.25]], [[2.0, 1.0]]], ids=["two points", "a list of one"]
)
def test_given_starts_have_a_run_each(start: Any, tmp_path: Path) -> None:
    group = swept(VALLEY, {"optimizer.learning_rate": RATES[:2]}, tmp_path, overrides={"start": start})
    for row in rows_of(group):
        table = read_table(group.path / "members" / row["run"] / "trajectory.csv")
        place = 0 if len(start) == 1 else row["start_number"]
        assert [table["x0"][0], table["x1"][0]] == start[place]
    assert len(rows_of(group)) == 2 * len(start)


def test_starts_can_be_swept_themselves(tmp_path: Path) -> None:
    points = [[1.0, 2.0], [0.5, 0.25]]
    group = swept(VALLEY, {"start": points}, tmp_path)
    assert [json.loads(row["start"]) for row in rows_of(group)] == points
    assert [point["settings"] for point in group.summary["points"]] == [{"start": point} for point in points]


@pytest.mark.parametrize(
    "change", [{"optimizer": "annealing"}, {"gradient_noise": {"variance": 0.5}}], ids=["annealing", "noise"]
)
def test_seeds_of_what_draws_numbers_may_begin_at_one_point(change: dict[str, Any], tmp_path: Path) -> None:
    group = swept(VALLEY | change, {"steps": [5, 10]}, tmp_path, seeds=2)
    rows = rows_of(group)
    assert len({row["value"] for row in rows if row["point"] == 0}) == 2


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (GRID, {"seeds": 2}, "several seeds: each needs a start of its own"),
        ({**GRID, "seed": [0, 1]}, {}, "several seeds: each needs a start of its own"),
        ({"direction": ["minimize", "maximize"]}, {}, "direction: what is better would differ"),
        ({"optimizer": ["sgd", "bisection"]}, {}, "bisection is for a function of one variable"),
        ({"batch_size": [16, 32]}, {}, "batch_size: is unknown"),
        ({"compare.trials": [1, 2]}, {}, "compare changes no result"),
    ],
)
def test_what_cannot_be_swept_is_refused(
    values: dict[str, Any], options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        swept(VALLEY, values, tmp_path, **options)
    assert not list(tmp_path.iterdir())


def test_all_starts_of_all_points_count(tmp_path: Path) -> None:
    many = DRAWN | {"start": {"uniform": [-2, 2], "count": 60_000}}
    with pytest.raises(ConfigError, match="more than 100,000 runs"):
        swept(many, {"steps": [1, 2]}, tmp_path)


def test_a_run_that_fails_is_listed_and_the_others_are_complete(tmp_path: Path) -> None:
    line = {"name": "line", "objective": {"expression": "(x - 2)**2"}, "optimizer": "bisection", "steps": 5}
    with pytest.raises(MembersFailedError, match=r"1 of 3 runs failed .* the slope must be downhill"):
        swept(line, {"interval": [[-1, 6], [3, 6], [0, 7]]}, tmp_path)
    (path,) = tmp_path.iterdir()
    group = gdrun.load(path)
    assert isinstance(group, gdrun.Group)
    assert group.summary["statuses"] == {"completed": 2, "failed": 1}
    assert group.summary["ranking"][-1] == 1
    assert [row["status"] for row in rows_of(group)] == ["completed", "failed", "completed"]
    assert "best_epoch" not in group.results


def test_what_is_missing_is_made_by_resume_to_the_same_bits(tmp_path: Path) -> None:
    group = swept(DRAWN, GRID, tmp_path, seeds=2)
    members = group.path / "members"
    before = {run.name: way(run) for run in members.iterdir()}
    results, summary = (group.path / "results.csv").read_bytes(), group.summary
    with GroupDirectory.open(group.path) as directory:
        directory.set(status="interrupted")
    for name in sorted(before)[::2]:
        for file in sorted((members / name).rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        (members / name).rmdir()
    again = gdrun.resume(group.path, workers=1)
    assert isinstance(again, gdrun.Group)
    assert {run.name: way(run) for run in members.iterdir()} == before
    assert again.summary["ranking"] == summary["ranking"]
    assert len((group.path / "results.csv").read_bytes()) == pytest.approx(len(results), abs=200)


def test_points_can_be_drawn_at_random(tmp_path: Path) -> None:
    values = {"optimizer.learning_rate": "log(1e-3,1e-1)", "steps": "linear(5,20)"}
    one, two = (swept(VALLEY, values, tmp_path, random=6) for _ in range(2))
    drawn = [point["settings"] for point in one.summary["points"]]
    assert drawn == [point["settings"] for point in two.summary["points"]]
    assert all(1e-3 <= at["optimizer.learning_rate"] <= 1e-1 for at in drawn)
    assert all(isinstance(at["steps"], int) and 5 <= at["steps"] <= 20 for at in drawn)


def test_the_report_has_the_map_of_the_keys_and_the_best_ways_over_the_contours(grid: gdrun.Group) -> None:
    text = grid.report.read_text()
    data = json.loads(text.partition('id="report-data">')[2].partition("</script>")[0])
    kinds = [chart["kind"] for chart in data]
    assert kinds == ["map", "key", "landscape", "overlay"]
    cells = [point["score"] for point in data[0]["points"]]
    assert cells == [None if v is None else pytest.approx(v, rel=1e-6) for v in _means(grid)]
    first = grid.summary["points"][grid.summary["best"]]["settings"]
    assert data[2]["ways"][0]["label"] == (
        f"learning_rate {first['optimizer.learning_rate']:g}, name {first['optimizer.name']}"
    )
    assert data[3]["views"][0]["axis"] == "step"
    assert data[3]["views"][0]["lower"] is True
    body = text.partition("<main>")[2].partition("<h2>Config</h2>")[0]
    assert "epoch" not in body
    assert "test rows" not in body
    assert "gdrun minimize members/" in body


def _means(group: gdrun.Group) -> list[float | None]:
    by_number = {point["point"]: point for point in group.summary["points"]}
    ranked = [by_number[place]["metrics"].get("value", {}) for place in group.summary["ranking"]]
    return [one.get("mean") for one in ranked]
