"""A config with some keys changed, made of the config itself: what isn't changed is not built again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gdrun.component import option_types
from gdrun.config.build import Builder
from gdrun.config.load import Kind, complete, plain_source
from gdrun.config.overrides import apply_overrides
from gdrun.config.plain import to_node, to_plain
from gdrun.config.problems import Position, Problems
from gdrun.config.reader import BROKEN


def with_changes(config: Kind, changes: Mapping[str, Any]) -> Kind:
    """The config that `from_plain(to_plain(config), changes)` gives, in a fraction of its time.

    A plan of thousands of runs has one config a run, and they differ in a key or two.

    Args:
        config: as it was loaded, or made by this function.
        changes: dotted key → value, as in `load`.

    Raises:
        ConfigError: all that is wrong with the changes.
    """
    changed = _with_changed_parts(config, changes)
    return (
        plain_source(to_plain(config)).load_as(type(config), changes).config if changed is None else changed
    )


def _with_changed_parts(config: Kind, changes: Mapping[str, Any]) -> Kind | None:
    """The same, or None where anything is wrong: then the long way says what."""
    kind: Any = type(config)
    types = option_types(kind)
    parts = {str(key).partition(".")[0] for key in changes}
    if not parts <= types.keys():
        return None
    problems = Problems()
    root = to_node({part: getattr(config, part) for part in parts}, Position(""), problems)
    root = apply_overrides(root, type(config), changes, problems, [])
    builder = Builder(problems, Path())
    values: dict[str, Any] = {}
    for part, node in root.value.items() if isinstance(root.value, dict) else ():
        values[part] = builder.option(types[part], node, part)
    if any(value is BROKEN for value in values.values()):
        return None
    try:
        changed = complete(replace(config, **values), builder, root.position)
    except ValueError:  # what options of the config demand of each other
        return None
    return None if problems.found else changed
