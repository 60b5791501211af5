"""`gdrun train`: one run, or one a seed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gdrun.config import Config
from gdrun.engines.interruption import Interruption
from gdrun.errors import ConfigError
from gdrun.experiments import tiles
from gdrun.experiments.build import load_data, stack_work
from gdrun.experiments.carrying_out import Tell
from gdrun.experiments.plan import Plan, carry_out_plan
from gdrun.experiments.summary import seeds_summary

MOST_RUNS = 100_000  # of one plan


def plan_training(config: Config, seeds: int | None = None, workers: int | str | None = None) -> Plan:
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
    number, size, memory = tiles.spread(work, count, config.compute.workers if workers is None else workers)
    first, last = config.seed, config.seed + count - 1
    words = f"seed {first}" if seeds is None else f"{count} seeds from {first} to {last}"
    entries = [{"run": f"seed-{seed}", "seed": seed} for seed in range(first, last + 1) if seeds is not None]
    stacks = tiles.stacks([str(entry["run"]) for entry in entries], size)
    return Plan("train", config, entries, stacks, work, number, memory, words)


def train(
    plan: Plan,
    runs_directory: Path,
    *,
    tell: Tell,
    interruption: Interruption,
    plugins: Sequence[Path] = (),
) -> Path:
    """Carry a plan out; returns the run directory or the group directory. See `carry_out_plan`."""
    return carry_out_plan(
        plan, runs_directory, tell=tell, interruption=interruption, plugins=plugins, conclude=seeds_summary
    )
