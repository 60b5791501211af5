"""From a file, or plain data, to a config."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from gdrun.component import option_types
from gdrun.config.build import Builder
from gdrun.config.config import Config
from gdrun.config.contradictions import contradictions
from gdrun.config.objective import ObjectiveConfig, problems_of
from gdrun.config.overrides import Assignment, Overrides, apply_overrides
from gdrun.config.plain import to_node
from gdrun.config.problems import Position, Problem, Problems
from gdrun.config.reader import BROKEN, Node, read_file
from gdrun.config.tasks import fill_task, task_of, task_problems
from gdrun.data import DATASETS
from gdrun.errors import ConfigError

AnyConfig = Config | ObjectiveConfig  # of a run that trains, or of one that minimizes
Kind = TypeVar("Kind", bound=AnyConfig)
OBJECTIVE = "objective"  # the key by which the two are told apart


@dataclass(frozen=True)
class LoadedAs(Generic[Kind]):
    """A config as it was loaded.

    Attributes:
        config: complete; every path in it is absolute.
        notices: what the user should know, one sentence each.
        folder: of the file; relative paths were relative to it.
        positions: dotted key → where the file says it.
    """

    config: Kind
    notices: tuple[str, ...] = ()
    folder: Path = Path()
    positions: Mapping[str, Position] = field(default_factory=dict)


Loaded = LoadedAs[Config]
AnyLoaded = LoadedAs[Config] | LoadedAs[ObjectiveConfig]


@dataclass(frozen=True)
class Source:
    """What configs are made of: the values of a file, or plain data, before defaults and overrides.

    Attributes:
        root: the values.
        folder: what relative paths are relative to.
        name: of a config that gives itself none.
        problems: that reading found.
    """

    root: Node
    folder: Path
    name: str
    problems: tuple[Problem, ...] = ()

    @property
    def is_objective(self) -> bool:
        """Whether it is a config for `gdrun minimize`."""
        return isinstance(self.root.value, dict) and OBJECTIVE in self.root.value

    def load(self, overrides: Overrides | Sequence[str | Assignment] = ()) -> Loaded:
        """The config of a run that trains, with these overrides.

        Raises:
            ConfigError: all that is wrong.
        """
        if self.is_objective:
            raise ConfigError(f"{self.name} has an objective and no dataset: gdrun minimize is for that")
        return self.load_as(Config, overrides)

    def load_objective(
        self, overrides: Overrides | Sequence[str | Assignment] = ()
    ) -> LoadedAs[ObjectiveConfig]:
        """The config of a run that minimizes, likewise."""
        if isinstance(self.root.value, dict) and "dataset" in self.root.value and not self.is_objective:
            raise ConfigError(f"{self.name} has a dataset and no objective: gdrun train is for that")
        return self.load_as(ObjectiveConfig, overrides)

    def load_any(self, overrides: Overrides | Sequence[str | Assignment] = ()) -> AnyLoaded:
        """The config, of whichever kind it is."""
        return self.load_objective(overrides) if self.is_objective else self.load(overrides)

    def load_as(self, kind: type[Kind], overrides: Overrides | Sequence[str | Assignment]) -> LoadedAs[Kind]:
        """The config of a run of this kind, likewise."""
        problems = Problems()
        problems.found += self.problems
        return _load(kind, self.root, problems, overrides, self.folder, self.name)


def read_source(path: str | Path) -> Source:
    """The values of a config file.

    Raises:
        ConfigError: it cannot be read as YAML.
        SystemRefusedError: it cannot be read at all.
    """
    path = Path(path)
    problems = Problems()
    root = read_file(path, problems)
    if root is None:
        problems.raise_any()
        raise AssertionError
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem)[:64].strip("-") or "run"
    return Source(root, path.parent, stem, tuple(problems.found))


def plain_source(values: Mapping[str, Any], *, folder: str | Path = ".", source: str = "") -> Source:
    """The same of plain data; see `from_plain`."""
    problems = Problems()
    root = to_node(values, Position(source), problems)
    return Source(root, Path(folder), "run", tuple(problems.found))


def load(path: str | Path, overrides: Overrides = ()) -> Loaded:
    """Read a config file.

    Args:
        path: of a YAML file.
        overrides: "KEY=VALUE" texts, or a mapping of dotted keys to values.

    Raises:
        ConfigError: all that is wrong with the file and the overrides, each with its place.
        SystemRefusedError: the file cannot be read.
    """
    return read_source(path).load(overrides)


def from_plain(
    values: Mapping[str, Any], overrides: Overrides = (), *, folder: str | Path = ".", source: str = ""
) -> Loaded:
    """Make a config of plain data, as `to_plain` gives it or a user's program writes it.

    Args:
        values: the keys of a config file.
        overrides: as in `load`.
        folder: what relative paths are relative to.
        source: what to call the data in messages.

    Raises:
        ConfigError: all that is wrong.
    """
    return plain_source(values, folder=folder, source=source).load(overrides)


def _load(
    kind: type[Kind],
    root: Node,
    problems: Problems,
    overrides: Overrides | Sequence[str | Assignment],
    folder: Path,
    name: str,
) -> LoadedAs[Kind]:
    if root.value is None:  # an empty file: everything may still come from overrides
        root = replace(root, value={})
    notices: list[str] = []
    if isinstance(root.value, dict):
        root = apply_overrides(root, kind, overrides, problems, notices)
    builder = Builder(problems, folder)
    config: Kind = builder.section(kind, root, label="a config")
    if config is not BROKEN:
        if "name" not in builder.positions:
            config = replace(config, name=name)
        config = complete(config, builder, root.position)
    problems.raise_any()
    return LoadedAs(config, tuple(notices), folder.absolute(), builder.positions)


def complete(config: Kind, builder: Builder, position: Position) -> Kind:
    """The config with what its keys say together; what they contradict goes to the builder's problems.

    Args:
        config: of parts that are right, each by itself.
        builder: that made them.
        position: of keys that stand nowhere.
    """
    if isinstance(config, Config):
        return cast("Kind", _complete(config, builder, position))
    for key, message in problems_of(config):
        builder.problems.add(builder.positions.get(key, position), key, message)
    return config


def _complete(config: Config, builder: Builder, position: Position) -> Config:
    config = _with_own_parts(config, builder)
    for key, message in contradictions(config):
        builder.problems.add(builder.positions.get(key, position), key, message)
    task = task_of(config)
    found = [*contradictions(config), *([] if task is None else task_problems(config, task))]
    for key, message in found:
        builder.problems.add(builder.positions.get(key, position), key, message)
    return config if task is None else fill_task(config, task)


def _with_own_parts(config: Config, builder: Builder) -> Config:
    """The config with files of validation or test rows where they are read: with the dataset."""
    dataset: Any = config.dataset
    split: Any = config.split
    for option in ("validation_path", "test_path"):
        path = getattr(split, option)
        if path is None:
            continue
        key = f"split.{option}"
        if not _takes(type(dataset), option):
            takers = ", ".join(name for name, cls in DATASETS.items() if _takes(cls, option))
            said = f"the dataset {config.dataset.name} isn't read from files; those that are: {takers}"
            builder.problems.add(builder.positions[key], key, said)
        elif getattr(dataset, option) not in (None, path):
            said = f"dataset.{option} names another file; give one of both"
            builder.problems.add(builder.positions[key], key, said)
        else:
            dataset, split = replace(dataset, **{option: path}), replace(split, **{option: None})
    return config if split is config.split else replace(config, dataset=dataset, split=split)


def _takes(cls: Any, option: str) -> bool:
    return option in option_types(cls)
