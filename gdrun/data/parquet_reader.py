"""A strict reader of Parquet files: numbers and texts in, arrays out, errors with row and column.

Rules, all of them:
- Whole, floating-point and decimal numbers are numbers. Texts are categories, and so are true and false.
  A dictionary is what its values are.
- A null is missing, NaN too, and so is a text or number that the caller lists as missing. Infinity is an
  error.
- Dates, times, binary data and nested columns are refused where they are used; they may be dropped.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from gdrun.data.csv_reader import shown
from gdrun.data.csv_text import check_file
from gdrun.data.csv_values import MISSING, Kind, Labels, NumberReader, number
from gdrun.data.memory import available_memory
from gdrun.data.targets import class_label
from gdrun.errors import ConfigError, DataError, SystemRefusedError
from gdrun.text import printable

BATCH_ROWS = 1 << 16  # rows that are held as Arrow arrays at a time
MANY_COLUMNS = 100_000


class ParquetFile:
    """One Parquet file whose metadata has been read; a `ColumnFile`.

    Args:
        path: of the file.
        missing: texts that stand for a missing value.

    Attributes:
        names: of the columns.
        rows: how many there are.

    Raises:
        ConfigError: pyarrow isn't installed.
        DataError: no such file, no Parquet file, a damaged one, no rows, a name missing or doubled.
        SystemRefusedError: it cannot be read, or doesn't fit into memory.
    """

    def __init__(self, path: Path, missing: Sequence[str] = MISSING) -> None:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError as error:
            raise ConfigError(
                f"{path}: {error}; install what reads Parquet files: pip install 'gdrun[parquet]'"
            ) from error
        self.path = path
        self.missing = tuple(dict.fromkeys(missing))
        check_file(path)
        self._arrow: Any = pyarrow
        with self._explained():
            self._file: Any = pyarrow.parquet.ParquetFile(path, page_checksum_verification=True)
            self._types = {field.name: field.type for field in self._file.schema_arrow}
            self.names = tuple(self._file.schema_arrow.names)
            self.rows = int(self._file.metadata.num_rows)
        self._check()
        self._position = {name: index for index, name in enumerate(self.names)}
        read = map(number, self.missing)
        self._absent = [value for value in read if value is not None and math.isfinite(value)]

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
        """What each column is by its type.

        Raises:
            DataError: it is neither numbers nor categories.
        """
        return {name: self._kind(name) for name in names}

    def read(
        self, numbers: Sequence[str], texts: Mapping[str, Labels]
    ) -> tuple[NDArray[np.float64], dict[str, NDArray[np.int32]]]:
        """All rows of some columns: numbers (rows, columns) with NaN where missing, and a code for each text.

        Args:
            numbers: names of the columns to be read as numbers.
            texts: name → labels of the columns to be read as texts; new labels are added.

        Raises:
            DataError: a value that is none, with its row and column; a damaged file; more labels than
                `Labels.limit`.
            SystemRefusedError: it doesn't fit into memory.
        """
        chosen = list(dict.fromkeys([*numbers, *texts]))
        self.kinds(chosen)
        self._check_memory(chosen)
        matrix = np.empty((self.rows, len(numbers)))
        codes = {name: np.empty(self.rows, np.int32) for name in texts}
        start = 0
        with self._explained():
            for batch in self._batches(chosen):
                stop = start + batch.num_rows
                if stop > self.rows:
                    break
                columns = dict(zip(batch.schema.names, batch.columns, strict=True))
                for index, name in enumerate(numbers):
                    matrix[start:stop, index] = self._numbers(name, columns[name], start)
                for name, labels in texts.items():
                    codes[name][start:stop] = self._codes(columns[name], labels)
                    if labels.count > labels.limit:
                        raise DataError(
                            f"{self.path}: column {name!r} has more than {labels.limit:,} different texts; "
                            "drop it (dataset.drop)"
                        )
                start = stop
        if start != self.rows:
            raise DataError(
                f"{self.path}: it should have {self.rows:,} rows and has others; the file is damaged"
            )
        return matrix, codes

    def fail(self, row: int, column: str | None, message: str) -> NoReturn:
        """Raise a `DataError` that names a row, counted from 0."""
        where = f"column {column!r}: " if column is not None else ""
        raise DataError(f"{self.path}: row {row} (counted from 0): {where}{message}")

    def _batches(self, names: Sequence[str]) -> Iterator[Any]:
        """The rows in pieces, with these columns."""
        return iter(self._file.iter_batches(BATCH_ROWS, columns=list(names), use_threads=False))

    def _kind(self, name: str) -> Kind:
        types, kind = self._arrow.types, self._types[name]
        if types.is_dictionary(kind):
            kind = kind.value_type
        if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind) or types.is_null(kind):
            return "number"
        if types.is_boolean(kind) or types.is_string(kind) or types.is_large_string(kind):
            return "category"
        what = "dates or times" if types.is_temporal(kind) else "values"
        raise DataError(
            f"{self.path}: column {name!r} holds {what} of type {printable(str(kind), one_line=True)[:60]}, "
            "neither numbers nor texts; make numbers of them, or drop the column (dataset.drop)"
        )

    def _numbers(self, name: str, column: Any, start: int) -> NDArray[np.float64]:
        """The numbers of a piece of a column, whose first row is `start`."""
        types = self._arrow.types
        if types.is_dictionary(column.type):
            column = column.dictionary_decode()
        values: NDArray[np.float64]
        if types.is_string(column.type) or types.is_large_string(column.type):
            fields = column.to_pylist()
            values = np.full(len(fields), math.nan)
            present = np.array([place for place, text in enumerate(fields) if text is not None], np.intp)
            read = np.empty(len(present))
            problem = NumberReader(self.missing).read([fields[place] for place in present], read)
            if problem is not None:
                self._no_number(name, fields[present[problem]], start + int(present[problem]))
            values[present] = read
            return values
        column = column.cast(self._arrow.float64(), safe=False)
        values = np.array(column.to_numpy(zero_copy_only=False), np.float64)
        if self._absent:
            values[np.isin(values, self._absent)] = math.nan
        if np.isinf(values).any():
            place = int(np.argmax(np.isinf(values)))
            self._no_number(name, str(values[place]), start + place)
        return values

    def _no_number(self, name: str, value: str, row: int) -> NoReturn:
        said = value if len(value) <= 40 else value[:40] + "…"
        problem = "is not finite" if number(value) is not None else "is not a number"
        self.fail(row, name, f"{said!r} {problem}; correct it, or add it to dataset.missing")

    def _codes(self, column: Any, labels: Labels) -> NDArray[np.int32]:
        """The codes of a piece of a column; each distinct value is looked at once."""
        if not self._arrow.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        texts = [_label(value) for value in column.dictionary.to_pylist()]
        known = np.full(len(texts) + 1, -1, np.int32)  # the last one serves nulls
        present = [place for place, text in enumerate(texts) if text is not None]
        known[present] = labels.encode([text for text in texts if text is not None])
        places = column.indices.cast(self._arrow.int64()).fill_null(len(texts))
        codes: NDArray[np.int32] = known[places.to_numpy(zero_copy_only=False)]
        return codes

    def _check(self) -> None:
        if len(self.names) > MANY_COLUMNS:
            raise DataError(f"{self.path}: {len(self.names):,} columns; take at most {MANY_COLUMNS:,}")
        nameless = [index + 1 for index, name in enumerate(self.names) if not name.strip()]
        if nameless:
            raise DataError(f"{self.path}: column {nameless[0]} has no name; name it, and drop it if need be")
        doubled = [name for name, count in Counter(self.names).items() if count > 1]
        if doubled:
            raise DataError(f"{self.path}: two columns are named {doubled[0]!r}; rename one of them")
        if self.rows < 1 or not self.names:
            raise DataError(f"{self.path}: the file has no rows; is it the right one?")

    def _check_memory(self, names: Sequence[str]) -> None:
        """Refuse what doesn't fit, before anything is read: a small file may well hold billions of rows."""
        metadata = self._file.metadata
        group = max(
            (metadata.row_group(index).total_byte_size for index in range(metadata.num_row_groups)), default=0
        )
        needed = 2 * 8 * self.rows * len(names) + max(group, 0)
        free = available_memory()
        if free and needed > free:
            raise SystemRefusedError(
                f"{self.path}: {self.rows:,} rows of {len(names):,} columns need about {needed / 1e9:.1f} GB "
                f"of memory, and {free / 1e9:.1f} GB are free; take fewer columns (dataset.features) or rows"
            )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Arrow's errors as gdrun's."""
        try:
            yield
        except (PermissionError, FileNotFoundError, IsADirectoryError) as error:
            raise SystemRefusedError(f"{self.path}: cannot be read: {error.strerror or error}") from error
        except (self._arrow.ArrowException, OSError, LookupError, ValueError, OverflowError) as error:
            said = printable(str(error), one_line=True)[:120].rstrip(". ")
            raise DataError(f"{self.path}: not a Parquet file, or a damaged one: {said}") from error


def _label(value: Any) -> str | None:
    """The text that a value of a category is; None where it is missing."""
    if value is None or isinstance(value, str):
        return value
    return None if not isinstance(value, bool) and math.isnan(value) else class_label(value)
