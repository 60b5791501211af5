"""Generated configs: plain values drawn by the annotations of the components themselves."""

from __future__ import annotations

import dataclasses
import typing
from pathlib import Path
from typing import Any, Literal

from hypothesis import strategies as st

from gdrun.component import Ge, Gt, Le, Lt, option_types
from gdrun.config.annotations import alternatives, bare, is_list, is_mapping, is_section, marks
from gdrun.config.families import Family, family_of
from gdrun.config.marks import Pattern

TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12)


def plain_value(annotation: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Plain data that fits an annotation; bounds are kept, what options demand of each other may not be."""
    return st.one_of(*(_alternative(kind, depth) for kind in alternatives(annotation)))


def component(family: Family, depth: int = 0) -> st.SearchStrategy[Any]:
    """A component of a family as plain data, never deeper than a few levels."""
    flat = {
        name: cls
        for name, cls in family.components.items()
        if depth < 2 or not any(_nests(annotation) for annotation in option_types(cls).values())
    }
    return st.sampled_from(sorted(flat)).flatmap(lambda name: section(flat[name], depth, name=name))


@st.composite
def section(draw: st.DrawFn, cls: Any, depth: int = 0, name: str | None = None) -> dict[str, Any]:
    """Some of the options of a class; of `…_steps` and `…_epochs`, which exclude each other, one."""
    drawn: dict[str, Any] = {} if name is None else {"name": name}
    types = option_types(cls)
    for field in dataclasses.fields(cls):
        option = field.name
        twin = option.removesuffix("_steps") + "_epochs"
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if option.endswith("_steps") and twin in types:
            option = draw(st.sampled_from([option, twin]))
            drawn[option] = draw(
                plain_value(types[option], depth + 1).filter(lambda value: value is not None)
            )
        elif option.endswith("_epochs") and option.removesuffix("_epochs") + "_steps" in types:
            continue
        elif required or draw(st.booleans()):
            drawn[option] = draw(plain_value(types[option], depth + 1))
    return drawn


def _nests(annotation: Any) -> bool:
    return any(family_of(bare(kind)) or is_list(kind) for kind in alternatives(annotation))


def _alternative(annotation: Any, depth: int) -> st.SearchStrategy[Any]:
    inner = bare(annotation)
    arguments = typing.get_args(inner)
    if family := family_of(inner):
        return component(family, depth)
    if is_section(inner):
        return section(inner, depth)
    if typing.get_origin(inner) is Literal:
        return st.sampled_from(arguments)
    if is_mapping(inner):
        return st.dictionaries(TEXTS, plain_value(arguments[1], depth), max_size=3)
    if is_list(inner) and (typing.get_origin(inner) is list or arguments[1:] == (...,)):
        return st.lists(plain_value(arguments[0], depth + 1), max_size=3)
    if is_list(inner):
        return st.tuples(*(plain_value(argument, depth + 1) for argument in arguments)).map(list)
    for pattern in (mark for mark in marks(annotation) if isinstance(mark, Pattern)):
        return st.from_regex(pattern.regex, fullmatch=True)
    if inner is type(None):
        return st.none()
    if inner is bool:
        return st.booleans()
    if inner is Path:
        return st.sampled_from(["/a.csv", "/folder/b c.npz", "/é/ü.csv"])
    if inner is str:
        return TEXTS
    return _number(inner, marks(annotation))


def _number(kind: type, bounds: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    low, high = (0, 10**6) if kind is int else (-1e30, 1e30)
    open_low = open_high = False
    for bound in bounds:
        match bound:
            case Ge(ge=limit):
                low = limit
            case Gt(gt=limit):
                low, open_low = limit, True
            case Le(le=limit):
                high = limit
            case Lt(lt=limit):
                high, open_high = limit, True
    if kind is int:
        return st.integers(low + open_low, high - open_high)
    return st.floats(low, high, exclude_min=open_low, exclude_max=open_high, allow_nan=False)
