"""The live line while runs train; on a terminal only."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gdrun.experiments.events import EpochTold, Event, RunTold
from gdrun.report.console.numbers import number
from gdrun.report.console.screen import Screen


class LiveProgress:
    """One line: epochs done, the last loss and metric, updates a second, time left.

    Args:
        screen: nothing is drawn if it is quiet or stderr is no terminal.
        runs, epochs: how many of each the whole plan has.
    """

    def __init__(self, screen: Screen, runs: int, epochs: int) -> None:
        self.shown = not screen.quiet and screen.notices.is_terminal
        self.epochs = epochs
        self.runs = runs
        self.done: dict[int, int] = {}  # run-epochs by tile
        self.saved = 0  # run-epochs that early stopping spared
        self.updates: dict[int, int] = {}
        self.began = time.monotonic()
        self.bar = Progress(
            TextColumn("[name]{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[values]}"),
            TextColumn("[faint]{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("[faint]left"),
            console=screen.notices,
            transient=True,
            disable=not self.shown,
        )
        description = "epochs" if runs == 1 else f"{runs} runs, epochs"
        self.task = self.bar.add_task(description, total=runs * epochs, values="", rate="")

    def __enter__(self) -> Self:
        self.bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.__exit__(kind, error, trace)

    def tell(self, event: Event) -> None:
        """Take in what a tile tells."""
        if not self.shown:
            return
        if isinstance(event, RunTold):
            self.saved += event.epochs_saved
            return
        self._epoch(event)

    def _epoch(self, event: EpochTold) -> None:
        self.done[event.tile] = event.epoch_runs
        self.updates[event.tile] = event.updates
        losses = ("train_loss", "val_loss")
        chosen = [name for name in event.values if name in losses]
        chosen += [name for name in event.values if name.startswith("val_") and name not in losses][:1]
        values = "  ".join(f"{name} [number]{number(event.values[name])}[/]" for name in chosen)
        rate = sum(self.updates.values()) / max(time.monotonic() - self.began, 1e-9)
        self.bar.update(
            self.task,
            completed=sum(self.done.values()) + self.saved,
            values=values,
            rate=f"{rate:,.0f} updates/s",
        )
