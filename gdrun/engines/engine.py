"""Carries tasks out: here, in a pool of processes that share the machine's cores, or on a Dask cluster."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from queue import Empty, SimpleQueue
from typing import Any, Protocol, Self, TypeVar

from gdrun.engines.cluster import Cluster
from gdrun.engines.executor import Asked, InProcess, TaskExecutor, Tell, WorkerLost
from gdrun.engines.interruption import Interruption
from gdrun.errors import WorkerDiedError

TRIES = 3  # of a task whose worker died
_PATIENCE = 0.1  # seconds between looks at whether somebody asked for an end

Task = TypeVar("Task", contravariant=True)
Result = TypeVar("Result", covariant=True)


class Work(Protocol[Task, Result]):
    """A function that can be sent to another process; it tells of its progress and may be asked to stop."""

    def __call__(self, task: Task, tell: Tell, stop_asked: Asked, /) -> Result: ...


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Engine:
    """Where tasks are done while its `with` block lasts; its processes stay from one call to the next.

    Args:
        workers: how many tasks are done at a time; 1, without a cluster, does everything in this process.
        tell: receives what the work tells of its progress, in this thread.
        interruption: asks every worker to stop.
        cluster: where to do it, in place of this machine's own processes.
    """

    def __init__(
        self, workers: int, tell: Tell, interruption: Interruption, cluster: Cluster | None = None
    ) -> None:
        self._workers = workers
        self._tell = tell
        self._interruption = interruption
        self._cluster = cluster
        self._news: SimpleQueue[Any] = SimpleQueue()  # what was told, and futures that are done
        self._executor: TaskExecutor | None = None  # until there is something to do
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.close()

    def carry_out(
        self, work: Work[Task, Result], next_task: Callable[[], Task | None]
    ) -> Iterator[tuple[Task, Result | Exception]]:
        """Do tasks, and give each with its result, or with the exception that it ended with, as they end.

        A task whose worker dies is tried again in another one, `TRIES` times in all; the others go on
        meanwhile. Once an end is asked for, whatever has not begun ends with that. One call has to come to
        its end before the next.

        Args:
            work: done for every task; a module-level function unless it is done here.
            next_task: gives the next one, plain data, when there is room for it, or None while there is none.
                It is asked again after results, since there may be one because of them.

        Raises:
            SystemRefusedError: no process can be started, or the cluster cannot be reached or used.
        """
        interruption = self._interruption
        going: dict[Future[Any], tuple[Any, int]] = {}  # the task, and how often its worker died
        again: deque[tuple[Any, int]] = deque()
        ended: deque[tuple[Any, Any]] = deque()
        stopping = False
        with interruption.deferred():
            while True:
                while ended:
                    yield ended.popleft()
                if interruption.requested and not stopping:
                    stopping = True
                    self._ask_to_stop(going)
                while stopping or self._has_room(len(going)):
                    task, deaths = again.popleft() if again else (next_task(), 0)
                    if task is None:
                        break
                    if stopping:
                        yield task, interruption.error()
                    else:
                        future = self._submit(work, task)
                        going[future] = task, deaths
                        future.add_done_callback(self._news.put)
                if not going:
                    return
                for future in self._done():
                    task, deaths = going.pop(future)
                    outcome = interruption.error() if future.cancelled() else future.exception()
                    if isinstance(outcome, WorkerLost):
                        deaths += 1
                        if not stopping and deaths < TRIES:
                            again.append((task, deaths))
                            continue
                        outcome = interruption.error() if stopping else _died(deaths, outcome)
                    ended.append((task, future.result() if outcome is None else outcome))

    def _has_room(self, going: int) -> bool:
        ahead = self._executor.ahead if self._executor else 0
        return going < self._workers + ahead

    def _submit(self, work: Work[Any, Any], task: Any) -> Future[Any]:
        self._executor = self._executor or self._closing.enter_context(self._opened())
        return self._executor.submit(work, task)

    def _ask_to_stop(self, going: Iterable[Future[Any]]) -> None:
        for future in going:
            future.cancel()
        if self._executor:
            self._executor.ask_to_stop()

    def _opened(self) -> TaskExecutor:
        if self._cluster is not None:
            from gdrun.engines.cluster_executor import ClusterExecutor

            return ClusterExecutor(self._cluster, self._workers, self._news.put)
        if self._workers == 1:
            return InProcess(self._tell, lambda: self._interruption.requested)
        from gdrun.engines.pool import ProcessPool

        return ProcessPool(self._workers, self._news.put)

    def _done(self) -> Iterator[Future[Any]]:
        """Pass on what is told; give the futures that are done. If there is no news, wait a moment for it."""
        for _ in range(max(1, self._news.qsize())):
            try:
                item = self._news.get(timeout=_PATIENCE)
            except Empty:
                return
            if isinstance(item, Future):
                yield item
            else:
                self._tell(item)


def _died(times: int, how: Exception) -> WorkerDiedError:
    return WorkerDiedError(
        f"the worker process died {times} times in a row ({how}); take fewer --workers or a smaller model"
    )
