"""Plain scalars by the core schema of YAML 1.2: what is a number, and what is text."""

from __future__ import annotations

import math
import re

_NULL = re.compile(r"null|Null|NULL|~|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"([-+]?)\.(inf|Inf|INF)")
_NAN = re.compile(r"\.(nan|NaN|NAN)")

MOST_DIGITS = 40  # a seed of 128 bits has 39; products of several sizes must still fit into a float

Scalar = None | bool | int | float | str


def resolve(text: str) -> Scalar:
    """The value of a plain (unquoted) scalar.

    `1e-3` is a float, `010` is ten, `0o17` is fifteen; `yes`, `no`, `on`, `off`, `1:30`, `1_000` and
    dates are text.

    Raises:
        ValueError: a number that is too large to be one.
    """
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    for form, base in ((_DECIMAL, 10), (_OCTAL, 8), (_HEXADECIMAL, 16)):
        if form.fullmatch(text):
            if len(text) > MOST_DIGITS:
                raise ValueError(f"a number of {len(text)} digits is too large")
            return int(text if base == 10 else text[2:], base)
    if _FLOAT.fullmatch(text):
        value = float(text)
        if math.isinf(value):
            raise ValueError("is too large for a number; the largest is about 1.8e308 (infinity is .inf)")
        return value
    if match := _INFINITE.fullmatch(text):
        return -math.inf if match[1] == "-" else math.inf
    return math.nan if _NAN.fullmatch(text) else text
