"""Tasks for engines, which a worker process can import, and what tests ask about them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gdrun.engines.cluster import Cluster
from gdrun.engines.engine import Engine
from gdrun.engines.interruption import Interruption
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
        notes.with_suffix(".stopped").touch()
        raise StoppedError("interrupted")
    if task.kind == "loud":
        os.write(2, b"a traceback\n")
    if task.kind == "patient":
        while not (task.folder.parent / "go").exists():
            time.sleep(0.01)
    if task.kind == "deaf":
        time.sleep(60)
    return task.number**2


def tasks(folder: Path, *kinds: str) -> list[Task]:
    """A task of each kind."""
    return [Task(number, kind, folder) for number, kind in enumerate(kinds)]


def outcomes(
    these: Sequence[Task],
    workers: int,
    interruption: Interruption | None = None,
    cluster: Cluster | None = None,
) -> tuple[list[Any], list[Any]]:
    """What comes of the tasks, in their order, and what they told."""
    told: list[Any] = []
    asked = interruption or Interruption()
    with Engine(workers, told.append, asked, cluster) as engine:
        found = dict(engine.carry_out(work, one_by_one(these)))
    return [found[task] for task in these], told


def one_by_one(these: Sequence[Task]) -> Callable[[], Task | None]:
    """What gives the tasks, one a call, and then None."""
    left = iter(these)
    return lambda: next(left, None)


def tries(task: Task) -> int:
    """How often a task was begun."""
    return len((task.folder / str(task.number)).read_text().split())


def alive(pid: int) -> bool:
    """Whether a process lives."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def pids(folder: Path) -> set[int]:
    """The processes that tasks were begun in."""
    return {int(word) for file in folder.iterdir() for word in file.read_text().split()}


def wait_for_the_end_of(pids: set[int]) -> None:
    """Wait until none of the processes lives."""
    until = time.monotonic() + 5
    while any(map(alive, pids)):
        assert time.monotonic() < until, "workers are left"
        time.sleep(0.01)
