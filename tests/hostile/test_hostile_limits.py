"""What is too much is said before it is begun, with the figure; and without the check it would be begun."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from guard import memory_limit

import gdrun
from gdrun.errors import ConfigError, SystemRefusedError
from gdrun.experiments import planning, tiles
from gdrun.experiments import train as train_plan
from gdrun.experiments.sweep import plan as sweep_plan

DIGITS: dict[str, Any] = {"dataset": "digits", "epochs": 1, "compute": {"workers": 1}}
FIGURE = r"this needs about [\d,.]+ GB of memory, and [\d,.]+ GB are free"
HUGE = {"model": {"name": "mlp", "hidden": [10**6, 10**6]}}
RATES = {"optimizer.learning_rate": "log(1e-4,1e-1,400)", "penalty.l2": "log(1e-4,1e-1,400)"}

SPHERE: dict[str, Any] = {"objective": "sphere", "steps": 5, "compute": {"workers": 1}}
STARTS = {"uniform": [-1, 1], "count": 10**12}

Start = Callable[..., Any]
TOO_LARGE: dict[str, tuple[Start, str]] = {
    "a model": (lambda **at: gdrun.train(DIGITS, {"model.hidden": [10**6, 10**6]}, **at), FIGURE),
    "a stack": (lambda **at: gdrun.train(DIGITS, {"model.hidden": [10**7]}, seeds=30, **at), FIGURE),
    "a batch": (
        lambda **at: gdrun.train(DIGITS | HUGE, {"batch_size": "full"}, **at),
        FIGURE,
    ),
    "epochs": (lambda **at: gdrun.train(DIGITS, {"epochs": 10**10}, **at), FIGURE),
    "epochs beyond any number": (lambda **at: gdrun.train(DIGITS, {"epochs": 10**39}, **at), FIGURE),
    "folds": (lambda **at: gdrun.kfold(DIGITS, {"model.hidden": [10**6, 10**6]}, folds=3, **at), FIGURE),
    "a sweep of large models": (
        lambda **at: gdrun.sweep(DIGITS, {"model.hidden": [[8], [10**6, 10**6]]}, **at),
        FIGURE,
    ),
    "a comparison": (
        lambda **at: gdrun.compare_optimizers(
            DIGITS | {"model": {"name": "mlp", "hidden": [10**6, 10**6]}}, **at
        ),
        FIGURE,
    ),
    "runs of a sweep": (lambda **at: gdrun.sweep(DIGITS, RATES, **at), "160,000 runs"),
    "steps": (lambda **at: gdrun.minimize(SPHERE, {"steps": 10**12}, **at), FIGURE),
    "starts": (
        lambda **at: gdrun.minimize(SPHERE, {"start": STARTS}, **at),
        "1,000,000,000,000 starts are too many, the most is 100,000",
    ),
    "starts of a sweep": (
        lambda **at: gdrun.sweep(SPHERE | {"start": STARTS}, {"steps": [1, 2]}, **at),
        "all starts of all points are more than 100,000 runs",
    ),
    "a matrix": (
        lambda **at: gdrun.minimize(SPHERE, {"objective": {"name": "quadratic", "dimension": 10**5}}, **at),
        FIGURE,
    ),
    "seeds": (lambda **at: gdrun.train(DIGITS, seeds=100_001, **at), "100001 is not between 1 and 100,000"),
    "values of a key": (
        lambda **at: gdrun.sweep(DIGITS, {"seed": "range(0,1000000000)"}, **at),
        "1,000,000,000 values are too many",
    ),
}


def check_refused(start: Start, words: str, folder: Path) -> None:
    tracemalloc.start()
    try:
        with memory_limit(1 << 30), pytest.raises((SystemRefusedError, ConfigError), match=words):
            start(runs_dir=folder / "runs")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100e6
    assert not (folder / "runs").exists()


@pytest.mark.parametrize("name", TOO_LARGE)
def test_too_much_is_refused_before_it_begins(name: str, tmp_path: Path) -> None:
    check_refused(*TOO_LARGE[name], tmp_path)


class BegunError(Exception):
    """Something was allocated, or a run was begun."""


@pytest.mark.parametrize("name", [name for name, (_, words) in TOO_LARGE.items() if words == FIGURE])
def test_without_the_check_of_memory_it_begins(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin(*arguments: Any, **keywords: Any) -> None:
        raise BegunError

    monkeypatch.setattr(tiles, "check_memory", lambda *needed: None)
    for place in ("nn.network.Network.bind", "api.carry_out_plan"):
        monkeypatch.setattr(f"gdrun.{place}", begin)
    with pytest.raises(BegunError):
        check_refused(*TOO_LARGE[name], tmp_path)


@pytest.mark.parametrize(("name", "where"), [("runs of a sweep", sweep_plan), ("seeds", train_plan)])
def test_without_the_limit_of_runs_it_begins(
    name: str, where: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin(*arguments: Any, **keywords: Any) -> None:
        raise BegunError

    monkeypatch.setattr(where, "MOST_RUNS", 10**9)
    monkeypatch.setattr(sweep_plan, "grid", begin)
    monkeypatch.setattr(train_plan, "replace", begin)
    with pytest.raises(BegunError):
        check_refused(*TOO_LARGE[name], tmp_path)


def test_every_figure_grows_with_what_it_counts() -> None:
    def needed(**changes: Any) -> int:
        config = gdrun.api.from_plain({**DIGITS, **changes}).config
        return planning.lay_out([config], ["run"], 1).memory

    small = needed()
    assert needed(epochs=10**6) > small + 40 * 8 * 10**6
    assert needed(model={"name": "mlp", "hidden": [10**5]}) > small + 74 * 10**5 * 4
    assert needed(batch_size="full") > small
    assert needed(dtype="float64") > small
