"""Groups on a real Dask cluster: the bits of one process, whatever becomes of the workers."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))
sys.path.insert(0, str(Path(__file__).parents[1] / "engines"))

from cli_commands import (
    CONFIGS,
    config_file,
    finish,
    gdrun,
    group_bits,
    record,
    start,
    the_run,
    train,
    wait_for,
)
from dask_processes import scheduler, two_workers, wait_for_workers, worker

import gdrun as from_python
from gdrun.data.datasets.embedded import Digits
from gdrun.engines import cluster
from gdrun.experiments import build, planning
from gdrun.experiments.group_training import GroupTraining
from gdrun.experiments.spec import Tile

SEEDS = 6
CHANGES = ("model.dropout=0.2", "early_stopping={monitor: val_loss, patience: 600}", "epochs=800")


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The bits of the group, computed in one process."""
    path = train(tmp_path_factory.mktemp("one"), "six", "--seeds", SEEDS, "--workers", "1", *CHANGES)
    return group_bits(path)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a scheduler with two worker processes."""
    with two_workers(tmp_path_factory.mktemp("dask")) as address:
        yield address


def going(runs: Path) -> list[Path]:
    """The members that are being trained."""
    files = runs.glob("*/members/*/metrics.csv")
    found = [file.parent for file in files if len(file.read_text().splitlines()) > 2]
    return [path for path in found if record(path)["status"] == "running"]


def test_a_worker_that_is_killed_in_the_middle_costs_nothing(
    tmp_path: Path, expected: dict[str, Any]
) -> None:
    config, runs = config_file(tmp_path, "six"), tmp_path / "runs"
    alone = ("--no-nanny",)  # which would start another worker
    with (
        scheduler(tmp_path) as (address, _),
        worker(address, tmp_path, *alone) as first,
        worker(address, tmp_path, *alone),
    ):
        wait_for_workers(address, 2)
        words = ("--seeds", SEEDS, "--engine", "dask", "--scheduler", address, "--runs-dir", runs, *CHANGES)
        process = start("train", config, *words, "-q", "--json")
        wait_for(lambda: {"seed-0", "seed-5"} <= {path.name for path in going(runs)}, process)  # both at work
        os.kill(first.pid, signal.SIGKILL)
        answer = finish(process)
        assert answer.code == 0, answer
        assert answer.err == ""
        assert "Traceback" not in (tmp_path / "scheduler.log").read_text()
    assert answer.document["status"] == "completed"
    path = the_run(runs, "six")
    assert len(record(path)["stacks"]) == 2
    assert group_bits(path) == expected
    logs = [(path / "members" / f"seed-{seed}" / "run.log").read_text() for seed in range(SEEDS)]
    assert sorted(log.count("3 runs together") for log in logs) == [1, 1, 1, 2, 2, 2]


def test_ctrl_c_leaves_a_group_that_is_resumed_anywhere(
    tmp_path: Path, address: str, expected: dict[str, Any]
) -> None:
    config, runs = config_file(tmp_path, "six"), tmp_path / "runs"
    words = ("--engine", "dask", "--scheduler", address, "--runs-dir", runs, "-q")
    process = start("train", config, "--seeds", SEEDS, *words, *CHANGES)
    wait_for(lambda: going(runs), process)
    process.send_signal(signal.SIGINT)
    answer = finish(process)
    assert answer.code == 130, answer
    path = the_run(runs, "six")
    assert answer.err == f"gdrun: interrupted; go on with: gdrun resume {path}\n"
    assert record(path)["status"] == "interrupted"
    assert gdrun("resume", path, "-q").code == 0
    assert group_bits(path) == expected


def test_resuming_on_a_cluster(tmp_path: Path, address: str, expected: dict[str, Any]) -> None:
    config, runs = config_file(tmp_path, "six"), tmp_path / "runs"
    process = start("train", config, "--seeds", SEEDS, "--runs-dir", runs, "-q", *CHANGES)
    wait_for(lambda: going(runs), process)
    process.kill()
    process.communicate()
    path = the_run(runs, "six")
    assert gdrun("resume", path, "-q", "--engine", "dask", "--scheduler", address).code == 0
    assert group_bits(path) == expected


READING = """
import os
from dataclasses import dataclass
from pathlib import Path
from gdrun.data.datasets.embedded import Digits

@dataclass(frozen=True)
class {name}(Digits):
    "The same, since a plugin has to bring something."

load = Digits.load

def load_and_note(self, folder):
    with Path({notes!r}).open("a") as file:
        file.write(f"{{os.getpid()}}\\n")
    return load(self, folder)

Digits.load = load_and_note
"""


@pytest.mark.parametrize("engine", ["local", "dask"])
def test_a_worker_reads_the_data_once_and_tasks_do_not_carry_them(
    tmp_path: Path, address: str, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin, notes = tmp_path / "reading.py", tmp_path / "notes"
    plugin.write_text(READING.format(name=f"Digits{engine.title()}", notes=str(notes)))
    sent = []

    def next_tile(self: GroupTraining[Any]) -> Tile | None:
        if (tile := original(self)) is not None:
            sent.append(tile)
        return tile

    original = GroupTraining.next_tile
    monkeypatch.setattr(GroupTraining, "next_tile", next_tile)
    monkeypatch.chdir(tmp_path)  # where the workers aren't
    monkeypatch.setattr(build, "_kept", {})
    monkeypatch.setattr(Digits, "load", Digits.load)  # so that it is put back after the plugin's change
    monkeypatch.setattr(planning.tiles, "tile_counts", lambda works, runs, workers: list(runs))
    group = from_python.train(
        CONFIGS / "digits-mlp.yaml",
        {"epochs": 1},
        seeds=6,
        workers=2,
        engine=engine,  # type: ignore[arg-type] # one of the two
        scheduler=address if engine == "dask" else None,
        runs_dir="runs",
        plugins=["reading.py"],
    )
    assert len(sent) == 6
    assert max(len(pickle.dumps(task)) for task in sent) < 8000
    assert group.record["status"] == "completed"
    pids = [int(word) for word in notes.read_text().split()]
    assert sorted(set(pids)) == sorted(pids)
    assert len(pids) == 3  # this process for its plan, and two workers


class TestUsage:
    def test_a_scheduler_is_dasks(self, tmp_path: Path) -> None:
        answer = gdrun("train", config_file(tmp_path), "--scheduler", "tcp://127.0.0.1:1")
        assert answer.code == 2
        assert answer.err == "gdrun: --scheduler: it is Dask's; say --engine dask, too\n"

    @pytest.mark.parametrize("command", ["train", "kfold", "compare-optimizers"])
    def test_nothing_is_written_when_nobody_answers(
        self, tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cluster, "_PATIENCE", 0.5)
        words = ("--engine", "dask", "--scheduler", "tcp://127.0.0.1:1", "--runs-dir", tmp_path / "runs")
        answer = gdrun(command, config_file(tmp_path), *words)
        assert answer.code == 7
        assert "no Dask scheduler answers at tcp://127.0.0.1:1; start one with" in answer.last_line
        assert not (tmp_path / "runs").exists()

    def test_what_is_missing_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "distributed", None)
        answer = gdrun("train", config_file(tmp_path), "--engine", "dask")
        assert answer.code == 2
        assert "pip install 'gdrun[cluster]'" in answer.last_line

    @pytest.mark.parametrize("more", [(), ("--seeds", "3")])
    def test_a_run_without_a_place_says_so(
        self, tmp_path: Path, more: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
        words = ("--engine", "dask", "--runs-dir", tmp_path / "runs", "-q")
        answer = gdrun("train", config_file(tmp_path), *more, *words)
        assert answer.code == 7
        assert "cannot start a worker" in answer.last_line
        kept = record(the_run(tmp_path / "runs", "blobs"))
        assert kept["status"] == "failed"
        assert "cannot start a worker" in kept["reason"]
