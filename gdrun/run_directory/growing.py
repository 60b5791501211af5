"""Files that grow while a run goes on: metrics.csv and run.log."""

from __future__ import annotations

import contextlib
import os
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from gdrun.errors import SystemRefusedError
from gdrun.run_directory import files
from gdrun.run_directory.refusal import refusal


class Appender:
    """A file that grows by whole pieces, in one write each.

    At most `MOST_OPEN` appenders keep their file open; the one used longest ago is closed for a further one
    and opens again by itself. Not for use by several threads.

    Attributes:
        path: of the file, which is made if it is missing.
        length: bytes that are in it.
    """

    MOST_OPEN = 256  # of the 1024 open files that most systems allow a process
    _open: ClassVar[OrderedDict[Appender, int]] = OrderedDict()  # shared: the limit is the process's

    def __init__(self, path: Path, *, keep: int | None = None) -> None:
        """Open the file at its end.

        Args:
            path: of the file.
            keep: cut the file to this many bytes first; it must have as many.

        Raises:
            SystemRefusedError: the system said no, or a link is in the file's place.
            ValueError: the file is shorter than `keep`.
        """
        self.path = path
        self._unsynced = True  # what was there before may never have been synced
        self._named = False  # whether the file's name in its folder is known to be durable
        try:
            with refusal("write", path):
                self.length = os.fstat(self._descriptor()).st_size
                if keep is not None and keep < self.length:
                    files.disk.truncate(self._descriptor(), keep)
                    self.length = keep
            if keep is not None and keep > self.length:
                raise ValueError(f"{path} has {self.length} bytes instead of {keep}")
        except BaseException:
            self.abandon()
            raise

    def append(self, data: bytes) -> None:
        """Append `data` in one write.

        Raises:
            SystemRefusedError: the system said no; what was written of `data` is taken back where that works.
        """
        try:
            descriptor = self._descriptor()
            self._unsynced = True
            files.write_all(descriptor, data)
        except BaseException as error:
            with contextlib.suppress(OSError):
                files.disk.truncate(self._descriptor(), self.length)
            if isinstance(error, OSError):
                with refusal("write", self.path):
                    raise
            raise
        self.length += len(data)

    def sync(self) -> None:
        """Make everything appended so far outlive a power loss.

        Raises:
            SystemRefusedError: the system said no.
        """
        sync_together([self])

    def close(self) -> None:
        """Close the file. It opens again when it is used again."""
        descriptor = Appender._open.pop(self, None)
        if descriptor is not None:
            with refusal("write", self.path):
                files.disk.close(descriptor)

    def abandon(self) -> None:
        """Close the file after a failure that is being told already."""
        with contextlib.suppress(SystemRefusedError):
            self.close()

    def _descriptor(self) -> int:
        opened = Appender._open
        descriptor = opened.get(self)
        if descriptor is None:
            if len(opened) >= Appender.MOST_OPEN:
                next(iter(opened)).close()
            descriptor = opened[self] = files.disk.open_growing(self.path)
        else:
            opened.move_to_end(self)
        return descriptor


def sync_together(appenders: Iterable[Appender]) -> None:
    """`Appender.sync` of several files at the same time.

    Raises:
        SystemRefusedError: the system said no.
    """
    waiting = [appender for appender in appenders if appender._unsynced]
    for start in range(0, len(waiting), Appender.MOST_OPEN):
        some = waiting[start : start + Appender.MOST_OPEN]
        files.sync_files(unsynced(some))
        files.sync_directories({appender.path.parent for appender in some if not appender._named})
        note_synced(some)


def unsynced(appenders: Iterable[Appender]) -> dict[int, Path]:
    """The descriptors of those with something that isn't durable yet, at most `MOST_OPEN` of them.

    Raises:
        SystemRefusedError: one can't be opened.
    """
    descriptors: dict[int, Path] = {}
    for appender in appenders:
        if appender._unsynced:
            with refusal("write", appender.path):
                descriptors[appender._descriptor()] = appender.path
    return descriptors


def note_synced(appenders: Iterable[Appender]) -> None:
    """These and their directories were made durable by other means than `sync`."""
    for appender in appenders:
        appender._unsynced, appender._named = False, True
