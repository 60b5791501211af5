"""What a working tile tells of its progress: plain data, since it may come from another process."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EpochTold:
    """A stack came to the end of an epoch; told a few times a second at most.

    Attributes:
        tile: which stack.
        runs: how many runs it still trains.
        epoch: done by those.
        values: the median over its runs of every column of the last evaluation, by column name.
        updates: of all its runs so far, those that have ended included.
    """

    tile: int
    runs: int
    epoch: int
    values: dict[str, float]
    updates: int


@dataclass(frozen=True)
class RunTold:
    """A run has ended, or had when this process began.

    Attributes:
        tile: the stack that it was in.
        name: of its directory.
        status: how it ended.
    """

    tile: int
    name: str
    status: str


Event = EpochTold | RunTold
