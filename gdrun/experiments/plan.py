"""A plan: what a command is about to do, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gdrun.config import AnyConfig, dump_yaml, to_plain
from gdrun.engines.cluster import Cluster
from gdrun.engines.interruption import Interruption
from gdrun.experiments.carrying_out import carry_out_group, carry_out_run
from gdrun.experiments.command import Command, Entry
from gdrun.experiments.means import Means, Tell
from gdrun.experiments.planning import DescentKind, Kind, Layout
from gdrun.experiments.threads import blas_threads
from gdrun.run_directory.group import GroupDirectory
from gdrun.run_directory.run import RunDirectory
from gdrun.training.work import StackWork


@dataclass(frozen=True)
class Plan:
    """Runs to be trained.

    Attributes:
        command: that made it.
        config: complete; that of the only run, or of the group.
        entries: what group.json says of each run: `run`, its name, and what tells it from the others; empty
            for one run that is no group.
        layout: how the runs are spread.
        words: what tells the runs apart: "10 seeds from 0 to 9".
        later: runs that come after these, once it is known which.
        record: further values of group.json.
        warnings: what to think about again, one sentence each.
        varied: config keys in which the runs differ, and their values in words.
    """

    command: Command[Any]
    config: AnyConfig
    entries: Sequence[Entry]
    layout: Layout
    words: str
    later: int = 0
    record: Mapping[str, Any] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    varied: Mapping[str, str] = field(default_factory=dict)

    @property
    def notices(self) -> list[str]:
        """What the user should know before it begins, one sentence each."""
        kinds = self.layout.kinds
        return list(dict.fromkeys([*self.warnings, *(said for kind in kinds for said in kind.notices)]))

    @property
    def runs(self) -> int:
        """How many, those to come included."""
        return max(1, len(self.entries)) + self.later

    @property
    def unit(self) -> str:
        """In which the progress of a run is told."""
        return "step" if all(isinstance(kind, DescentKind) for kind in self.layout.kinds) else "epoch"

    @property
    def largest(self) -> Kind:
        """The kind of training with the most training rows, for what is known of network and data."""
        return max(
            (kind for kind in self.layout.kinds if isinstance(kind, Kind)),
            key=lambda kind: kind.work.train_rows,
        )

    @property
    def work(self) -> StackWork:
        """Of these."""
        return self.largest.work

    @property
    def seconds(self) -> float:
        """A rough guess of the time that it takes."""
        return self.layout.seconds * self._whole

    @property
    def updates(self) -> int:
        """Of all runs together."""
        return round(self.layout.updates * self._whole)

    @property
    def _whole(self) -> float:
        return self.runs / (self.runs - self.later)


def carry_out_plan(
    plan: Plan,
    runs_directory: Path,
    *,
    tell: Tell,
    interruption: Interruption,
    plugins: Sequence[Path] = (),
    cluster: Cluster | None = None,
) -> Path:
    """Train the runs of a plan; returns the run directory or the group directory.

    Args:
        plan: what to do.
        runs_directory: made if missing.
        tell: receives events.
        interruption: may end it early.
        plugins: files that workers load first.
        cluster: where the runs are trained, if it isn't this machine's own processes.

    Raises:
        StoppedError: interrupted; `gdrun resume` goes on.
        GdrunError: what else prevented it.
    """
    config = plan.config
    files = [str(path.absolute()) for path in plugins]
    means = Means(plan.layout.workers, tell, interruption, plugins, cluster)
    with blas_threads(config.compute.blas_threads), interruption.deferred():
        if not plan.entries:
            with RunDirectory.create(
                runs_directory,
                config.name,
                config=dump_yaml(config),
                command=plan.command.name,
                seed=config.seed,
                plugins=files,
            ) as run:
                carry_out_run(run, to_plain(config), means)
                return run.path
        with GroupDirectory.create(
            runs_directory,
            config.name,
            config=dump_yaml(config),
            command=plan.command.name,
            plan=plan.entries,
            stacks=[list(names) for names in plan.layout.stacks],
            plugins=files,
            workers=plan.layout.workers,
            **plan.record,
        ) as group:
            carry_out_group(group, config, plan.command, means)
            return group.path
