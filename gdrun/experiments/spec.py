"""What is sent to where runs are trained: plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class RunSpec:
    """Everything about one run, as plain data.

    Attributes:
        directory: that it writes to: of a run, made by whoever planned it, or of a member of a group, made
            where it is trained.
        config: complete and resolved.
        command: that planned it.
        tested: whether the test rows are looked at in the end.
    """

    directory: Path
    config: Mapping[str, Any]
    command: str = "train"
    tested: bool = True

    @property
    def name(self) -> str:
        """Of the directory."""
        return self.directory.name

    @property
    def fold(self) -> int | None:
        """The number of the fold, of a cross-validation."""
        fold = self.config.get("split", {}).get("fold")
        return None if fold is None else int(fold["number"])


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

    def absolute(self) -> Tile:
        """The same with absolute paths, for a process that may be in another folder."""
        return replace(
            self,
            runs=tuple(replace(spec, directory=spec.directory.absolute()) for spec in self.runs),
            checkpoints=self.checkpoints.absolute(),
            plugins=tuple(path.absolute() for path in self.plugins),
        )
