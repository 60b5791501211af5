"""A plan: what a command is about to do, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gdrun.config import Config, dump_yaml, to_plain
from gdrun.engines.interruption import Interruption
from gdrun.experiments import tiles
from gdrun.experiments.carrying_out import Conclude, Tell, carry_out_group, carry_out_run
from gdrun.experiments.threads import blas_threads
from gdrun.run_directory.group import GroupDirectory
from gdrun.run_directory.run import RunDirectory
from gdrun.training.work import StackWork


@dataclass(frozen=True)
class Plan:
    """Runs to be trained.

    Attributes:
        command: that made it.
        config: complete; that of the only run, or of the first one.
        entries: what group.json says of each run: `run`, its name, and the config keys in which it differs;
            empty for one run that is no group.
        stacks: names of runs that train together.
        work: of one run, of folds the one with the most training rows, for what is known of network and data.
        workers: processes.
        memory: bytes that it needs, about.
        words: what tells the runs apart: "10 seeds from 0 to 9".
    """

    command: str
    config: Config
    entries: Sequence[Mapping[str, Any]]
    stacks: Sequence[Sequence[str]]
    work: StackWork
    workers: int
    memory: int
    words: str

    @property
    def runs(self) -> int:
        """How many."""
        return max(1, len(self.entries))

    @property
    def seconds(self) -> float:
        """A rough guess of the time that it takes."""
        return tiles.estimated_seconds(self.work, self.runs) / self.workers


def carry_out_plan(
    plan: Plan,
    runs_directory: Path,
    *,
    tell: Tell,
    interruption: Interruption,
    plugins: Sequence[Path] = (),
    conclude: Conclude,
) -> Path:
    """Train the runs of a plan; returns the run directory or the group directory.

    Args:
        plan: what to do.
        runs_directory: made if missing.
        tell: receives events.
        interruption: may end it early.
        plugins: files that workers load first.
        conclude: makes the summary of a group.

    Raises:
        StoppedError: interrupted; `gdrun resume` goes on.
        GdrunError: what else prevented it.
    """
    config = plan.config
    files = [str(path.absolute()) for path in plugins]
    with blas_threads(config.compute.blas_threads), interruption.deferred():
        if not plan.entries:
            with RunDirectory.create(
                runs_directory,
                config.name,
                config=dump_yaml(config),
                command=plan.command,
                seed=config.seed,
                plugins=files,
            ) as run:
                carry_out_run(run, to_plain(config), tell=tell, interruption=interruption, plugins=plugins)
                return run.path
        with GroupDirectory.create(
            runs_directory,
            config.name,
            config=dump_yaml(config),
            command=plan.command,
            plan=plan.entries,
            stacks=plan.stacks,
            plugins=files,
        ) as group:
            carry_out_group(
                group,
                config,
                workers=plan.workers,
                tell=tell,
                interruption=interruption,
                plugins=plugins,
                conclude=conclude,
            )
            return group.path
