"""Which points a sweep tries: all of a grid, or some drawn at random."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gdrun.config.comparison import SearchRange, rounded
from gdrun.config.plain import from_node
from gdrun.config.reader import Node
from gdrun.config.sweep_values import Choices
from gdrun.randomness import Purpose, generator

_LISTED = 100_000  # combinations up to which all are written down, and some of them taken
_ATTEMPTS = 100  # a point, before what is left is given up

Settings = dict[str, Any]  # key → value, as plain data


def combinations(varied: Sequence[Choices]) -> int | None:
    """How many points the grid has; None where there are ranges to draw from."""
    if any(choices.ranges for choices in varied):
        return None
    return math.prod(len(choices.values) for choices in varied)


def grid(varied: Sequence[Choices]) -> list[Settings]:
    """All combinations; the last key changes fastest."""
    keys = [choices.key for choices in varied]
    return [dict(zip(keys, values, strict=True)) for values in itertools.product(*map(plain_values, varied))]


def drawn(varied: Sequence[Choices], count: int, seed: int) -> list[Settings]:
    """Points drawn without repetition, each combination as likely as any other.

    Of the values of a key, each is as likely as any other; a range among them counts as one, and within it
    the number, or its logarithm, is uniform. Numbers that are drawn have six significant digits, or are
    rounded to whole ones where a key takes no others.

    Args:
        varied: the keys.
        count: how many points; fewer come where there are no more.
        seed: of the config.

    Reference:
        Bergstra and Bengio, "Random search for hyper-parameter optimization", JMLR 13, 2012.
    """
    random = generator(seed, Purpose.SWEEP)
    every = combinations(varied)
    if every is not None and every <= _LISTED:
        points = grid(varied)
        return [points[place] for place in random.permutation(every)[:count]]
    found: dict[str, Settings] = {}
    for _ in range(count * _ATTEMPTS):
        settings = {choices.key: _one_of(choices, random) for choices in varied}
        found.setdefault(repr(settings), settings)
        if len(found) == count:
            break
    return list(found.values())


def _one_of(choices: Choices, random: np.random.Generator) -> Any:
    value = choices.values[random.integers(len(choices.values))]
    if not isinstance(value, SearchRange):
        return from_node(value)
    number = value.at(random.random())
    return round(number) if choices.whole else rounded(number)


def plain_values(choices: Choices) -> list[Any]:
    """The single values of a key, as plain data."""
    return [from_node(value) for value in choices.values if isinstance(value, Node)]
