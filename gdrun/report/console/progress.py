"""The live line while runs train; on a terminal only."""

from __future__ import annotations

import time
from dataclasses import replace
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Column

from gdrun.experiments.events import EpochTold, Event, RunTold
from gdrun.report.console.numbers import number
from gdrun.report.console.screen import Screen

_WIDE, _WIDEST = 90, 110  # columns from which there is room for all values, and for the speed


class LiveProgress:
    """One line: epochs done, the last loss and metric, updates a second, time left.

    Args:
        screen: nothing is drawn if it is quiet or stderr is no terminal.
        runs, epochs: how many of each the whole plan has.
        unit: what an epoch is called, where it is something else.
    """

    def __init__(self, screen: Screen, runs: int, epochs: int, unit: str = "epoch") -> None:
        self.shown = not screen.quiet and screen.notices.is_terminal
        self.epochs = epochs
        self.runs = runs
        self.unit = unit
        self.ended = 0
        self.going: dict[int, EpochTold] = {}  # tile → what it told last
        self.updates: dict[int, int] = {}  # tile → updates that it made
        self.before: int | None = None  # updates that were made before this process
        self.began = time.monotonic()
        self.wide = screen.notices.width >= _WIDE
        widest = screen.notices.width >= _WIDEST
        columns = [
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
            BarColumn(bar_width=20 if widest else 8),
            TaskProgressColumn(),
            TextColumn("{task.fields[values]}", markup=False, table_column=Column(no_wrap=True)),
            *([TextColumn("{task.fields[rate]}", style="faint", markup=False)] if widest else ()),
            TimeRemainingColumn(compact=True),
        ]
        self.bar = Progress(*columns, console=screen.notices, transient=True, disable=not self.shown)
        self.task = self.bar.add_task(self._description(), total=runs * epochs, values="", rate="")

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
            self.ended += 1
            told = self.going.pop(event.tile, None)
            if told is not None and told.runs > 1:
                self.going[event.tile] = replace(told, runs=told.runs - 1)
        else:
            self.going[event.tile] = event
            self.updates[event.tile] = event.updates
        self._draw()

    @property
    def completed(self) -> int:
        """Epochs of all runs; one that has ended early needs no more."""
        going = sum(event.epoch * event.runs for event in self.going.values())
        return min(self.ended * self.epochs + going, self.runs * self.epochs)

    def _description(self) -> str:
        if self.runs > 1:
            return f"{self.ended}/{self.runs} runs"
        epoch = max((event.epoch for event in self.going.values()), default=0)
        return f"{self.unit} {epoch}/{self.epochs}"

    def _draw(self) -> None:
        self.bar.update(
            self.task,
            description=self._description(),
            completed=self.completed,
            values=self._values(),
            rate=self._rate(),
        )

    def _values(self) -> str:
        """Losses and the first metric of the stack that told last, shorter on a narrow screen."""
        if not self.going:
            return ""
        values = list(self.going.values())[-1].values
        losses = [name for name in ("train_loss", "val_loss") if name in values]
        others = [name for name in values if name not in losses]
        metric = [name for name in others if name.startswith("val_")] or others
        chosen = [*losses, *metric[:1]] if self.wide else losses[-1:] + metric[:1]
        return "  ".join(f"{name} {number(values[name])}" for name in chosen)

    def _rate(self) -> str:
        total = sum(self.updates.values())
        if self.before is None:
            self.before, self.began = total, time.monotonic()
            return ""
        seconds = time.monotonic() - self.began
        return f"{(total - self.before) / seconds:,.0f} updates/s" if seconds > 0 else ""
