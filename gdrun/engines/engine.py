"""Carries tasks out: here, or in a pool of processes that share the machine's cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from gdrun.engines.interruption import Interruption

Task = TypeVar("Task", contravariant=True)
Result = TypeVar("Result", covariant=True)
Tell = Callable[[Any], None]
Asked = Callable[[], bool]


class Work(Protocol[Task, Result]):
    """A function that can be sent to another process; it tells of its progress and may be asked to stop."""

    def __call__(self, task: Task, tell: Tell, stop_asked: Asked, /) -> Result: ...


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def carry_out(
    work: Work[Task, Result],
    tasks: Sequence[Task],
    *,
    workers: int,
    tell: Tell,
    interruption: Interruption,
) -> Iterator[Result | Exception]:
    """Do the tasks and give their results, or the exceptions that they ended with, in the tasks' order.

    Args:
        work: done for every task; a module-level function where there are several workers.
        tasks: plain data.
        workers: processes; 1 does everything here.
        tell: receives what the work tells of its progress, in this thread.
        interruption: asks every worker to stop.
    """
    if workers == 1 or len(tasks) == 1:
        for task in tasks:
            try:
                with interruption.deferred():
                    interruption.check()
                    result = work(task, tell, lambda: interruption.requested)
            except Exception as error:
                yield error
            else:
                yield result
        return
    from gdrun.engines.pool import carry_out_in_processes

    yield from carry_out_in_processes(work, tasks, min(workers, len(tasks)), tell, interruption)
