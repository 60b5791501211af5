"""Any config that the schema allows: it trains, or one message says why not."""

from __future__ import annotations

import math
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


def check_training(config: dict[str, Any], folder: Path) -> str:
    runs = folder / "runs"
    with watching() as written, memory_limit(1 << 30):
        try:
            run = gdrun.train(config, runs_dir=runs)
        except GdrunError as error:
            return checked(error)
    assert outside(written, runs) == []
    assert run.status in ("completed", "stopped", "diverged")
    assert run.status == "diverged" or all(map(math.isfinite, run.metrics["train_loss"]))
    return str(run.status)


HEALTHY = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(deadline=None, max_examples=60, suppress_health_check=HEALTHY)
@given(config=configs())
def test_any_config_trains_or_says_why_not(config: dict[str, Any], tmp_path: Path) -> None:
    check_training(config, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(deadline=None, max_examples=2000, suppress_health_check=HEALTHY)
@given(config=configs())
def test_very_many_configs_train_or_say_why_not(config: dict[str, Any], tmp_path: Path) -> None:
    check_training(config, tmp_path)
