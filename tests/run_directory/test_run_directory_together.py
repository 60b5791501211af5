"""Runs of a group that begin and end together: the same promises as for one run."""

from __future__ import annotations

import errno
import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import short_run
from test_run_directory_power_loss import SEEDS, RecordingDisk, build, states

from gdrun.errors import GdrunError, SystemRefusedError
from gdrun.run_directory import files, metrics_csv
from gdrun.run_directory.growing import Appender
from gdrun.run_directory.run import RunDirectory, begin_runs, end_runs, pack_split
from gdrun.run_directory.store import Run
from gdrun.run_directory.tables import pack_columns

NAMES = ("seed-0", "seed-1", "seed-2")
ROWS = np.arange(4)
PREDICTIONS = pack_columns(["row", "target"], [ROWS, ROWS])


def train_together(group: Path, acknowledge: short_run.Acknowledge = lambda what: None) -> None:
    """What the runs of a tile write that end in the same epoch."""
    beginnings = {
        name: {"config": short_run.CONFIG, "command": "train", "seed": seed}
        for seed, name in enumerate(NAMES)
    }
    runs = RunDirectory.members(group, beginnings)
    begin_runs([(run, {"parameters": 16}, pack_split(ROWS, ROWS[:0], ROWS)) for run in runs])
    acknowledge("begun")
    for run in runs:
        metrics = run.metrics(short_run.COLUMNS)
        for epoch in range(short_run.EPOCHS + 1):
            metrics.append(short_run.row(epoch))
    endings = [
        run.ending(
            "completed",
            weights=short_run.weights(),
            predictions=PREDICTIONS,
            learning=short_run.LEARNING,
            result={"best_epoch": 3},
        )
        for run in runs
    ]
    end_runs(endings)
    acknowledge("ended")


def violations(group: Path, acknowledged: list[str]) -> list[str]:
    """What is wrong with the runs of a group, given what had been promised."""
    wrong = []
    for name in NAMES:
        path = group / "members" / name
        if not (path / "run.json").exists():
            wrong += [f"{name} is gone"] if acknowledged else []
            continue
        try:
            run = Run(path)
            if run.config_text != short_run.CONFIG:
                wrong.append(f"{name}: config.yaml")
            if run.record["status"] == "completed":
                wrong += short_run.final_violations(path)
                if (path / "predictions.csv").read_bytes() != PREDICTIONS:
                    wrong.append(f"{name}: predictions.csv")
                np.testing.assert_array_equal(run.split()["train"], ROWS)
            elif "ended" in acknowledged:
                wrong.append(f"{name}: the status is gone")
        except (GdrunError, FileNotFoundError) as error:
            wrong.append(str(error))
    return wrong


def lose_power_everywhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch, forget: frozenset[str] = frozenset(), seed: int = 1
) -> list[str]:
    """What is wrong in any state after a loss of power at any moment."""
    chance = random.Random(seed)
    acknowledged: list[str] = []
    moments: dict[frozenset, list[str]] = {}

    def lose_power() -> None:
        for tree in states(disk.model, chance):
            moments[frozenset(tree.items())] = list(acknowledged)

    def acknowledge(what: str) -> None:
        acknowledged.append(what)
        lose_power()

    group = folder / "group"
    group.mkdir(parents=True)
    disk = RecordingDisk(lose_power, forget)
    monkeypatch.setattr(files, "disk", disk)
    monkeypatch.setattr(files, "at_once", lambda sync, what: [sync(one) for one in what])  # for the recording
    train_together(group, acknowledge)
    assert len(moments) > 150
    print(f"{len(moments)} states after a loss of power")
    wrong = []
    for number, (tree, promised) in enumerate(moments.items()):
        target = folder / f"after-{number}"
        build(dict(tree), group, target)
        wrong += violations(target, promised)
        shutil.rmtree(target)
    return wrong


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_was_promised_outlives_a_loss_of_power(tmp_path, monkeypatch, seed):
    assert lose_power_everywhere(tmp_path, monkeypatch, seed=seed) == []


def test_a_forgotten_fsync_is_noticed(tmp_path, monkeypatch):
    wrong = lose_power_everywhere(tmp_path, monkeypatch, frozenset({"fsync"}))
    assert any("damaged" in what for what in wrong)


def test_a_forgotten_fsync_of_the_directory_is_noticed(tmp_path, monkeypatch):
    wrong = lose_power_everywhere(tmp_path, monkeypatch, frozenset({"fsync_directory"}))
    assert any("is gone" in what for what in wrong)


def test_turns_that_are_moved_in_together_are_noticed(tmp_path, monkeypatch):
    write = files.write_everywhere

    def in_one_turn(*turns, **further):
        folders = dict.fromkeys(path for contents in turns for path in contents)
        write(
            {
                path: {name: c for t in reversed(turns) for name, c in t.get(path, {}).items()}
                for path in folders
            },
            **further,
        )

    monkeypatch.setattr(files, "write_everywhere", in_one_turn)
    wrong = lose_power_everywhere(tmp_path, monkeypatch)
    assert any("No such file" in what or "there is no such file" in what for what in wrong)


def test_metrics_that_are_not_synced_before_the_status_are_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(metrics_csv, "unsynced", lambda growing: {})
    assert any("metrics.csv" in what for what in lose_power_everywhere(tmp_path, monkeypatch))


def test_many_are_synced_by_threads_and_all_are_whole(tmp_path):
    folders = [tmp_path / str(number) for number in range(40)]
    for folder in folders:
        folder.mkdir()
    files.write_everywhere({folder: {"a": folder.name.encode(), "b": b"b" * 1000} for folder in folders})
    for folder in folders:
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
            "a": folder.name.encode(),
            "b": b"b" * 1000,
        }
    assert Appender._open == {}


@pytest.mark.parametrize("number", [0, 7, 150])
def test_one_that_fails_is_named_and_leaves_all_as_they_were(tmp_path, monkeypatch, number):
    """150 files are more than are open at the same time."""

    class Failing(files.Disk):
        def fsync(self, descriptor):
            if Path(f"/proc/self/fd/{descriptor}").readlink().parent.name == str(number):
                raise OSError(errno.EIO, "Input/output error")

    folders = [tmp_path / str(number) for number in range(151)]
    for folder in folders:
        folder.mkdir()
        (folder / "file").write_text("old")
    monkeypatch.setattr(files, "disk", Failing())
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(SystemRefusedError, match=f"cannot write {folders[number]}/file: Input/output error"):
        files.write_everywhere({folder: {"file": b"new"} for folder in folders})
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
    assert {path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == {"old"}
    assert [path.name for path in tmp_path.rglob("*.tmp")] == []


FORKED = """
import os, signal, sys, threading
from pathlib import Path
from gdrun.run_directory import concurrency, files
folder = Path({folder!r})
files.write_together(folder, dict.fromkeys("abcdefgh", b"parent"))
kept, all_there = concurrency.threads(), threading.Barrier(concurrency.THREADS)
for waiting in [kept.submit(all_there.wait) for _ in range(concurrency.THREADS)]:
    waiting.result()
if not {forgotten}:
    concurrency.threads = lambda: kept
if os.fork() == 0:
    signal.alarm(3)
    files.write_together(folder, dict.fromkeys("abcdefgh", b"child"))
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]) != 0)
"""


@pytest.mark.parametrize("forgotten", [True, False])
def test_a_forked_process_has_threads_of_its_own(tmp_path, forgotten):
    """It would wait for those of the one that it comes from, which it hasn't."""
    code = FORKED.format(forgotten=forgotten, folder=str(tmp_path))
    ended = subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=False)
    assert (ended.returncode == 0) == forgotten
    written = [(tmp_path / name).read_bytes() for name in "abcdefgh"]
    assert written == [b"child" if forgotten else b"parent"] * 8


def test_nothing_ends_as_running(tmp_path):
    run = RunDirectory.create(tmp_path, "run", config="", command="train")
    with run, pytest.raises(GdrunError, match="nothing ends as 'running'"):
        run.ending("running")
