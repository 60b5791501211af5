"""What stands around the optimizer of a descent, as it does around that of a training."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gdrun.config.load import plain_source
from gdrun.config.objective import ObjectiveConfig
from gdrun.experiments.minimize.work import descent_work
from gdrun.experiments.planning import lay_out
from gdrun.randomness import Purpose, generator
from gdrun.training.descent import Trajectory, descend

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "descents.json").read_text())
KEYS = ("gradient_clipping", "lookahead", "averaging", "gradient_noise")
SGD = {"name": "sgd", "learning_rate": 0.25}
VALLEY = {"objective": "rosenbrock", "start": [-1.2, 1.0], "steps": 30}
AROUND: list[dict[str, Any]] = [
    {"gradient_clipping": {"norm": 2.0}},
    {"gradient_clipping": {"value": 1.5}},
    {"lookahead": {"steps": 3}},
    {"averaging": {"name": "ema", "decay": 0.8}},
    {"averaging": "swa"},
    {"averaging": "polyak"},
    {"gradient_noise": {"variance": 0.1}},
    {
        "gradient_clipping": {"norm": 2.0},
        "lookahead": {"steps": 3},
        "averaging": {"name": "ema", "decay": 0.8, "start_epoch": 5},
        "gradient_noise": {},
    },
]


def config_of(keys: dict[str, Any]) -> ObjectiveConfig:
    return plain_source(keys).load_objective().config


def way_of(*configs: ObjectiveConfig) -> list[Trajectory]:
    return descend(descent_work(configs), lambda *_: None)


def on_a_line(expression: str, start: float, steps: int, **keys: Any) -> Trajectory:
    (way,) = way_of(
        config_of(
            {"objective": {"expression": expression}, "start": start, "steps": steps, "optimizer": SGD} | keys
        )
    )
    return way


def _name(case: dict[str, Any]) -> str:
    return " ".join([case["optimizer"]["name"], *(f"{key} {case[key]}" for key in KEYS if key in case)])


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=_name)
def test_points_values_and_norms_are_those_of_an_independent_implementation(case: dict[str, Any]) -> None:
    keys = {key: value for key, value in case.items() if key != "rows"}
    (way,) = way_of(config_of(VALLEY | {"steps": GOLDEN["steps"]} | keys))
    expected = np.array(case["rows"])
    np.testing.assert_allclose(way.points, expected[:, :2], rtol=1e-10)
    np.testing.assert_allclose(way.values, expected[:, 2], rtol=1e-9)
    np.testing.assert_allclose(way.norms, expected[:, 3], rtol=1e-8)


def test_points_worked_out_by_hand() -> None:
    """Of x²/2 with a rate of 1/4, which takes a quarter off; all numbers here are exact in binary."""
    plain = on_a_line("x**2/2", 16.0, 4)
    assert plain.points[:, 0].tolist() == [16, 12, 9, 6.75, 5.0625]
    clipped = on_a_line("x**2/2", 16.0, 3, gradient_clipping={"value": 8})
    assert clipped.points[:, 0].tolist() == [16, 14, 12, 10]
    assert clipped.norms.tolist() == [16, 14, 12, 10]  # of whole gradients
    ahead = on_a_line("x**2/2", 16.0, 4, lookahead={"steps": 2, "alpha": 0.5})
    assert ahead.points[:, 0].tolist() == [16, 12, 12.5, 9.375, 9.765625]
    mean = on_a_line("x**2/2", 16.0, 4, averaging={"name": "polyak", "start_epoch": 1})
    assert mean.points[:, 0].tolist() == [16, 12, 9, (9 + 6.75) / 2, pytest.approx((9 + 6.75 + 5.0625) / 3)]
    assert mean.values[3] == 7.875**2 / 2
    assert mean.norms[3] == 7.875


def test_ascent_is_wrapped_as_descent_is() -> None:
    keys = AROUND[-1]
    down = on_a_line("(x - 1)**2", 16.0, 20, **keys)
    up = on_a_line("-(x - 1)**2", 16.0, 20, direction="maximize", **keys)
    np.testing.assert_array_equal(up.points, down.points)
    np.testing.assert_array_equal(up.values, -down.values)


def test_noise_is_that_of_the_seed_and_of_the_update() -> None:
    seeds = (0, 5)
    keys = {"gradient_noise": {"variance": 0.5, "power": 1.0}}
    for seed in seeds:
        way = on_a_line("x", 0.0, 6, seed=seed, **keys)  # a slope of 1
        drawn = [generator(seed, Purpose.GRADIENT_NOISE, t).standard_normal(1)[0] for t in range(6)]
        steps = [0.25 * (1 + z * np.sqrt(0.5 / (1 + t))) for t, z in enumerate(drawn)]
        np.testing.assert_allclose(-np.diff(way.points[:, 0]), steps, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("keys", AROUND, ids=str)
def test_a_descent_has_the_same_bits_alone_and_in_company(keys: dict[str, Any], dtype: str) -> None:
    base = config_of(
        VALLEY
        | {"dtype": dtype, "optimizer": {"name": "momentum", "learning_rate": 1e-3, "weight_decay": 0.1}}
        | keys
    )
    configs = []
    for place, start in enumerate([(-1.2, 1.0), (0.5, 0.5), (2.0, -1.0)]):
        one = replace(base, start=start, seed=place)
        if one.lookahead is not None:
            one = replace(one, lookahead=replace(one.lookahead, alpha=0.25 + 0.25 * place))
        if one.gradient_noise is not None:
            one = replace(one, gradient_noise=replace(one.gradient_noise, variance=0.1 * (1 + place)))
        configs.append(one)
    assert len(lay_out(configs, ["a", "b", "c"], 1).stacks) == 1
    plain = way_of(replace(base, **dict.fromkeys(KEYS)))[0]
    for config, together in zip(configs, way_of(*configs), strict=True):
        (alone,) = way_of(config)
        assert together.points.dtype == np.dtype(dtype)
        for name in ("points", "values", "norms"):
            assert getattr(alone, name).tobytes() == getattr(together, name).tobytes()
    assert alone.points.tobytes() != plain.points.tobytes()


@pytest.mark.parametrize("keys", AROUND, ids=str)
def test_what_is_wrapped_in_another_way_is_no_stack(keys: dict[str, Any]) -> None:
    configs = [config_of(VALLEY), config_of(VALLEY | keys)]
    assert len(lay_out(configs, ["plain", "wrapped"], 1).stacks) == 2


@pytest.mark.parametrize("optimizer", ["lbfgs", "annealing"])
def test_an_average_looks_on_at_a_search(optimizer: str) -> None:
    config = config_of(VALLEY | {"optimizer": optimizer, "averaging": {"name": "polyak", "start_epoch": 0}})
    (mean,), (plain,) = way_of(config), way_of(replace(config, averaging=None))
    own = np.cumsum(plain.points[1:], axis=0) / np.arange(1, len(plain.points))[:, None]
    np.testing.assert_allclose(mean.points[1:], own, rtol=1e-12)
    np.testing.assert_allclose(mean.values, config.objective.values(mean.points), rtol=1e-12)


def test_the_line_search_of_lbfgs_sees_clipped_gradients() -> None:
    config = config_of(VALLEY | {"optimizer": "lbfgs", "gradient_clipping": {"norm": 1e-3}, "steps": 1})
    (clipped,), (plain,) = way_of(config), way_of(replace(config, gradient_clipping=None))
    assert clipped.norms[0] == plain.norms[0] > 200
    assert clipped.points[1].tolist() != plain.points[1].tolist()


def test_an_average_of_points_that_diverge_diverges() -> None:
    way = on_a_line("x**4", 10.0, 30, averaging={"name": "ema", "decay": 0.9})
    assert way.status == "diverged"
    assert way.best(1) is not None


def test_a_tolerance_is_met_where_the_average_is() -> None:
    keys: dict[str, Any] = {"averaging": {"name": "ema", "decay": 0.9}, "tolerance": 1e-3}
    mean = on_a_line("x**2/2", 16.0, 400, **keys)
    plain = on_a_line("x**2/2", 16.0, 400, tolerance=1e-3)
    assert (mean.status, plain.status) == ("stopped", "stopped")
    assert mean.norms[-1] < 1e-3 <= mean.norms[-2]
    assert mean.steps > plain.steps
