"""Text from data or files, made safe to print."""

from __future__ import annotations

import unicodedata

_KEPT = "\t\n"
_UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # control, format (direction marks), surrogates, line separators


def printable(text: object, *, one_line: bool = False) -> str:
    """`text` without the characters that steer a terminal: escape sequences, bells, direction marks.

    Each is replaced by its written form (`\\x1b`), so that nothing is hidden and nothing takes effect.

    Args:
        text: any object; its `str` is taken.
        one_line: also write tabs and line ends as `\\t` and `\\n`.
    """
    text = str(text)
    if text.isprintable():
        return text
    kept = "" if one_line else _KEPT
    return "".join(
        character
        if character in kept or unicodedata.category(character) not in _UNSAFE
        else _written(character)
        for character in text
    )


def _written(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
