"""Files made to exhaust whoever reads them; and with each safeguard taken out, that the same check fails."""

from __future__ import annotations

import csv
import io
import re
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import samples
from guard import memory_limit
from numpy.lib import format as npy

from gdrun.config import reader
from gdrun.data import csv_reader, csv_text, npz_reader
from gdrun.data.datasets import column_files
from gdrun.experiments import validation

LITTLE_MEMORY = 96 << 20
ROWS = "".join(f"{row},{row % 2}\n" for row in range(40))
Y = samples.npz(np.savez)


def csv_file(content: str | bytes) -> Callable[[], dict[str, bytes]]:
    return lambda: {"d.csv": content if isinstance(content, bytes) else content.encode()}


def npz_file(member: bytes, compression: int = zipfile.ZIP_STORED, claimed: int = 0) -> dict[str, bytes]:
    """An archive whose X is this member, perhaps with a size in the directory that it hasn't got."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive, zipfile.ZipFile(io.BytesIO(Y)) as good:
        archive.writestr("X.npy", member)
        archive.writestr("y.npy", good.read("y.npy"))
        if claimed:
            info = archive.getinfo("X.npy")
            info.file_size = info.compress_size = len(member) + claimed
    return {"d.npz": target.getvalue()}


def wide(columns: int, *values: str) -> dict[str, bytes]:
    """A CSV file with a row of each value, in every column."""
    names = ",".join(f"c{column}" for column in range(columns))
    return {"d.csv": "\n".join([names, *(",".join([value] * columns) for value in values)]).encode()}


def header(shape: tuple[int, ...], descr: str = "<f8") -> bytes:
    words = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(words)) + words


def inflating() -> dict[str, bytes]:
    size = npz_reader.HARMLESS + (64 << 20)
    return npz_file(header((size // 8, 1)) + bytes(size), zipfile.ZIP_DEFLATED)


def naive(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, *rest: Any) -> Any:
    """What most readers do: believe the header."""
    with archive.open(info) as stream:
        return npy.read_array(stream, allow_pickle=False)


@dataclass(frozen=True)
class Bomb:
    """A file, what gdrun has to say of it, and the safeguards that make it say that.

    Attributes:
        words: a pattern of the message; "fine" where the file is unusual and right.
        files: name → content; made when they are needed.
        config: reads them.
        safeguards: each is a module, a name in it, and what stands there in the negative control.
    """

    words: str
    files: Callable[[], Mapping[str, bytes]] = dict
    config: str = samples.config_of("csv", "d.csv")
    safeguards: tuple[tuple[Any, str, Any], ...] = field(default=())


NPZ = samples.config_of("npz", "d.npz")
NEVER = re.compile("(?!)")
UNMARKED = ((csv_reader.csv_text, "text_encoding", lambda path: "utf-8"),)
ALIASES = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in pairwise("abcdefg")
)
DEEP = "k0: &a0 1\n" + "".join(f"k{b}: &a{b} [*a{a}]\n" for a, b in pairwise(range(4000)))
WIDE = samples.config_of("csv", "d.csv") + "split: {validation: 0, test: 2}\n"
BOMBS = {
    "YAML aliases": Bomb(
        r"config\.yaml:\d+:\d+: more than 100,000 values, aliases written out",
        config=ALIASES,
        safeguards=((reader, "MOST_NODES", 1 << 60),),
    ),
    "YAML aliases of aliases, deep": Bomb(
        "is nested more than 50 deep",
        config=DEEP,
        safeguards=((reader, "DEEPEST", 1 << 60),),
    ),
    "YAML brackets": Bomb(
        "is nested more than 50 deep", config="[" * 900, safeguards=((reader, "DEEPEST", 1 << 60),)
    ),
    "YAML braces without end": Bomb("not YAML|is nested more than 50 deep", config="{a: " * 100_000),
    "YAML of 2 MB": Bomb(
        "larger than 1,000,000 bytes",
        config="# " + "x" * 2_000_000,
        safeguards=((reader, "LARGEST_FILE", 1 << 60),),
    ),
    "YAML with NUL": Bomb(
        r"character U\+0000 is not allowed",
        config="dataset: digits\nname: a\0b\n",
        safeguards=((reader, "_NOT_TEXT", NEVER),),
    ),
    "YAML with an escape sequence": Bomb(
        r"character U\+001B is not allowed in text",
        config='dataset: digits\nname: "\\e[2J"\n',
        safeguards=((reader, "CONTROL", NEVER),),
    ),
    "NPY header of 128 GiB": Bomb(
        "needs 137,438,953,472 bytes, but the file has 64; it is damaged",
        lambda: npz_file(header((1 << 34,)) + bytes(64)),
        NPZ,
        ((npz_reader, "_read_member", naive),),
    ),
    "NPY header of 512 MiB": Bomb(
        "needs 536,870,912 bytes, but the file has 64; it is damaged",
        lambda: npz_file(header((1 << 26,)) + bytes(64)),
        NPZ,
        ((npz_reader, "_read_member", naive),),
    ),
    "NPZ that inflates": Bomb(
        r"would inflate from [\d,]+ to 134,2\d\d,\d\d\d bytes",
        inflating,
        NPZ,
        ((npz_reader, "STEEPEST", 1 << 60),),
    ),
    "NPZ whose directory lies": Bomb(
        "claims more bytes than the file has",
        lambda: npz_file(header((1 << 30,), "|u1") + bytes(64), claimed=1 << 30),
        NPZ,
        ((npz_reader, "_read_member", naive),),
    ),
    "CSV with a field of 100 MB": Bomb(
        r"d\.csv:3: a line longer than 16,777,216 characters",
        lambda: {"d.csv": b"a,y\n1,2\n" + b"x" * 100_000_000 + b",1\n"},
        safeguards=((csv_text, "LONGEST_LINE", 1 << 40),),
    ),
    "CSV with a quoted field of many lines": Bomb(
        r"d\.csv:\d+: a field longer than 131,072 characters; is a quote never closed",
        lambda: {"d.csv": b'a,y\n1,2\n"' + b"x\n" * 1_000_000 + b'",1\n'},
    ),
    "CSV with NUL": Bomb(
        r"d\.csv:2: a NUL character",
        csv_file("a,y\n1,\0" + ROWS),
        safeguards=((csv_reader.csv_text, "lines", lambda handle, path: handle),),
    ),
    "CSV in UTF-16 without a mark": Bomb(
        r"d\.csv:1: a NUL character: no CSV text, or UTF-16",
        csv_file(("a,y\n" + ROWS).encode("utf-16-le")),
        safeguards=((csv_reader.csv_text, "lines", lambda handle, path: handle),),
    ),
    "CSV in UTF-16": Bomb("fine", csv_file(("a,y\n" + ROWS).encode("utf-16")), safeguards=UNMARKED),
    "CSV in UTF-32": Bomb("fine", csv_file(("a,y\n" + ROWS).encode("utf-32")), safeguards=UNMARKED),
    "CSV with a byte order mark": Bomb(
        "fine",
        csv_file(("\ufeffa,y\n" + ROWS).encode()),
        samples.config_of("csv", "d.csv", features="[a]"),
        UNMARKED,
    ),
    "CSV with two byte order marks": Bomb("fine", csv_file(("\ufeff\ufeffa,y\n" + ROWS).encode())),
    "CSV with mixed line ends": Bomb(
        "fine", csv_file("a,y\r" + ROWS.replace("\n", "\r\n", 10).replace("9,1\n", "9,1\r"))
    ),
    "CSV with other line ends in its fields": Bomb("fine", csv_file('"a\r\nb",y\n' + ROWS)),
    "CSV of 10,000 columns": Bomb("fine", lambda: wide(10_000, *"0101"), WIDE),
    "CSV of 100,000 columns": Bomb("fine", lambda: wide(100_000, *"0101"), WIDE),
    "CSV of 100,000 columns of texts": Bomb(
        "its text columns have more than 50,000 different texts", lambda: wide(100_000, *"abab"), WIDE
    ),
    "CSV of 500 columns of 101 texts": Bomb(
        "its text columns have more than 50,000 different texts",
        lambda: wide(500, *(f"t{row}" for row in range(101))),
        WIDE,
        ((column_files, "MOST_LEVELS", 1 << 60),),
    ),
    "CSV of 5,000 columns and 300 rows": Bomb(
        "fine", lambda: wide(5_000, *(f"{row % 2}.{row}" for row in range(300))), WIDE
    ),
    "CSV of 100,000 texts": Bomb(
        "more than 1,000 different texts",
        csv_file("a,y\n" + "".join(f"text{row},{row % 2}\n" for row in range(100_000))),
        safeguards=((csv_reader.Labels, "count", 0),),
    ),
    "CSV of 100,000 empty lines": Bomb(
        "there are no rows below the header", csv_file("a,y\n" + "\n" * 100_000)
    ),
}


def check_bomb(name: str, folder: Path) -> None:
    bomb = BOMBS[name]
    path = samples.Sample(bomb.config, files=bomb.files()).write(folder)
    answer_within(path, bomb.words)


def answer_within(path: Path, words: str) -> None:
    with memory_limit(LITTLE_MEMORY):
        found = validation.check(path, with_data=True)
    said = "fine" if found.error is None else str(found.error)
    assert re.search(words, said), said[:2000]


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_does_nothing(name: str, tmp_path: Path) -> None:
    check_bomb(name, tmp_path)


@pytest.mark.parametrize("name", [name for name, bomb in BOMBS.items() if bomb.safeguards])
def test_without_its_safeguard_a_bomb_is_noticed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, attribute, harmful in BOMBS[name].safeguards:
        monkeypatch.setattr(module, attribute, harmful)
    with pytest.raises((AssertionError, MemoryError, RecursionError)):
        check_bomb(name, tmp_path)


def test_without_the_limit_of_a_field_it_is_noticed(tmp_path: Path) -> None:
    before = csv.field_size_limit(1 << 40)
    try:
        with pytest.raises((AssertionError, MemoryError)):
            check_bomb("CSV with a quoted field of many lines", tmp_path)
    finally:
        csv.field_size_limit(before)
