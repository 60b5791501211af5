"""Components of the user's own: a Python file named with `--plugin`, or an entry point `gdrun.plugins`.

Every class there that is a component of some kind gets a name like any other: its `name`, or its class name
in snake_case. A class whose name begins with an underscore is left alone.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from gdrun.component import Component, option_types
from gdrun.config.annotations import unsupported
from gdrun.config.families import FAMILIES, Family, family_of_component
from gdrun.config.problems import shown, shown_path
from gdrun.config.scalars import resolve
from gdrun.errors import ConfigError, GdrunError

_loaded: set[str] = set()  # entry points; they are looked for again at every unknown name
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


def load_plugin(path: str | Path) -> list[str]:
    """Run a Python file and register its components; a file that was loaded before is left as it is.

    Returns:
        The new names.

    Raises:
        ConfigError: there is no such file, an error in it (with file and line), or a name that is taken.
    """
    path = Path(path).absolute()
    digest = hashlib.sha256(str(path).encode(errors="surrogateescape")).hexdigest()[:12]
    module_name = f"gdrun_plugin_{digest}_{re.sub(r'[^A-Za-z0-9]', '_', path.stem)}"  # alike in every process
    if module_name in sys.modules:
        return []
    if not path.is_file():
        raise ConfigError(f"there is no plugin file {shown_path(path)}")
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{shown_path(path)} is not a Python file; a plugin's name ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
        return register(module, str(path))
    except BaseException as error:
        del sys.modules[module_name]
        if isinstance(error, GdrunError | KeyboardInterrupt):
            raise
        raise ConfigError(f"{_place(error, path)}: {type(error).__name__}: {error}") from error


def recorded_plugins(record: Mapping[str, Any], directory: Path) -> list[Path]:
    """The files that a run or group says it was started with.

    A directory may come from somewhere else: a file that came with it is never run unasked.

    Args:
        record: its run.json or group.json.
        directory: of the run or group.

    Raises:
        ConfigError: one of them is in the directory, or named in another way than gdrun does.
    """
    files = record.get("plugins") or []
    if not isinstance(files, list) or not all(isinstance(file, str) for file in files):
        raise ConfigError(f"{shown_path(directory)}: its list of plugins is damaged; name them with --plugin")
    for file in files:
        path = Path(file)
        if not path.is_absolute() or Path(os.path.realpath(path)).is_relative_to(os.path.realpath(directory)):
            raise ConfigError(
                f"{shown_path(directory)} names a plugin that came with it, {shown_path(path)}, and a plugin "
                f"may do anything; if you trust it, add --plugin {shown_path(path)}"
            )
    return [Path(file) for file in files]


def load_entry_points() -> list[str]:
    """Register the components of installed packages that have an entry point `gdrun.plugins`.

    Returns:
        The new names.

    Raises:
        ConfigError: a package that cannot be imported, or a name that is taken.
    """
    from importlib.metadata import entry_points

    names = []
    for entry in entry_points(group="gdrun.plugins"):
        if entry.value in _loaded:
            continue
        source = f"plugin {entry.name} ({entry.value})"
        try:
            loaded = entry.load()
        except Exception as error:
            raise ConfigError(f"{source}: {type(error).__name__}: {error}") from error
        _loaded.add(entry.value)
        names += register(loaded, source)
    return names


def load_all_plugins(files: Iterable[str | Path]) -> None:
    """Load plugin files and the plugins of installed packages: what commands that list everything need."""
    for file in files:
        load_plugin(file)
    load_entry_points()


def register(source: ModuleType | type[Any], where: str) -> list[str]:
    """Add a module's components, or one class, to their dictionaries: all of them or none.

    Raises:
        ConfigError: a name that is taken, or a class that cannot be a component.
    """
    classes = [source] if isinstance(source, type) else _defined_in(source)
    new: list[tuple[Family, str, type[Any]]] = []
    for cls in classes:
        family = family_of_component(cls)
        if family is None or cls in family.components.values():
            continue
        name = _checked(cls, where)
        taken = family.components.get(name) or next((c for f, n, c in new if (f, n) == (family, name)), None)
        if taken is not None:
            owner = f"{taken.__module__}.{taken.__name__}"
            raise ConfigError(
                f"{where}: {cls.__name__}: {family.with_article} {name} exists ({owner}); rename it"
            )
        new.append((family, name, cls))
    if not new:
        kinds = ", ".join(FAMILIES)
        raise ConfigError(f"{where}: defines no component; derive a class from one of gdrun's: {kinds}")
    for family, name, cls in new:
        family.components[name] = cls
    return [name for _, name, _ in new]


def _defined_in(module: ModuleType) -> list[type[Any]]:
    return [
        value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, Component)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    ]


def _checked(cls: Any, where: str) -> str:
    """The name of a class that can be a component."""
    name = cls.name
    if not isinstance(name, str) or not _NAME.fullmatch(name) or not isinstance(resolve(name), str):
        raise ConfigError(
            f"{where}: {cls.__name__}: {shown(name)} cannot be a name; use letters, digits, _ and -"
        )
    if vars(cls).get("__annotations__") and "__dataclass_fields__" not in vars(cls):
        raise ConfigError(
            f"{where}: {cls.__name__} has options but is no dataclass; write @dataclass(frozen=True) above it"
        )
    try:
        types = option_types(cls)
    except (NameError, TypeError) as error:
        raise ConfigError(f"{where}: {cls.__name__}: an option's type cannot be read: {error}") from error
    for option, annotation in types.items():
        if strange := unsupported(annotation):
            said = f"the type {strange} of {option} cannot be written in a config"
            raise ConfigError(
                f"{where}: {cls.__name__}: {said}; use numbers, text, choices, tuples, components"
            )
    return name


def _place(error: BaseException, path: Path) -> str:
    """file:line of the plugin where an error came up."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path}:{error.lineno}"
    import traceback

    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    return f"{path}:{lines[-1]}" if lines else str(path)
