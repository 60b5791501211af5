"""Makes a config of what was read, by nothing but the annotations of the classes that it is made of."""

from __future__ import annotations

import dataclasses
import functools
import os
import typing
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gdrun.component import option_types
from gdrun.config.annotations import (
    alternatives,
    bare,
    choices,
    class_at,
    component_at,
    families,
    fit,
    in_words,
    is_list,
    is_mapping,
    is_path,
    is_section,
    name_node,
    null_means,
    scalars,
    surrounded,
)
from gdrun.config.families import FAMILIES, Family, family_of
from gdrun.config.problems import Position, Problems, did_you_mean, shown, shown_path
from gdrun.config.reader import BROKEN, CONTROL, Node

_SUGGESTIONS = 30  # in one mapping; with more unknown keys it is something else altogether


class Builder:
    """Builds values from nodes; what is wrong goes to `problems`, all of it.

    Args:
        problems: takes whatever is wrong.
        folder: what relative paths are relative to.

    Attributes:
        positions: dotted key → where it stands, for messages that come later.
    """

    def __init__(self, problems: Problems, folder: Path) -> None:
        self.problems = problems
        self.folder = folder
        self.positions: dict[str, Position] = {}

    def section(self, cls: Any, node: Node, key: str = "", label: str = "") -> Any:
        """An instance of a dataclass from a mapping of its options, or `BROKEN`.

        Args:
            cls: a component or a section.
            node: the mapping; `name` is not among its keys.
            key: the dotted path to it.
            label: what to call it in messages.
        """
        if node.value is BROKEN:
            return BROKEN
        if not isinstance(node.value, dict):
            return self._broken(node, key, f"found {shown(node.value)}, expected a mapping of options")
        types = option_types(cls)
        values: dict[str, Any] = {}
        unknown = []
        for option, child in node.value.items():
            if option in types:
                self.positions[_join(key, option)] = child.place
                values[option] = self.option(types[option], child, _join(key, option))
            else:
                unknown.append((option, child))
        for index, (option, child) in enumerate(unknown):
            few = index < _SUGGESTIONS
            said = _unknown(option, types, node.value, label) if few else "is unknown"
            self._broken(child, _join(key, option), said, at=child.place)
        broken = bool(unknown) or any(value is BROKEN for value in values.values())
        for option in _required(cls):
            if option not in node.value:
                expected = in_words(types[option])
                self._broken(node, _join(key, option), f"is missing; expected {expected}", at=node.place)
                broken = True
        if broken:
            return BROKEN
        return self._made(cls, values, node, key, label)

    def _made(self, cls: Any, values: Mapping[str, Any], node: Node, key: str, label: str) -> Any:
        try:
            return cls(**values)
        except Exception as error:  # the component's own checks; a plugin's may fail in any way
            said = str(error).removeprefix(f"{cls.__name__}: ")
            if not isinstance(error, ValueError):
                said = f"{type(error).__name__}: {said}"
            return self._broken(node, key, f"{label}: {said}" if label else said, at=node.place)

    def value(self, annotation: Any, node: Node, key: str) -> Any:
        """A value of the annotated type, or `BROKEN`."""
        if node.value is BROKEN:
            return BROKEN
        null = null_means(annotation)
        if node.value is None and null:
            node = replace(node, value=null.value)
        kinds = alternatives(annotation)
        if not isinstance(node.value, list | dict):
            fits, value = fit(node.value, scalars(annotation))
            if fits:
                return value
        if isinstance(node.value, str | dict) and (named := families(annotation)):
            return self._component(named, node, key)
        for kind in kinds:
            if isinstance(node.value, list) and is_list(kind):
                return self._list(kind, node.value, node, key)
            if isinstance(node.value, dict) and is_mapping(kind):
                item = typing.get_args(bare(kind))[1]
                return self._whole(
                    {k: self.value(item, child, _join(key, k)) for k, child in node.value.items()}
                )
            if isinstance(node.value, str | dict) and (found := surrounded(kind)):
                return self._around(bare(kind), *found, node, key)
            if isinstance(node.value, dict) and is_section(kind):
                return self.section(bare(kind), node, key)
        return self._wrong(annotation, node, key)

    def option(self, annotation: Any, node: Node, key: str) -> Any:
        """The value of an option of a section, whose paths become absolute, or `BROKEN`."""
        value = self.value(annotation, node, key)
        if value is BROKEN or value is None or not is_path(key.rpartition(".")[2], annotation):
            return value
        path = os.path.abspath(self.folder / value)  # noqa: PTH100 - leaves links alone
        if CONTROL.search(path):
            return self._broken(
                node, key, f"{shown_path(path)} has characters that no config can hold; rename it"
            )
        return type(value)(path)

    def _component(self, kinds: Sequence[Family], node: Node, key: str) -> Any:
        family, cls = component_at(kinds, node)
        known = ", ".join(name for kind in kinds for name in kind.components) or f"no {family.plural} at all"
        named, options = name_node(node, family), Node({}, node.position, node.key_position)
        if named is None:
            said = f"doesn't say which {family.kind}: add name: …, one of {known}"
            return self._broken(node, key, said, at=node.place)
        if isinstance(node.value, dict):
            self.positions[_join(key, "name")] = named.place
            options = replace(node, value={k: child for k, child in node.value.items() if k != "name"})
        name = named.value
        if name is BROKEN:
            return BROKEN
        if cls is None or not isinstance(name, str):
            near = did_you_mean(name, [one for kind in kinds for one in kind.components])
            others = [one.with_article for one in FAMILIES.values() if str(name) in one.components]
            near = f" but {' and '.join(others)}" if others else near
            said = f"{shown(name)} is not {family.with_article}{near} (there are: {known})"
            return self._broken(named, key if named is node else _join(key, "name"), said)
        return self.section(cls, options, key, name)

    def _around(self, cls: Any, inner: str, family: Family, node: Node, key: str) -> Any:
        """A section in whose mapping, or in place of it, stands a component: its option `inner`."""
        own: dict[str, Node] = {}
        if isinstance(node.value, dict):
            own = {k: child for k, child in node.value.items() if k in option_types(cls) and k != inner}
            node = replace(node, value={k: child for k, child in node.value.items() if k not in own})
        component = self._component([family], node, key)
        if component is BROKEN:
            self.section(cls, replace(node, value=own | {inner: replace(node, value=BROKEN)}), key)
            return BROKEN
        values = {}
        for option, child in own.items():
            self.positions[_join(key, option)] = child.place
            values[option] = self.value(option_types(cls)[option], child, _join(key, option))
        if any(value is BROKEN for value in values.values()):
            return BROKEN
        return self._made(cls, values | {inner: component}, node, key, component.name)

    def _list(self, annotation: Any, items: list[Node], node: Node, key: str) -> Any:
        arguments = typing.get_args(bare(annotation))
        kind: Any = typing.get_origin(bare(annotation))
        repeated = kind is list or arguments[1:] == (...,)
        if not repeated and len(items) != len(arguments):
            return self._broken(node, key, f"found {len(items)} values, expected {len(arguments)}")
        values = []
        for index, item in enumerate(items):
            self.positions[f"{key}.{index}"] = item.position
            values.append(self.value(arguments[0 if repeated else index], item, f"{key}.{index}"))
        whole = self._whole(values)
        return whole if whole is BROKEN else kind(whole)

    def _whole(self, values: Any) -> Any:
        parts = values.values() if isinstance(values, dict) else values
        return BROKEN if any(part is BROKEN for part in parts) else values

    def _wrong(self, annotation: Any, node: Node, key: str) -> Any:
        said = f"found {shown(node.value)}, expected {in_words(annotation)}"
        kinds = [bare(kind) for kind in alternatives(annotation)]
        if any(map(is_list, kinds)) and isinstance(node.value, str | int | float):
            example = str(node.value)
            said += f"; a list is written [{example if len(example) < 30 and example.isprintable() else '…'}]"
        if str in kinds and isinstance(node.value, int | float):
            said += "; text that looks like a number goes in quotes"
        for family in filter(None, map(family_of, kinds)):
            said += f" (there are: {', '.join(family.components)})"
        return self._broken(node, key, said + did_you_mean(node.value, choices(annotation)))

    def _broken(self, node: Node, key: str, message: str, *, at: Position | None = None) -> Any:
        self.problems.add(at or node.position, key, message)
        return BROKEN


def _join(key: str, option: str) -> str:
    return f"{key}.{option}" if key else option


@functools.cache
def _required(cls: Any) -> tuple[str, ...]:
    """The options of a class that have no default."""
    return tuple(
        field.name
        for field in dataclasses.fields(cls)
        if field.init
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    )


def _unknown(option: str, types: Mapping[str, Any], siblings: dict[str, Node], label: str) -> str:
    """What to say of an option that the class doesn't have, though perhaps one of its parts does."""
    near = ""
    for name, annotation in types.items():
        cls = class_at(annotation, siblings[name])[1] if name in siblings else None
        if cls is not None and option in option_types(cls):
            near = near or f"; did you mean {name}.{option}?"
    near = near or did_you_mean(option, types)
    who = label or "it"
    return f"is unknown{near}" + (
        "" if near and len(types) > 12 else f" ({who} takes {', '.join(types) or 'no options'})"
    )
