"""Reads YAML strictly, and remembers where everything was written.

The syntax is PyYAML's business; what its events mean is decided here: scalars by YAML 1.2's core schema,
keys are text and never doubled, one document, no tags, no cycles, and limits on size, depth and what
aliases expand to.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gdrun.config.problems import Position, Problems, did_you_mean, shown, shown_path
from gdrun.config.scalars import Scalar, resolve
from gdrun.errors import ConfigError, SystemRefusedError

LARGEST_FILE = 1_000_000  # bytes
MOST_NODES = 100_000  # after aliases are expanded
DEEPEST = 50

_NOT_TEXT = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # what no option can want to hold


BROKEN: Any = type("Broken", (), {"__repr__": lambda self: "…"})()  # a value that has a problem already


@dataclass(frozen=True)
class Node:
    """A value of a config file and where it stands.

    Attributes:
        value: a scalar, a list of nodes, a mapping of names to nodes, or `BROKEN`.
        position: where the value begins.
        key_position: where its key begins, for a value in a mapping.
        height: how many values deep it is, itself included and aliases written out.
    """

    value: Scalar | list[Node] | dict[str, Node]
    position: Position
    key_position: Position | None = None
    height: int = 1

    @property
    def place(self) -> Position:
        """Of the key, where there is one."""
        return self.key_position or self.position

    def keyed(self, position: Position) -> Node:
        """The same value under a key that stands there."""
        return replace(self, key_position=position)


def read_file(path: Path, problems: Problems) -> Node | None:
    """Read a config file; None where a problem leaves nothing to go on with.

    Raises:
        ConfigError: there is no such file.
        SystemRefusedError: it cannot be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigError(f"{shown_path(path)} is not a file; name a YAML file")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ConfigError(f"there is no file {shown_path(path)}{_neighbour(path)}") from error
    except ValueError as error:  # a NUL or half a character in the name
        raise ConfigError(f"{shown_path(path)} cannot be the name of a file") from error
    except OSError as error:
        raise SystemRefusedError(f"cannot read {shown_path(path)}: {error.strerror}") from error
    source = str(path)
    if len(content) > LARGEST_FILE:
        problems.add(Position(source), "", f"is larger than {LARGEST_FILE:,} bytes; is it a config?")
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", "replace")
        place = Position(source, before.count("\n") + 1, len(before) - before.rfind("\n"))
        byte = content[error.start]
        problems.add(place, "", f"byte 0x{byte:02x} is not UTF-8; save the file with that encoding")
        return None
    return read_text(text, source, problems)


def read_text(text: str, source: str, problems: Problems, *, lines: bool = True) -> Node | None:
    """Read YAML text; None where a problem leaves nothing to go on with.

    Args:
        text: one document.
        source: what to call it in positions.
        problems: takes whatever is wrong.
        lines: whether positions have a line and a column.
    """
    strange = _NOT_TEXT.search(text)
    if strange:
        line, column = (
            text.count("\n", 0, strange.start()),
            strange.start() - text.rfind("\n", 0, strange.start()),
        )
        place = Position(source, line + 1, column) if lines else Position(source)
        problems.add(place, "", f"character U+{ord(strange[0]):04X} is not allowed in YAML; remove it")
        return None
    return _Composer(text, source, problems, lines=lines).document()


def _neighbour(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return f"; the folder {shown_path(path.parent)} doesn't exist either"
    return did_you_mean(path.name, names)


def _highest(nodes: Iterable[Node]) -> int:
    return max((node.height for node in nodes), default=0)


class _StopReadingError(Exception):
    """A problem after which the rest of the file means nothing."""


class _Composer:
    """Makes nodes of the parser's events."""

    def __init__(self, text: str, source: str, problems: Problems, *, lines: bool) -> None:
        import yaml

        self.yaml = yaml
        self.source = source
        self.problems = problems
        self.lines = lines
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.events: Iterator[Any] = yaml.parse(text, Loader=loader)
        self.anchors: dict[str, tuple[Node, int] | None] = {}  # None while it is being read
        self.nodes = 0

    def document(self) -> Node | None:
        yaml = self.yaml
        try:
            next(self.events)  # the start of the stream
            start = next(self.events)
            if isinstance(start, yaml.StreamEndEvent):
                return Node(None, self._position(start))
            if start.version not in (None, (1, 2)) or start.tags:
                self._stop(start, "directives (%) are not allowed; gdrun reads YAML 1.2")
            node = self._node(next(self.events), 1)
            next(self.events)  # the end of the document
            if not isinstance(more := next(self.events), yaml.StreamEndEvent):
                self._stop(more, "a second document begins here; a config is one")
            return node
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            found = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
            context = f" {error.context}" if getattr(error, "context", None) else ""
            self.problems.add(self._at(mark), "", f"not YAML: {found}{context}")
        except _StopReadingError:
            pass
        return None

    def _node(self, event: Any, depth: int) -> Node:
        yaml = self.yaml
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        self._limit_depth(event, depth)
        self._count(event, 1)
        before = self.nodes
        if event.tag is not None:
            self._problem(event, f"the tag {shown(event.tag)} is not allowed; write the value alone")
        if event.anchor is not None:
            if event.anchor in self.anchors:
                self._problem(event, f"the anchor &{event.anchor} is here for the second time")
            self.anchors[event.anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            node = Node(self._scalar(event), self._position(event))
        elif isinstance(event, yaml.SequenceStartEvent):
            items = self._list(depth)
            node = Node(items, self._position(event), height=1 + _highest(items))
        else:
            entries = self._mapping(depth)
            node = Node(entries, self._position(event), height=1 + _highest(entries.values()))
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, self.nodes - before + 1)
        return node

    def _alias(self, event: Any, depth: int) -> Node:
        if event.anchor not in self.anchors:
            self._problem(event, f"*{event.anchor} stands for nothing: there is no &{event.anchor} before it")
            return Node(BROKEN, self._position(event))
        anchored = self.anchors[event.anchor]
        if anchored is None:
            self._stop(event, f"*{event.anchor} contains itself")
            raise AssertionError
        node, size = anchored
        self._count(event, size)
        self._limit_depth(event, depth + node.height - 1)
        return node

    def _scalar(self, event: Any) -> Any:
        if event.tag is not None:
            return BROKEN
        if event.implicit[0]:
            try:
                return resolve(event.value)
            except ValueError as error:
                self._problem(event, f"{shown(event.value)}: {error}")
                return BROKEN
        strange = CONTROL.search(event.value)
        if strange:
            self._problem(event, f"character U+{ord(strange[0]):04X} is not allowed in text")
            return BROKEN
        return str(event.value)

    def _list(self, depth: int) -> list[Node]:
        items = []
        while not isinstance(event := next(self.events), self.yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return items

    def _mapping(self, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        while not isinstance(event := next(self.events), self.yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            value = self._node(next(self.events), depth + 1)
            place = self._position(event)
            if key.value is BROKEN:
                pass
            elif not isinstance(key.value, str):
                self._problem(event, f"a key must be text, not {shown(key.value)}; put it in quotes")
            elif key.value == "<<" and getattr(event, "implicit", (False,))[0]:
                self._problem(event, "merge keys (<<) are not part of YAML 1.2; write the keys out")
            elif key.value in entries:
                first = entries[key.value].place
                said = f" (first in line {first.line})" if first.line else ""
                self._problem(event, f"the key {shown(key.value)} is here for the second time{said}")
            else:
                entries[key.value] = value.keyed(place)
        return entries

    def _count(self, event: Any, nodes: int) -> None:
        self.nodes += nodes
        if self.nodes > MOST_NODES:
            self._stop(event, f"more than {MOST_NODES:,} values, aliases written out; is it a config?")

    def _limit_depth(self, event: Any, depth: int) -> None:
        if depth > DEEPEST:
            self._stop(event, f"is nested more than {DEEPEST} deep; is it a config?")

    def _position(self, event: Any) -> Position:
        return self._at(event.start_mark)

    def _at(self, mark: Any) -> Position:
        if mark is None or not self.lines:
            return Position(self.source)
        return Position(self.source, mark.line + 1, mark.column + 1)

    def _problem(self, event: Any, message: str) -> None:
        self.problems.add(self._position(event), "", message)

    def _stop(self, event: Any, message: str) -> None:
        self._problem(event, message)
        raise _StopReadingError
