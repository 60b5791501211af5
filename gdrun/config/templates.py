"""Starter configs for `gdrun init`: commented, complete enough to run, and each line of them tested."""

from __future__ import annotations

from pathlib import Path

from gdrun.config.problems import did_you_mean, shown
from gdrun.errors import ConfigError

_FOLDER = Path(__file__).parent / "templates"

DEFAULT_TEMPLATE = "classification"


def template_names() -> list[str]:
    """What `--template` may be."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def template(name: str = DEFAULT_TEMPLATE) -> str:
    """The text of a starter config.

    Raises:
        ConfigError: there is none of that name.
    """
    names = template_names()
    if name not in names:
        raise ConfigError(
            f"{shown(name)} is not a template{did_you_mean(name, names)} (there are: {', '.join(names)})"
        )
    return (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
