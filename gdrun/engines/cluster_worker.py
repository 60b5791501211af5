"""What runs in the workers of a Dask cluster."""

from __future__ import annotations

import pickle
import platform
from pathlib import Path
from typing import Any

from gdrun.engines.worker import answer_of
from gdrun.version import __version__

_stopped: set[str] = set()  # topics whose tasks shall end


def introduce(folder: str | None) -> tuple[dict[str, str], bool]:
    """What a worker must have in common with whoever gives it tasks, and whether it sees a folder."""
    import numpy as np

    python = ".".join(platform.python_version_tuple()[:2])
    versions = {"gdrun": __version__, "numpy": np.__version__, "Python": python}
    return versions, folder is None or Path(folder).is_dir()


def ask_to_stop(topic: str) -> None:
    """Let the tasks of this topic know that somebody wants an end."""
    _stopped.add(topic)


def do(content: bytes, topic: str) -> bytes:
    """Do a task, and pack what came of it; see `worker.answer_of`.

    It is asked to stop, too, when the scheduler no longer wants its result or the worker is closing. Then the
    process that gave it, or the scheduler, has gone, and nobody holds the directory that it writes in.

    Args:
        content: the work and its arguments, pickled.
        topic: for the events that tell of its progress.
    """
    from distributed import Status, get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def tell(event: Any) -> None:
        worker.log_event(topic, pickle.dumps(event))

    def stop_asked() -> bool:
        task = worker.state.tasks.get(key)
        wanted = task is not None and task.state != "cancelled"
        return topic in _stopped or not wanted or worker.status in (Status.closing, Status.closed)

    return answer_of(content, tell, stop_asked)
