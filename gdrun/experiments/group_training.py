"""The runs of a group on their way: which of them are trained next, and what has become of the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic

from gdrun.config import to_plain
from gdrun.errors import StoppedError, WorkerDiedError
from gdrun.experiments.command import Command, OneOf, Row
from gdrun.experiments.events import RunTold
from gdrun.experiments.means import Means
from gdrun.experiments.members import note_failure, record_of, records_if_ended
from gdrun.experiments.spec import RunSpec, Tile
from gdrun.experiments.summary import result_row
from gdrun.run_directory.checkpoints import Checkpoints
from gdrun.run_directory.directory import CHECKPOINTS, MEMBERS
from gdrun.run_directory.group import GroupDirectory

Outcome = list[dict[str, Any]] | Exception  # of a tile: the content of its run.json files, or what went wrong


class GroupTraining(Generic[OneOf]):
    """Hands out the tiles of a group one by one, and takes in what comes of them, in whatever order they end.

    The command may ask for further runs whenever some have ended, so nobody waits for the slowest of them.

    Args:
        group: its directory; the plan and the stacks of its group.json grow with what the command asks for.
        config: of the group.
        command: what is made of the runs.
        means: how they are trained.
    """

    def __init__(self, group: GroupDirectory, config: OneOf, command: Command[OneOf], means: Means) -> None:
        self.group = group
        self._config = config
        self._command = command
        self._means = means
        self._entries = {entry["run"]: entry for entry in group.record["plan"]}
        self._tiles = 0  # that were made of the group's stacks so far
        self._begun = False  # whether one was handed out
        self._apart: deque[Tile] = deque()  # of one run each
        self._rows: dict[str, Row] = {}  # of the runs that have ended
        self._failures: dict[str, Exception] = {}
        self._news = True  # whether the command hasn't seen all rows

    @property
    def rows(self) -> list[Row]:
        """Those of the runs that have ended, in the order of the plan."""
        return [self._rows[name] for name in self._entries if name in self._rows]

    @property
    def failures(self) -> dict[str, Exception]:
        """Run → what it ended with, in the order of the plan."""
        return {name: self._failures[name] for name in self._entries if name in self._failures}

    @property
    def stopped(self) -> bool:
        """Whether an end was asked for before all runs had ended."""
        return any(isinstance(error, StoppedError) for error in self._failures.values())

    def next_tile(self) -> Tile | None:
        """What to train next; None if there is nothing, or nothing until something else has ended.

        Runs that have ended before are not trained again.

        Raises:
            StoppedError: an end was asked for before the first tile was handed out.
        """
        while True:
            if not self._begun:
                self._means.interruption.check()
            if self._tiles < len(self.group.record["stacks"]):
                tile = self._tile(self._tiles)
                self._tiles += 1
                records = records_if_ended(tile.runs)
                if records is None:
                    self._begun = True
                    return tile
                for spec, record in zip(tile.runs, records, strict=True):
                    self._means.tell(RunTold(tile.number, spec.name, record["status"]))
                self._note(tile, records)
            elif self._apart:
                return self._apart.popleft()
            elif not self._grown():
                return None

    def settle(self, tile: Tile, outcome: Outcome) -> None:
        """Take in what came of a tile.

        One whose workers died is taken apart, so that only the run at fault fails.
        """
        if isinstance(outcome, WorkerDiedError) and len(tile.runs) > 1:
            self._apart += _apart(tile)
        elif isinstance(outcome, Exception):
            for spec in tile.runs:
                self._failures[spec.name] = outcome
                note_failure(spec, outcome, self._means.plugins)
            self._note(tile, [record_of(spec) for spec in tile.runs])
        else:
            Checkpoints(tile.checkpoints).clear()
            self._note(tile, outcome)

    def _tile(self, number: int) -> Tile:
        specs = []
        for name in self.group.record["stacks"][number]:
            entry = self._entries[name]
            member = self._command.member(self.group.record, self._config, entry)
            directory = self.group.path / MEMBERS / name
            specs.append(
                RunSpec(directory, to_plain(member), self._command.name, self._command.tested(entry))
            )
        return self._means.tile(number, specs, self.group.path / CHECKPOINTS / f"stack-{number:04d}")

    def _note(self, tile: Tile, records: Sequence[Mapping[str, Any]]) -> None:
        rows = {
            spec.name: result_row(self._entries[spec.name], record, descends="objective" in spec.config)
            for spec, record in zip(tile.runs, records, strict=True)
        }
        self._command.measure(self.group.path, self._config, self.group.record, list(rows.values()), records)
        self._rows |= rows
        self._news = True

    def _grown(self) -> bool:
        """Whether there are further runs now, because the command asked for them."""
        if self.stopped or not self._news:
            return False
        self._news = False
        record = self.group.record
        batch = self._command.next_runs(self._config, record, self.rows)
        if not batch.stacks:
            return False
        stacks = [*record["stacks"], *map(list, batch.stacks)]
        self.group.set(plan=[dict(entry) for entry in batch.plan], stacks=stacks)
        self._entries = {entry["run"]: entry for entry in self.group.record["plan"]}
        return True


def _apart(tile: Tile) -> list[Tile]:
    """A tile a run. Each begins anew, and so does the tile if it comes again: no checkpoint fits both."""
    apart = [
        replace(
            tile,
            runs=(spec,),
            checkpoints=tile.checkpoints.with_name(f"{tile.checkpoints.name}-{spec.name}"),
        )
        for spec in tile.runs
    ]
    for one in (tile, *apart):
        Checkpoints(one.checkpoints).clear()
    return apart
