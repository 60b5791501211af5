"""`gdrun train`: one run, or one a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gdrun.config import Config, dump_yaml, to_plain
from gdrun.engines.interruption import Interruption
from gdrun.errors import ConfigError
from gdrun.experiments import tiles
from gdrun.experiments.build import load_data, stack_work
from gdrun.experiments.carrying_out import Tell, carry_out_group, carry_out_run
from gdrun.experiments.threads import blas_threads
from gdrun.run_directory.group import GroupDirectory
from gdrun.run_directory.run import RunDirectory
from gdrun.training.work import StackWork

MOST_RUNS = 100_000  # of one plan


@dataclass(frozen=True)
class TrainPlan:
    """What `gdrun train` is about to do.

    Attributes:
        config: complete; its seed is the first one.
        seeds: one a run.
        work: of the first run, for what is known of the network and the data.
        workers, tile_runs: how the runs are spread.
        group: whether the runs are members of a group.
    """

    config: Config
    seeds: Sequence[int]
    work: StackWork
    workers: int
    tile_runs: int
    group: bool

    @property
    def memory(self) -> int:
        """Bytes that it needs, about."""
        return tiles.memory_needed(self.work, self.tile_runs, self.workers)


def plan_training(config: Config, seeds: int | None = None, workers: int | str | None = None) -> TrainPlan:
    """Read the data, build the network, and decide how the runs are spread.

    Args:
        config: as loaded.
        seeds: how many, from `config.seed` on; None for one run that is no group.
        workers: processes, or "auto"; None for what the config says.

    Raises:
        ConfigError, DataError: something doesn't fit.
        SystemRefusedError: it doesn't fit into memory.
    """
    count = 1 if seeds is None else seeds
    if not 1 <= count <= MOST_RUNS:
        raise ConfigError(f"--seeds: {count} is not between 1 and {MOST_RUNS:,}")
    config, data = load_data(config)
    work = stack_work([config], [data], [0])
    asked = config.compute.workers if workers is None else workers
    number = tiles.workers_for(work, count, asked)
    tile_runs = tiles.tile_size(work, count, number)
    seeds_of_runs = range(config.seed, config.seed + count)
    plan = TrainPlan(config, seeds_of_runs, work, number, tile_runs, seeds is not None)
    tiles.check_memory(plan.memory)
    return plan


def train(
    plan: TrainPlan,
    runs_directory: Path,
    *,
    tell: Tell,
    interruption: Interruption,
    plugins: Sequence[Path] = (),
) -> Path:
    """Carry a plan out; returns the run directory or the group directory.

    Args:
        plan: from `plan_training`.
        runs_directory: made if missing.
        tell: receives events.
        interruption: may end it early.
        plugins: files that workers load first.

    Raises:
        StoppedError: interrupted; `gdrun resume` goes on.
        GdrunError: what else prevented it.
    """
    with blas_threads(plan.config.compute.blas_threads), interruption.deferred():
        return _train(plan, runs_directory, tell, interruption, plugins)


def _train(
    plan: TrainPlan, runs_directory: Path, tell: Tell, interruption: Interruption, plugins: Sequence[Path]
) -> Path:
    config = plan.config
    if not plan.group:
        with (
            interruption.deferred(),
            RunDirectory.create(
                runs_directory,
                config.name,
                config=dump_yaml(config),
                command="train",
                seed=config.seed,
                plugins=[str(path.absolute()) for path in plugins],
            ) as run,
        ):
            carry_out_run(run, to_plain(config), tell=tell, interruption=interruption, plugins=plugins)
            return run.path
    with (
        interruption.deferred(),
        GroupDirectory.create(
            runs_directory,
            config.name,
            config=dump_yaml(config),
            command="train",
            plan=[{"run": f"seed-{seed}", "seed": seed} for seed in plan.seeds],
            stacks=tiles.stacks([f"seed-{seed}" for seed in plan.seeds], plan.tile_runs),
            plugins=[str(path.absolute()) for path in plugins],
        ) as group,
    ):
        carry_out_group(
            group,
            config,
            workers=plan.workers,
            tell=tell,
            interruption=interruption,
            plugins=plugins,
        )
        return group.path
