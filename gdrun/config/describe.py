"""What can be named in a config, told by the classes themselves: for `gdrun list` and `gdrun explain`."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from typing import Any

from gdrun.component import option_types
from gdrun.config.annotations import alternatives, bare, in_words, is_section
from gdrun.config.config import Config
from gdrun.config.dump import flow
from gdrun.config.families import FAMILIES
from gdrun.config.objective import ObjectiveConfig
from gdrun.config.plain import to_plain

_HEADING = re.compile(r"^([A-Z][a-z]+):\s*$")
_OPTION = re.compile(r"^((?:\w+, )*\w+): (.*)$")


@dataclasses.dataclass(frozen=True)
class Option:
    """One option of a component or section.

    Attributes:
        name: its key.
        type: what is allowed, in words, bounds included.
        default: as it would be written in a config; None where the option must be given.
        description: from the docstring; empty where that is silent.
    """

    name: str
    type: str
    default: str | None
    description: str


@dataclasses.dataclass(frozen=True)
class Entry:
    """Something that has a name in configs.

    Attributes:
        kind: "optimizer", "layer", …, or "config" for a key of the config itself.
        name: as written in a config.
        cls: its class.
    """

    kind: str
    name: str
    cls: type[Any]

    @property
    def summary(self) -> str:
        """The docstring's first paragraph, on one line."""
        return " ".join(docstring(self.cls)[""].split("\n\n")[0].split())


def entries() -> Iterator[Entry]:
    """Everything that has a name, kind by kind; then the sections of the config itself."""
    for family in FAMILIES.values():
        for name, cls in family.components.items():
            yield Entry(family.kind, name, cls)
    for key, annotation in {**option_types(ObjectiveConfig), **option_types(Config)}.items():
        for alternative in alternatives(annotation):
            if is_section(alternative):
                yield Entry("config", key, bare(alternative))


def docstring(cls: type[Any]) -> dict[str, str]:
    """A docstring by its headings (`Formula`, `Options`, `Variant`, `Reference`); "" is what comes before."""
    parts: dict[str, list[str]] = {"": []}
    heading = ""
    for line in inspect.cleandoc(cls.__doc__ or "").splitlines():
        if match := _HEADING.match(line):
            heading = match[1]
            parts[heading] = []
        else:
            parts[heading].append(line)
    return {name: inspect.cleandoc("\n".join(lines)) for name, lines in parts.items()}


def options(cls: Any) -> list[Option]:
    """The options of a component or section, in their order."""
    said = descriptions(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    return [
        Option(name, in_words(annotation), _default(fields[name]), said.get(name, ""))
        for name, annotation in option_types(cls).items()
    ]


def descriptions(cls: type[Any]) -> dict[str, str]:
    """Option → what the docstring says of it; what a base class says of its own options holds as well."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if base is object or "__doc__" not in vars(base):
            continue
        names: list[str] = []
        for line in docstring(base).get("Options", "").splitlines():
            if match := _OPTION.match(line):
                names = match[1].split(", ")
                found.update(dict.fromkeys(names, match[2]))
            else:
                found.update({name: f"{found[name]} {line.strip()}" for name in names})
    return found


def _default(field: dataclasses.Field[Any]) -> str | None:
    if field.default_factory is not dataclasses.MISSING:
        return flow(to_plain(field.default_factory()))
    return None if field.default is dataclasses.MISSING else flow(to_plain(field.default))
