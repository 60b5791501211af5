"""`gdrun train`: one run, or one a seed."""

from __future__ import annotations

from dataclasses import replace

from gdrun.config import Config
from gdrun.errors import ConfigError
from gdrun.experiments.command import Command
from gdrun.experiments.plan import Plan
from gdrun.experiments.planning import MOST_RUNS, lay_out
from gdrun.experiments.summary import seeds_summary

TRAIN = Command("train", seeds_summary)


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
    numbers = range(config.seed, config.seed + count)
    names = [f"seed-{seed}" for seed in numbers]
    layout = lay_out([replace(config, seed=seed) for seed in numbers], names, workers)
    if seeds is None:
        return Plan(TRAIN, layout.configs[0], (), layout, f"seed {config.seed}")
    entries = [{"run": name, "seed": seed} for name, seed in zip(names, numbers, strict=True)]
    words = f"{count} seeds from {numbers[0]} to {numbers[-1]}"
    return Plan(TRAIN, layout.configs[0], entries, layout, words)
