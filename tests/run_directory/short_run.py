"""A short run as training writes it, what must hold of its directory at any moment, and disks that fail."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gdrun.errors import GdrunError
from gdrun.run_directory.files import Disk
from gdrun.run_directory.metrics_csv import metrics_columns
from gdrun.run_directory.run import RunDirectory
from gdrun.run_directory.store import Run

EPOCHS = 3
COLUMNS = metrics_columns(["accuracy"])
LEARNING = {"epochs": np.arange(EPOCHS + 1)}
CONFIG = "dataset: digits\nepochs: 3\n"

Acknowledge = Callable[[str], None]


def row(epoch: int) -> list[Any]:
    rate = 1e-3 if epoch else None
    return [epoch, 10 * epoch, rate, 2.3 / (epoch + 1), 0.1 * epoch, 2.4 / (epoch + 1), None, 0.7, 0.25]


def arrays(epoch: int) -> dict[str, np.ndarray]:
    return {
        "parameters": np.arange(12, dtype=np.float32) * (epoch + 1),
        "moments": np.full((2, 3), epoch + 0.5),
    }


def weights() -> dict[str, np.ndarray]:
    return {
        "layers.0.weight": arrays(EPOCHS)["parameters"].reshape(3, 4),
        "layers.0.bias": np.zeros(4, np.float32),
    }


def start(runs: Path, acknowledge: Acknowledge = lambda what: None) -> None:
    """A whole run; `acknowledge` is told what gdrun has promised so far."""
    with RunDirectory.create(runs, "short", config=CONFIG, command="train", seed=0) as run:
        acknowledge("created")
        run.set(parameters=16)
        metrics = run.metrics(COLUMNS)
        metrics.append(row(0))
        _go_on(run, metrics, 1, acknowledge)


def resume(path: Path) -> None:
    """Go on from the newest checkpoint, or anew."""
    with RunDirectory.open(path) as run:
        run.restart()
        checkpoint = run.checkpoints().newest()
        if checkpoint is None:
            metrics = run.metrics(COLUMNS)
            metrics.append(row(0))
            _go_on(run, metrics, 1, lambda what: None)
            return
        for name, array in arrays(checkpoint.epoch).items():
            np.testing.assert_array_equal(checkpoint.arrays[name], array)
        metrics = run.metrics(COLUMNS, keep=checkpoint.document["metrics_lengths"]["metrics"])
        _go_on(run, metrics, checkpoint.epoch + 1, lambda what: None)


def _go_on(run: RunDirectory, metrics: Any, epoch: int, acknowledge: Acknowledge) -> None:
    for now in range(epoch, EPOCHS + 1):
        metrics.append(row(now))
        run.checkpoints().write(now, 10 * now, arrays(now), {"generator": 2**127 + now}, {"metrics": metrics})
        acknowledge(f"checkpoint {now}")
    run.finish("completed", weights=weights(), learning=LEARNING, result={"best_epoch": EPOCHS})
    acknowledge("completed")


def the_run(runs: Path) -> Path | None:
    """The only directory under `runs`."""
    found = list(runs.iterdir()) if runs.is_dir() else []
    assert len(found) <= 1
    return found[0] if found else None


def violations(path: Path | None, acknowledged: list[str], *, torn_rows: bool) -> list[str]:
    """What is wrong with a run directory, given what had been promised; then resume it and look again."""
    if path is None or not (path / "run.json").exists():
        return ["the run is gone"] if "created" in acknowledged else []
    wrong: list[str] = []
    try:
        run = Run(path)
        if run.config_text != CONFIG:
            wrong.append("config.yaml")
        newest = RunDirectory.open(path, lock=False).checkpoints().newest()
    except GdrunError as error:
        return [str(error)]
    promised = max(
        (int(what.split()[1]) for what in acknowledged if what.startswith("checkpoint")), default=0
    )
    if (newest.epoch if newest else 0) < promised:
        wrong.append(f"checkpoint {promised} is gone")
    if newest and newest.notices:
        wrong.append(f"a damaged checkpoint under its final name: {newest.notices}")
    rows = (path / "metrics.csv").read_bytes() if (path / "metrics.csv").exists() else b""
    if newest and newest.document["metrics_lengths"]["metrics"] > len(rows):
        wrong.append("metrics.csv is shorter than the checkpoint says")
    if not torn_rows and rows and not rows.endswith(b"\n"):
        wrong.append("half a row in metrics.csv")
    if run.record["status"] == "completed":
        wrong += final_violations(path)
    elif "completed" in acknowledged:
        wrong.append("the status is gone")
    elif (path / "weights.npz").exists():
        try:
            run.weights()
        except GdrunError as error:
            wrong.append(str(error))
    if not wrong:
        try:
            resume(path)
        except GdrunError as error:
            return [f"resuming: {error}"]
        wrong += [f"after resuming: {what}" for what in final_violations(path)]
    return wrong


def final_violations(path: Path) -> list[str]:
    """What differs from the result of an undisturbed run."""
    expected = "".join(f"{line}\n" for line in [",".join(COLUMNS), *map(_line, range(EPOCHS + 1))])
    wrong = []
    if (path / "metrics.csv").read_text() != expected:
        wrong.append("metrics.csv differs")
    try:
        if not all(np.array_equal(Run(path).weights()[name], array) for name, array in weights().items()):
            wrong.append("weights.npz differs")
        if not np.array_equal(Run(path).learning().get("epochs", []), LEARNING["epochs"]):
            wrong.append("learning.npz differs")
    except GdrunError as error:
        wrong.append(str(error))
    if list(path.rglob("*.tmp")):
        wrong.append("temporary files are left")
    return wrong


def _line(epoch: int) -> str:
    return ",".join("" if value is None else repr(value) for value in row(epoch))


class HastyDisk(Disk):
    """The real disk without the waiting: what is lost in these tests is decided by them."""

    def fsync(self, descriptor: int) -> None:
        pass

    def fsync_directory(self, path: Path) -> None:
        assert path.is_dir()


class CountingDisk(HastyDisk):
    """Counts the operations, and lets `before` interfere with each."""

    def __init__(self) -> None:
        self.count = 0

    def before(self, operation: str, arguments: tuple[Any, ...]) -> None:
        self.count += 1

    def __getattribute__(self, name: str) -> Any:
        attribute = super().__getattribute__(name)
        if name not in vars(Disk) or name.startswith("_"):
            return attribute

        def counted(*arguments: Any) -> Any:
            self.before(name, arguments)
            return attribute(*arguments)

        return counted


class FailingDisk(CountingDisk):
    """Fails at one operation, once or from then on; a failing write has written half of its bytes before."""

    def __init__(self, at: int, error: int, *, for_good: bool) -> None:
        super().__init__()
        self.at = at
        self.error = error
        self.for_good = for_good

    def before(self, operation: str, arguments: tuple[Any, ...]) -> None:
        super().before(operation, arguments)
        if self.count == self.at or (self.for_good and self.count > self.at):
            if operation == "write":
                descriptor, data = arguments
                os.write(descriptor, bytes(data)[: len(data) // 2])
            raise OSError(self.error, os.strerror(self.error))


class Killed(BaseException):
    """The process ends here: nothing that handles faults may take it for one."""


class DyingDisk(CountingDisk):
    """From one operation on nothing happens any more, as after SIGKILL; a write has written half before."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at

    def before(self, operation: str, arguments: tuple[Any, ...]) -> None:
        super().before(operation, arguments)
        if self.count < self.at:
            return
        if operation == "write" and self.count == self.at:
            descriptor, data = arguments
            os.write(descriptor, bytes(data)[: len(data) // 2])
        if operation == "close":  # which the system does for the dead
            os.close(arguments[0])
        raise Killed
