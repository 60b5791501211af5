"""Tasks for engines: small functions that a worker process can import."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gdrun.errors import DataError, StoppedError

Tell = Callable[[Any], None]
Asked = Callable[[], bool]


@dataclass(frozen=True)
class Task:
    """What `work` shall do: `kind` says it, `folder` keeps a note of every try."""

    number: int
    kind: str
    folder: Path


class AwkwardError(Exception):
    """An exception that doesn't come back from being pickled."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} and {two}")


def work(task: Task, tell: Tell, stop_asked: Asked) -> int:
    """Square the number, unless the kind says something else."""
    notes = task.folder / f"{task.number}"
    with notes.open("a") as file:
        file.write(f"{os.getpid()}\n")
    tries = len(notes.read_text().split())
    tell((task.number, os.environ.get("OPENBLAS_NUM_THREADS")))
    if task.kind == "deadly" or (task.kind == "deadly once" and tries == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    if task.kind == "exits":
        os._exit(7)
    if task.kind == "wrong":
        raise DataError("row 3 is no number; correct it")
    if task.kind == "awkward":
        raise AwkwardError("one", "two")
    if task.kind == "unpicklable result":
        return lambda: 0  # type: ignore[return-value] # wrong on purpose
    if task.kind == "talkative":
        for _ in range(2000):
            tell((task.number, "x" * 200))
    if task.kind == "slow":
        while not stop_asked():
            time.sleep(0.01)
        raise StoppedError("interrupted")
    if task.kind == "deaf":
        time.sleep(60)
    return task.number**2
