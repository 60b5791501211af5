"""What is sent to where runs are trained: plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FINAL = ("completed", "stopped", "diverged")


@dataclass(frozen=True)
class RunSpec:
    """Everything about one run, as plain data.

    Attributes:
        directory: that it writes to; made by whoever planned it.
        config: complete and resolved.
    """

    directory: Path
    config: Mapping[str, Any]


@dataclass(frozen=True)
class Tile:
    """Runs that are trained together.

    Attributes:
        number: of the tile in its plan.
        runs: their specs.
        checkpoints: the directory of their common checkpoints.
        plugins: files to load first.
    """

    number: int
    runs: tuple[RunSpec, ...]
    checkpoints: Path
    plugins: tuple[Path, ...] = ()
