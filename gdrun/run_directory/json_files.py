"""Strict JSON files: no NaN, no Infinity, nothing that another program would choke on.

The record of a run or group vouches for itself: its last entry, `sha256`, is the digest of all bytes before
these 64 digits. A record that begins as gdrun writes it must have one; a document made by hand need not.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from gdrun.errors import WeightsError
from gdrun.run_directory.reading import read_bytes

_LARGEST = 1 << 28  # bytes of a file that is still read
_SEAL = "sha256"
_BEGINNING = b'{\n  "'  # of what `to_json` makes
_SEALED = re.compile(rb'  "sha256": "([0-9a-f]{64})"\n}\n\Z')


class Shared(dict[str, Any]):
    """An object that many documents have in them, and that nothing changes: its JSON is made once."""

    @cached_property
    def encoded(self) -> tuple[str, list[str]]:
        """Its JSON, and the dotted names of the non-finite numbers in it."""
        return _encoded(dict(self), None)

    def __reduce__(self) -> Any:  # elsewhere it is like any other
        return dict, (dict(self),)


def to_json(document: Mapping[str, Any]) -> tuple[bytes, list[str]]:
    """The document as JSON, and the dotted names of the non-finite numbers in it, which become null.

    NumPy numbers and arrays, tuples and paths are taken as what they stand for.

    Raises:
        TypeError: the document holds something that JSON has no form for.
    """
    non_finite: list[str] = []
    entries = []
    for key, value in document.items():
        if not isinstance(key, str):
            raise TypeError("the keys of JSON objects are strings")
        if isinstance(value, Shared):
            text, names = value.encoded
            names = [f"{key}.{name}" for name in names]
        else:
            text, names = _encoded(value, key)
        non_finite += names
        entries.append(f"  {_encode(key)}: {text}")
    text = "{\n" + ",\n".join(entries) + "\n}" if entries else "{}"
    return text.encode("utf-8", "backslashreplace") + b"\n", non_finite


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, indent=2).encode


def _encoded(value: Any, name: str | None) -> tuple[str, list[str]]:
    """An entry of a document as it stands there, indented, and the names of its non-finite numbers."""
    if value is None or type(value) is int:  # as most are; the encoder takes its time for them
        return "null" if value is None else repr(value), []
    non_finite: list[str] = []
    return _encode(_plain(value, name, non_finite)).replace("\n", "\n  "), non_finite


def _plain(value: Any, name: str | None, non_finite: list[str]) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    match value:
        case None | bool() | str() | int():
            return value
        case float():
            if math.isfinite(value):
                return value
            non_finite.append(name or "")
            return None
        case PurePath():
            return str(value)
        case Mapping():
            if not all(isinstance(key, str) for key in value):
                raise TypeError(f"{name}: the keys of JSON objects are strings")
            prefix = "" if name is None else f"{name}."
            return {key: _plain(entry, f"{prefix}{key}", non_finite) for key, entry in value.items()}
        case list() | tuple():
            return [_plain(entry, f"{name}.{index}", non_finite) for index, entry in enumerate(value)]
    raise TypeError(f"{name}: {type(value).__name__} has no form in JSON")


def sealed(content: bytes) -> bytes:
    """What `to_json` made of a document, with the digest of it as its last entry."""
    before = content.removesuffix(b"\n}\n") + f',\n  "{_SEAL}": "'.encode()
    return before + hashlib.sha256(before).hexdigest().encode() + b'"\n}\n'


def read_json(path: Path, digest: str | None = None, *, is_record: bool = False) -> dict[str, Any]:
    """The object in a JSON file, without its seal.

    Args:
        path: of the file.
        digest: of its content, if that is known.
        is_record: whether it is of a run or group, and so sealed if it is from gdrun.

    Raises:
        FileNotFoundError: there is none.
        WeightsError: it is damaged.
        SystemRefusedError: it can't be read.
    """
    try:
        content = read_bytes(path, _LARGEST, digest)
        document = json.loads(content, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:  # ValueError: also of the encoding
        raise WeightsError(f"{path} is damaged ({error}); restore it or remove the run") from error
    if not isinstance(document, dict):
        raise WeightsError(f"{path} is damaged (no JSON object); restore it or remove the run")
    has_seal = _SEAL in document or (is_record and content.startswith(_BEGINNING))
    if has_seal and not _is_intact(content):
        raise WeightsError(f"{path} is damaged (its SHA-256 digest differs); restore it or remove the run")
    document.pop(_SEAL, None)
    return document


def _is_intact(content: bytes) -> bool:
    """Whether the bytes before the digest at the end of a sealed document have that digest."""
    found = _SEALED.search(content)
    return found is not None and hashlib.sha256(content[: found.start(1)]).hexdigest().encode() == found[1]


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")
