"""What hostile input must not do, made noticeable: take memory without end, and write anywhere it likes.

python guard.py BYTES FOLDER PATCH WORDS …     runs `gdrun WORDS …` so, after the statements of PATCH
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = {  # audit events → which of their arguments are paths that change
    **dict.fromkeys(("os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.chmod", "os.utime"), (0,)),
    **dict.fromkeys(("os.rename", "os.link", "os.symlink"), (0, 1)),
}
_watchers: list[list[Path]] = []


def _notice(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watchers:
        return
    if event == "open":
        path, _, flags = arguments
        paths = [path] if isinstance(flags, int) and flags & WRITING else []
    else:
        paths = [arguments[place] for place in CHANGES.get(event, ())]
    for path in paths:
        if isinstance(path, str | bytes | os.PathLike):  # a descriptor was opened before, and noticed then
            _watchers[-1].append(Path(os.path.realpath(os.fsdecode(path))))


@contextlib.contextmanager
def watching() -> Iterator[list[Path]]:
    """The paths of everything that is written, made, moved or removed meanwhile, links followed."""
    if not getattr(sys, "_gdrun_tests_watch", False):  # a hook stays for good
        sys.addaudithook(_notice)
        sys._gdrun_tests_watch = True  # type: ignore[attr-defined]  # known to this module alone
    written: list[Path] = []
    _watchers.append(written)
    try:
        yield written
    finally:
        _watchers.remove(written)


def outside(written: list[Path], folder: Path) -> list[Path]:
    """Those that are not in a folder; the null device takes anything and keeps nothing."""
    return [path for path in written if not path.is_relative_to(folder.resolve()) and str(path) != os.devnull]


@contextlib.contextmanager
def memory_limit(more: int) -> Iterator[None]:
    """Let this process take only so many bytes of address space more than it has: beyond, a MemoryError."""
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (taken + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def main(limit: str, folder: str, patch: str, *words: str) -> int:
    """Run a command; its exit code, or 99 with a line for every path outside the folder that it changed."""
    resource.setrlimit(resource.RLIMIT_AS, (int(limit), int(limit)))
    with watching() as written:
        exec(patch)
        from gdrun.cli.main import run

        code = run(words)
    if elsewhere := outside(written, Path(folder)):
        print(*(f"wrote to {path}" for path in elsewhere), sep="\n", file=sys.stderr)
        return 99
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
