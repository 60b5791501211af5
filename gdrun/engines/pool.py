"""A pool of worker processes: each started afresh with one BLAS thread, each with a line of its own.

Nothing is shared between workers, neither queue nor lock, so one that dies at whatever moment takes nothing
with it but the task that it was doing; and which task that was is known for sure.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Pipe, wait
from typing import Any

from gdrun.engines.interruption import Interruption
from gdrun.engines.worker import STOP, TOLD
from gdrun.errors import GdrunError, SystemRefusedError, WorkerDiedError

TRIES = 3  # of a task whose worker died
_PATIENCE = 0.1  # seconds between looks at whether somebody asked for an end
_PARTING = 2.0  # seconds that a worker has to end by itself
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
_START = "import sys; sys.path[:] = {path!r}; from gdrun.engines.worker import main; main({descriptor})"


class Worker:
    """One process and the line to it.

    Attributes:
        task: the number of the task that it is doing, or None.
        line: to it; closing it is the end of the process.

    Raises:
        SystemRefusedError: the system starts no further process.
    """

    def __init__(self) -> None:
        self.task: int | None = None
        self.line, there = Pipe()
        start = _START.format(path=sys.path, descriptor=there.fileno())
        try:
            self.process = subprocess.Popen(  # noqa: S603 - this very Python, and our own words
                [sys.executable, "-c", start],
                stdin=subprocess.DEVNULL,
                pass_fds=[there.fileno()],
                env=os.environ | dict.fromkeys(_THREADS, "1"),
                start_new_session=True,
            )
        except OSError as error:
            self.line.close()
            raise SystemRefusedError(f"cannot start a worker: {error}; take fewer --workers") from error
        finally:
            there.close()

    def give(self, number: int, work: Any, task: Any) -> None:
        """Send a task."""
        self.task = number
        self._send(pickle.dumps((work, task)))

    def gave_up_task(self) -> int:
        """The number of the task that it has just done, or died of; now it has none."""
        if self.task is None:
            raise GdrunError("an idle worker said something")
        number, self.task = self.task, None
        return number

    def ask_to_stop(self) -> None:
        """Let its task know that somebody wants an end."""
        self._send(STOP)

    def _send(self, message: bytes) -> None:
        with contextlib.suppress(OSError):  # it has died: the line will tell
            self.line.send_bytes(message)

    def death(self) -> str:
        """How the process died, in words; call it once the line is broken."""
        code = self.process.wait()
        if code >= 0:
            return f"exit code {code}"
        hint = ", perhaps for want of memory" if code == -signal.SIGKILL else ""
        return f"{signal.Signals(-code).name}{hint}"

    def end(self) -> None:
        """Break the line, at which the worker ends whatever it is doing; see `worker.py`."""
        self.line.close()
        try:
            self.process.wait(_PARTING)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def carry_out_in_processes(
    work: Any, tasks: Sequence[Any], workers: int, tell: Any, interruption: Interruption
) -> Iterator[Any]:
    """What `engine.carry_out` does, in processes.

    A task whose worker dies is tried again in another one, `TRIES` times in all; the others go on meanwhile.
    """
    waiting = deque(range(len(tasks)))
    deaths = [0] * len(tasks)
    results: dict[int, Any] = {}
    team: list[Worker] = []
    stopping = False
    given = 0
    try:
        with interruption.deferred():
            while given < len(tasks):
                if interruption.requested and not stopping:
                    stopping = True
                    results |= {number: interruption.error() for number in waiting}
                    waiting.clear()
                    for worker in team:
                        worker.ask_to_stop()
                while waiting and (free := _free(team, workers)):
                    number = waiting.popleft()
                    free.give(number, work, tasks[number])
                for worker, kind, value in _heard(team):
                    if kind == TOLD:
                        tell(value)
                        continue
                    number = worker.gave_up_task()
                    if kind is None:
                        team.remove(worker)
                        worker.end()
                        deaths[number] += 1
                        if not stopping and deaths[number] < TRIES:
                            waiting.appendleft(number)
                            continue
                        value = interruption.error() if stopping else _died(deaths[number], value)
                    results[number] = value
                while given in results:
                    yield results.pop(given)
                    given += 1
    finally:
        for worker in team:
            worker.end()


def _free(team: list[Worker], most: int) -> Worker | None:
    """A worker without a task, a new one if need be; None if all are at work."""
    for worker in team:
        if worker.task is None:
            return worker
    if len(team) == most:
        return None
    team.append(Worker())
    return team[-1]


def _heard(team: Sequence[Worker]) -> Iterator[tuple[Worker, str | None, Any]]:
    """What busy workers say: the kind of message and its value, or None and how the worker died."""
    busy = {worker.line: worker for worker in team if worker.task is not None}
    for line in wait(list(busy), timeout=_PATIENCE) if busy else ():
        worker = busy[line]  # type: ignore[index] # of the kinds that `wait` takes, only lines were given
        try:
            kind, value = pickle.loads(worker.line.recv_bytes())  # noqa: S301 - from our own worker
        except (EOFError, OSError):
            kind, value = None, worker.death()
        yield worker, kind, value


def _died(times: int, how: str) -> WorkerDiedError:
    return WorkerDiedError(
        f"the worker process died {times} times in a row ({how}); take fewer --workers or a smaller model"
    )
