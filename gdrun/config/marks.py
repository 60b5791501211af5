"""Marks in annotations that say more than a type: they are read by the builder, the schema and `explain`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Pattern:
    """Text of a certain form.

    Attributes:
        regex: must match the whole text; a form that JSON Schema knows too.
        words: the same for people.
    """

    regex: str
    words: str


@dataclass(frozen=True)
class NullMeans:
    """`null` in a file stands for this: the name of a component, or a mapping of options."""

    value: Any


NAME = Pattern("[A-Za-z0-9._-]{1,64}", "1 to 64 letters, digits, dots, underscores or hyphens")
