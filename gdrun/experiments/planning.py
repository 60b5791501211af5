"""From the configs of runs to a plan: which of them train together, on how many processes, at what cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdrun.component import stacking_key
from gdrun.config import AnyConfig, Config, ObjectiveConfig
from gdrun.config.checks import descent_warnings, warnings
from gdrun.data import Prepared, Table
from gdrun.engines.engine import available_cores
from gdrun.errors import ConfigError
from gdrun.experiments import tiles
from gdrun.experiments.build import load_all_data, stack_work
from gdrun.experiments.command import Entry
from gdrun.experiments.minimize import work as minimize
from gdrun.optim.schedules.plateau import Plateau
from gdrun.training.work import StackWork

MOST_RUNS = 100_000  # of one plan


@dataclass(frozen=True)
class Kind:
    """Runs of one shape and one kind of work.

    Attributes:
        config: of one of them.
        work: likewise.
        names: of the runs.
    """

    config: Config
    work: StackWork
    names: list[str]

    @property
    def rounds(self) -> int:
        """Epochs, in which its progress is told."""
        return self.work.epochs

    @property
    def updates(self) -> int:
        """Of each of its runs."""
        return self.work.length.steps

    @property
    def notices(self) -> list[str]:
        """What the user should know, one sentence each."""
        data = [notice for one in self.work.data for notice in one.notices]
        return data + warnings(self.config, self.work.train_rows)


@dataclass(frozen=True)
class DescentKind:
    """Descents on one objective by one kind of method; attributes as for `Kind`."""

    config: ObjectiveConfig
    names: list[str]

    @property
    def rounds(self) -> int:
        return self.config.steps

    @property
    def updates(self) -> int:
        return self.config.steps

    @property
    def notices(self) -> list[str]:
        return descent_warnings(self.config)


AnyKind = Kind | DescentKind


@dataclass(frozen=True)
class Layout:
    """How runs are spread.

    Attributes:
        configs: of the runs, with what depends on their task.
        kinds: of runs, in the order in which they first come.
        stacks: names of runs that train together.
        workers: processes.
        memory: bytes that it needs, about.
        seconds: a rough guess of the time that it takes.
        updates: of all runs.
    """

    configs: Sequence[AnyConfig]
    kinds: Sequence[AnyKind]
    stacks: Sequence[Sequence[str]]
    workers: int
    memory: int
    seconds: float
    updates: int


def lay_out(
    configs: Sequence[AnyConfig],
    names: Sequence[str],
    workers: int | str | None,
    *,
    more: float = 1.0,
    table: Table | None = None,
) -> Layout:
    """Read the data of runs, and decide which of them train together.

    Args:
        configs: one a run.
        names: of the runs.
        workers: processes, or "auto"; None for what the first config says.
        more: how much the whole work is of this part, for the number of processes.
        table: of all of them, where it has been read already.

    Raises:
        ConfigError, DataError: something doesn't fit.
        SystemRefusedError: it doesn't fit into memory.
    """
    if not 1 <= len(configs) <= MOST_RUNS:
        raise ConfigError(f"{len(configs):,} runs: a plan has from 1 to {MOST_RUNS:,}; take fewer")
    named = list(zip(names, configs, strict=True))
    trained = {name: one for name, one in named if isinstance(one, Config)}
    descents = {name: one for name, one in named if isinstance(one, ObjectiveConfig)}
    parts = []
    if trained:
        parts.append(_lay_out_training(list(trained.values()), list(trained), workers, more, table))
    if descents:
        parts.append(_lay_out_descents(descents, workers, more))
    complete = dict(zip(trained, parts[0].configs, strict=True)) if trained else {}
    return Layout(
        configs=[complete.get(name, config) for name, config in named],
        kinds=[kind for part in parts for kind in part.kinds],
        stacks=[stack for part in parts for stack in part.stacks],
        workers=max(part.workers for part in parts),
        memory=max(part.memory for part in parts),
        seconds=sum(part.seconds for part in parts),
        updates=sum(part.updates for part in parts),
    )


def _lay_out_descents(
    configs: Mapping[str, ObjectiveConfig], workers: int | str | None, more: float
) -> Layout:
    kinds: dict[Any, DescentKind] = {}
    for name, config in configs.items():
        kinds.setdefault(minimize.kind_of(config), DescentKind(config, [])).names.append(name)
    found = list(kinds.values())
    seconds = sum(minimize.estimated_seconds(kind.config, len(kind.names)) for kind in found)
    asked = found[0].config.compute.workers if workers is None else workers
    number = _workers(asked, len(configs), seconds * more)
    stacks, memory = [], 0
    for kind in found:
        size = minimize.tile_size(kind.config, len(kind.names), number)
        stacks += [kind.names[i : i + size] for i in range(0, len(kind.names), size)]
        memory = max(memory, minimize.memory_needed(kind.config, size, number))
    minimize.check_memory(memory)
    updates = sum(kind.updates * len(kind.names) for kind in found)
    return Layout(list(configs.values()), found, stacks, number, memory, seconds / number, updates)


def _lay_out_training(
    configs: Sequence[Config],
    names: Sequence[str],
    workers: int | str | None,
    more: float,
    table: Table | None,
) -> Layout:
    configs, data, which = load_all_data(configs, table)
    kinds: dict[Any, Kind] = {}
    for config, place, name in zip(configs, which, names, strict=True):
        key = _kind(config, data[place])
        if key not in kinds:
            kinds[key] = Kind(config, stack_work([config], [data[place]], [0]), [])
        kinds[key].names.append(name)
    found = list(kinds.values())
    seconds = sum(tiles.estimated_seconds(kind.work, len(kind.names)) for kind in found)
    asked = configs[0].compute.workers if workers is None else workers
    number = _workers(asked, len(configs), seconds * more)
    costs, memory = list[tuple[float, list[str]]](), 0
    schedules = len({config.schedule for config in configs})
    counts = tiles.tile_counts([kind.work for kind in found], [len(kind.names) for kind in found], number)
    for kind, count in zip(found, counts, strict=True):
        dealt = [part.tolist() for part in np.array_split(kind.names, count)]
        size = max(map(len, dealt))
        memory = max(memory, tiles.memory_needed(kind.work, size, number, min(schedules, size)))
        costs += [(tiles.estimated_seconds(kind.work, len(part)), part) for part in dealt]
    costs.sort(key=lambda one: one[0], reverse=True)  # what is short comes last: the workers end together
    stacks = [part for _, part in costs]
    if len(data) > 1:
        memory += 2 * sum(_bytes(one) for one in data)
    tiles.check_memory(memory)
    updates = sum(kind.work.length.steps * len(kind.names) for kind in found)
    return Layout(configs, found, stacks, number, memory, seconds / number, updates)


def _kind(config: Config, data: Prepared) -> tuple[Any, ...]:
    """What must be the same for runs to be trained as one stack: all but numbers, seeds and rows."""
    watched = config.schedule.monitor if isinstance(config.schedule, Plateau) else None
    shapes = (data.train.features.shape, data.targets, data.validation is None, data.name)
    parts = (
        *(config.model, config.loss, config.metrics, config.dtype, config.initial_weights),
        *(config.batch_size, config.shuffle, config.drop_last, config.epochs, config.evaluation),
        *(config.early_stopping, config.tolerance, config.gradient_clipping, config.learning_rate_scaling),
        *(config.diagnostics, config.augmentation),
        *(config.checkpoint, config.compute.blas_threads, watched),
        *(stacking_key(config.optimizer), stacking_key(config.penalty)),
        *(
            part and stacking_key(part)
            for part in (config.lookahead, config.averaging, config.gradient_noise)
        ),
    )
    return (*shapes, repr(parts))


def _workers(asked: int | str, runs: int, seconds: float) -> int:
    """The number of processes: as asked, or those that pay."""
    if isinstance(asked, int):
        return max(1, min(asked, runs))
    if runs == 1 or seconds < tiles.WORTH_SECONDS:
        return 1
    return min(available_cores(), runs)


def _bytes(data: Prepared) -> int:
    return sum(part.features.nbytes for part in (data.train, data.validation, data.test) if part)


def names_of(entries: Sequence[Entry]) -> list[str]:
    """Of the runs of a plan."""
    return [str(entry["run"]) for entry in entries]
