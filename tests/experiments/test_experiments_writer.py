"""Runs that end while others of their tile go on: written before anything relies on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gdrun.config import from_plain
from gdrun.engines.interruption import Interruption
from gdrun.experiments.events import RunTold
from gdrun.experiments.plan import carry_out_plan
from gdrun.experiments.train import plan_training
from gdrun.run_directory.checkpoints import Checkpoints
from gdrun.run_directory.directory import FINAL
from gdrun.run_directory.json_files import read_json
from gdrun.run_directory.store import Group

write = Checkpoints.write


def test_a_checkpoint_without_a_run_comes_after_the_end_of_that_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_out = 0

    def checked(self: Checkpoints, epoch: int, step: int, arrays: Any, document: Any, metrics: Any) -> Path:
        nonlocal left_out
        members = sorted((self.directory.parent.parent / "members").iterdir())
        for run, member in enumerate(members):
            if run not in document["runs"]:
                left_out += 1
                assert read_json(member / "run.json")["status"] in FINAL
                assert (member / "weights.npz").is_file()
        return write(self, epoch, step, arrays, document, metrics)

    monkeypatch.setattr(Checkpoints, "write", checked)
    config = from_plain(
        {
            "dataset": "digits",
            "model": {"name": "mlp", "hidden": [4]},
            "split": {"train": 100},
            "epochs": 60,
            "early_stopping": {"monitor": "val_accuracy", "patience": 2},
            "checkpoint": {"min_seconds": 0},
        }
    ).config
    plan = plan_training(config, 8, 1)
    assert [len(names) for names in plan.layout.stacks] == [8]
    told: list[Any] = []
    group = Group(carry_out_plan(plan, tmp_path, tell=told.append, interruption=Interruption()))
    assert left_out > 0
    ended = [event.name for event in told if isinstance(event, RunTold)]
    assert sorted(ended) == list(group.members)
    for name, run in group.members.items():
        log = run.log.read_text().splitlines()
        assert [line for line in log if " run " in line] == [log[-1]]  # nothing about the others
        assert log[-1].split()[3].endswith(f"/{name}")
