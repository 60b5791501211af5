"""Writes a config as YAML for people: short lines, the keys in their order.

What is written reads the same under YAML 1.2 and under the older rules of 1.1: text that either would take
for something else is in quotes, and a float always has a point.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from gdrun.config.config import Config
from gdrun.config.objective import ObjectiveConfig
from gdrun.config.plain import to_plain
from gdrun.config.scalars import resolve

_WIDTH = 140  # a mapping or list that fits is written on one line

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./+-]*")
_OLD_WORDS = re.compile(r"y|n|yes|no|on|off|true|false|null|~", re.IGNORECASE)  # not text under YAML 1.1
_OLD_NUMBER = re.compile(r"[-+.]?[0-9_.:,+\-eExXoObBtTzZ]*")
_ESCAPED = re.compile("[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]")


def dump_yaml(config: Config | ObjectiveConfig) -> str:
    """The complete config as YAML; loading it gives an equal config."""
    return dump_plain_yaml(to_plain(config))


def dump_plain_yaml(config: Mapping[str, Any]) -> str:
    """The same of a config that is plain data already."""
    lines = []
    for key, value in config.items():
        lines += _entry(f"{key}:", value, 0)
    return "\n".join(lines) + "\n"


def _entry(head: str, value: Any, indent: int) -> list[str]:
    """The lines of a value after its key or its dash."""
    space = " " * indent
    line = f"{space}{head} {flow(value)}"
    if not (isinstance(value, dict | list) and value) or len(line) <= _WIDTH:
        return [line]
    if isinstance(value, list):
        inner = [line for item in value for line in _entry("-", item, indent + 2)]
        return [f"{space}{head}", *inner]
    inner = [line for key, item in value.items() for line in _entry(f"{_text(key)}:", item, indent + 2)]
    if head == "-":  # the first key stands beside the dash
        return [f"{space}- {inner[0].lstrip()}", *inner[1:]]
    return [f"{space}{head}", *inner]


def flow(value: Any) -> str:
    """A value on one line; a component without options is its name."""
    if isinstance(value, dict):
        if value.keys() == {"name"}:
            return _text(value["name"])
        return "{" + ", ".join(f"{_text(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return _float(value)
    return "null" if value is None else str(value).lower()


def _float(value: float) -> str:
    """The shortest decimals that are this float, with a point in them: 1.0e-8."""
    if not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    mantissa, exponent, power = repr(value).partition("e")
    if not exponent:
        return mantissa
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{int(power):+d}"


@functools.lru_cache(4096)  # keys and names come again in every config
def _text(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and isinstance(resolve(text), str)
    if plain and not _OLD_WORDS.fullmatch(text) and not _OLD_NUMBER.fullmatch(text):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\U{ord(match[0]):08X}", quoted)
