"""The one seam to the disk: every operation that changes it is a method of `disk`.

Tests put an object in the place of `disk` whose operations fail, tear, vanish or come in another order.
This module and `growing` are the only ones that call it, and what they promise holds for every file:

- `write_everywhere`: a reader, or the disk after a power loss, has the old file or the new one, never half.
- `growing.Appender`: a file that grows; after `sync`, all that was appended outlives a power loss.
- An `OSError` becomes one `SystemRefusedError` that names the file and says what to do.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from gdrun.run_directory.concurrency import at_once
from gdrun.run_directory.refusal import refusal

Bytes = bytes | bytearray | memoryview
Content = Bytes | Sequence[Bytes]

_MOST_OPEN = 128  # new files of one call, of the 1024 that most systems allow a process
_SAFE = os.O_CLOEXEC | os.O_NOFOLLOW  # a link in the place of a file is an error, not a way out


class Disk:
    """The primitive operations, as the system offers them."""

    def create(self, path: Path) -> int:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFE, 0o666)

    def open_growing(self, path: Path) -> int:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _SAFE, 0o666)

    def open_lock(self, path: Path) -> int:
        return os.open(path, os.O_RDWR | os.O_CREAT | _SAFE, 0o666)

    def write(self, descriptor: int, data: Bytes) -> int:
        return os.write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        os.fsync(descriptor)

    def truncate(self, descriptor: int, length: int) -> None:
        os.ftruncate(descriptor, length)

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        source.replace(target)

    def fsync_directory(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno != errno.EINVAL:  # a file system without this operation: nothing more can be done
                raise
        finally:
            os.close(descriptor)

    def mkdir(self, path: Path) -> None:
        path.mkdir()

    def unlink(self, path: Path) -> None:
        path.unlink()

    def remove_tree(self, path: Path) -> None:
        shutil.rmtree(path)


disk = Disk()


def write_together(directory: Path, contents: Mapping[str, Content]) -> None:
    """Write files of one directory, each whole or not at all, and durable when this returns.

    All are written and synced under temporary names first, then moved in in the order given; one that fails
    leaves none of its temporary files.

    Raises:
        SystemRefusedError: the system said no; files not yet moved in are as they were.
    """
    write_everywhere({directory: contents})


def write_everywhere(
    *turns: Mapping[Path, Mapping[str, Content]], growing: Mapping[int, Path] = MappingProxyType({})
) -> None:
    """The same for files of several directories: a disk syncs many files in little more time than one.

    Args:
        turns: directory → name → content. The files of a turn are durable before one of the next turn can be
            seen, which may vouch for them. So are the names of new directories in one without content.
        growing: open files by descriptor, whose content is to be durable with that of the first turn.

    Raises:
        SystemRefusedError: as there.
    """
    staged: list[dict[Path, Path]] = [{} for _ in turns]
    unsynced: dict[int, Path] = {}
    try:
        for contents, moves in zip(turns, staged, strict=True):
            for path, content in _places(contents):
                with refusal("write", path):
                    temporary = path.with_name(f".{path.name}.{os.urandom(6).hex()}.tmp")
                    moves[temporary] = path
                    descriptor = _write_new(temporary, [content] if isinstance(content, Bytes) else content)
                unsynced[descriptor] = path
                if len(unsynced) == _MOST_OPEN:
                    _sync_and_close(unsynced)
        _sync_and_close(unsynced, growing)
        for contents, moves in zip(turns, staged, strict=True):
            for temporary, path in list(moves.items()):
                with refusal("write", path):
                    disk.replace(temporary, path)
                    del moves[temporary]
            sync_directories(contents)
    finally:
        for descriptor in unsynced:
            with contextlib.suppress(OSError):
                disk.close(descriptor)
        for temporary in (temporary for moves in staged for temporary in moves):
            with contextlib.suppress(OSError):
                disk.unlink(temporary)


def _places(contents: Mapping[Path, Mapping[str, Content]]) -> Iterator[tuple[Path, Content]]:
    for directory, named in contents.items():
        for name, content in named.items():
            yield directory / name, content


def write_atomically(path: Path, content: Content) -> None:
    """Write one file, whole or not at all; see `write_together`."""
    write_together(path.parent, {path.name: content})


def _write_new(path: Path, chunks: Sequence[Bytes]) -> int:
    """A new file with this content, still open and not yet synced."""
    descriptor = disk.create(path)
    try:
        for chunk in chunks:
            write_all(descriptor, chunk)
    except BaseException:
        with contextlib.suppress(OSError):
            disk.close(descriptor)
        raise
    return descriptor


def _sync_and_close(unsynced: dict[int, Path], growing: Mapping[int, Path] = MappingProxyType({})) -> None:
    """Sync these files and close those that don't grow, which are taken out."""
    sync_files({**unsynced, **growing})
    for descriptor, path in list(unsynced.items()):
        del unsynced[descriptor]
        with refusal("write", path):
            disk.close(descriptor)


def sync_files(paths: Mapping[int, Path]) -> None:
    """Make what was written to open files outlive a power loss.

    Args:
        paths: of the files, by descriptor.

    Raises:
        SystemRefusedError: the system said no.
    """

    def sync(descriptor: int) -> None:
        with refusal("write", paths[descriptor]):
            disk.fsync(descriptor)

    at_once(sync, list(paths))


def sync_directories(paths: Iterable[Path]) -> None:
    """Make the names in directories outlive a power loss.

    Raises:
        SystemRefusedError: the system said no.
    """

    def sync(path: Path) -> None:
        with refusal("write to", path):
            disk.fsync_directory(path)

    at_once(sync, list(paths))


def write_all(descriptor: int, data: Bytes) -> None:
    """Write all of `data`; an `OSError` is the caller's to handle."""
    written = disk.write(descriptor, data)
    if written < len(data):  # rare: a nearly full disk, or more than 2 GB
        rest = memoryview(data)
        while written < len(data):
            written += disk.write(descriptor, rest[written:])


def open_lock_file(path: Path) -> int:
    """A descriptor of a lock file, which is made if missing. An `OSError` is the caller's to handle."""
    return disk.open_lock(path)


def overwrite(descriptor: int, data: Bytes) -> None:
    """Replace what is in an open file; not durable, not atomic: only for what nobody relies on."""
    disk.truncate(descriptor, 0)
    write_all(descriptor, data)


def remove_leftovers(directory: Path) -> None:
    """Remove temporary files that a killed process left in a directory and those below it.

    Only for the holder of the directory's lock. Links are not followed.
    """
    for path in directory.rglob(".*.tmp"):
        with refusal("remove", path):
            disk.unlink(path)


def remove_file(path: Path) -> None:
    """Remove a file; one that is gone already is fine."""
    with refusal("remove", path), contextlib.suppress(FileNotFoundError):
        disk.unlink(path)


def remove_tree(path: Path) -> None:
    """Remove a folder with everything in it. Links in it are not followed."""
    with refusal("remove", path):
        disk.remove_tree(path)


def write_new(path: Path, content: Content) -> None:
    """Write a file that isn't there yet, never over anything, a broken link included; half of it is removed.

    An `OSError` is the caller's to handle.
    """
    try:
        descriptor = _write_new(path, [content] if isinstance(content, Bytes) else content)
    except FileExistsError:
        raise
    except BaseException:
        with contextlib.suppress(OSError):
            disk.unlink(path)
        raise
    try:
        disk.fsync(descriptor)
    finally:
        disk.close(descriptor)


def move(source: Path, target: Path) -> None:
    """Rename within a directory, durably."""
    with refusal("move", source):
        disk.replace(source, target)
        disk.fsync_directory(target.parent)


def make_directories(path: Path) -> None:
    """Make a directory and those above it where missing, durably."""
    missing = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for level in reversed(missing):
        with refusal("create the folder", level):
            with contextlib.suppress(FileExistsError):
                disk.mkdir(level)
            if not level.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, "a file of this name is in the way")
            disk.fsync_directory(level.parent)


def claim_directory(path: Path) -> bool:
    """Make a directory that nothing else has made, durably; False if something of this name is there."""
    made = make_directory(path)
    if made:
        sync_directories([path.parent])
    return made


def make_directory(path: Path) -> bool:
    """The same, but durable only after `sync_directories` of the one above it."""
    with refusal("create the folder", path):
        try:
            disk.mkdir(path)
        except FileExistsError:
            return False
    return True
