"""A pool of worker processes: each started afresh with one BLAS thread, each with a line of its own.

Nothing is shared between workers, neither queue nor lock, so one that dies at whatever moment takes nothing
with it but the task that it was doing; and which task that was is known for sure. That is why this is not
`concurrent.futures.ProcessPoolExecutor`, all of whose tasks are lost when one process dies.
"""

from __future__ import annotations

import contextlib
import pickle
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from gdrun.engines import reserve
from gdrun.engines.child import Child
from gdrun.engines.executor import Tell, WorkerLost
from gdrun.engines.worker import FAILED, STOP, TOLD


class Worker:
    """A process that does one task after the other; see `worker.py`.

    Args:
        modules: that it imports before the first one comes.
    """

    def __init__(self, *modules: str) -> None:
        self.child = Child("worker", *modules)
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

    ahead = 1

    def __init__(self, most: int, tell: Tell) -> None:
        self._most = most
        self._tell = tell
        self._waiting: queue.SimpleQueue[tuple[Future[Any], bytes] | None] = queue.SimpleQueue()
        self._lock = threading.RLock()  # of what follows
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
        with self._lock:
            if self._unfinished >= self._threads and self._threads < self._most:
                threading.Thread(target=self._attend, args=(self._hire(),), daemon=True).start()
                self._threads += 1
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
                worker.child.kill()
        for _ in range(self._threads):
            self._waiting.put(None)

    def _hire(self) -> Worker:
        with self._lock:
            if self._closed:
                raise WorkerLost("the pool was closed")
            worker = reserve.take() or Worker()
            self._team.append(worker)
            if self._stopping:
                worker.ask_to_stop()
            return worker

    def _attend(self, first: Worker) -> None:
        """Give a worker one task after the other; when it has died, the next one goes to another."""
        worker: Worker | None = first
        while (item := self._waiting.get()) is not None:
            future, content = item
            if not future.set_running_or_notify_cancel():
                self._end_of_task()
                continue
            try:
                worker = worker or self._hire()
                result = worker.do(content, self._tell)
            except WorkerLost as lost:
                self._end_of_task(worker)
                worker = None
                future.set_exception(lost)
            except Exception as error:
                self._end_of_task()
                future.set_exception(error)
            else:
                self._end_of_task()
                future.set_result(result)

    def _end_of_task(self, lost: Worker | None = None) -> None:
        with self._lock:
            self._unfinished -= 1
            if lost is not None:
                self._team.remove(lost)
                lost.child.line.close()
