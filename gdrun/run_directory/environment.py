"""On what a run was computed: versions, processor, system, and the commit of the folder it was started in."""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import re
from pathlib import Path

import numpy as np

from gdrun.version import __version__

_COMMIT = re.compile(r"[0-9a-f]{40,64}")


def environment() -> dict[str, str | None]:
    """The `environment` of run.json, all in words. Never fails and starts no process.

    The threads of BLAS are those of this moment, so call it after they have been set.
    """
    system = os.uname()
    return {
        "gdrun": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": _blas(),
        "cpu": _cpu() or system.machine,
        "platform": f"{system.sysname} {system.release} {system.machine}",
        "git": _commit(),
    }


def _blas() -> str | None:
    """ "openblas 0.3.30 (1 thread)", of the BLAS that NumPy has loaded."""
    from threadpoolctl import threadpool_info

    with contextlib.suppress(Exception):  # it looks into foreign libraries
        for pool in threadpool_info():
            if pool["user_api"] == "blas":
                threads = pool["num_threads"]
                return f"{pool['internal_api']} {pool['version']} ({threads} thread{'s' * (threads != 1)})"
    return None


@functools.cache
def _cpu() -> str | None:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return None


@functools.cache
def _commit() -> str | None:
    """The commit that is checked out around the current folder, read from the files of git."""
    with contextlib.suppress(OSError, ValueError):
        here = Path.cwd()
        for folder in (here, *here.parents):
            if (folder / ".git").exists():
                return _head(folder / ".git")
    return None


def _head(git: Path) -> str | None:
    if git.is_file():  # a linked work tree or a submodule
        git = git.parent / git.read_text().removeprefix("gitdir:").strip()
    common = git
    if (git / "commondir").is_file():
        common = git / (git / "commondir").read_text().strip()
    head = (git / "HEAD").read_text().strip()
    if not head.startswith("ref:"):
        return head if _COMMIT.fullmatch(head) else None
    reference = head.removeprefix("ref:").strip()
    for place in (git, common):
        if (place / reference).is_file():
            found = (place / reference).read_text().strip()
            return found if _COMMIT.fullmatch(found) else None
    for line in (common / "packed-refs").read_text().splitlines():
        commit, _, name = line.partition(" ")
        if name == reference and _COMMIT.fullmatch(commit):
            return commit
    return None
