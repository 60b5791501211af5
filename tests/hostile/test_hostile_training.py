"""Any config that the schema allows: it trains, or one message says why not."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from config_strategies import section
from guard import memory_limit, outside, watching
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_hostile_files import checked

import gdrun
from gdrun.config.config import Config
from gdrun.config.objective import ObjectiveConfig
from gdrun.errors import GdrunError

DATASETS = st.sampled_from(
    [
        *({"name": name, "rows": 40, "seed": 1} for name in ("blobs", "moons", "linear", "sine")),
        *({"name": name} for name in ("iris", "penguins", "auto-mpg")),
    ]
)
LARGEST = 40  # of units and kernels: what is larger takes long and shows nothing else


def smaller(value: Any) -> Any:
    """A model's options with sizes that take no time."""
    if isinstance(value, dict):
        return {key: smaller(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [smaller(entry) for entry in value]
    return min(value, LARGEST) if type(value) is int else value


@st.composite
def configs(draw: st.DrawFn) -> dict[str, Any]:
    """A config of anything on a small dataset, short."""
    drawn = draw(section(Config))
    for key in ("compare", "initial_weights", "name"):
        drawn.pop(key, None)
    drawn |= {"dataset": draw(DATASETS), "epochs": draw(st.integers(0, 2)), "compute": {"workers": 1}}
    if "model" in drawn:
        drawn["model"] = smaller(drawn["model"])
    return drawn


@st.composite
def descents(draw: st.DrawFn) -> dict[str, Any]:
    """A config of anything on any objective, short."""
    drawn = smaller(draw(section(ObjectiveConfig)))
    for key in ("compare", "name"):
        drawn.pop(key, None)
    return drawn | {"steps": draw(st.integers(0, 6)), "compute": {"workers": 1}}


def check_run(start: Callable[..., Any], config: dict[str, Any], folder: Path) -> str:
    """What became of a config: a status, or the message."""
    runs = folder / "runs"
    with watching() as written, memory_limit(3 << 30):
        try:
            run = start(config, runs_dir=runs)
        except GdrunError as error:
            return checked(error)
    assert outside(written, runs) == []
    assert run.status in ("completed", "stopped", "diverged")
    if run.status != "diverged" and "train_loss" in getattr(run, "metrics", ()):
        assert all(map(math.isfinite, run.metrics["train_loss"]))
    return str(run.status)


HEALTHY = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
STARTS = {"train": (gdrun.train, configs()), "minimize": (gdrun.minimize, descents())}


def check_any(command: str, folder: Path, count: int) -> Counter[str]:
    start, strategy = STARTS[command]
    answers: Counter[str] = Counter()

    @settings(deadline=None, max_examples=count, suppress_health_check=HEALTHY, database=None)
    @given(config=strategy)
    def check_one(config: dict[str, Any]) -> None:
        answers[check_run(start, config, folder)] += 1

    check_one()
    return answers


@pytest.mark.parametrize("command", STARTS)
def test_any_config_trains_or_says_why_not(command: str, tmp_path: Path) -> None:
    answers = check_any(command, tmp_path, 40)
    assert answers["completed"] > 0


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("command", STARTS)
def test_very_many_configs_train_or_say_why_not(command: str, tmp_path: Path) -> None:
    answers = check_any(command, tmp_path, 2000)
    ended = {status: answers.pop(status, 0) for status in ("completed", "stopped", "diverged")}
    print(f"{command}: 2,000 configs, {ended}, {len(answers):,} different refusals")
