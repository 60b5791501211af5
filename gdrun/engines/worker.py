"""A worker process: does the tasks that come over its line to the pool, one after the other.

It belongs to no terminal, so Ctrl-C doesn't reach it: the pool decides, and asks. When the line breaks, the
pool's process is gone, and the worker ends at once, so that nobody writes in a directory that nobody holds.
"""

from __future__ import annotations

import importlib
import os
import pickle
import queue
import signal
import threading
import traceback
from multiprocessing.connection import Connection
from typing import Any

from gdrun.engines.executor import Asked, Tell
from gdrun.engines.interruption import SIGNALS
from gdrun.errors import GdrunError

STOP = b"stop"  # what the pool says beside tasks; those are pickled, and begin otherwise
TOLD, DONE, FAILED = "told", "done", "failed"


def main(descriptor: int, *modules: str) -> None:
    """Work until the line breaks.

    Args:
        descriptor: of this process's end of it.
        modules: to import before the first task comes.
    """
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    line: Connection = Connection(descriptor)
    tasks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    stop = threading.Event()
    threading.Thread(target=_listen, args=(line, tasks, stop), daemon=True).start()
    for module in modules:
        importlib.import_module(module)

    def tell(event: Any) -> None:
        _send(line, packed(TOLD, event))

    while True:
        _send(line, answer_of(tasks.get(), tell, stop.is_set))


def answer_of(content: bytes, tell: Tell, stop_asked: Asked) -> bytes:
    """Do a task, and pack what came of it.

    Args:
        content: the work and its arguments, pickled.
        tell: receives what it tells.
        stop_asked: whether somebody wants an end.
    """
    try:
        work, arguments, options = pickle.loads(content)  # noqa: S301 - from the process that started this one
        return packed(DONE, work(*arguments, tell, stop_asked, **options))
    except Exception as error:
        error.add_note("in a worker process:\n" + "".join(traceback.format_exception(error)).rstrip())
        return packed(FAILED, error)


def packed(kind: str, value: Any) -> bytes:
    """A message of a worker; what cannot be sent becomes the failure that it is."""
    try:
        content = pickle.dumps((kind, value))
        pickle.loads(content)  # noqa: S301 - an exception may pickle and yet not come back
    except Exception:
        return pickle.dumps((FAILED, GdrunError(f"{type(value).__name__}: {value}")))
    return content


def _listen(line: Connection, tasks: queue.SimpleQueue[bytes], stop: threading.Event) -> None:
    while True:
        try:
            message = line.recv_bytes()
        except (EOFError, OSError):
            os._exit(0)
        if message == STOP:
            stop.set()
        else:
            tasks.put(message)


def _send(line: Connection, content: bytes) -> None:
    try:
        line.send_bytes(content)
    except OSError:
        os._exit(0)
