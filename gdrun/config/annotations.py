"""Annotations taken apart: what an option's type is, in code, in words, and whether a value fits it."""

from __future__ import annotations

import dataclasses
import functools
import math
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from gdrun.component import Ge, Gt, Le, Lt, option_types, out_of_bounds
from gdrun.config.families import Family, family_of
from gdrun.config.marks import NullMeans, Pattern
from gdrun.config.reader import Node

Found = TypeVar("Found")


def once(function: Callable[[Any], Found]) -> Callable[[Any], Found]:
    """A function of an annotation that finds out about each only once.

    It tells annotations apart by identity: `int | float` and `float | int` are equal, but differ in words. So
    they are kept; there are as many as the classes of a config have options.
    """
    known: dict[int, tuple[Any, Found]] = {}

    @functools.wraps(function)
    def remembering(annotation: Any) -> Found:
        found = known.get(id(annotation))
        if found is None:
            found = known[id(annotation)] = (annotation, function(annotation))
        return found[1]

    return remembering


@once
def bare(annotation: Any) -> Any:
    """The type without its bounds and marks."""
    return typing.get_args(annotation)[0] if typing.get_origin(annotation) is Annotated else annotation


@once
def marks(annotation: Any) -> tuple[Any, ...]:
    """The bounds and marks of a type."""
    return typing.get_args(annotation)[1:] if typing.get_origin(annotation) is Annotated else ()


@once
def null_means(annotation: Any) -> NullMeans | None:
    """What null stands for, where that is marked."""
    return next((mark for mark in marks(annotation) if isinstance(mark, NullMeans)), None)


@once
def alternatives(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, or the type itself."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return tuple(inner for arg in typing.get_args(annotation) for inner in alternatives(arg))
    inner = bare(annotation)
    if inner is not annotation and typing.get_origin(inner) in (typing.Union, types.UnionType):
        return alternatives(inner)
    return (annotation,)


@once
def is_list(annotation: Any) -> bool:
    return typing.get_origin(bare(annotation)) in (tuple, list)


@once
def is_mapping(annotation: Any) -> bool:
    return typing.get_origin(bare(annotation)) in (dict, Mapping)


@once
def is_section(annotation: Any) -> bool:
    """Whether it is a dataclass that is always the same one: a section, not a family."""
    inner = bare(annotation)
    return isinstance(inner, type) and dataclasses.is_dataclass(inner) and family_of(inner) is None


@once
def surrounded(annotation: Any) -> tuple[str, Family] | None:
    """For a section whose options stand beside those of a component: the option that this is, and its family.

    The class says so by an attribute `around`, the name of that option.
    """
    option = getattr(bare(annotation), "around", None)
    if option is None:
        return None
    family = family_of(bare(option_types(bare(annotation))[option]))
    return None if family is None else (option, family)


@once
def scalars(annotation: Any) -> tuple[Any, ...]:
    """Those alternatives that are a number, text, a choice or null."""
    return tuple(kind for kind in alternatives(annotation) if is_leaf(kind))


@once
def is_leaf(annotation: Any) -> bool:
    """Whether it is a scalar: a number, text, a choice, null."""
    inner = bare(annotation)
    return not (is_list(inner) or is_mapping(inner) or is_section(inner) or family_of(inner))


@once
def families(annotation: Any) -> tuple[Family, ...]:
    """The families whose components a value of this type may be."""
    return tuple(filter(None, (family_of(bare(alternative)) for alternative in alternatives(annotation))))


def name_node(node: Node, family: Family) -> Node | None:
    """The node that says which component of the family is meant; None where a mapping doesn't say."""
    if not isinstance(node.value, dict):
        return node
    named = node.value.get("name")
    if named is None and family.implied in node.value:
        return Node(family.implied, node.value[family.implied].place)
    return named


def component_at(kinds: Sequence[Family], node: Node) -> tuple[Family, Any]:
    """The first of the families that has what the node asks for, and its class; else the first, and None."""
    for family in kinds:
        named = name_node(node, family)
        cls = family.find(None if named is None else named.value)
        if cls is not None:
            return family, cls
    return kinds[0], None


def class_at(annotation: Any, node: Node) -> tuple[Family | None, Any]:
    """The family that a value of this type belongs to, and the class that the node asks for, if any."""
    if kinds := families(annotation):
        return component_at(kinds, node)
    return None, next((bare(kind) for kind in alternatives(annotation) if is_section(kind)), None)


def is_path(option: str, annotation: Any) -> bool:
    """Whether an option holds the path of a file: by its type, or text that is called `path` or `…_path`."""
    path, text = _path_and_text(annotation)
    return path or (text and (option == "path" or option.endswith("_path")))


@once
def _path_and_text(annotation: Any) -> tuple[bool, bool]:
    kinds = [bare(alternative) for alternative in alternatives(annotation)]
    return Path in kinds, str in kinds


def choices(annotation: Any) -> list[str]:
    """The words that may be written for a value of this type."""
    words = []
    for alternative in alternatives(annotation):
        inner = bare(alternative)
        if typing.get_origin(inner) is Literal:
            words += [str(choice) for choice in typing.get_args(inner)]
        elif found := surrounded(alternative):
            words += found[1].components
        elif family := family_of(inner):
            words += family.components
    return words


def in_words(annotation: Any) -> str:
    """A type for people: "a number from 0 to 1, or null"."""
    parts = [_in_words(alternative) for alternative in alternatives(annotation)]
    return ", or ".join(dict.fromkeys(parts))


def _in_words(annotation: Any) -> str:
    inner = bare(annotation)
    if inner is type(None):
        return "null"
    if inner is bool:
        return "true or false"
    if inner in (int, float):
        return ("a whole number" if inner is int else "a number") + _bounds_in_words(marks(annotation))
    if inner is str or inner is Path:
        pattern = next((mark for mark in marks(annotation) if isinstance(mark, Pattern)), None)
        return pattern.words if pattern else ("the path of a file" if inner is Path else "text")
    if typing.get_origin(inner) is Literal:
        *most, last = map(str, typing.get_args(inner))
        return f"{', '.join(most)} or {last}" if most else last
    if is_list(inner):
        items = [argument for argument in typing.get_args(inner) if argument is not ...]
        words = list(map(in_words, items))
        if len(words) > 1 and len(set(words)) == 1:
            return f"a list of {len(words)} (each {words[0]})"
        return "a list of (" + "; ".join(words) + ")"
    if is_mapping(inner):
        return f"a mapping of names to ({in_words(typing.get_args(inner)[1])})"
    if family := family_of(inner):
        return family.with_article
    if found := surrounded(inner):
        option, family = found
        beside = ", ".join(name for name in option_types(inner) if name != option)
        return f"{family.with_article}, its mapping with {beside} beside its options"
    if is_section(inner):
        return f"a mapping of options ({', '.join(option_types(inner))})"
    return "anything"


def _bounds_in_words(bounds: tuple[Any, ...]) -> str:
    said = []
    for bound in bounds:
        match bound:
            case Ge(ge=limit):
                said.append(f"of at least {limit}")
            case Gt(gt=limit):
                said.append(f"greater than {limit}")
            case Le(le=limit):
                said.append(f"of at most {limit}")
            case Lt(lt=limit):
                said.append(f"less than {limit}")
    return "".join(f" and {part}" if index else f" {part}" for index, part in enumerate(said))


def unsupported(annotation: Any) -> str:
    """The part of an annotation that no value in a file could fit, or nothing."""
    for alternative in alternatives(annotation):
        inner = bare(alternative)
        if is_list(inner) or is_mapping(inner):
            for argument in typing.get_args(inner):
                if argument is not ... and (strange := unsupported(argument)):
                    return strange
        elif is_leaf(inner) and typing.get_origin(inner) is not Literal and inner not in _LEAVES:
            return getattr(inner, "__name__", str(inner))
    return ""


_LEAVES = (bool, int, float, str, Path, type(None))


def fit(value: Any, kinds: Sequence[Any]) -> tuple[bool, Any]:
    """Whether a scalar fits one of several types strictly, and the scalar as that type has it.

    True isn't 1, "0.1" isn't a number, NaN and infinity aren't either; 1 is fine where 0.5 is, and stays a
    whole number where both are allowed.
    """
    for kind in kinds:
        if _is_of(value, kind):
            return True, Path(value) if bare(kind) is Path else value
    if type(value) is int:
        for kind in kinds:
            if bare(kind) is float and _is_of(float(value), kind):
                return True, float(value)
    return False, None


@once
def _literals(annotation: Any) -> tuple[Any, ...]:
    return typing.get_args(annotation) if typing.get_origin(annotation) is Literal else ()


def _is_of(value: Any, kind: Any) -> bool:
    inner = bare(kind)
    if inner is type(None):
        return value is None
    if words := _literals(inner):
        return any(type(value) is type(word) and value == word for word in words)
    if inner is Path:
        return isinstance(value, str) and value != ""
    if type(value) is not inner or (inner is float and not math.isfinite(value)):
        return False
    for mark in marks(kind):
        if isinstance(mark, Pattern) and not re.fullmatch(mark.regex, value):
            return False
        if out_of_bounds(value, mark):
            return False
    return True
