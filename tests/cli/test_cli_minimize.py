"""`gdrun minimize`: what it computes, what it leaves, what it refuses, and how it goes on."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_commands import PROJECT, Answer, finish, gdrun, record, start, strict_json, the_run, wait_for

import gdrun as package
from gdrun.optim import OPTIMIZERS
from gdrun.run_directory.group import GroupDirectory
from gdrun.run_directory.run import RunDirectory
from gdrun.run_directory.store import Run
from gdrun.run_directory.tables import read_table

VALLEY = """
objective: rosenbrock
start: [-1.2, 1]
optimizer: {name: adam, learning_rate: 0.05}
steps: 40
"""
LINE = """
objective: {expression: "(x - 2)**2 + 1"}
start: 5
optimizer: {name: sgd, learning_rate: 0.1}
steps: 30
"""
FITTING = [name for name, cls in OPTIMIZERS.items() if not getattr(cls(), "estimate_every", 0)]
GOLDEN = [
    case
    for case in json.loads((PROJECT / "tests" / "golden" / "optimizers.json").read_text())
    if case["optimizer"] in FITTING
]
WITH_OPTIMUM = {
    "quadratic": "{expression: 0.5*(x**2 + 25*y**2) + 0.8*x*y - x + 2*y}",
    "rosenbrock": "rosenbrock",
}


def minimize(folder: Path, *words: object, text: str = VALLEY, name: str = "way", code: int = 0) -> Answer:
    """Minimize a config of this text."""
    folder.mkdir(exist_ok=True)
    config = folder / f"{name}.yaml"
    config.write_text(text)
    answer = gdrun("minimize", config, *words, "--runs-dir", folder, "--quiet")
    assert answer.code == code, answer
    return answer


def run_of(folder: Path, *words: object, text: str = VALLEY, name: str = "way", code: int = 0) -> Run:
    minimize(folder, *words, text=text, name=name, code=code)
    return Run(the_run(folder, name))


def way(run: Path) -> bytes:
    return (run / "trajectory.csv").read_bytes()


class TestTrajectories:
    @pytest.mark.parametrize(
        "case", GOLDEN, ids=lambda c: f"{c['optimizer']} {c['options']} {c['objective']}"
    )
    def test_they_are_those_of_an_independent_implementation(
        self, case: dict[str, Any], tmp_path: Path
    ) -> None:
        """PyTorch's or optax's points, which stand in the file, after so many updates in float64."""
        optimizer = json.dumps({"name": case["optimizer"], **case["options"]})
        last = max(case["steps"])
        text = f"objective: {WITH_OPTIMUM[case['objective']]}\nstart: {case['start']}\nsteps: {last}\n"
        folder = tmp_path / "runs"
        folder.mkdir()
        (folder / "way.yaml").write_text(text + f"optimizer: {optimizer}\n")
        answer = gdrun("minimize", folder / "way.yaml", "--runs-dir", folder, "-q")
        assert answer.code in (0, 6)
        table = read_table(the_run(folder, "way") / "trajectory.csv")
        points = np.stack(list(table.values())[1:3], axis=1)
        for step, expected in zip(case["steps"], case["points"], strict=True):
            numbers = np.array(expected, float)
            if not np.isfinite(numbers).all():
                assert answer.code == 6
                break
            assert (np.abs(points[step] - numbers) <= 1e-10 * np.abs(numbers)).all(), step

    def test_row_0_is_the_start_and_every_row_has_value_norm_and_rate(self, tmp_path: Path) -> None:
        run = run_of(tmp_path, "steps=3", "schedule={name: linear, end_factor: 0}")
        table = run.trajectory
        assert list(table) == ["step", "x0", "x1", "value", "gradient_norm", "learning_rate"]
        assert table["step"].tolist() == [0, 1, 2, 3]
        assert (table["x0"][0], table["x1"][0]) == (-1.2, 1.0)
        assert table["value"][0] == pytest.approx(24.2)
        assert table["gradient_norm"][0] == pytest.approx(np.hypot(-215.6, -88.0))  # by hand
        assert np.isnan(table["learning_rate"][0])
        np.testing.assert_allclose(table["learning_rate"][1:], [0.05, 0.05 * 2 / 3, 0.05 / 3])
        assert way(run.path).startswith(
            b"step,x0,x1,value,gradient_norm,learning_rate\n0,-1.2,1.0,24.199999999"
        )

    def test_variables_have_their_names(self, tmp_path: Path) -> None:
        run = run_of(tmp_path, "steps=1", "start=[1, 2]", "objective={expression: u**2 + v}")
        assert list(run.trajectory)[1:3] == ["u", "v"]
        assert set(run.result["point"]) == {"u", "v"}

    def test_ascent_climbs(self, tmp_path: Path) -> None:
        text = LINE.replace("(x - 2)**2 + 1", "3 - (x - 2)**2") + "direction: maximize\n"
        run = run_of(tmp_path, text=text)
        values = run.trajectory["value"]
        assert (np.diff(values) > 0).all()
        assert run.result["value"] == values[-1] == pytest.approx(3, abs=1e-4)
        mirrored = run_of(tmp_path, text=LINE, name="down").trajectory  # of 1 + (x − 2)²: the same points
        np.testing.assert_array_equal(run.trajectory["x"], mirrored["x"])

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_a_tolerance_ends_it_with_the_reason(self, dtype: str, tmp_path: Path) -> None:
        run = run_of(tmp_path, "steps=1000", "tolerance=1e-3", f"dtype={dtype}", text=LINE)
        norms = run.trajectory["gradient_norm"]
        assert (norms[:-1] >= 1e-3).all()
        assert norms[-1] < 1e-3
        assert run.status == "stopped"
        assert "below tolerance 0.001" in str(run.reason)
        assert run.record["timing"]["steps"] == len(norms) - 1 < 1000

    @pytest.mark.parametrize("optimizer", FITTING)
    def test_every_optimizer_goes_down_a_bowl_the_same_alone_and_in_company(
        self, optimizer: str, tmp_path: Path
    ) -> None:
        text = VALLEY.replace("rosenbrock", "{name: quadratic, condition: 4, angle: 30}").replace(
            "name: adam", f"name: {optimizer}"
        )
        if optimizer in ("annealing", "lbfgs"):
            text = text.replace("learning_rate: 0.05", "")
        text += "schedule: {name: cosine, end_factor: 0.1}\n"
        starts = [[-1.2, 1.0], [0.5, 1.5], [1.0, -1.0], [2.0, 0.25]]
        minimize(tmp_path, f"start={starts}", text=text, name="all")
        group = the_run(tmp_path, "all")
        for place, point in enumerate(starts):
            member = group / "members" / f"start-{place}"
            alone = run_of(tmp_path, f"start={point}", text=text, name=f"alone-{place}")
            assert way(member) == way(alone.path)
            values = alone.trajectory["value"]
            assert values.min() < values[0]

    def test_starts_are_the_same_however_many_are_drawn(self, tmp_path: Path) -> None:
        minimize(tmp_path, "start={uniform: [-2, [2, 0.5]], count: 5, seed: 3}", name="five")
        one = run_of(tmp_path, "start={uniform: [-2, [2, 0.5]], seed: 3}", name="one")
        results = read_table(the_run(tmp_path, "five") / "results.csv")
        assert json.loads(results["start"][0]) == [one.trajectory["x0"][0], one.trajectory["x1"][0]]
        starts = np.array([json.loads(cell) for cell in results["start"]])
        assert len(np.unique(starts)) == 10
        assert (np.abs(starts) <= 2).all()
        assert (starts[:, 1] <= 0.5).all()


class TestOnALine:
    @pytest.mark.parametrize("optimizer", ["bisection", "golden_section"])
    def test_an_interval_is_narrowed_around_the_minimum(self, optimizer: str, tmp_path: Path) -> None:
        text = LINE.replace("start: 5", "interval: [-1, 6]")
        run = run_of(tmp_path, f"optimizer={optimizer}", "steps=60", text=text)
        points = run.trajectory["x"]
        width = 7 * (0.5 if optimizer == "bisection" else (np.sqrt(5) - 1) / 2) ** np.arange(len(points))
        exact = 1e-15 if optimizer == "bisection" else 2e-8  # values tell only half of the digits
        assert (np.abs(points - 2) <= np.maximum(width, exact)).all()
        assert np.isnan(run.trajectory["learning_rate"]).all()

    def test_bisection_halves_what_is_left_with_every_step(self, tmp_path: Path) -> None:
        text = LINE.replace("start: 5", "interval: [0, 7]")
        run = run_of(tmp_path, "optimizer=bisection", "steps=4", text=text)
        assert run.trajectory["x"].tolist() == [3.5, 1.75, 2.625, 2.1875, 1.96875]

    def test_bisection_that_hits_the_minimum_has_found_it(self, tmp_path: Path) -> None:
        run = run_of(tmp_path, "optimizer=bisection", text=LINE.replace("start: 5", "interval: [0, 8]"))
        assert run.trajectory["x"].tolist() == [4, 2, 2]
        assert run.status == "stopped"

    def test_newton_is_there_at_once_where_the_slope_is_straight(self, tmp_path: Path) -> None:
        run = run_of(tmp_path, "optimizer=newton", "steps=2", text=LINE)
        assert run.trajectory["x"].tolist() == [5, 2, 2]

    def test_newton_doubles_the_digits(self, tmp_path: Path) -> None:
        text = LINE.replace("(x - 2)**2 + 1", "exp(x) - 2*x")  # minimum at log 2
        off = np.abs(
            run_of(tmp_path, "optimizer=newton", "start=1", "steps=4", text=text).trajectory["x"] - np.log(2)
        )
        assert (off[1:4] < off[:3] ** 2).all()

    def test_several_points_are_newtons_in_one_stack(self, tmp_path: Path) -> None:
        minimize(tmp_path, "optimizer=newton", "start=[5, -3, 0]", text=LINE, name="three")
        assert read_table(the_run(tmp_path, "three") / "results.csv")["x"].tolist() == [2, 2, 2]

    def test_an_interval_without_a_minimum_is_a_mistake_in_the_config(self, tmp_path: Path) -> None:
        text = LINE.replace("start: 5", "interval: [3, 6]")
        answer = minimize(tmp_path, "optimizer=bisection", text=text, code=2)
        assert "the slope must be downhill at the low end" in answer.last_line


class TestFiles:
    def test_a_run_leaves_its_files(self, tmp_path: Path) -> None:
        run = run_of(tmp_path)
        names = {path.name for path in run.path.iterdir() if not path.name.startswith(".")}
        assert names == {"config.yaml", "run.json", "trajectory.csv", "run.log", "report.html"}
        assert run.record["command"] == "minimize"
        assert run.record["parameters"] == 2
        result = run.result
        row = result["best_step"]
        table = run.trajectory
        assert result["value"] == table["value"][row] == table["value"].min()
        assert result["point"] == {"x0": table["x0"][row], "x1": table["x1"][row]}
        assert result["distance"] == pytest.approx(np.hypot(table["x0"][row] - 1, table["x1"][row] - 1))
        assert result["minimum"] == 0
        assert result["last"]["value"] == table["value"][-1]

    def test_of_a_maximum_nothing_is_known(self, tmp_path: Path) -> None:
        run = run_of(tmp_path, "direction=maximize", "optimizer.learning_rate=1e-3")
        assert run.result["distance"] is run.result["minimum"] is None

    def test_the_printed_config_gives_the_same_bits(self, tmp_path: Path) -> None:
        answer = minimize(tmp_path, "--print-config")
        assert not list(tmp_path.glob("*-way"))
        run = run_of(tmp_path)
        assert answer.out == (run.path / "config.yaml").read_text()
        again = run_of(tmp_path, text=answer.out.replace("name: way", "name: again"), name="again")
        assert way(again.path) == way(run.path)

    def test_a_group_has_a_row_a_start_and_the_best_of_them(self, tmp_path: Path) -> None:
        minimize(tmp_path, "start={uniform: [-2, 2], count: 7}")
        group = the_run(tmp_path, "way")
        results = read_table(group / "results.csv")
        summary = strict_json((group / "summary.json").read_text())
        assert results["run"].tolist() == [f"start-{number}" for number in range(7)]
        best = int(np.argmin(results["value"]))
        assert summary["best"]["run"] == f"start-{best}"
        assert summary["best"]["value"] == results["value"][best]
        assert summary["statuses"] == {"completed": 7}
        assert summary["metrics"]["value"]["mean"] == pytest.approx(results["value"].mean())
        for number in range(7):
            member = record(group / "members" / f"start-{number}")
            assert member["result"]["value"] == results["value"][number]

    def test_workers_and_tiles_change_no_bit(self, tmp_path: Path) -> None:
        starts = "start={uniform: [-2, 2], count: 5}"
        minimize(tmp_path, starts, "--workers", 1, name="one")
        minimize(tmp_path, starts, "--workers", 2, name="two")
        one, two = the_run(tmp_path, "one"), the_run(tmp_path, "two")
        assert len(record(two)["stacks"]) == 2
        for number in range(5):
            name = Path("members") / f"start-{number}"
            assert way(one / name) == way(two / name)

    def test_json_is_one_document(self, tmp_path: Path) -> None:
        one = minimize(tmp_path, "--json").document
        assert one["result"]["value"] < 24.2
        group = minimize(tmp_path, "--json", "start={uniform: [-2, 2], count: 3}", name="three").document
        assert len(group["results"]["value"]) == 3

    def test_a_dry_run_writes_nothing_and_says_how_much(self, tmp_path: Path) -> None:
        plan = minimize(tmp_path, "--dry-run", "--json", "start={uniform: [-2, 2], count: 30}").document
        assert (plan["runs"], plan["updates_per_run"], plan["updates"]) == (30, 40, 1200)
        shown = minimize(tmp_path, "--dry-run").out
        assert "minimize rosenbrock, 2 variables, from (-1.2, 1)" in shown
        assert not list(tmp_path.glob("*-way"))

    def test_smoke_is_20_steps(self, tmp_path: Path) -> None:
        assert len(run_of(tmp_path, "--smoke").trajectory["step"]) == 21

    def test_what_would_not_fit_into_memory_is_refused_with_the_figure(self, tmp_path: Path) -> None:
        answer = minimize(tmp_path, "steps=1000000000000", code=7)
        assert "GB of memory" in answer.last_line
        answer = minimize(tmp_path, "start={uniform: [0, 1], count: 200000}", code=2)
        assert "200,000 starts are too many" in answer.last_line
        answer = minimize(tmp_path, "objective={name: sphere, dimension: 1000000000}", code=2)
        assert "at most 100000" in answer.err


class TestSweeps:
    KEYS = ("optimizer.learning_rate=log(1e-3,1e-1,3)", "optimizer.name=sgd,adam")

    def sweep(self, folder: Path, *words: object) -> Answer:
        config = folder / "way.yaml"
        config.write_text(VALLEY)
        answer = gdrun("sweep", config, *self.KEYS, *words, "--runs-dir", folder, "--workers", 1)
        assert answer.code == 0, answer
        return answer

    def test_a_dry_run_says_how_much_and_writes_nothing(self, tmp_path: Path) -> None:
        plan = self.sweep(tmp_path, "--dry-run", "--json").document
        assert (plan["command"], plan["runs"], plan["updates"], plan["stacks"]) == ("sweep", 6, 240, 2)
        assert "minimize rosenbrock, 2 variables, from (-1.2, 1)" in self.sweep(tmp_path, "--dry-run").out
        drawn = self.sweep(tmp_path, "--dry-run", "start={uniform: [-2, 2]}", "--seeds", 4)
        assert "4 starts" in drawn.out
        assert "24 runs in 2 stacks" in drawn.out
        assert not list(tmp_path.glob("*-way"))

    def test_points_are_shown_with_their_values_the_best_first_and_as_a_map(self, tmp_path: Path) -> None:
        answer = self.sweep(tmp_path)
        group = the_run(tmp_path, "way")
        summary = strict_json((group / "summary.json").read_text())
        lines = [line.split() for line in answer.out.splitlines()]
        first = next(place for place, words in enumerate(lines) if words[1:2] == ["best"])
        assert lines[first][0] == str(summary["best"])
        shown = [words[0] for words in lines[first : first + 6]]
        assert shown == list(map(str, summary["ranking"]))
        (headers,) = (words for words in lines if {"value", "distance"} <= set(words))
        assert headers[0] == "point"
        assert any(words[1:] == ["→", "sgd", "adam"] for words in lines)  # of the map
        assert f"gdrun minimize {group}/members/point-" in answer.out

    def test_json_is_one_document(self, tmp_path: Path) -> None:
        document = self.sweep(tmp_path, "--json", "-q").document
        assert len(document["results"]["value"]) == 6
        assert document["summary"]["monitor"] == "value"

    def test_smoke_is_20_steps(self, tmp_path: Path) -> None:
        self.sweep(tmp_path, "--smoke", "-q")
        assert read_table(the_run(tmp_path, "way") / "results.csv")["steps"].max() == 20


class TestEnds:
    def test_divergence_is_a_result_with_exit_code_6(self, tmp_path: Path) -> None:
        run = run_of(tmp_path, "optimizer={name: sgd, learning_rate: 0.1}", code=6)
        assert run.status == "diverged"
        assert "is not finite at step" in str(run.reason)
        assert run.result["value"] == pytest.approx(24.2)
        assert run.result["last"]["value"] is None
        assert not np.isfinite(run.trajectory["value"][-1])
        assert np.isfinite(run.trajectory["value"][:-1]).all()

    def test_a_run_that_diverges_leaves_the_others_alone(self, tmp_path: Path) -> None:
        sgd = "optimizer={name: sgd, learning_rate: 2e-3}"
        minimize(tmp_path, sgd, "start=[[0.5, 0.5], [-30, 30], [1.2, 1.0]]")
        group = the_run(tmp_path, "way")
        summary = strict_json((group / "summary.json").read_text())
        assert summary["statuses"] == {"completed": 2, "diverged": 1}
        assert summary["metrics"]["value"]["n"] == 2
        alone = run_of(tmp_path, sgd, "start=[1.2, 1.0]", name="alone")
        assert way(group / "members" / "start-2") == way(alone.path)

    def test_a_group_that_was_interrupted_goes_on_to_the_same_bits(self, tmp_path: Path) -> None:
        text = VALLEY.replace("steps: 40", "steps: 20000") + "compute: {workers: 1}\n"
        (tmp_path / "long.yaml").write_text(text)
        words = ("start={uniform: [-2, 2], count: 2500}", "--runs-dir", tmp_path, "-q")
        process = start("minimize", tmp_path / "long.yaml", *words)
        wait_for(lambda: list(tmp_path.glob("*-long/members/start-0/run.json")), process)
        process.send_signal(signal.SIGINT)
        answer = finish(process)
        assert answer.code == 130, answer
        group = the_run(tmp_path, "long")
        assert record(group)["status"] == "interrupted"
        assert f"gdrun resume {group}" in answer.err

    @pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
    def test_what_was_done_stays_and_the_rest_is_made(self, how: signal.Signals, tmp_path: Path) -> None:
        text = VALLEY.replace("steps: 40", "steps: 2000") + "compute: {workers: 1}\n"
        (tmp_path / "long.yaml").write_text(text)
        starts = "start={uniform: [-2, 2], count: 40}"
        process = start("minimize", tmp_path / "long.yaml", starts, "--runs-dir", tmp_path, "-q")
        wait_for(lambda: list(tmp_path.glob("*-long/members/start-0/run.json")), process)
        process.send_signal(how)
        finish(process)
        group = the_run(tmp_path, "long")
        assert gdrun("resume", group, "-q").code == 0
        assert record(group)["status"] == "completed"
        whole = tmp_path / "whole.yaml"
        whole.write_text(text)
        assert gdrun("minimize", whole, starts, "--runs-dir", tmp_path, "-q").code == 0
        other = the_run(tmp_path, "whole")
        for number in range(40):
            name = Path("members") / f"start-{number}"
            assert way(group / name) == way(other / name)

    def test_slow_steps_can_be_interrupted_as_soon(self, tmp_path: Path) -> None:
        plugin = tmp_path / "slow.py"
        plugin.write_text(
            "import time\nfrom dataclasses import dataclass\nfrom gdrun.objectives import Objective\n\n"
            "@dataclass(frozen=True)\nclass Slow(Objective):\n    'Slow.'\n\n"
            "    def evaluate(self, points, gradient):\n        time.sleep(0.25)\n"
            "        gradient[...] = 2 * points\n        return (points**2).sum(axis=-1)\n"
        )
        (tmp_path / "slow.yaml").write_text(
            VALLEY.replace("rosenbrock", "slow").replace("steps: 40", "steps: 100")
        )
        process = start(
            "minimize",
            tmp_path / "slow.yaml",
            "--plugin",
            plugin,
            "--runs-dir",
            tmp_path,
            "-q",
            "--workers",
            1,
        )  # 64 steps would take 16 seconds
        wait_for(lambda: list(tmp_path.glob("*-slow/run.json")), process)
        process.send_signal(signal.SIGINT)
        answer = finish(process, within=10)
        assert answer.code == 130, answer
        assert record(the_run(tmp_path, "slow"))["status"] == "interrupted"

    def test_members_that_have_ended_are_left_as_they_are(self, tmp_path: Path) -> None:
        minimize(tmp_path, "start={uniform: [-2, 2], count: 4}")
        group = the_run(tmp_path, "way")
        with GroupDirectory.open(group) as directory:
            directory.set(status="interrupted")
        RunDirectory.open(group / "members" / "start-2", lock=False).set(status="interrupted")
        kept = way(group / "members" / "start-2")
        (group / "members" / "start-2" / "trajectory.csv").unlink()
        before = {name: record(group / "members" / name)["finished"] for name in ("start-1", "start-2")}
        assert gdrun("resume", group, "-q").code == 0
        after = {name: record(group / "members" / name)["finished"] for name in ("start-1", "start-2")}
        assert after["start-1"] == before["start-1"]
        assert after["start-2"] != before["start-2"]
        assert way(group / "members" / "start-2") == kept

    def test_a_run_that_was_stopped_is_made_from_its_start(self, tmp_path: Path) -> None:
        run = run_of(tmp_path)
        kept = way(run.path)
        with RunDirectory.open(run.path) as directory:
            directory.set(status="interrupted")
        (run.path / "trajectory.csv").unlink()
        assert gdrun("resume", run.path, "-q").code == 0
        assert way(run.path) == kept


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ("objective=rosenbrok", "did you mean rosenbrock"),
            ("objective={}", "doesn't say which objective"),
            ("objective={expression: __import__('os')}", "is no function that is known"),
            ("objective={expression: 9**9**9 + x}", "too large"),
            ("objective={name: quadratic, matrix: [[1, 2], [3, 4]]}", "symmetric"),
            ("start=[1, 2, 3]", "rosenbrock has 2 variables, and the point has 3 numbers"),
            ("start=[[1, 2], 3]", "neither a point nor a list of points"),
            ("start=[[1, 2], [3]]", "start.1: rosenbrock has 2 variables, and the point has 1 numbers"),
            ("start=7", "write a list of as many numbers"),
            ("start={uniform: [2, -2]}", "lower end first"),
            ("start={uniform: [[0, 0, 0], 2]}", "an end has 3 numbers"),
            ("start={uniform: [0, .inf]}", "start"),
            ("optimizer=bisection", "bisection is for a function of one variable"),
            ("optimizer=bisecton", "did you mean bisection"),
            ("optimizer=sophia", "from a network's predictions"),
            ("interval=[0, 1]", "is for a function of one variable"),
            ("schedule=plateau", "watches validation rows"),
            ("schedule={name: one_cycle, cycle_momentum: true}", ""),
            ("steps=-1", "at least 0"),
            ("dirction=minimize", "did you mean direction"),
            ("batch_size=32", "is unknown"),
        ],
    )
    def test_a_mistake_is_told_with_its_key(self, change: str, message: str, tmp_path: Path) -> None:
        answer = minimize(tmp_path, change, code=2 if message else 0)
        assert message in answer.err
        assert bool(list(tmp_path.glob("*-way"))) is not bool(message)

    def test_positions_are_told(self, tmp_path: Path) -> None:
        answer = minimize(tmp_path, text="objective: sphere\nstart: [1, 2, 3]\noptimizer: newton\n", code=2)
        assert "way.yaml:2:1: start: sphere has 2 variables" in answer.err
        assert "way.yaml:3:1: optimizer: newton is for a function of one variable" in answer.err

    def test_each_command_sends_the_other_kind_of_config_on(self, tmp_path: Path) -> None:
        (tmp_path / "o.yaml").write_text(VALLEY)
        for command in ("train", "kfold"):
            answer = gdrun(command, tmp_path / "o.yaml", "--runs-dir", tmp_path)
            assert answer.code == 2
            assert "gdrun minimize is for that" in answer.last_line
        answer = minimize(tmp_path, text="dataset: digits\n", code=2)
        assert "gdrun train is for that" in answer.last_line

    def test_a_descent_has_no_network(self, tmp_path: Path) -> None:
        run = run_of(tmp_path)
        answer = gdrun("evaluate", run.path)
        assert answer.code == 2
        assert "has no network" in answer.last_line


class TestOtherCommands:
    def test_validate_says_what_it_would_minimize(self, tmp_path: Path) -> None:
        (tmp_path / "o.yaml").write_text(VALLEY)
        answer = gdrun("validate", tmp_path / "o.yaml")
        assert answer.code == 0
        assert "minimize rosenbrock" in " ".join(answer.out.split())
        assert f"next gdrun minimize {tmp_path / 'o.yaml'}" in " ".join(answer.out.split())
        assert gdrun("validate", tmp_path / "o.yaml", "--data", "--json").document["valid"]

    def test_init_writes_one(self, tmp_path: Path) -> None:
        answer = gdrun("init", tmp_path / "mine.yaml", "--template", "minimize")
        assert answer.code == 0
        assert "gdrun minimize" in answer.out
        assert gdrun("minimize", tmp_path / "mine.yaml", "--smoke", "--runs-dir", tmp_path, "-q").code == 0

    def test_list_explain_and_schema_know_objectives(self) -> None:
        assert "rosenbrock" in gdrun("list", "objectives").out
        assert "100(xᵢ₊₁ − xᵢ²)²" in gdrun("explain", "rosenbrock").out
        assert "rosenbrock" in gdrun("explain", "objective").out
        assert "lower end" not in gdrun("explain", "interval").err
        assert "bisection" in gdrun("list", "line_methods").out
        assert "objective" in gdrun("schema").document["then"]["properties"]

    def test_runs_list_show_and_report(self, tmp_path: Path) -> None:
        run = run_of(tmp_path)
        assert "value " in gdrun("runs", "list", "--runs-dir", tmp_path).out
        assert "best" in gdrun("runs", "show", run.path).out
        (run.path / "report.html").unlink()
        assert gdrun("report", run.path).code == 0
        assert (run.path / "report.html").is_file()

    def test_from_python(self, tmp_path: Path) -> None:
        config = {
            "objective": {"expression": "(x - 1)**2"},
            "start": 3.0,
            "optimizer": {"name": "sgd", "learning_rate": 0.5},
        }
        run = package.minimize(config, {"steps": 1}, runs_dir=tmp_path)
        assert isinstance(run, package.Run)
        assert run.trajectory["x"].tolist() == [3, 1]
        assert run.result["value"] == 0
        group = package.minimize(config, {"start": [3.0, 5.0]}, runs_dir=tmp_path)
        assert isinstance(group, package.Group)
        assert set(group.members) == {"start-0", "start-1"}
