"""What a word means to `gdrun list` and `gdrun explain`: a component, a kind, a section, or an option."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from gdrun.component import option_types
from gdrun.config.annotations import alternatives, bare
from gdrun.config.build import Builder
from gdrun.config.config import Config
from gdrun.config.describe import Entry, Option, entries, options
from gdrun.config.families import FAMILIES, Family, family_of
from gdrun.config.objective import ObjectiveConfig
from gdrun.config.overrides import apply_overrides
from gdrun.config.plain import to_node
from gdrun.config.problems import Position, Problems, did_you_mean, shown
from gdrun.errors import ConfigError

CONFIG = "config"  # what the keys of a config count as, beside the kinds of components
MINIMIZE = "minimize"  # what the config of that command is called


@dataclasses.dataclass(frozen=True)
class Use:
    """An option, and everything that takes it in the same sense."""

    owners: tuple[Entry, ...]
    option: Option


@dataclasses.dataclass(frozen=True)
class Found:
    """What a name means; one of these, or a family with the config's key for it, is given.

    Attributes:
        entry: a component, a section of the config, or the config itself.
        family: a kind of component.
        uses: an option, in each of its senses.
    """

    entry: Entry | None = None
    family: Family | None = None
    uses: tuple[Use, ...] = ()


def find(name: str) -> Found:
    """The one thing that is called so; see `find_all`.

    Raises:
        ConfigError: nothing is, or several things; the message says what to write instead.
    """
    found = find_all(name)
    kinds = [one.entry.kind for one in found if one.entry]
    if len(found) > 1:
        which = in_a_row([f"{kind}/{name}" for kind in kinds], "or")
        raise ConfigError(f"{name} is {in_a_row(list(map(_with_article, kinds)), 'and')}; write {which}")
    return found[0]


def find_all(name: str) -> tuple[Found, ...]:
    """What is called so: `adam`, `loss/mse`, `early_stopping`, `optimizers`, `batch_size`, `adam.beta1`.

    Components and sections of the config come first, all of that name; then a kind, then an option.

    Raises:
        ConfigError: nothing is; the message says what to write instead.
    """
    kind, _, rest = name.rpartition("/")
    names = _Names(kind)
    found = [entry for entry in names.entries if entry.name == rest]
    if found:
        return tuple(Found(entry) for entry in {entry.kind: entry for entry in found}.values())
    if not kind and (family := _family(rest)):
        keys = {**option_types(ObjectiveConfig), **option_types(Config)}
        key = next((key for key, annotation in keys.items() if _takes(annotation, family)), "")
        return (Found(family=family, uses=names.uses(key, only=CONFIG)),)
    owner, _, option = rest.rpartition(".")
    uses = names.uses(option, only=owner)
    if uses:
        return (Found(uses=uses),)
    raise ConfigError(
        f"nothing is called {shown(name)}{did_you_mean(rest, names.known)}; `gdrun list` shows all components"
    )


def find_family(name: str) -> Family | None:
    """The kind of component of that name, singular or plural; None for the config's own keys.

    Raises:
        ConfigError: there is none.
    """
    if name == CONFIG:
        return None
    if family := _family(name):
        return family
    kinds = [*FAMILIES, CONFIG]
    near = did_you_mean(name, kinds)
    raise ConfigError(f"{shown(name)} is not a kind of component{near} (there are: {', '.join(kinds)})")


def aliases(entry: Entry) -> tuple[str, ...]:
    """The other names of the same component."""
    family = FAMILIES.get(entry.kind)
    components = family.components if family else {}
    return tuple(name for name, cls in components.items() if cls is entry.cls and name != entry.name)


def configured(entry: Entry, changes: Sequence[str]) -> Any:
    """An instance of a component or section with the options of KEY=VALUE texts.

    Raises:
        ConfigError: all that is wrong with them.
    """
    problems, notices = Problems(), list[str]()
    root = to_node({}, Position(entry.name), problems)
    root = apply_overrides(root, entry.cls, changes, problems, notices)
    instance = Builder(problems, Path()).section(entry.cls, root, label=entry.name)
    problems.raise_any()
    return instance


class _Names:
    """All that has a name; of one kind only, where one is given."""

    def __init__(self, kind: str) -> None:
        family = find_family(kind) if kind else None
        wanted = family.kind if family else kind
        everything = [Entry(CONFIG, CONFIG, Config), Entry(CONFIG, MINIMIZE, ObjectiveConfig), *entries()]
        self.entries = [entry for entry in everything if not wanted or entry.kind == wanted]

    @cached_property
    def known(self) -> list[str]:
        names = [entry.name for entry in self.entries]
        return [*names, *FAMILIES, *(o.name for entry in self.entries for o in options(entry.cls))]

    def uses(self, name: str, only: str = "") -> tuple[Use, ...]:
        """Where an option is taken; `only` by a component, section or kind of that name."""
        merged: dict[Option, list[Entry]] = {}
        seen: set[tuple[str, type[Any]]] = set()
        for entry in self.entries:
            if (only and only not in _called(entry)) or (entry.kind, entry.cls) in seen:
                continue
            seen.add((entry.kind, entry.cls))  # an alias would say the same again
            for option in options(entry.cls):
                if option.name == name:
                    merged.setdefault(option, []).append(entry)
        return tuple(Use(tuple(owners), option) for option, owners in merged.items())


def in_a_row(words: Sequence[str], last: str) -> str:
    """ "a, b and c"."""
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if words[1:] else "".join(words)


def _called(entry: Entry) -> Iterable[str]:
    return (entry.name, *aliases(entry), entry.kind)


def _family(name: str) -> Family | None:
    return next((family for family in FAMILIES.values() if name in (family.kind, family.plural)), None)


def _takes(annotation: Any, family: Family) -> bool:
    """Whether a value of this type is a component of the family, or a list of them."""
    kinds = [bare(kind) for kind in alternatives(annotation)]
    parts = [*kinds, *(part for kind in kinds for part in getattr(kind, "__args__", ()))]
    return any(family_of(part) is family for part in parts)


def _with_article(kind: str) -> str:
    return FAMILIES[kind].with_article if kind in FAMILIES else "a key of the config"
