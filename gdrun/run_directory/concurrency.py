"""Waiting for the disk many times at once."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

_FEW = 3  # syncs that threads wouldn't make faster
THREADS = 8


def at_once(sync: Callable[[Any], None], what: Sequence[Any]) -> None:
    """Call `sync` for each; for many at the same time, which the file system then commits in one go."""
    if len(what) <= _FEW:
        for one in what:
            sync(one)
        return
    from concurrent.futures import wait

    def sync_all(share: Sequence[Any]) -> None:
        for one in share:
            sync(one)

    shares = [what[first::THREADS] for first in range(min(len(what), THREADS))]
    going = [threads().submit(sync_all, share) for share in shares]
    wait(going)  # all of them: the caller closes what they sync
    for future in going:
        future.result()


@functools.cache
def threads() -> ThreadPoolExecutor:
    """They stay, because starting them takes longer than what they do."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(THREADS, "sync")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=threads.cache_clear)  # a forked process has none of them
