"""What every executor of tasks has, and the one that does them here.

An executor is a `concurrent.futures.Executor` that hands the work, after its arguments, two more: `tell`, for
its progress, and `stop_asked`. How both travel is the executor's business.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, Protocol, Self

Tell = Callable[[Any], None]
Asked = Callable[[], bool]


class WorkerLost(Exception):
    """The process died in which a task was being done; the message says how."""


class TaskExecutor(Protocol):
    """Where tasks are done. At the end of its `with` block whatever still goes on there is given up.

    Attributes:
        ahead: how many more tasks than workers are submitted, so that one which gets free finds the next.
    """

    ahead: int

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do `fn(*args, tell, stop_asked, **kwargs)`; the future may end with `WorkerLost`."""
        ...

    def ask_to_stop(self) -> None:
        """Let the tasks that are being done know that somebody wants an end."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: Any) -> bool | None: ...


class InProcess(Executor):
    """Does a task at once, in the thread that submits it.

    Args:
        tell: receives what the tasks tell.
        stop_asked: whether somebody wants an end.
    """

    ahead = 0

    def __init__(self, tell: Tell, stop_asked: Asked) -> None:
        self._tell = tell
        self._stop_asked = stop_asked

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A future that is done. What is no `Exception`, as the end of the process, is raised here."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, self._tell, self._stop_asked, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def ask_to_stop(self) -> None:
        """Nothing is being done while somebody else has the thread."""
