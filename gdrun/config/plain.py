"""Configs as plain data: mappings, lists and scalars, and nodes of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gdrun.component import option_types
from gdrun.config.families import family_of_component
from gdrun.config.problems import Position, Problems, shown
from gdrun.config.reader import BROKEN, CONTROL, DEEPEST, Node
from gdrun.config.scalars import MOST_DIGITS

Plain = None | bool | int | float | str | list[Any] | dict[str, Any]


def to_plain(value: Any) -> Any:
    """A config, or any part of it, as plain data: complete, with every default written out.

    Components become `{"name": …, options}`, paths text, tuples lists. The same as JSON has it.

    Raises:
        ValueError: something that no config can hold.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, Sequence | np.ndarray):
        return [to_plain(item) for item in value]
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        raise ValueError(f"{shown(value)} cannot be part of a config")
    options = {option: to_plain(getattr(value, option)) for option in option_types(type(value))}
    around = getattr(value, "around", None)
    if around is not None:
        return options.pop(around) | options
    family = family_of_component(type(value))
    if family is None:
        return options
    name = getattr(type(value), "name", None)
    if name is None or family.components.get(name) is not type(value):
        raise ValueError(f"{type(value).__name__} is not among the {family.plural}: add it to the dictionary")
    return {"name": name, **options}


def from_node(node: Node) -> Plain:
    """A node as plain data."""
    if isinstance(node.value, dict):
        return {key: from_node(entry) for key, entry in node.value.items()}
    return [from_node(entry) for entry in node.value] if isinstance(node.value, list) else node.value


def to_node(value: object, position: Position, problems: Problems, key: str = "", depth: int = 1) -> Node:
    """Plain data as nodes that all stand at one position."""
    if depth > DEEPEST:
        problems.add(position, key, f"is nested more than {DEEPEST} deep")
        return Node(BROKEN, position, position)
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, str) and (strange := CONTROL.search(value)):
        problems.add(position, key, f"character U+{ord(strange[0]):04X} is not allowed in text")
        return Node(BROKEN, position, position)
    if isinstance(value, int) and abs(value) >= 10**MOST_DIGITS:
        problems.add(position, key, f"a number of more than {MOST_DIGITS} digits is too large")
        return Node(BROKEN, position, position)
    if value is None or isinstance(value, bool | int | float | str):
        return Node(value, position, position)
    if dataclasses.is_dataclass(value):
        value = to_plain(value)
    if isinstance(value, Mapping):
        entries = {}
        for name, item in value.items():
            if not isinstance(name, str):
                problems.add(position, key, f"a key must be text, not {shown(name)}")
                continue
            entries[name] = to_node(item, position, problems, f"{key}.{name}" if key else name, depth + 1)
        return Node(entries, position, position)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        items = [
            to_node(item, position, problems, f"{key}.{index}", depth + 1) for index, item in enumerate(value)
        ]
        return Node(items, position, position)
    problems.add(position, key, f"{shown(value)} cannot be part of a config")
    return Node(BROKEN, position, position)
