"""The configs of descents: each runs, and what its comment says is so."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent / "cli"))

from cli_commands import CONFIGS, gdrun, the_run

from gdrun.run_directory.store import Group, Run, load

NAMES = sorted(path.stem for path in CONFIGS.glob("minimize-*.yaml"))

Descend = Callable[..., Run | Group]


@pytest.fixture(scope="module")
def descend(tmp_path_factory: pytest.TempPathFactory) -> Descend:
    """Minimize a config by its name, with changes."""

    def descend(name: str, *words: str) -> Run | Group:
        runs = tmp_path_factory.mktemp("runs")
        answer = gdrun("minimize", CONFIGS / f"minimize-{name}.yaml", *words, "--runs-dir", runs, "-q")
        assert answer.code == 0, answer
        return load(the_run(runs, f"minimize-{name}"))

    return descend


def steps(run: Run) -> int:
    return int(run.record["timing"]["steps"])


def test_there_are_configs() -> None:
    assert len(NAMES) >= 8


@pytest.mark.parametrize("name", NAMES)
def test_smoke(descend: Descend, name: str) -> None:
    run = descend(name.removeprefix("minimize-"), "--smoke")
    assert run.status in ("completed", "stopped")


class TestComments:
    """What the comments say to watch."""

    def test_rosenbrock_is_left_by_plain_descent_and_done_by_lbfgs(self, descend: Descend) -> None:
        slow = descend("rosenbrock", "optimizer={name: sgd, learning_rate: 0.001}")
        assert slow.result["distance"] > 0.5
        for other in ((), ("optimizer={name: momentum, learning_rate: 0.001}",)):
            assert descend("rosenbrock", *other).result["distance"] < 1e-3
        quick = descend("rosenbrock", "optimizer=lbfgs")
        assert (quick.status, quick.result["distance"] < 1e-8) == ("stopped", True)
        assert steps(quick) < 40

    def test_the_valley_converges_below_two_over_the_largest_eigenvalue(self, descend: Descend) -> None:
        plain = descend("valley")
        assert plain.status == "stopped"
        grown = descend("valley", "optimizer.learning_rate=0.081").trajectory["value"]
        assert grown[-1] > 1e4 * grown[0]
        assert descend("valley", "optimizer.learning_rate=0.079").trajectory["value"][-1] < 1
        moving = descend("valley", "optimizer={name: momentum, learning_rate: 0.07, momentum: 0.5}")
        assert steps(moving) < steps(plain) / 2

    def test_descent_on_a_line_ends_in_its_own_valley_at_a_constant_factor(self, descend: Descend) -> None:
        right, left = descend("line-descent"), descend("line-descent", "start=-0.5")
        assert left.result["value"] < right.result["value"] - 2
        assert left.result["point"]["x"] < 0 < right.result["point"]["x"]
        norms = right.trajectory["gradient_norm"]
        factors = norms[40:100] / norms[39:99]
        np.testing.assert_allclose(factors, factors[0], rtol=1e-2)

    def test_bisection_halves_newton_squares_and_golden_section_stops_half_way(
        self, descend: Descend
    ) -> None:
        root = max(np.roots([4, 0, -6, 1]).real)
        off = np.abs(descend("line-bisection").trajectory["x"] - root)
        assert (off <= 1.5 * 0.5 ** np.arange(len(off))).all()
        golden = descend("line-bisection", "optimizer=golden_section").trajectory["x"]
        assert 1e-10 < abs(golden[-1] - root) < 1e-6
        newton = np.abs(
            descend("line-bisection", "optimizer=newton", "interval=null", "start=2").trajectory["x"] - root
        )
        assert len(newton) < 8
        assert (newton[2:5] < 3 * newton[1:4] ** 2).all()

    def test_ascent_finds_the_top_from_everywhere_and_mirrors_descent(self, descend: Descend) -> None:
        climbed = descend("ascent")
        values = climbed.results["value"]
        assert values.max() - values.min() < 1e-6
        turned = "-(exp(-(x - 1)**2 - 2*(y + 0.5)**2) + 0.1*cos(x))"
        fell = descend("ascent", f"objective={{expression: '{turned}'}}", "direction=minimize")
        np.testing.assert_allclose(climbed.results["x"], fell.results["x"], rtol=1e-9)

    def test_annealing_ends_in_the_middle_and_adam_where_it_began(self, descend: Descend) -> None:
        annealed = descend("annealing").results["distance"]
        assert (annealed < 1.1).all()  # the middle, or the wave next to it
        assert np.median(annealed) < 0.1
        trapped = descend("annealing", "optimizer={name: adam, learning_rate: 0.05}").results["value"]
        assert (trapped > 0.9).all()  # the values of the waves next to the middle are 0.995

    def test_descent_lingers_at_the_saddle(self, descend: Descend) -> None:
        norms = descend("saddle").trajectory["gradient_norm"]
        assert norms.min() < 0.1 * norms[0]
        assert norms[-1] > norms[0]
        adam = descend("saddle", "optimizer={name: adam, learning_rate: 0.05}").trajectory["gradient_norm"]
        assert adam.min() > 5 * norms.min()

    def test_the_certified_digits_are_found_in_scaled_variables(self, descend: Descend) -> None:
        quick = descend("nist")
        assert steps(quick) < 20
        slow = descend("nist", "optimizer={name: adam, learning_rate: 0.01}", "steps=5000")
        assert 1000 < steps(slow) < 5000
        for run in (quick, slow):
            assert run.result["value"] == pytest.approx(run.result["minimum"], rel=1e-9)
        plain = descend("nist", "objective.scaled=false", "optimizer={name: adam, learning_rate: 0.01}")
        assert plain.result["value"] > 10 * plain.result["minimum"]

    def test_momentum_and_adam_get_nearest_and_plain_descent_has_to_choose(self, tmp_path: Path) -> None:
        config = CONFIGS / "minimize-compared.yaml"
        answer = gdrun("compare-optimizers", config, "--trials", 8, "--json", "--runs-dir", tmp_path)
        assert answer.code == 0, answer
        (problem,) = answer.document["summary"]["problems"]
        means = {name: found["validation"]["mean"] for name, found in problem["contestants"].items()}
        assert max(means["momentum"], means["adam"]) < min(means["sgd"], means["rprop"])
        ended = problem["contestants"]["sgd"]["ended"]
        assert ended["tuning"]["diverged"] > 5
        assert problem["contestants"]["adam"]["ended"]["evaluation"] == {"completed": 10}
