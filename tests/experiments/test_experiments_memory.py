"""What a tile held is free before the next one begins, without waiting for the collector's own turn."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

import gdrun
from gdrun.experiments import planning
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
