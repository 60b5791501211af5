"""Removing a run or group: only a real one, directly inside the runs directory, that nobody works on."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from gdrun.errors import ConfigError, SystemRefusedError
from gdrun.run_directory.files import move, remove_tree
from gdrun.run_directory.listing import run_paths
from gdrun.run_directory.lock import DirectoryLock

_GONE = ".gdrun-removed-"


def remove(path: Path, runs_directory: Path) -> None:
    """Remove the directory of a run or group with everything in it.

    It is moved out of sight at once, so that nobody ever sees half a run. Links in it are not followed.

    Raises:
        ConfigError: it isn't a run's or group's directory directly inside `runs_directory`.
        LockedError: a live process works on it.
        SystemRefusedError: the system said no.
    """
    runs = {entry.name: entry for entry in run_paths(runs_directory)}
    path = Path(os.path.abspath(path))  # noqa: PTH100 - without following links, and `..` taken literally
    real = path.parent.resolve() == runs_directory.resolve() and path.name in runs
    if not real:
        raise ConfigError(
            f"{path} is not the directory of a run or group inside {runs_directory}; nothing was removed"
        )
    with DirectoryLock(path):
        gone = path.parent / f"{_GONE}{path.name}-{os.urandom(4).hex()}"
        move(path, gone)
    remove_tree(gone)
    for forgotten in path.parent.glob(f"{_GONE}*"):  # of a removal that was killed
        with contextlib.suppress(SystemRefusedError):
            remove_tree(forgotten)
