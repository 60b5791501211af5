"""A pool of worker processes: each started afresh with one BLAS thread, each with a line of its own.

Nothing is shared between workers, neither queue nor lock, so one that dies at whatever moment takes nothing
with it but the task that it was doing; and which task that was is known for sure. That is why this is not
`concurrent.futures.ProcessPoolExecutor`, all of whose tasks are lost when one process dies.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from multiprocessing.connection import Pipe
from typing import Any

from gdrun.engines.executor import Tell, WorkerLost
from gdrun.engines.worker import FAILED, STOP, TOLD
from gdrun.errors import SystemRefusedError

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
_START = "import sys; sys.path[:] = {path!r}; from gdrun.engines.{module} import main; main{arguments!r}"


class Child:
    """A process of ours, out of the terminal's reach, and the line to it.

    Args:
        module: of this room; its `main` gets the descriptor of the other end of the line, then the arguments.

    Attributes:
        line: to it; it ends by itself when that breaks.

    Raises:
        SystemRefusedError: the system starts no further process.
    """

    def __init__(self, module: str, *arguments: Any) -> None:
        self.line, there = Pipe()
        words = _START.format(path=sys.path, module=module, arguments=(there.fileno(), *arguments))
        try:
            self.process = subprocess.Popen(  # noqa: S603 - this very Python, and our own words
                [sys.executable, "-c", words],
                stdin=subprocess.DEVNULL,
                pass_fds=[there.fileno()],
                env=os.environ | dict.fromkeys(THREADS, "1"),
                start_new_session=True,
            )
        except OSError as error:
            self.line.close()
            raise SystemRefusedError(f"cannot start a worker: {error}; take fewer --workers") from error
        finally:
            there.close()

    def death(self) -> str:
        """How the process died, in words; call it once the line is broken."""
        code = self.process.wait()
        if code >= 0:
            return f"exit code {code}"
        hint = ", perhaps for want of memory" if code == -signal.SIGKILL else ""
        return f"{signal.Signals(-code).name}{hint}"


class Worker:
    """A process that does one task after the other; see `worker.py`."""

    def __init__(self) -> None:
        self.child = Child("worker")
        self._sending = threading.Lock()

    def do(self, content: bytes, tell: Tell) -> Any:
        """Have a task done.

        Args:
            content: the work and its arguments, pickled.
            tell: receives what it tells meanwhile.

        Raises:
            WorkerLost: the process died.
            Exception: what the work raised.
        """
        self._send(content)
        while True:
            try:
                kind, value = pickle.loads(self.child.line.recv_bytes())  # noqa: S301 - from our own worker
            except (EOFError, OSError):
                raise WorkerLost(self.child.death()) from None
            if kind == FAILED:
                raise value
            if kind != TOLD:
                return value
            tell(value)

    def ask_to_stop(self) -> None:
        """Let its task know that somebody wants an end."""
        self._send(STOP)

    def _send(self, message: bytes) -> None:
        with self._sending, contextlib.suppress(OSError):  # it has died: the line will tell
            self.child.line.send_bytes(message)


class ProcessPool(Executor):
    """Worker processes, each attended by a thread of this one.

    Args:
        most: processes; they are started when there is something to do.
        tell: receives what the tasks tell, in one of those threads.
    """

    def __init__(self, most: int, tell: Tell) -> None:
        self._most = most
        self._tell = tell
        self._waiting: queue.SimpleQueue[tuple[Future[Any], bytes] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()  # of what follows
        self._team: list[Worker] = []
        self._threads = 0
        self._unfinished = 0  # tasks
        self._stopping = False
        self._closed = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have a task done by the next worker that is free.

        Raises:
            SystemRefusedError: the system starts no further process.
        """
        future: Future[Any] = Future()
        content = pickle.dumps((fn, args, kwargs))
        if self._unfinished >= self._threads and self._threads < self._most:
            worker = self._hire()
            threading.Thread(target=self._attend, args=(worker,), daemon=True).start()
            self._threads += 1
        with self._lock:
            self._unfinished += 1
        self._waiting.put((future, content))
        return future

    def ask_to_stop(self) -> None:
        """Let the tasks that are being done know that somebody wants an end."""
        with self._lock:
            self._stopping = True
            for worker in self._team:
                worker.ask_to_stop()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End all workers, whatever they are doing."""
        with self._lock:
            self._closed = True
            for worker in self._team:
                worker.child.process.kill()
            for worker in self._team:
                worker.child.process.wait()
        for _ in range(self._threads):
            self._waiting.put(None)

    def _hire(self) -> Worker:
        with self._lock:
            if self._closed:
                raise WorkerLost("the pool was closed")
            worker = Worker()
            self._team.append(worker)
            if self._stopping:
                worker.ask_to_stop()
            return worker

    def _attend(self, first: Worker) -> None:
        """Give a worker one task after the other; when it has died, the next one goes to another."""
        worker: Worker | None = first
        while (item := self._waiting.get()) is not None:
            future, content = item
            result, error = None, None
            if future.set_running_or_notify_cancel():
                try:
                    worker = worker or self._hire()
                    result = worker.do(content, self._tell)
                except Exception as raised:
                    error = raised
            with self._lock:
                self._unfinished -= 1
                if isinstance(error, WorkerLost) and worker is not None:
                    self._team.remove(worker)
                    worker = None
            if error is not None:
                future.set_exception(error)
            elif not future.cancelled():
                future.set_result(result)
