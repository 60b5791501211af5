"""What a sweep goes through: a config as it was read, the keys that vary, and the config of each point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gdrun.config.comparison import SearchRange
from gdrun.config.dump import flow
from gdrun.config.load import AnyLoaded, Source
from gdrun.config.overrides import Assignment, Overrides
from gdrun.config.plain import from_node, to_node
from gdrun.config.problems import ConfigProblemsError, Position, Problems
from gdrun.config.reader import Node, read_text
from gdrun.config.sweep_values import Choices, choices_of
from gdrun.experiments.build import smoke as cut_short
from gdrun.experiments.minimize.work import smoke as fewer_steps
from gdrun.experiments.sweep.points import plain_values

SEED = "seed"


@dataclass(frozen=True)
class Space:
    """What a sweep goes through.

    Attributes:
        source: of the configs.
        overrides: all keys that are set, in order, those with one value included.
        smoke: whether the runs are cut short.
    """

    source: Source
    overrides: Sequence[Choices]
    smoke: bool = False

    @property
    def varied(self) -> list[Choices]:
        """The keys that a point has a value for."""
        return [choices for choices in self.overrides if choices.varies and choices.key != SEED]

    @property
    def seeds(self) -> list[Any] | None:
        """The values of the key `seed`, where it has several."""
        several = [choices for choices in self.overrides if choices.varies and choices.key == SEED]
        return plain_values(several[0]) if several else None

    def load(self, settings: Mapping[str, Any]) -> AnyLoaded:
        """The config of a point.

        Raises:
            ConfigError: all that is wrong with it.
        """
        problems = Problems()
        assignments = []
        for choices in self.overrides:
            value = choices.values[0]
            if choices.key in settings:
                value = to_node(settings[choices.key], choices.position, problems).keyed(choices.position)
            if isinstance(value, Node):
                assignments.append(Assignment(choices.key, value))
        problems.raise_any()
        if self.source.is_objective:
            descent = self.source.load_objective(assignments)
            return replace(descent, config=fewer_steps(descent.config)) if self.smoke else descent
        loaded = self.source.load(assignments)
        return replace(loaded, config=cut_short(loaded.config)) if self.smoke else loaded

    def as_record(self) -> dict[str, Any]:
        """What group.json keeps of it, as plain data."""
        return {
            "config": flow(from_node(self.source.root)),
            "folder": str(self.source.folder.absolute()),
            "name": self.source.name,
            "overrides": [
                [choices.key] if choices in self.varied else [choices.key, simplest(choices)]
                for choices in self.overrides
            ],
            "smoke": self.smoke,
        }

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Space:
        """The same again, with a value for every key that a point doesn't set."""
        problems = Problems()
        root = read_text(record["config"], "group.json", problems)
        problems.raise_any()
        assert root is not None  # noqa: S101 - nothing was wrong with it
        overrides = []
        for key, *value in record["overrides"]:
            position = Position(f"override {key}")
            node = to_node(value[0] if value else None, position, problems, key)
            overrides.append(Choices(key, (node,), position))
        source = Source(root, Path(record["folder"]), record["name"])
        return cls(source, overrides, record["smoke"])


def space_of(
    source: Source,
    values: Sequence[str] | Mapping[str, Any],
    overrides: Overrides = (),
    *,
    smoke: bool = False,
) -> Space:
    """What a sweep goes through, as it was written.

    Args:
        source: of the configs.
        values, overrides: see `choices_of`.
        smoke: whether the runs are cut short.

    Raises:
        ConfigError: all that cannot be read.
    """
    problems = Problems()
    choices = choices_of(values, problems, overrides)
    problems.raise_any()
    return Space(source, choices, smoke)


def simplest(choices: Choices) -> Any:
    """A value to begin with: the config's seed doesn't depend on it."""
    value = choices.values[0]
    if not isinstance(value, SearchRange):
        return from_node(value)
    return int(value.low) if choices.whole else value.low


def with_whole_numbers(space: Space) -> Space:
    """The same, with whole numbers drawn between whole ends for keys that take no others."""
    corner = {choices.key: simplest(choices) for choices in space.varied}
    overrides = []
    for choices in space.overrides:
        lows = [value.low for value in choices.values if isinstance(value, SearchRange)]
        ends = [*lows, *(value.high for value in choices.values if isinstance(value, SearchRange))]
        whole = (
            bool(ends)
            and all(end.is_integer() for end in map(float, ends))
            and _is_refused(space, {**corner, choices.key: lows[0] + 0.5}, choices)
            and not _is_refused(space, {**corner, choices.key: int(lows[0])}, choices)
        )
        overrides.append(replace(choices, whole=whole))
    return replace(space, overrides=overrides)


def _is_refused(space: Space, settings: Mapping[str, Any], choices: Choices) -> bool:
    """Whether a point cannot be because of this key."""
    try:
        space.load(settings)
    except ConfigProblemsError as error:
        return any(problem.position == choices.position for problem in error.problems)
    return False
