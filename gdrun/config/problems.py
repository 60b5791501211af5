"""What is wrong with a config: collected, placed, and raised together."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from dataclasses import dataclass

from gdrun.errors import ConfigError

_SHOWN = 25  # of all problems; a file with more has one cause, not many


@dataclass(frozen=True)
class Position:
    """Where something was written: file:line:column, or the override that it came from."""

    source: str
    line: int = 0  # from 1; 0 where there are no lines to speak of
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        position: where.
        key: the dotted path into the config; empty for the file as a whole.
        message: what was found, what is allowed, and the nearest valid name where there is one.
    """

    position: Position
    key: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.position), self.key, self.message) if part)


class ConfigProblemsError(ConfigError):
    """All that is wrong with a config, one line a problem; `problems` has them one by one."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        unique = dict.fromkeys(problems)  # an alias brings the same problem several times
        self.problems = tuple(
            sorted(unique, key=lambda problem: (problem.position.line, problem.position.column))
        )
        lines = [str(problem) for problem in self.problems[:_SHOWN]]
        more = len(self.problems) - len(lines)
        if more:
            lines.append(f"… and {more} more")
        if len(self.problems) > 1:
            lines.append(f"{len(self.problems)} problems; correct them and start again")
        super().__init__("\n".join(lines))


class Problems:
    """Collects problems, so that all errors of a file come in one go."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, position: Position, key: str, message: str) -> None:
        printable = key.isprintable() and len(key) <= 200
        self.found.append(Problem(position, key if printable else shown(key, 200), message))

    def raise_any(self) -> None:
        """Raise:
        ConfigProblemsError: anything was added.
        """
        if self.found:
            raise ConfigProblemsError(self.found)


def did_you_mean(found: object, allowed: Iterable[str]) -> str:
    """ "; did you mean x?" with the nearest of the allowed names, or nothing where none is near."""
    if not isinstance(found, str):
        return ""
    import difflib

    names = [name for name in allowed if name != found]
    folded = {name.lower().replace("-", "_"): name for name in names}
    near = difflib.get_close_matches(found[:80].lower().replace("-", "_"), folded, n=1, cutoff=0.6)
    return f"; did you mean {folded[near[0]]}?" if near else ""


def shown_path(path: object) -> str:
    """The path of a file as it may appear in a message."""
    return shown(str(path), 400)


def shown(value: object, longest: int = 60) -> str:
    """A value as it may appear in a message: short, on one line, without control characters."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return repr(value if len(value) <= longest else value[: longest - 3] + "…")
        case int() if value.bit_length() > 200:
            return f"a whole number of {value.bit_length()} bits"
        case int() | float():
            return repr(value)
        case list() | tuple():
            return "a list" if value else "an empty list"
        case dict():
            return "a mapping" if value else "an empty mapping"
    return reprlib.repr(value)
