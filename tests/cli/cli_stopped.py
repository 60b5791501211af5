"""What tests of stopped runs share: a run with a checkpoint after every epoch, and how to end processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cli_commands import child_processes, config_file, is_alive, wait_for

from gdrun.engines.engine import available_cores
from gdrun.experiments.writer import TileWriter
from gdrun.run_directory.reading import digest_of
from gdrun.run_directory.run import RunDirectory

EPOCHS = 250
LONG = ("epochs=100000", "evaluation.every_epochs=20")  # until somebody interrupts
OFTEN = "checkpoint: {min_seconds: 0}\n"
EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGUSR1: 143}
MARK = "GDRUN_TEST"  # a variable of the environment
FINAL = ("completed", "stopped", "diverged")


def often(folder: Path) -> Path:
    """A config with a checkpoint after every epoch."""
    path = config_file(folder, "often", OFTEN)
    model = "model: {name: mlp, hidden: [8], dropout: 0.1, batch_norm: true}"
    path.write_text(path.read_text().replace("model: {name: mlp, hidden: [8]}", model))
    return path


def begun(folder: Path, name: str = "often", rows: int = 3) -> Path | None:
    """The run's or group's directory, once all in it have some rows of metrics."""
    for path in (folder / "runs").glob(f"????????-??????-{name}"):
        files = [*path.glob("metrics.csv"), *path.glob("members/*/metrics.csv")]
        if files and all(file.read_bytes().count(b"\n") > rows for file in files):
            return path
    return None


def rows_of(path: Path) -> int:
    """Rows of all metrics below a directory."""
    total = 0
    for file in path.rglob("metrics.csv"):
        with contextlib.suppress(FileNotFoundError):
            total += file.read_bytes().count(b"\n")
    return total


def family(pid: int) -> list[int]:
    """The processes that descend from one."""
    children = child_processes(pid)
    return [*children, *(one for child in children for one in family(child))]


def kill_all(process: subprocess.Popen[str]) -> None:
    """Kill a command and every process of its own at once, as a batch system does."""
    for pid in (process.pid, *family(process.pid)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.communicate()


def gone(processes: list[int]) -> None:
    """Wait until none of these is left."""
    wait_for(lambda: not any(map(is_alive, processes)))


def marked(mark: str) -> list[int]:
    """The processes with this mark in their environment: whoever descends from a command has its own."""
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"{MARK}={mark}".encode() in place.read_bytes().split(b"\0"):
                found.append(int(place.parent.name))
    return found


def promptly() -> float:
    """The five seconds in which a command ends; more of them where others want the cores, too."""
    return 5.0 * max(1.0, os.getloadavg()[0] / available_cores())


def shorten(path: Path, further: int) -> None:
    """Let an endless run end some epochs from here: in its config and in its checkpoints alike."""
    checkpoints = RunDirectory.open(path, lock=False).checkpoints()
    newest = checkpoints.newest()
    assert newest is not None
    epochs = newest.epoch + further
    text = (path / "config.yaml").read_text().replace("epochs: 100000\n", f"epochs: {epochs}\n")
    (path / "config.yaml").write_text(text)
    RunDirectory.open(path, lock=False).set(files={"config.yaml": digest_of(text.encode())})
    for spec in newest.document["identity"]["config"]:
        spec["epochs"] = epochs
    arrays = {name: array for name, array in newest.arrays.items() if not name.startswith("learning.")}
    checkpoints.write(newest.epoch, newest.step, arrays, newest.document)  # pictures are of planned epochs


def interrupt_after(epochs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every run receive SIGINT when so many epochs are done."""

    def epoch_ended(self: Any, epoch: int) -> None:
        if epoch == epochs:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(TileWriter, "epoch_ended", epoch_ended)
