"""A pool of worker processes: started afresh, one BLAS thread each, deaf to Ctrl-C."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from gdrun.engines.interruption import Interruption

_PATIENCE = 0.1  # seconds between looks at what the workers tell
_TRIES = 3  # of a task whose worker died
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")


class _Channel:
    """The worker's ends of the lines to its parent; set once when the process starts."""

    told: Any = None
    stop: Any = None


def _begin(told: Any, stop: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides, and asks through `stop`
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _Channel.told, _Channel.stop = told, stop


def _do(work: Any, task: Any) -> Any:
    return work(task, _Channel.told.put, _Channel.stop.is_set)


def carry_out_in_processes(
    work: Any, tasks: Sequence[Any], workers: int, tell: Any, interruption: Interruption
) -> Iterator[Any]:
    """What `engine.carry_out` does, in processes.

    A worker that dies takes the pool with it, so its unfinished tasks are done again in a new one; while that
    happens they go one at a time, so that the one that kills its worker is found: it fails after three tries.
    """
    context = multiprocessing.get_context("spawn")
    told, stop = context.Queue(), context.Event()
    results: dict[int, Any] = {}
    tries = dict.fromkeys(range(len(tasks)), 0)
    given = 0
    with interruption.deferred():
        while len(results) < len(tasks):
            unfinished = [number for number in tries if number not in results]
            suspects = [number for number in unfinished if tries[number]]
            batch = suspects[:1] or unfinished
            with _single_threaded_children():
                pool = ProcessPoolExecutor(
                    min(workers, len(batch)), mp_context=context, initializer=_begin, initargs=(told, stop)
                )
                futures = {pool.submit(_do, work, tasks[number]): number for number in batch}
            try:
                for number, outcome in _collect(futures, told, stop, tell, interruption):
                    if isinstance(outcome, BrokenProcessPool) and not stop.is_set():
                        tries[number] += 1
                        if tries[number] < _TRIES:
                            continue
                    results[number] = outcome
                    while given in results:
                        yield results[given]
                        given += 1
            finally:
                pool.shutdown(wait=True, cancel_futures=True)


def _collect(
    futures: dict[Future[Any], int], told: Any, stop: Any, tell: Any, interruption: Interruption
) -> Iterator[tuple[int, Any]]:
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, timeout=_PATIENCE, return_when=FIRST_COMPLETED)
        if interruption.requested and not stop.is_set():
            stop.set()
            for future in waiting:
                future.cancel()
        _pass_on(told, tell)
        for future in done:
            if future.cancelled():
                yield futures[future], interruption.error()
            else:
                yield futures[future], future.exception() or future.result()
    _pass_on(told, tell)


def _pass_on(told: Any, tell: Any) -> None:
    while True:
        try:
            tell(told.get_nowait())
        except queue.Empty:
            return


class _single_threaded_children:
    """While this lasts, new processes start with one BLAS thread, whatever the environment says."""

    def __enter__(self) -> None:
        self.before = {name: os.environ.get(name) for name in _THREADS}
        os.environ.update(dict.fromkeys(_THREADS, "1"))

    def __exit__(self, *_: object) -> None:
        for name, value in self.before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
