"""A strict, streaming reader of CSV files: numbers and texts in, arrays out, errors with line and column.

Rules, all of them:
- UTF-8, or UTF-16 and UTF-32 with a byte order mark. Lines end in LF, CRLF or CR. Lines without any
  character are skipped; every other line has as many fields as the header.
- Fields may be quoted with ", a quote inside is doubled; a quoted field may span lines.
- A number is what Python's float reads, without underscores and finite. Blanks around a number, or around
  the sign of a missing value in a number column, don't count. A text is kept as it stands, blanks included.
- A column is a number column or a text column by the first 1,000 rows, unless the caller says which: text
  when fewer than half of the values that aren't missing are numbers. A text in a number column is an error.
"""

from __future__ import annotations

import csv
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import NoReturn, TextIO

import numpy as np
from numpy.typing import NDArray

from gdrun.data import csv_text
from gdrun.data.csv_values import MISSING, Kind, Labels, NumberReader, number
from gdrun.errors import DataError, SystemRefusedError
from gdrun.text import printable

SAMPLE_ROWS = 1_000  # rows that decide what kind of column it is
CHUNK_FIELDS = 1 << 17  # fields that are held as text at a time


class CsvFile:
    """One CSV file whose header has been read.

    Args:
        path: of the file.
        delimiter: one character, or "auto": the one of , ; tab | that is most frequent in the first line.
        header: whether the first line has the names; otherwise they are column1, column2, …
        missing: texts that stand for a missing value.

    Attributes:
        names: of the columns.

    Raises:
        DataError: no such file, not a regular file, an empty file, a name that is missing or doubled.
    """

    def __init__(
        self, path: Path, delimiter: str = "auto", header: bool = True, missing: Sequence[str] = MISSING
    ) -> None:
        self.path = path
        self.missing = tuple(dict.fromkeys(missing))
        self._header = header
        csv_text.check_file(path)
        self._encoding = csv_text.text_encoding(path)
        with self._handle() as handle:
            first_line = next(csv_text.lines(handle, path), "")
        self._delimiter = csv_text.guess_delimiter(first_line) if delimiter == "auto" else delimiter
        with self._records(header=False) as records:
            first = next(records, None)
        if first is None:
            raise DataError(f"{path}: the file has no rows; is it the right one?")
        self.names = tuple(first if header else (f"column{index + 1}" for index in range(len(first))))
        self._check_names()
        self._position = {name: index for index, name in enumerate(self.names)}

    def column(self, name: str, what: str) -> int:
        """The position of a column that is needed as `what`.

        Raises:
            DataError: there is none of that name; the nearest one is suggested.
        """
        if name in self._position:
            return self._position[name]
        near = get_close_matches(name, self.names, 1, 0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {shown(self.names)}"
        raise DataError(f"{self.path}: no column {name!r} for {what}; {hint}")

    def kinds(self, names: Sequence[str]) -> dict[str, Kind]:
        """What the first 1,000 rows say of each column; without any value there: number."""
        missing = set(self.missing)
        excess = dict.fromkeys(names, 0)  # how many more texts than numbers each column has
        with self._records() as records:
            for record in islice(records, SAMPLE_ROWS):  # one at a time: a wide file's rows are large
                if len(record) != len(self.names):
                    continue
                for name in names:
                    text = record[self._position[name]]
                    if text.strip() not in missing:
                        excess[name] += 1 if number(text) is None else -1
        return {name: "category" if more > 0 else "number" for name, more in excess.items()}

    def read(
        self, numbers: Sequence[str], texts: Mapping[str, Labels]
    ) -> tuple[NDArray[np.float64], dict[str, NDArray[np.int32]]]:
        """All rows of some columns: numbers (rows, columns) with NaN where missing, and a code for each text.

        Args:
            numbers: names of the columns to be read as numbers.
            texts: name → labels of the columns to be read as texts; new labels are added.

        Raises:
            DataError: with the line and column of whatever breaks the rules at the top of this module; no
                rows; more labels than `Labels.limit`.
        """
        positions = [self._position[name] for name in numbers]
        number_chunks: deque[NDArray[np.float64]] = deque()
        text_chunks: dict[str, list[NDArray[np.int32]]] = {name: [] for name in texts}
        reader = NumberReader(self.missing)
        rows = 0
        size = max(1, CHUNK_FIELDS // len(self.names))
        with self._records() as records:
            while chunk := list(islice(records, size)):
                self._check_widths(chunk, rows)
                number_chunks.append(self._numbers(chunk, positions, reader, rows))
                columns = list(zip(*chunk, strict=True)) if texts else []
                for name, labels in texts.items():
                    text_chunks[name].append(labels.encode(columns[self._position[name]]))
                    if labels.count > labels.limit:
                        raise DataError(
                            f"{self.path}: column {name!r} has more than {labels.limit:,} different texts; "
                            "drop it (dataset.drop)"
                        )
                rows += len(chunk)
        if rows == 0:
            raise DataError(f"{self.path}: there are no rows below the header")
        matrix = np.empty((rows, len(positions)))
        start = 0
        while number_chunks:  # each chunk is let go as soon as it is copied
            block = number_chunks.popleft()
            matrix[start : start + len(block)] = block
            start += len(block)
        codes = {name: np.concatenate(chunks) for name, chunks in text_chunks.items()}
        return matrix, codes

    def fail(self, row: int, column: str | None, message: str) -> NoReturn:
        """Raise a `DataError` that names the line of a row (counted from 0 below the header)."""
        where = f"{self.path}:{self._line(row)}: " + (f"column {column!r}: " if column is not None else "")
        raise DataError(where + message)

    def _numbers(
        self, chunk: Sequence[Sequence[str]], positions: Sequence[int], reader: NumberReader, start: int
    ) -> NDArray[np.float64]:
        """The numbers of some rows, (rows, columns), read along the longer side: calls are slow.

        Args:
            chunk: (rows, all columns) fields.
            positions: (columns,) of the columns wanted.
            reader: converts many fields at once.
            start: the number of the first row.
        """
        block = np.empty((len(chunk), len(positions)))
        if wide := len(chunk) < len(positions):
            lists = [[record[position] for position in positions] for record in chunk]
        else:
            lists = [[record[position] for record in chunk] for position in positions]
        for index, (fields, values) in enumerate(zip(lists, block if wide else block.T, strict=True)):
            problem = reader.read(fields, values)
            if problem is not None:
                row, column = (index, problem) if wide else (problem, index)
                self._text_in_number(self.names[positions[column]], fields[problem], start + row)
        return block

    def _text_in_number(self, column: str, value: str, row: int) -> NoReturn:
        shown = value if len(value) <= 40 else value[:40] + "…"
        problem = "is not finite" if number(value) is not None else "is not a number"
        self.fail(
            row,
            column,
            f"{shown!r} {problem}; correct it, add it to dataset.missing, or set dataset.columns: "
            f"{{{printable(column, one_line=True)}: category}}",
        )

    def _check_names(self) -> None:
        nameless = [index + 1 for index, name in enumerate(self.names) if not name.strip()]
        if nameless:
            raise DataError(
                f"{self.path}:1: column {nameless[0]} has no name; name it in the header (and drop it if it "
                "only counts the rows)"
            )
        doubled = [name for name, count in Counter(self.names).items() if count > 1]
        if doubled:
            raise DataError(f"{self.path}:1: two columns are named {doubled[0]!r}; rename one of them")

    def _check_widths(self, chunk: list[list[str]], rows: int) -> None:
        for index, record in enumerate(chunk):
            if len(record) != len(self.names):
                self.fail(
                    rows + index,
                    None,
                    f"{len(record)} field{'s' if len(record) > 1 else ''} instead of {len(self.names)}; "
                    f"complete it, quote fields with {self._delimiter!r} in them, or set dataset.delimiter",
                )

    def _line(self, row: int) -> int:
        """The line on which a row starts; found by reading again, as only errors need it."""
        with self._handle() as handle:
            reader = csv.reader(csv_text.lines(handle, self.path), delimiter=self._delimiter, strict=True)
            wanted = row + self._header
            start = 1
            for record in reader:
                if record:
                    if wanted == 0:
                        return start
                    wanted -= 1
                start = reader.line_num + 1
        return start

    @contextmanager
    def _handle(self) -> Iterator[TextIO]:
        try:
            with self.path.open(encoding=self._encoding, newline="") as handle:
                yield handle
        except UnicodeError as error:
            raise DataError(
                f"{self.path}:{csv_text.undecodable_line(self.path, self._encoding)}: not valid "
                f"{self._encoding.removesuffix('-sig').upper()}; save the file as UTF-8"
            ) from error
        except OSError as error:
            raise SystemRefusedError(f"{self.path}: cannot be read: {error.strerror or error}") from error

    @contextmanager
    def _records(self, header: bool = True) -> Iterator[Iterator[list[str]]]:
        """The records that aren't blank, those below the header unless `header` is False."""
        with self._handle() as handle:
            reader = csv.reader(csv_text.lines(handle, self.path), delimiter=self._delimiter, strict=True)
            records = filter(None, reader)
            try:
                if header and self._header:
                    next(records, None)
                yield records
            except csv.Error as error:
                raise DataError(f"{self.path}:{reader.line_num}: {csv_text.explained(error)}") from error


def shown(names: Sequence[str]) -> str:
    """The first names in quotes, for a message."""
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(map(repr, names[:10])) + more
