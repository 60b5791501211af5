"""Names of run directories: `YYYYMMDD-HHMMSS-<name>`, each used once."""

from __future__ import annotations

import itertools
import re
from datetime import datetime
from pathlib import Path

from gdrun.errors import ConfigError
from gdrun.run_directory.files import claim_directory, make_directories

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
DIRECTORY_NAME = re.compile(r"\d{8}-\d{6}-[A-Za-z0-9._-]{1,72}")


def is_name(name: str) -> bool:
    """Whether it may be part of a file name everywhere."""
    return _NAME.fullmatch(name) is not None and name.strip(".") != ""


def check_name(name: str) -> str:
    """The name itself, if it may be part of a file name everywhere.

    Raises:
        ConfigError: it may not.
    """
    if not is_name(name):
        raise ConfigError(
            f"name {name!r}: a name has 1 to 64 letters, digits, dots, underscores or hyphens, not only dots"
        )
    return name


def create_directory(runs_directory: Path, name: str, now: datetime | None = None) -> Path:
    """Make a new directory for a run or group; no two calls, in whatever process, return the same one.

    Args:
        runs_directory: made with its parents if missing.
        name: what comes after the time.
        now: the time in the name, local time by default.

    Raises:
        ConfigError: the name can't be part of a file name.
        SystemRefusedError: the system said no.
    """
    check_name(name)
    make_directories(runs_directory)
    stem = f"{now or datetime.now().astimezone():%Y%m%d-%H%M%S}-{name}"
    for number in itertools.count(1):
        path = runs_directory / (stem if number == 1 else f"{stem}-{number}")
        if claim_directory(path):
            return path
    raise AssertionError  # pragma: no cover - the numbers don't end
