"""What every component of a config has in common: options with types and bounds, and stacking.

A component (an optimizer, a layer, a schedule …) is a frozen dataclass. Its fields are its options; their
annotations carry the bounds, its docstring the formula, the variant and the reference. Everything that
lists, validates or explains components derives from that and from the dictionaries (`OPTIMIZERS`,
`SCHEDULES` …) that name them: there is no second list.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import re
import sys
import typing
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from typing import Annotated, Any, ClassVar, TypeVar

import numpy as np


@dataclasses.dataclass(frozen=True)
class Gt:
    """A bound in an annotation: greater than."""

    gt: float


@dataclasses.dataclass(frozen=True)
class Ge:
    """A bound in an annotation: at least."""

    ge: float


@dataclasses.dataclass(frozen=True)
class Lt:
    """A bound in an annotation: less than."""

    lt: float


@dataclasses.dataclass(frozen=True)
class Le:
    """A bound in an annotation: at most."""

    le: float


Positive = Annotated[float, Gt(0)]
NonNegative = Annotated[float, Ge(0)]
Probability = Annotated[float, Ge(0), Le(1)]
Decay = Annotated[float, Ge(0), Lt(1)]  # the share of a running mean that is kept
Count = Annotated[int, Ge(1)]
WholeNumber = Annotated[int, Ge(0)]

Self = TypeVar("Self", bound="Component")


@functools.cache
def option_types(cls: type[Any]) -> Mapping[str, Any]:
    """Name → annotation (with its bounds) of every option of a component or config section."""
    owners = {
        name: owner for owner in reversed(cls.__mro__) for name in vars(owner).get("__annotations__", ())
    }
    options: dict[str, Any] = {field.name: field.type for field in dataclasses.fields(cls) if field.init}
    return {name: _evaluated(owners[name].__module__, kind) for name, kind in options.items()}


@functools.cache
def _evaluated(module: str, annotation: Any) -> Any:
    """An annotation of a module as an object: what `typing.get_type_hints` does, without its eight-fold work.

    That function evaluates every annotation of a class and of all its bases, anew for each class; at start-up
    that took longer than training a small network for an epoch.
    """
    if not isinstance(annotation, str):
        return annotation
    return eval(annotation, vars(sys.modules[module]))  # noqa: S307 - our own source, or a plugin's


@dataclasses.dataclass(frozen=True)
class Component:
    """The base of everything that can be named in a config.

    The bounds in the annotations hold however a component is made:

        >>> Adam(learning_rate=-1)
        ValueError: Adam: learning_rate must be greater than 0, not -1
    """

    name: ClassVar[str]  # in a config: the class's name in snake_case, unless the class says otherwise

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "name" not in vars(cls):
            cls.name = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z])", "_", cls.__name__).lower()

    def __post_init__(self) -> None:
        cls: Any = type(self)
        for option, annotation in option_types(cls).items():
            value = getattr(self, option)
            if _is_float(annotation) and isinstance(value, int | np.number) and not isinstance(value, bool):
                value = float(value)  # 1 means 1.0 wherever a float is expected
                object.__setattr__(self, option, value)
            if _is_bounded(annotation) and (problem := _problem(value, annotation)):
                raise ValueError(f"{type(self).__name__}: {option} must be {problem}, not {value!r}")


@functools.cache
def _is_float(annotation: Any) -> bool:
    """Whether floats are expected and whole numbers are not told apart from them."""
    return _admits(annotation, float) and not _admits(annotation, int)


@functools.cache
def _is_bounded(annotation: Any) -> bool:
    """Whether there are bounds in it, of numbers or of what it holds."""
    return typing.get_origin(annotation) is Annotated or any(map(_is_bounded, typing.get_args(annotation)))


def _admits(annotation: Any, number: type) -> bool:
    if typing.get_origin(annotation) is Annotated:
        return _admits(typing.get_args(annotation)[0], number)
    return annotation is number or any(_admits(part, number) for part in typing.get_args(annotation))


def _problem(value: Any, annotation: Any) -> str | None:
    """What a number should be, in words, if it breaks the bounds of its type, or of each that it could be."""
    if typing.get_origin(annotation) is Annotated:
        return next(filter(None, (out_of_bounds(value, bound) for bound in annotation.__metadata__)), None)
    kinds = [part for part in typing.get_args(annotation) if _admits(part, type(value))]
    problems = [_problem(value, kind) for kind in kinds]
    return problems[0] if problems and all(problems) else None


def out_of_bounds(value: Any, bound: Any) -> str | None:
    """What a number should be, in words, if it breaks a bound of its annotation; else None."""
    if not isinstance(value, int | float):
        return None
    number: Any = value
    match bound:
        case Gt(gt=limit) if not number > limit:
            return f"greater than {limit}"
        case Ge(ge=limit) if not number >= limit:
            return f"at least {limit}"
        case Lt(lt=limit) if not number < limit:
            return f"less than {limit}"
        case Le(le=limit) if not number <= limit:
            return f"at most {limit}"
    return None


Named = TypeVar("Named", bound=Component)


class Registry(MutableMapping[str, type[Named]]):
    """The dictionary of one kind of component: name → class, imported when it is first asked for.

        OPTIMIZERS: Registry[Optimizer] = Registry("gdrun.optim", sgd="sgd.Sgd", adam="adam.Adam")

    One line a component, and a command that needs one optimizer doesn't import all of them. A class listed
    under two names has the first as its own.

    Args:
        package: that the modules are in.
        places: name → "module.Class".
    """

    def __init__(self, package: str, **places: str) -> None:
        self._package = package
        self._entries: dict[str, str | type[Named]] = dict(places)

    def __getitem__(self, name: str) -> type[Named]:
        entry = self._entries[name]
        if isinstance(entry, str):
            module, _, class_name = entry.rpartition(".")
            entry = getattr(importlib.import_module(f"{self._package}.{module}"), class_name)
            self._entries[name] = entry
        return entry

    def __setitem__(self, name: str, cls: type[Named]) -> None:
        self._entries[name] = cls

    def __delitem__(self, name: str) -> None:
        del self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def by_class_name(self, class_name: str) -> type[Named] | None:
        """The component whose class has this name, or None."""
        for name, entry in self._entries.items():
            found = entry.rpartition(".")[2] if isinstance(entry, str) else entry.__name__
            if found == class_name:
                return self[name]
        return None


def class_lookup(package: str, *registries: Registry[Any]) -> Callable[[str], Any]:
    """A package's `__getattr__`, for classes in its dictionaries: `from gdrun.optim import Adam`."""

    def look_up(name: str) -> Any:
        for components in registries:
            if (found := components.by_class_name(name)) is not None:
                return found
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return look_up


def stack(components: Sequence[Self]) -> Self:
    """One component standing for several runs: number options become float64 arrays (runs, 1).

    All must be of one class and agree in every option that is not a float, since such an option changes
    the kind of work and not only a number in it. The result computes for `runs` runs what each
    component would compute for its own, to the same bits.
    """
    first = components[0]
    result = object.__new__(type(first))
    for field in dataclasses.fields(first):
        values = [getattr(component, field.name) for component in components]
        if isinstance(values[0], float):
            object.__setattr__(result, field.name, np.array(values, np.float64).reshape(-1, 1))
        elif all(value == values[0] for value in values):
            object.__setattr__(result, field.name, values[0])
        else:
            raise ValueError(f"{type(first).__name__}: {field.name} must be the same in every stacked run")
    return result


def stacking_key(component: Component) -> tuple[Any, ...]:
    """What must be equal for components to be stacked: the class and every option that is not a float."""
    fixed = [
        (f.name, value)
        for f in dataclasses.fields(component)
        if not isinstance(value := getattr(component, f.name), float)
    ]
    return (type(component).__name__, *fixed)
