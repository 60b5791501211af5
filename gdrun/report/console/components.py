"""The lists of what can be named in a config."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from rich.text import Text

from gdrun.config.config import Config
from gdrun.config.describe import Entry, options
from gdrun.config.families import FAMILIES, Family
from gdrun.config.lookup import CONFIG, aliases
from gdrun.report.console.layout import show_definitions
from gdrun.report.console.screen import Screen

Kinds = Sequence[Family | None]  # None stands for the keys of the config
ALL: Kinds = (*FAMILIES.values(), None)


class _Row(NamedTuple):
    name: str
    summary: str
    aliases: tuple[str, ...] = ()

    def said(self) -> Text:
        others = [name for name in self.aliases if name not in self.summary]
        also = f" Also called {', '.join(others)}." if others else ""
        return Text(self.summary + also)


def components_document(kinds: Kinds) -> dict[str, Any]:
    """Kind → what can be named: `name`, `summary`, `aliases`; of the config, the keys."""
    return {
        _kind(family): [row._asdict() | {"aliases": list(row.aliases)} for row in _rows(family)]
        for family in kinds
    }


def show_components(screen: Screen, kinds: Kinds) -> None:
    """A list a kind, with one line on each component, and what to do next."""
    show_lists(screen, kinds)
    example = next((row.name for row in _rows(kinds[0])), "adam")
    screen.show(Text.assemble(("next  ", "faint"), (f"gdrun explain {example}", "command")))


def show_lists(screen: Screen, kinds: Kinds) -> None:
    """A list a kind, with one line on each component."""
    lists = {_kind(family): list(_rows(family)) for family in kinds}
    width = max((len(row.name) for rows in lists.values() for row in rows), default=0)
    for kind, rows in lists.items():
        words = "keys of a config" if kind == CONFIG else FAMILIES[kind].plural
        screen.show(Text.assemble((words, "command"), (f"  {len(rows)}", "faint")))
        show_definitions(screen, ((Text(row.name, "name"), row.said()) for row in rows), least=width)
        screen.show(Text())


def _kind(family: Family | None) -> str:
    return CONFIG if family is None else family.kind


def _rows(family: Family | None) -> Iterable[_Row]:
    if family is None:
        for option in options(Config):
            yield _Row(option.name, option.description)
        return
    seen = set()
    for name, cls in family.components.items():
        if cls not in seen:  # an alias stands beside the first name
            seen.add(cls)
            entry = Entry(family.kind, name, cls)
            yield _Row(name, entry.summary, aliases(entry))
