"""Overrides: KEY=VALUE on the command line, or a mapping in Python.

They change the tree of values that was read, before anything is built of it: so an override is checked as
the file is, may correct the file, and is what a message points to when it is the one that is wrong.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gdrun.component import option_types
from gdrun.config.annotations import alternatives, bare, class_at, is_list, is_mapping
from gdrun.config.families import family_of_component
from gdrun.config.plain import to_node, to_plain
from gdrun.config.problems import Position, Problems, shown
from gdrun.config.reader import Node, read_text

Overrides = Sequence[str] | Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Assignment:
    """An override that has been read: a dotted key and its value."""

    key: str
    value: Node


def apply_overrides(
    root: Node,
    cls: type[Any],
    overrides: Overrides | Sequence[str | Assignment],
    problems: Problems,
    notices: list[str],
) -> Node:
    """The tree with the overrides in it, the later ones last.

    A key that the file leaves out starts from its default: `optimizer.beta1=0.8` works where no optimizer
    is named. Setting a `name` keeps the options that the new component has, and drops the others with a
    notice. Setting a whole component (`optimizer=sgd`) leaves nothing of the old one, with a notice too.

    Args:
        root: what the file says.
        cls: the class that will be made of it.
        overrides: "KEY=VALUE" texts, or dotted key → value, or either as it was read.
        problems: takes what is wrong with the overrides themselves.
        notices: takes what was dropped.
    """
    for assignment in _parsed(overrides, problems):
        change = _Change(assignment.key, assignment.value, problems, notices)
        root = change.applied(cls, root, assignment.key.split("."))
    return root


def _parsed(overrides: Overrides | Sequence[str | Assignment], problems: Problems) -> Iterator[Assignment]:
    if isinstance(overrides, Mapping):
        for key, value in overrides.items():
            position = Position(f"override {shown(key)}")
            if is_key(key, position, problems):
                yield Assignment(key, to_node(value, position, problems, key))
        return
    for number, given in enumerate(overrides, 1):
        if isinstance(given, Assignment):
            yield given
        elif parts := key_and_text(given, number, problems):
            key, text, position = parts
            node = read_text(text, position.source, problems, lines=False)
            if node is not None:
                yield Assignment(key, node.keyed(position))


def key_and_text(text: str, number: int, problems: Problems) -> tuple[str, str, Position] | None:
    """The two sides of a "KEY=VALUE" text and where it stands; None if it is none.

    Args:
        text: as it was given.
        number: of the override, from 1.
        problems: takes what is wrong with it.
    """
    key, equals, value = text.partition("=")
    position = Position(f"override {number} {shown(f'{key}=…' if equals else text)}")
    if not equals:
        problems.add(position, "", "has no '='; write KEY=VALUE, such as optimizer.learning_rate=0.01")
    elif is_key(key, position, problems):
        return key, value, position
    return None


def is_key(key: object, position: Position, problems: Problems) -> bool:
    """Whether it is a dotted path; if not, `problems` takes it."""
    if isinstance(key, str) and all(key.split(".")) and len(key) < 1000:
        return True
    problems.add(position, "", "the key is not a dotted path, such as optimizer.learning_rate")
    return False


@dataclasses.dataclass(frozen=True)
class _Change:
    """One override on its way down the tree."""

    key: str
    value: Node
    problems: Problems
    notices: list[str]

    def applied(self, annotation: Any, node: Node, path: list[str]) -> Node:
        """The node with the value at the path; other nodes are shared, never changed."""
        if not path:
            self._notice_replaced(annotation, node)
            return self.value
        if isinstance(node.value, list):
            return self._in_list(annotation, node, node.value, path)
        family, cls = class_at(annotation, node)
        if isinstance(node.value, str) and family:
            node = replace(node, value={"name": node})
        if node.value is None:
            node = replace(node, value={})
        if not isinstance(node.value, dict):
            self._refuse(path, f"is {shown(node.value)} and has no options to set")
            return node
        head, *rest = path
        if head == "name" and family and not rest:
            return self._renamed(node, node.value, family.find(self.value.value))
        inner = self._inner(annotation, cls, head)
        child = node.value.get(head)
        if child is None:
            child = to_node(_short(_default(cls, head)), self.value.place, self.problems)
        changed = self.applied(inner, child, rest).keyed(self.value.place)
        return replace(node, value={**node.value, head: changed})

    def _inner(self, annotation: Any, cls: Any, head: str) -> Any:
        if cls is not None:
            return option_types(cls).get(head, Any)
        mapping = next((kind for kind in alternatives(annotation) if is_mapping(kind)), None)
        return typing.get_args(bare(mapping))[1] if mapping else Any

    def _in_list(self, annotation: Any, node: Node, items: list[Node], path: list[str]) -> Node:
        head, *rest = path
        if not (head.isascii() and head.isdigit() and len(head) < 9 and int(head) < len(items)):
            last = f"from 0 to {len(items) - 1}" if items else "but it is empty; set the whole list"
            self._refuse(path, f"is a list: a number goes here, {last}, not {shown(head)}")
            return node
        kind = next((kind for kind in alternatives(annotation) if is_list(kind)), None)
        arguments = typing.get_args(bare(kind)) if kind else ()
        index = int(head)
        inner = arguments[min(index, len(arguments) - 1)] if arguments else Any
        changed = self.applied(arguments[0] if inner is ... else inner, items[index], rest)
        return replace(node, value=[*items[:index], changed, *items[index + 1 :]])

    def _renamed(self, node: Node, entries: dict[str, Node], cls: Any) -> Node:
        kept = dict(entries)
        if cls is not None:
            known = option_types(cls)
            kept = {option: child for option, child in entries.items() if option in known}
            dropped = [option for option in entries if option not in known and option != "name"]
            if dropped:
                name = shown(self.value.value)
                self.notices.append(f"{self.key}: dropped {', '.join(dropped)}, which {name} doesn't have")
        return replace(node, value={"name": self.value, **{k: kept[k] for k in kept if k != "name"}})

    def _notice_replaced(self, annotation: Any, node: Node) -> None:
        family, _ = class_at(annotation, node)
        if not (family and isinstance(node.value, dict)) or self.value.value is None:
            return
        new = self.value.value if isinstance(self.value.value, dict) else {}
        gone = [option for option in node.value if option != "name" and option not in new]
        if gone:
            old = node.value["name"].value if "name" in node.value else family.kind
            self.notices.append(f"{self.key}: replaces {shown(old)} together with its {', '.join(gone)}")

    def _refuse(self, path: list[str], message: str) -> None:
        before = self.key.split(".")[: -len(path)]
        self.problems.add(self.value.place, ".".join(before), message)


def _default(cls: type[Any] | None, option: str) -> Any:
    """An option's default; None where there is none."""
    for field in dataclasses.fields(cls) if cls is not None else ():
        if field.name == option:
            if field.default_factory is not dataclasses.MISSING:
                return field.default_factory()
            return None if field.default is dataclasses.MISSING else field.default
    return None


def _short(value: Any) -> Any:
    """The plain form of a default, with only those options in it that aren't defaults again."""
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return [_short(item) for item in value] if isinstance(value, tuple | list) else to_plain(value)
    cls = type(value)
    named = {"name": to_plain(value)["name"]} if family_of_component(cls) else {}
    options = {option: getattr(value, option) for option in option_types(cls)}
    return named | {
        option: _short(chosen) for option, chosen in options.items() if chosen != _default(cls, option)
    }
