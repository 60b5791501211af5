"""The lock of a run directory: one process at a time writes in it.

The lock belongs to the open file, so the system frees it the moment its holder is gone, however it died.
What is written in the file only names the holder.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import time
from datetime import datetime
from pathlib import Path
from types import TracebackType

from gdrun.errors import LockedError
from gdrun.run_directory.files import open_lock_file, overwrite
from gdrun.run_directory.refusal import refusal
from gdrun.text import printable

FILE_NAME = ".lock"
_ATTEMPTS, _PAUSE = 5, 0.02  # seconds; `is_held` takes the lock for a moment, and must not make a start fail


class DirectoryLock:
    """Holds the lock of a directory from its creation until `release` or the end of a `with` block.

    Raises:
        LockedError: another process (or another object of this one) holds it; the message names it.
        SystemRefusedError: the system said no.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / FILE_NAME
        with refusal("lock", self.path):
            self._descriptor: int | None = self._acquire()

    def _acquire(self) -> int:
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(_PAUSE)
            descriptor = open_lock_file(self.path)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_still(self.path, descriptor):
                    overwrite(descriptor, _description())
                    return descriptor
            except BlockingIOError:
                pass
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)
        raise LockedError(
            f"{self.path.parent} is in use by {holder(self.path.parent)}; wait until it ends, or stop it"
        )

    def release(self) -> None:
        """Free the lock; further calls do nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> DirectoryLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def is_held(directory: Path) -> bool:
    """Whether a live process holds the lock of a directory. Writes nothing."""
    with refusal("lock", directory / FILE_NAME):
        try:
            descriptor = os.open(directory / FILE_NAME, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
    return False


def holder(directory: Path) -> str:
    """Who wrote the lock file last, in words: "process 4711 on laptop since 2026-11-22T06:15:43+01:00"."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads((directory / FILE_NAME).read_bytes()[:4096])
        return printable(f"process {found['pid']} on {found['host']} since {found['start']}", one_line=True)
    return "another process"


def _description() -> bytes:
    start = datetime.now().astimezone().isoformat(timespec="seconds")
    return json.dumps({"pid": os.getpid(), "host": platform.node(), "start": start}).encode() + b"\n"


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether the locked file is the one that is there now: its directory may have been removed meanwhile."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(there, os.fstat(descriptor))
