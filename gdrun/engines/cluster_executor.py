"""Tasks on a Dask cluster, one at a time in each of its worker processes.

Dask would give a worker several tasks, and when it dies blame all of them. Here every task is meant for one
worker, so that which task a worker died of is known for sure, as in the pool.
"""

from __future__ import annotations

import contextlib
import pickle
import threading
import time
import uuid
from asyncio import CancelledError
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from gdrun.engines import cluster_worker
from gdrun.engines.cluster import Cluster, connected, running, usable_workers
from gdrun.engines.executor import Tell, WorkerLost
from gdrun.engines.worker import FAILED
from gdrun.errors import SystemRefusedError

_LOOK = 1.0  # seconds between looks at whether there are workers
_ALONE = 60.0  # seconds without any, after which there will be no more


class ClusterExecutor(Executor):
    """Workers of a Dask cluster.

    Args:
        cluster: running, or to be started for as long as this lasts.
        most: worker processes of one that is started.
        tell: receives what the tasks tell, in another thread.

    Raises:
        ConfigError, SystemRefusedError: see `gdrun.engines.cluster`.
    """

    ahead = 1

    def __init__(self, cluster: Cluster, most: int, tell: Tell) -> None:
        self._topic = f"gdrun-{uuid.uuid4().hex}"
        self._notices: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        with contextlib.ExitStack() as stack:
            place = stack.enter_context(running(cluster, most)) or cluster
            self._client = stack.enter_context(connected(place))
            stack.enter_context(self._subscribed(self._topic, lambda event: tell(pickle.loads(event[1]))))  # noqa: S301 - from our own task
            stack.enter_context(self._subscribed("all", self._hear))
            for address in usable_workers(self._client, cluster.folder):
                self._notices.put(partial(self._come, address))
            self._closing = stack.pop_all()
        self._folder = cluster.folder
        # What follows is the dispatcher's alone.
        self._passed_over = ""  # why the last one was that cannot do our tasks
        self._workers: set[str] = set()
        self._waiting: deque[tuple[Future[Any], bytes]] = deque()
        self._going: dict[str, tuple[Future[Any], Future[bytes]]] = {}  # worker → ours, and Dask's
        self._alone_since = time.monotonic()
        threading.Thread(target=self._dispatch, daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have a task done by the next worker that is free."""
        future: Future[Any] = Future()
        self._notices.put(partial(self._take, future, pickle.dumps((fn, args, kwargs))))
        return future

    def ask_to_stop(self) -> None:
        """Let the tasks that are being done know that somebody wants an end."""
        threading.Thread(target=self._broadcast_stop, daemon=True).start()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Give up what is being done, and the cluster too if it was started here."""
        self._notices.put(None)
        self._closing.close()

    @contextlib.contextmanager
    def _subscribed(self, topic: str, hear: Callable[[tuple[float, Any]], None]) -> Iterator[None]:
        self._client.subscribe_topic(topic, hear)
        try:
            yield
        finally:
            self._client.unsubscribe_topic(topic)

    def _broadcast_stop(self) -> None:
        with contextlib.suppress(Exception, CancelledError):  # workers or the client have gone meanwhile
            self._client.run(cluster_worker.ask_to_stop, self._topic, on_error="ignore")

    def _hear(self, event: tuple[float, Any]) -> None:
        """Take in what the scheduler says of workers; in Dask's thread, which must not wait for anything."""
        match event[1]:
            case {"action": "add-worker", "worker": address}:
                self._notices.put(partial(self._meet, address))
            case {"action": "remove-worker", "worker": address}:
                self._notices.put(partial(self._go, address))

    def _hear_end(self, address: str, done: Future[bytes]) -> None:
        self._notices.put(partial(self._end, address, done))

    def _dispatch(self) -> None:
        while True:
            try:
                act = self._notices.get(timeout=_LOOK)
            except Empty:
                act = self._look
            if act is None:
                return
            try:
                act()
            except (Exception, CancelledError) as error:  # of Dask's client, whose connection may have gone
                self._give_up(SystemRefusedError(f"the Dask cluster can no longer be used: {error}"))

    def _give_up(self, error: Exception) -> None:
        """Let all tasks end with an error, whether they wait or are being done."""
        for ours, _ in self._going.values():
            ours.set_exception(error)
        self._going.clear()
        for ours, _ in self._waiting:
            if ours.set_running_or_notify_cancel():
                ours.set_exception(error)
        self._waiting.clear()

    def _look(self) -> None:
        if self._workers:
            self._alone_since = time.monotonic()
        elif time.monotonic() - self._alone_since > _ALONE:
            why = f"the Dask cluster has no workers any more{self._passed_over}"
            self._give_up(SystemRefusedError(f"{why}; when it has some, go on with `gdrun resume`"))

    def _meet(self, address: str) -> None:
        """See whether one that joins later can do our tasks; if not, do without it."""
        try:
            usable_workers(self._client, self._folder, [address])
        except SystemRefusedError as error:
            self._passed_over = f": {error}"
        else:
            self._come(address)

    def _come(self, address: str) -> None:
        self._workers.add(address)
        self._give()

    def _go(self, address: str) -> None:
        self._workers.discard(address)
        self._alone_since = time.monotonic()
        if address in self._going:
            ours, dasks = self._going.pop(address)
            dasks.cancel()
            ours.set_exception(WorkerLost(f"the last one was {address}"))

    def _take(self, future: Future[Any], content: bytes) -> None:
        self._waiting.append((future, content))
        self._give()

    def _give(self) -> None:
        """Have tasks done by workers that do none."""
        for address in sorted(self._workers - self._going.keys()):
            while self._waiting and address not in self._going:
                ours, content = self._waiting.popleft()
                if not ours.set_running_or_notify_cancel():
                    continue
                self._going[address] = ours, Future()  # until Dask's is there
                executor = self._client.get_executor(pure=False, workers=[address])
                dasks = executor.submit(cluster_worker.do, content, self._topic)
                self._going[address] = ours, dasks
                dasks.add_done_callback(partial(self._hear_end, address))

    def _end(self, address: str, done: Future[bytes]) -> None:
        """A task came to an end, unless its worker was found to have gone before."""
        ours, dasks = self._going.get(address, (None, None))
        if ours is None or dasks is not done:
            return
        del self._going[address]
        if done.cancelled():
            ours.set_exception(SystemRefusedError("the connection to the Dask scheduler was lost"))
        elif error := done.exception():
            ours.set_exception(SystemRefusedError(f"the Dask worker {address}: {error}"))
        else:
            kind, value = pickle.loads(done.result())  # noqa: S301 - from our own worker
            ours.set_exception(value) if kind == FAILED else ours.set_result(value)
        self._give()
