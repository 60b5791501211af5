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
        epoch_runs: epochs done by all its runs together.
        values: the median over its runs of every column of the last evaluation, by column name.
        updates: of all its runs so far.
        seconds: of training so far.
    """

    tile: int
    runs: int
    epoch: int
    epoch_runs: int
    values: dict[str, float]
    updates: int
    seconds: float


@dataclass(frozen=True)
class RunTold:
    """A run ended.

    Attributes:
        tile: the stack that it was in.
        name: of its directory.
        status: how it ended.
        epochs: that it didn't need, since it stopped early.
    """

    tile: int
    name: str
    status: str
    epochs_saved: int


Event = EpochTold | RunTold
