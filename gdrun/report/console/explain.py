"""What one name in a config means: a component, a section, a kind, or an option."""

from __future__ import annotations

import dataclasses
from typing import Any

from rich.text import Text

from gdrun.config.describe import Entry, Option, descriptions, docstring, options
from gdrun.config.dump import flow
from gdrun.config.families import FAMILIES
from gdrun.config.lookup import CONFIG, MINIMIZE, Found, Use, aliases
from gdrun.config.plain import to_plain
from gdrun.report.console.components import components_document, show_lists
from gdrun.report.console.curves import example_of, picture_of
from gdrun.report.console.layout import show_definitions, show_paragraph, width_of
from gdrun.report.console.pictures import draw, legend
from gdrun.report.console.screen import Screen

_WIDEST_PICTURE = 60


def explanation_document(found: Found) -> dict[str, Any]:
    """The same as `show_explanation` shows, without pictures."""
    if found.entry:
        return _entry_document(found.entry)
    uses = [
        {"of": [{"kind": owner.kind, "name": owner.name} for owner in use.owners]}
        | _option_document(use.owners[0].cls, use.option)
        for use in found.uses
    ]
    if found.family:
        kind = found.family.kind
        return {"kind": kind, "components": components_document([found.family])[kind], "options": uses}
    return {"kind": "option", "name": found.uses[0].option.name, "options": uses}


def show_explanation(screen: Screen, found: Found, given: Any = None) -> None:
    """Say what a name means.

    Args:
        screen: where to.
        found: what it is.
        given: an instance of the component, with the options that the picture shall show.
    """
    if found.entry:
        _show_entry(screen, found.entry, given)
    elif found.family:
        _show_uses(screen, found.uses)
        show_lists(screen, [found.family])
        for name, cls in list(found.family.components.items())[:1]:
            _next(screen, f"gdrun explain {_full(Entry(found.family.kind, name, cls))}")
    else:
        _show_uses(screen, found.uses)
        owner = found.uses[0].owners[0]
        _next(screen, "gdrun list config" if owner.kind == CONFIG else f"gdrun explain {_full(owner)}")


def _show_entry(screen: Screen, entry: Entry, given: Any) -> None:
    parts = docstring(entry.cls)
    head = Text.assemble((entry.name, "name"), (f"  {_what(entry)}", "faint"))
    if other := aliases(entry):
        head.append(f", also called {', '.join(other)}", "faint")
    screen.show(head)
    for paragraph in parts.pop("").split("\n\n"):
        show_paragraph(screen, Text(" ".join(paragraph.split())))
    if formula := parts.get("Formula"):
        _section(screen, "Formula")
        show_paragraph(screen, Text(formula), indent=2, hang=4)
    if taken := _options(entry.cls):
        _section(screen, "Options")
        show_definitions(screen, [_option_row(option) for option in taken])
    example = given if given is not None else example_of(entry.cls)
    _show_picture(screen, entry, example)
    for name in ("Variant", "Reference"):
        if text := parts.get(name):
            _section(screen, name)
            show_paragraph(screen, Text(" ".join(text.split())), indent=2)
    if entry.name not in (CONFIG, MINIMIZE):
        _section(screen, "In a config")
        show_paragraph(screen, Text(_written(entry, given), "command"), indent=2, hang=4)


def _options(cls: type[Any]) -> list[Option]:
    """The options in the order in which the docstring speaks of them: its own first, then inherited ones."""
    place = {name: number for number, name in enumerate(descriptions(cls))}
    return sorted(options(cls), key=lambda option: place.get(option.name, len(place)))


def _section(screen: Screen, title: str) -> None:
    screen.show(Text())
    screen.show(Text(title, "name"))


def _option_row(option: Option) -> tuple[Text, Text]:
    """An option's name, and beside it: its meaning, what is allowed, the default."""
    default = ("required", "warn") if option.default is None else (f"default {option.default}", "number")
    said = Text.assemble(option.description, "\n" if option.description else "")
    return Text(option.name, "command"), said + Text.assemble((f"{option.type}; ", "faint"), default)


def _show_picture(screen: Screen, entry: Entry, component: Any) -> None:
    picture = picture_of(component)
    if picture is None:
        return
    _section(screen, "Picture")
    show_paragraph(screen, Text(picture.title + _differing(component)), indent=2)
    for line in draw(picture, width=min(_WIDEST_PICTURE, width_of(screen) - 20)):
        screen.show(Text("  ") + line)
    if (names := legend(picture)).plain:
        screen.show(Text("  ") + names)


def _differing(component: Any) -> str:
    """The options of a component that aren't defaults, in words."""
    changed = _changed(component)
    return f", with {', '.join(f'{key}={flow(value)}' for key, value in changed.items())}" if changed else ""


def _changed(component: Any) -> dict[str, Any]:
    fields = [field for field in dataclasses.fields(component) if field.init]
    return {
        field.name: to_plain(getattr(component, field.name))
        for field in fields
        if getattr(component, field.name) != _default(field)
    }


def _written(entry: Entry, given: Any) -> str:
    """How a component is named in a config, with the options that were given."""
    component = given if given is not None else example_of(entry.cls)
    required = [option.name for option in options(entry.cls) if option.default is None]
    said = dict.fromkeys(required, "…") if component is None else _changed(component)
    if entry.kind == CONFIG:
        whole = said or ({"…": "…"} if component is None else to_plain(component))
        return f"{entry.name}: {flow(whole).replace(flow('…'), '…').replace('…: …', '…')}"
    text = flow({"name": entry.name, **said}).replace(flow("…"), "…")
    match entry.kind:
        case "metric":
            return f"metrics: [{text}]"
        case "layer":
            return f"model: {{name: sequential, layers: [{text}, …]}}"
        case "activation":
            return f"model: {{name: mlp, activation: {text}}}"
    return f"{entry.kind}: {text}"


def _what(entry: Entry) -> str:
    """ "optimizer", "loss for classification", "metric for regression, lower is better"."""
    if entry.kind == CONFIG:
        whole = {CONFIG: "what a YAML file holds", MINIMIZE: "what a YAML file for gdrun minimize holds"}
        return whole.get(entry.name, "section of a config")
    task, better = getattr(entry.cls, "task", None), getattr(entry.cls, "better", None)
    words = f"{entry.kind} for {task}" if isinstance(task, str) and task != "auto" else entry.kind
    return f"{words}, {better} is better" if isinstance(better, str) else words


def _show_uses(screen: Screen, uses: tuple[Use, ...]) -> None:
    for use in uses:
        owners = ", ".join(_full(owner) for owner in use.owners)
        of = "a key of the config" if owners == CONFIG else f"an option of {owners}"
        show_paragraph(screen, Text.assemble((use.option.name, "name"), (f"  {of}", "faint")), hang=2)
        show_paragraph(screen, _option_row(use.option)[1], indent=2)
        screen.show(Text())


def _full(entry: Entry) -> str:
    """The name, with the kind where the name alone may mean something else."""
    kinds = [family.kind for family in FAMILIES.values() if entry.name in family.components]
    return f"{entry.kind}/{entry.name}" if len(kinds) > 1 else entry.name


def _next(screen: Screen, command: str) -> None:
    screen.show(Text.assemble(("next  ", "faint"), (command, "command")))


def _entry_document(entry: Entry) -> dict[str, Any]:
    parts = docstring(entry.cls)
    summary, _, more = parts.pop("").partition("\n\n")
    task = getattr(entry.cls, "task", None)
    return {
        "kind": entry.kind,
        "name": entry.name,
        "aliases": list(aliases(entry)),
        "task": task if isinstance(task, str) else None,
        "summary": " ".join(summary.split()),
        "description": more or None,
        "formula": parts.get("Formula"),
        "options": [_option_document(entry.cls, option) for option in _options(entry.cls)],
        "variant": _joined(parts.get("Variant")),
        "reference": _joined(parts.get("Reference")),
    }


def _joined(text: str | None) -> str | None:
    return None if text is None else " ".join(text.split())


def _option_document(cls: Any, option: Option) -> dict[str, Any]:
    field = next(field for field in dataclasses.fields(cls) if field.name == option.name)
    return {
        "name": option.name,
        "type": option.type,
        "required": option.default is None,
        "default": None if option.default is None else to_plain(_default(field)),
        "description": option.description,
    }


def _default(field: dataclasses.Field[Any]) -> Any:
    """An option's default; `dataclasses.MISSING`, which equals no value, where there is none."""
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default
