"""The section `compare`: what `gdrun compare-optimizers` compares, and how."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, ClassVar, Literal

from gdrun.component import Component, Count, Ge, Le
from gdrun.config.marks import Pattern
from gdrun.optim.method import Method

MOST_TRIALS = 100  # half a decade apart they span more than floats hold
LABEL = Pattern(
    "[A-Za-z0-9_-][A-Za-z0-9._-]{0,23}",
    "1 to 24 letters, digits, dots, underscores or hyphens, the first no dot",
)


@dataclass(frozen=True)
class SearchRange(Component):
    """Values of one option between two ends, which are tried too.

    Options:
        low, high: the ends.
        scale: log for values that are even in the logarithm, as suits a learning rate, or linear.
    """

    low: float
    high: float
    scale: Literal["log", "linear"] = "log"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.low < self.high:
            raise ValueError(f"SearchRange: low must be less than high, {self.high}, not {self.low}")
        if self.scale == "log" and self.low <= 0:
            raise ValueError(f"SearchRange: low must be greater than 0 on the log scale, not {self.low}")

    def at(self, share: float) -> float:
        """The value at a share of the way from low to high, 0 and 1 being the ends."""
        if self.scale == "linear":
            return self.low + share * (self.high - self.low)
        return math.exp(math.log(self.low) + share * math.log(self.high / self.low))


def rounded(value: float) -> float:
    """To six significant digits, as it is shown: 0.00316228."""
    return float(f"{value:.6g}")


Search = SearchRange | tuple[bool | int | float | str, ...]


@dataclass(frozen=True)
class Contestant(Component):
    """One optimizer in a comparison: its fixed options, and those that are tuned.

    In a config its options stand in one mapping with those of the optimizer; a name alone is the optimizer
    with its defaults.

    Options:
        optimizer: with its fixed options.
        label: what to call it; null for the optimizer's name.
        search: option → a range (low, high, scale) or a list of values; null for the learning rate alone,
            half a decade apart around its default.
    """

    around: ClassVar[str] = "optimizer"  # the option whose own options stand beside the others
    optimizer: Method
    label: Annotated[str, LABEL] | None = None
    search: Mapping[str, Search] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        options = {field.name: getattr(self.optimizer, field.name) for field in fields(self.optimizer)}
        for option, values in (self.search or {}).items():
            if option not in options:
                raise ValueError(
                    f"Contestant: search.{option}: {self.optimizer.name} has no such option "
                    f"(it has {', '.join(options)})"
                )
            if isinstance(values, tuple) and not values:
                raise ValueError(f"Contestant: search.{option} is empty; give a value or more, or a range")
            if isinstance(values, SearchRange) and not isinstance(options[option], float):
                raise ValueError(f"Contestant: search.{option} takes a list of values, not a range")
            ends = (values.low, values.high) if isinstance(values, SearchRange) else values
            for value in ends:
                _with_option(self.optimizer, option, value)

    @property
    def name(self) -> str:  # type: ignore[override] # of this one, not of its class
        """What it is called."""
        return self.label or self.optimizer.name


def _with_option(optimizer: Method, option: str, value: Any) -> None:
    """Raise what is wrong with a value of an option."""
    kind = type(getattr(optimizer, option))
    if not isinstance(value, kind) and not (kind is float and type(value) is int):
        raise ValueError(f"Contestant: search.{option}: {value!r} is no {kind.__name__}")
    try:
        replaced(optimizer, {option: value})
    except ValueError as error:
        raise ValueError(f"Contestant: search.{option}: {error}") from error


def replaced(optimizer: Method, settings: Mapping[str, Any]) -> Method:
    """The optimizer with other values of some options.

    Raises:
        ValueError: a value is out of its bounds.
    """
    options: dict[str, Any] = {field.name: getattr(optimizer, field.name) for field in fields(optimizer)}
    return type(optimizer)(**(options | dict(settings)))


@dataclass(frozen=True)
class Target(Component):
    """A value that a contestant shall reach; how long that takes is reported.

    Options:
        value: to be reached.
        metric: a column of metrics.csv, such as val_accuracy; null for the monitor.
    """

    value: float
    metric: str | None = None


@dataclass(frozen=True)
class Compare(Component):
    """What `gdrun compare-optimizers` compares, and how; no other command looks at it.

    Options:
        optimizers: the contestants: names, or mappings with fixed options and a `search` of their own.
        trials: settings of each contestant that are tried; as many again at most where the best one lies at
            the edge of its range.
        tuning_seeds: seeds of every trial, from the config's on.
        seeds: further seeds on which the best setting of each contestant is evaluated.
        monitor: a column of metrics.csv that tells how good a run is, as its best value over the epochs; null
            for the first metric on the validation rows, or their loss.
        target: a value to be reached; null for what the best contestant reaches in half of its seeds, less
            1 % of the way there.
    """

    optimizers: tuple[Contestant, ...] | None = None
    trials: Annotated[int, Ge(1), Le(MOST_TRIALS)] = 12
    tuning_seeds: Count = 3
    seeds: Annotated[int, Ge(2)] = 10
    monitor: str | None = None
    target: Target | None = None
