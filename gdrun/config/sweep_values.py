"""What a sweep varies: KEY=V1,V2 on the command line, or a mapping of keys to values in Python.

A value is read as an override is; commas inside brackets or quotes belong to it. Among the values may stand

    log(a, b, n)     n numbers from a to b, evenly in the logarithm
    linear(a, b, n)  n numbers from a to b, evenly
    range(a, b)      the whole numbers from a to below b, as in Python; range(a, b, step) in steps

Ends are included but for range's. Numbers between them have six significant digits, and where both ends are
whole numbers those that come out whole are, too. `log(a, b)` and `linear(a, b)` are for random sweeps: any
number between the ends.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from gdrun.config.comparison import SearchRange, rounded
from gdrun.config.overrides import Overrides, is_key, key_and_text
from gdrun.config.plain import from_node, to_node
from gdrun.config.problems import Position, Problems, did_you_mean, shown
from gdrun.config.reader import BROKEN, Node, read_text
from gdrun.config.scalars import resolve

MOST_VALUES = 100_000  # of one key
_LARGEST = 10**15  # whole number

_FUNCTION = re.compile(r"([A-Za-z_]\w*)\((.*)\)", re.DOTALL)
_SHAPES = {"log": "log(1e-4,1,9)", "linear": "linear(0,1,5)", "range": "range(1,10)"}


@dataclass(frozen=True)
class Choices:
    """A key and the values that it takes.

    Attributes:
        key: dotted path into the config.
        values: single values, and ranges to draw from; no value comes twice.
        position: where it was written.
        given: how many values there were, those that came again included.
        whole: whether numbers that are drawn from ranges are rounded to whole ones.
    """

    key: str
    values: tuple[Node | SearchRange, ...]
    position: Position
    given: int = 1
    whole: bool = False

    @property
    def varies(self) -> bool:
        """Whether there is more than one value to take."""
        return len(self.values) > 1 or isinstance(self.values[0], SearchRange)

    @property
    def ranges(self) -> bool:
        """Whether one of the values is a range to draw from."""
        return any(isinstance(value, SearchRange) for value in self.values)


_Given = tuple[str, Sequence[Node | SearchRange], Position]


def choices_of(
    values: Sequence[str] | Mapping[str, Any], problems: Problems, fixed: Overrides = ()
) -> list[Choices]:
    """What is varied, in order; a key with one value is an override like any other.

    Args:
        values: "KEY=V1,V2" texts; or key → a sequence of values, a single value, or what would stand after
            the "=".
        problems: takes all that is wrong.
        fixed: overrides in the same forms as for `load`, that come first.
    """
    found: list[Choices] = []
    for key, nodes, position in itertools.chain(_fixed(fixed, problems), _given(values, problems)):
        if any(choices.key == key for choices in found):
            problems.add(position, key, "is here for the second time; write all its values at once")
        elif nodes:
            found.append(Choices(key, _distinct(key, nodes, position, problems), position, len(nodes)))
    return found


def _fixed(overrides: Overrides, problems: Problems) -> Iterator[_Given]:
    if isinstance(overrides, Mapping):
        for key, value in overrides.items():
            position = Position(f"override {shown(key)}")
            if is_key(key, position, problems):
                yield key, [to_node(value, position, problems, key)], position
        return
    for number, text in enumerate(overrides, 1):
        if parts := key_and_text(text, number, problems):
            key, given, position = parts
            yield key, list(_single(given, position, problems)), position


def _given(values: Sequence[str] | Mapping[str, Any], problems: Problems) -> Iterator[_Given]:
    if not isinstance(values, Mapping):
        for number, text in enumerate(values, 1):
            if parts := key_and_text(text, number, problems):
                key, given, position = parts
                yield key, list(_read(given, position, problems)), position
        return
    for key, several in values.items():
        position = Position(f"key {shown(key)}")
        if not is_key(key, position, problems):
            continue
        if isinstance(several, str):
            yield key, list(_read(several, position, problems)), position
            continue
        listed = isinstance(several, Sequence | np.ndarray)
        items = list(several) if listed else [several]
        if not items:
            problems.add(position, key, "has no values")
        yield key, [to_node(item, position, problems, key).keyed(position) for item in items], position


def _read(text: str, position: Position, problems: Problems) -> Iterator[Node | SearchRange]:
    """The values of a text behind the "="."""
    parts = split_values(text)
    for part in parts:
        function = _FUNCTION.fullmatch(part)
        if not part and len(parts) > 1:
            problems.add(position, "", "has a comma with no value beside it; text with commas goes in quotes")
        elif function:
            try:
                yield from _function_values(function[1], split_values(function[2]), position)
            except ValueError as error:
                problems.add(position, "", f"{shown(part)}: {error}")
        else:
            yield from _single(part, position, problems)


def _single(text: str, position: Position, problems: Problems) -> Iterator[Node]:
    node = read_text(text, position.source, problems, lines=False)
    if node is not None:
        yield node.keyed(position)


def split_values(text: str) -> list[str]:
    """The parts between commas that stand outside brackets and quotes, without blanks around them."""
    parts, start, depth, quote, before = [], 0, 0, "", ","
    for place, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"" and before in ",:([{":  # elsewhere it is a part of a word
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and depth <= 0:
            parts.append(text[start:place].strip())
            start = place + 1
        before = before if character.isspace() else character
    return [*parts, text[start:].strip()]


def _function_values(name: str, arguments: Sequence[str], position: Position) -> list[Node | SearchRange]:
    """The values of a function.

    Raises:
        ValueError: there is no such function, or it takes other arguments.
    """
    if name not in _SHAPES:
        near = did_you_mean(name, _SHAPES)
        raise ValueError(f"there is no function {shown(name)}{near} (there are: {', '.join(_SHAPES)})")
    numbers = [_number(argument) for argument in arguments if argument]
    if not len(arguments) == len(numbers) or not 2 <= len(numbers) <= 3:
        raise ValueError(f"takes two or three numbers, such as {_SHAPES[name]}")
    low, high, *more = numbers
    if name == "range":
        return _nodes(_whole_range(*numbers), position)
    if low == high:
        raise ValueError("both ends are the same; write the value alone")
    scale: Literal["log", "linear"] = "log" if name == "log" else "linear"
    if scale == "log" and min(low, high) <= 0:
        raise ValueError("a logarithm needs ends greater than 0")
    between = SearchRange(min(low, high), max(low, high), scale)
    if not math.isfinite(between.at(0.5)):
        raise ValueError("the ends are too far apart")
    if not more:
        return [between]
    count = more[0]
    if not isinstance(count, int) or count < 2:
        raise ValueError(f"the number of values is {count}; take a whole number from 2 on")
    _limit(count)
    return _nodes(_spaced(low, high, count, scale), position)


def _number(text: str) -> int | float:
    value = resolve(text)
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise ValueError(f"{shown(text)} is too large for a number here")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{shown(text)} is not a finite number")
    return value


def _whole_range(*numbers: int | float) -> list[int]:
    if not all(isinstance(number, int) for number in numbers):
        raise ValueError("takes whole numbers; linear(a,b,n) takes others")
    first, last, step = (int(number) for number in (*numbers, 1)[:3])
    if step == 0:
        raise ValueError("the step is 0")
    found = range(first, last, step)
    if not found:
        raise ValueError(f"is empty: it goes from {first} to before {last}")
    _limit(len(found))
    return list(found)


def _spaced(low: float, high: float, count: int, scale: Literal["log", "linear"]) -> list[int | float]:
    """From one end to the other, in either direction."""
    between = SearchRange(min(low, high), max(low, high), scale)
    shares = [place / (count - 1) for place in range(1, count - 1)]
    inner = [rounded(between.at(share if low < high else 1 - share)) for share in shares]
    if isinstance(low, int) and isinstance(high, int):
        return [low, *(int(value) if value.is_integer() else value for value in inner), high]
    return [low, *inner, high]


def _limit(count: int) -> None:
    if count > MOST_VALUES:
        raise ValueError(f"{count:,} values are too many; take at most {MOST_VALUES:,}")


def _nodes(values: Sequence[int | float], position: Position) -> list[Node | SearchRange]:
    return [Node(value, position, position) for value in values]


def _distinct(
    key: str, values: Sequence[Node | SearchRange], position: Position, problems: Problems
) -> tuple[Node | SearchRange, ...]:
    """The values, each once; what cannot be written down exactly is a problem."""
    found: dict[Any, Node | SearchRange] = {}
    for value in values:
        if isinstance(value, SearchRange):
            found.setdefault(("range", value), value)
            continue
        plain = from_node(value)
        if not _is_finite(plain):
            problems.add(position, key, "a sweep takes finite numbers alone")
        found.setdefault(_identity(plain), value)
    return tuple(found.values())


def _is_finite(plain: Any) -> bool:
    if isinstance(plain, dict):
        return all(map(_is_finite, plain.values()))
    if isinstance(plain, list):
        return all(map(_is_finite, plain))
    return plain is BROKEN or not isinstance(plain, float) or math.isfinite(plain)


def _identity(plain: Any) -> Any:
    """What is the same for equal values: 1 and 1.0 are, 1 and true are not."""
    if isinstance(plain, dict):
        return ("mapping", tuple((key, _identity(value)) for key, value in plain.items()))
    if isinstance(plain, list):
        return ("list", tuple(map(_identity, plain)))
    return (isinstance(plain, bool), plain) if isinstance(plain, bool | int | float) else ("text", plain)
