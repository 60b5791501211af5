"""The runs of a point: one a seed, or of an objective one a start and seed.

With a seed given for each, drawn starts stand for seeds, as in a comparison: every seed has its own, the same
at every point. Else the runs begin where those of `gdrun minimize` do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from gdrun.config import AnyConfig, ObjectiveConfig
from gdrun.config.objective import UniformStart
from gdrun.errors import ConfigError

OneOf = TypeVar("OneOf", bound=AnyConfig)


class Beginning(NamedTuple):
    """What tells the runs of a point apart.

    Attributes:
        seed: of the run.
        number: of its start, where the config has several.
    """

    seed: int
    number: int | None

    @property
    def name(self) -> str:
        """Of the start in the name of the run."""
        return "" if self.number is None else f"-start-{self.number}"


def beginnings(config: AnyConfig, seeds: Sequence[int], *, seeded: bool) -> Iterator[Beginning]:
    """Where the runs of a point begin.

    Args:
        config: of the point.
        seeds: of its runs.
        seeded: whether they were asked for, so that drawn starts stand for them.

    Raises:
        ConfigError: runs with different seeds would be the same.
    """
    starts = count_of_starts(config, seeded=seeded)
    if len(seeds) > 1 and not _differs_by_seed(config):
        raise ConfigError(
            "several seeds: each needs a start of its own, and these are given; draw them, such as "
            "start={uniform: [-2, 2]}, or take one seed"
        )
    for seed in seeds:
        for number in range(starts):
            yield Beginning(seed, number if starts > 1 else None)


def begun(config: OneOf, beginning: Beginning, *, seeded: bool) -> OneOf:
    """The config of a run.

    Args:
        config: of its point.
        beginning: of the run.
        seeded: as for `beginnings`.
    """
    seed, number = beginning
    if not isinstance(config, ObjectiveConfig):
        return replace(config, seed=seed)
    start: Any = config.start
    if seeded and isinstance(start, UniformStart):
        start = start.draw(seed, config.dimension)
    elif number is not None:
        start = start.draw(number, config.dimension) if isinstance(start, UniformStart) else start[number]
    return replace(config, seed=seed, start=start)


def count_of_starts(config: AnyConfig, *, seeded: bool) -> int:
    """How many runs a point has for each seed."""
    if not isinstance(config, ObjectiveConfig):
        return 1
    if isinstance(config.start, UniformStart):
        return 1 if seeded else config.start.count
    return len(config.starts())


def _differs_by_seed(config: AnyConfig) -> bool:
    return (
        not isinstance(config, ObjectiveConfig)
        or isinstance(config.start, UniformStart)
        or config.gradient_noise is not None
        or getattr(config.optimizer, "draws", False)
    )
