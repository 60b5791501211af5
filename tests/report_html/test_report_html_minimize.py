"""The report on descents: what is drawn is what happened, and nothing in it can do harm."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gdrun
from gdrun.report.html import write_report
from gdrun.run_directory.reading import digest_of
from gdrun.run_directory.run import RunDirectory

VALLEY: dict[str, Any] = {
    "objective": "rosenbrock",
    "start": [-1.2, 1.0],
    "optimizer": {"name": "adam", "learning_rate": 0.05},
    "steps": 60,
}


def page(
    config: dict[str, Any], runs: Path, **changes: Any
) -> tuple[gdrun.Run | gdrun.Group, str, list[Any]]:
    """A run, its report and the charts in it."""
    run = gdrun.minimize(config | changes, runs_dir=runs)
    return run, (text := run.report.read_text()), charts(text)


def charts(text: str) -> list[Any]:
    found: list[Any] = json.loads(text.partition('id="report-data">')[2].partition("</script>")[0])
    return found


def test_the_map_has_the_values_of_the_objective_and_the_way_of_the_run(tmp_path: Path) -> None:
    run, text, (drawn, *others) = page(VALLEY, tmp_path)
    assert drawn["kind"] == "landscape"
    (left, right), (bottom, top) = drawn["map"]
    side = drawn["side"]
    x, y = np.linspace(left, right, side), np.linspace(bottom, top, side)
    for row, column in ((0, 0), (side - 1, 3), (17, 41)):
        expected = (1 - x[column]) ** 2 + 100 * (y[row] - x[column] ** 2) ** 2
        assert drawn["values"][row * side + column] == pytest.approx(expected, rel=1e-4)
    assert drawn["minima"] == [[1, 1]]
    (way,) = drawn["ways"]
    assert isinstance(run, gdrun.Run)
    np.testing.assert_allclose(way["x"], run.trajectory["x0"], rtol=1e-5)
    np.testing.assert_allclose(way["y"], run.trajectory["x1"], rtol=1e-5)
    assert all(low <= 1 <= high for low, high in drawn["box"])
    assert [chart["label"] for chart in others] == ["Value above the minimum", "Gradient norm"]
    assert all(chart["log_possible"] for chart in others)
    assert "gdrun minimize config.yaml" in text


def test_every_start_has_its_way_and_a_line_in_the_table(tmp_path: Path) -> None:
    group, text, (drawn, *_) = page(VALLEY, tmp_path, start={"uniform": [-2, 2], "count": 6})
    assert [way["label"] for way in drawn["ways"]] == [f"start-{number}" for number in range(6)]
    assert len(re.findall(r'href="members/start-\d/report.html"', text)) == 6
    for name in ("start-0", "start-5"):
        assert (group.path / "members" / name / "report.html").is_file()


def test_a_function_of_one_variable_is_a_curve(tmp_path: Path) -> None:
    line = VALLEY | {"objective": {"expression": "x**4 - 3*x**2 + x"}, "start": 2.0}
    _, _, (drawn, *_) = page(line, tmp_path)
    assert drawn["kind"] == "profile"
    x, y = np.array(drawn["curve"]["x"]), np.array(drawn["curve"]["y"])
    np.testing.assert_allclose(y, x**4 - 3 * x**2 + x, rtol=1e-3, atol=1e-3)
    assert x.min() <= -2
    assert x.max() >= 2


def test_of_many_variables_there_are_the_curves_alone(tmp_path: Path) -> None:
    _, _, drawn = page(VALLEY, tmp_path, objective={"name": "sphere", "dimension": 5}, start=[1, 2, 3, 4, 5])
    assert {chart["kind"] for chart in drawn} == {"curves"}


def test_a_way_that_diverges_does_not_take_the_map_with_it(tmp_path: Path) -> None:
    run, _, (drawn, *_) = page(VALLEY, tmp_path, optimizer={"name": "sgd", "learning_rate": 0.1})
    assert run.status == "diverged"
    assert np.abs(drawn["box"]).max() < 20
    assert all(
        value is None or abs(value) < 1e3 for value in (*drawn["ways"][0]["x"], *drawn["ways"][0]["y"])
    )


def test_a_formula_is_escaped_like_any_text(tmp_path: Path) -> None:
    run, _, _ = page(VALLEY, tmp_path)
    config = run.path / "config.yaml"
    evil = '{name: expression, expression: "</script><script>alert(1)</script>"}'
    text = config.read_text().replace("{name: rosenbrock, dimension: 2}", evil)
    config.write_text(text)
    RunDirectory.open(run.path, lock=False).set(files={"config.yaml": digest_of(text.encode())})
    text = write_report(run.path).read_text()
    assert "<script>alert" not in text
    assert "The objective cannot be drawn" in text


def test_a_run_that_left_nothing_yet_has_a_report(tmp_path: Path) -> None:
    run, _, _ = page(VALLEY, tmp_path)
    (run.path / "trajectory.csv").unlink()
    RunDirectory.open(run.path, lock=False).set(result=None, timing=None, status="failed", files=None)
    text = write_report(run.path).read_text()
    assert "There is no result" in text
