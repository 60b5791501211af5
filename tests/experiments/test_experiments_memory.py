"""What a tile held is free before the next one begins, without waiting for the collector's own turn."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

import gdrun
from gdrun.config.load import plain_source
from gdrun.errors import SystemRefusedError
from gdrun.experiments import planning, tiles
from gdrun.experiments.minimize.plan import plan_minimizing
from gdrun.experiments.sweep.plan import plan_sweep
from gdrun.experiments.sweep.space import space_of
from gdrun.training.trainer import Trainer


def test_one_tile_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alive = []
    begin = Trainer.run

    def run(self: Trainer) -> None:
        alive.append(sum(isinstance(thing, Trainer) for thing in gc.get_objects()))
        begin(self)

    monkeypatch.setattr(Trainer, "run", run)
    monkeypatch.setattr(planning.tiles, "tile_counts", lambda works, runs, workers: list(runs))
    (tmp_path / "iris.yaml").write_text("dataset: iris\nepochs: 1\n")
    gc.collect()
    gc.disable()
    try:
        gdrun.train(tmp_path / "iris.yaml", seeds=4, workers=1, runs_dir=tmp_path / "runs")
    finally:
        gc.enable()
    assert alive == [1, 1, 1, 1]


LARGE = {"name": "quadratic", "dimension": 100_000}


def test_what_an_objective_needs_is_known_before_anything_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "available_memory", lambda: 24_000_000_000)
    said = r"this needs about 320\.[0-9] GB of memory, and 24\.0 GB are free; take fewer variables, steps or"
    source = plain_source({"objective": LARGE, "steps": 10})
    config = source.load_objective().config
    with pytest.raises(SystemRefusedError, match=said):
        plan_minimizing(config)
    assert "a" not in vars(config.objective)  # the matrix
    with pytest.raises(SystemRefusedError, match=said):
        plan_sweep(space_of(source, {"optimizer.learning_rate": [0.1, 0.2]}))
    plan_minimizing(
        plain_source({"objective": {**LARGE, "name": "sphere"}, "steps": 10}).load_objective().config
    )


def test_descents_on_an_objective_that_needs_much_a_run_are_parted() -> None:
    points = [[float(x), float(x % 7)] for x in range(20_000)]
    config = (
        plain_source(
            {
                "objective": {"name": "smallest_circle", "points": points},
                "start": {"uniform": [0, 1], "count": 1000},
                "steps": 5,
            }
        )
        .load_objective()
        .config
    )
    plan = plan_minimizing(config, 1)
    assert len(plan.layout.stacks) > 2
    assert plan.layout.memory < 1 << 30
