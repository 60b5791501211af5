"""CSV files of gdrun: exact numbers, and text that no spreadsheet takes for a formula.

Floats are written with the fewest digits that read back to the same float64 (`nan`, `inf` and `-inf` too); a
missing value is an empty cell; lists are JSON. Text that begins like a formula gets an apostrophe before it,
and so does text that begins with an apostrophe: reading takes one away and has the text as it was.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdrun.errors import DataError
from gdrun.run_directory.files import write_atomically
from gdrun.run_directory.reading import read_bytes

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "＝", "＋", "－", "＠")
_WHOLE = r"-?(?:0|[1-9][0-9]{0,17})"  # what is sure to fit into int64
_FLOAT = r"(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|-?inf|nan)"  # as Python writes them
_NUMBER = re.compile(_FLOAT)
_WHOLE_NUMBERS = re.compile(f"{_WHOLE}(?:\n{_WHOLE})*")
_NUMBERS_OR_NONE = re.compile(f"{_FLOAT}?(?:\n{_FLOAT}?)*")
LARGEST = 1 << 31  # bytes of a file that is still read
_NUMBERS = frozenset([int, float])  # `cell` gives their `repr`

Column = NDArray[Any]


def cell(value: Any) -> str:
    """A value as the text of a CSV cell, before quoting."""
    if type(value) is float:
        return repr(value)
    if value is None:
        return ""
    if isinstance(value, np.generic | np.ndarray):
        return cell(value.tolist())
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return guarded(value)
    return guarded(json.dumps(value, ensure_ascii=False))


def guarded(text: str) -> str:
    """Text with an apostrophe before it if it could start a formula; a number in text can't."""
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def unguarded(text: str) -> str:
    """The text that `guarded` was given."""
    return text.removeprefix("'")


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV file, whole or not at all.

    Raises:
        SystemRefusedError: the system said no.
        ValueError: a row has not one value a column.
    """
    write_atomically(path, pack_table(columns, rows))


def pack_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """The bytes of a CSV file (UTF-8)."""
    given = [list(row) for row in rows]
    for row in given:
        if len(row) != len(columns):
            raise ValueError(f"a row of {len(row)} values for {len(columns)} columns")
    return pack_columns(columns, list(zip(*given, strict=True)) if given else [()] * len(columns))


def pack_columns(names: Sequence[str], columns: Sequence[Sequence[Any] | Column]) -> bytes:
    """The same, given column by column.

    Raises:
        ValueError: not one column a name, or columns of different lengths.
    """
    if len(names) != len(columns):
        raise ValueError(f"{len(columns)} columns for {len(names)} names")
    alone = len(names) == 1
    header = _cells(names, alone)
    lines = [header, *zip(*(_cells(column, alone) for column in columns), strict=True)]
    return "".join([f"{','.join(cells)}\n" for cells in lines]).encode("utf-8", "backslashreplace")


def _cells(column: Sequence[Any] | Column, alone: bool) -> Sequence[str]:
    """The values of a column as they stand in the file; `alone` where there is no other column.

    Numbers need no quotes, and a text mostly comes more than once: so most of the values are written by one
    call of `repr` each, at a fraction of the time that a writer of rows takes.
    """
    values = column.tolist() if isinstance(column, np.ndarray) else column
    if _NUMBERS.issuperset(map(type, values)):
        return list(map(repr, values))
    if all(type(value) is str for value in values):
        known = {text: _quoted(guarded(text), alone) for text in set(values)}
        return [known[text] for text in values]
    return [repr(value) if type(value) in _NUMBERS else _quoted(cell(value), alone) for value in values]


def _quoted(text: str, alone: bool) -> str:
    """A text in quotes where the CSV writer finds that it needs them."""
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\n").writerow([text] if alone else [text, ""])
    return line.getvalue().removesuffix("\n" if alone else ",\n")


def union_of_columns(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """The keys of all rows; a key that a later row adds comes after the one before it there."""
    columns: list[str] = []
    known: set[str] = set()
    for row in rows:
        if row.keys() <= known:
            continue
        place = 0
        for key in row:
            if key not in known:
                columns.insert(place, key)
                known.add(key)
            place = columns.index(key) + 1
    return columns


def read_table(path: Path, digest: str | None = None) -> dict[str, Column]:
    """The columns of a CSV file by name; see `as_column` for their types. A torn last line is left out.

    Raises: as `read_cells`.
    """
    return {name: as_column(cells) for name, cells in read_cells(path, digest).items()}


def read_cells(path: Path, digest: str | None = None) -> dict[str, tuple[str, ...]]:
    """The same as they stand in the file, guards of text included: "01" and "1.0" are not the number 1.

    Args:
        path: of the file.
        digest: of its content, if that is known.

    Raises:
        FileNotFoundError: there is no such file.
        DataError: it is no CSV file, or a line has too few or too many cells.
        SystemRefusedError: it can't be read.
    """
    try:
        text = read_bytes(path, LARGEST, digest).decode("utf-8")
        whole = text[: text.rfind("\n") + 1]
        rows = list(csv.reader(io.StringIO(whole, newline=""), strict=True))
    except (ValueError, csv.Error) as error:
        raise DataError(f"{path} is damaged ({error}); restore it or remove the run") from error
    if not rows:
        return {}
    header = [unguarded(name) for name in rows[0]]
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise DataError(f"{path}: row {number} has {len(row)} cells instead of {len(header)}; restore it")
    columns = zip(*rows[1:], strict=True) if len(rows) > 1 else ((),) * len(header)
    return dict(zip(header, columns, strict=True))


def as_column(cells: Sequence[str]) -> Column:
    """Cells as int64 if all are whole numbers, as float64 if all are numbers or empty (NaN), else as text."""
    lines = "\n".join(cells)  # a look at all of them at once
    if lines.count("\n") == len(cells) - 1:
        if _WHOLE_NUMBERS.fullmatch(lines):
            return np.array(list(map(int, cells)), np.int64)
        if _NUMBERS_OR_NONE.fullmatch(lines):
            return np.array([float(text) if text else np.nan for text in cells], np.float64)
    if not cells:
        return np.empty(0, np.int64)
    return np.array([unguarded(text) for text in cells], object)
