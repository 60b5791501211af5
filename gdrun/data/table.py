"""A dataset as it was read, before any split: numbers, categories, target."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from gdrun.component import Component
from gdrun.errors import DataError

Task = Literal["classification", "regression"]

BLOCK = 1 << 14  # values that are looked at together: few calls, and all of them in a cache


@dataclass(frozen=True, eq=False)
class Category:
    """A column of labels: `codes` (rows,) index `levels`, -1 where the value is missing."""

    name: str
    codes: NDArray[np.int32]
    levels: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Table:
    """Rows as they were read. What cannot be used is refused when the table is made.

    Attributes:
        name: of the dataset, for messages.
        task: what is predicted.
        numbers: (rows, number columns) floats, NaN where a value is missing; float32 or float64.
        number_names: their names.
        target: class indices (rows,) int64, or values (rows, outputs) float64; never missing.
        target_names: names of the target columns.
        row_shape: what a row's numbers are, the last axis running fastest: (height, width, channels) of an
            image, (time, features) of a sequence; None for a plain list of columns.
        largest: the largest value that a number can have, where that is known: 255 for a byte of an image.
        overlapping: whether rows follow each other in time and share values with their neighbours, as windows
            of one series do: only a split in the order of time keeps its parts apart.
        categories: the label columns among the features.
        classes: the sorted distinct labels; empty for regression.
        groups: (rows,) integers telling rows that belong together, or None.
        fixed: rows that the data set itself assigns: "validation" and "test" → row numbers.
        sha256: of the content, hexadecimal; see `sealed`.
        notices: what a user should know about how the data were understood.

    Raises:
        DataError: shapes, types or names that contradict each other, an infinite feature, a target that is
            missing or infinite, fewer than two classes, no rows or no features.
    """

    name: str
    task: Task
    numbers: NDArray[Any]
    number_names: tuple[str, ...]
    target: NDArray[Any]
    target_names: tuple[str, ...] = ("target",)
    row_shape: tuple[int, ...] | None = None
    largest: float | None = None
    overlapping: bool = False
    categories: tuple[Category, ...] = ()
    classes: tuple[str, ...] = ()
    groups: NDArray[np.int64] | None = None
    fixed: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    sha256: str = ""
    notices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        problem = _contradiction(self) or _unusable_target(self) or _infinite(self)
        if problem:
            raise DataError(f"dataset {self.name}: {problem}")

    @property
    def rows(self) -> int:
        return len(self.target)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The columns that are not the target: numbers first, then categories."""
        return (*self.number_names, *(category.name for category in self.categories))


class Columns(Protocol):
    """What preprocessing needs of a table, or of new rows without a target."""

    @property
    def name(self) -> str: ...
    @property
    def numbers(self) -> NDArray[Any]: ...
    @property
    def number_names(self) -> tuple[str, ...]: ...
    @property
    def row_shape(self) -> tuple[int, ...] | None: ...
    @property
    def categories(self) -> tuple[Category, ...]: ...
    @property
    def feature_names(self) -> tuple[str, ...]: ...


class Dataset(Component):
    """The base of every dataset. A subclass is a frozen dataclass whose fields are its options."""

    task: ClassVar[Task | None] = None  # None: only the data can tell

    def files(self) -> list[Path]:
        """What the rows are read from, for noticing that it has changed."""
        return [value for value in vars(self).values() if isinstance(value, Path)]

    def load(self, folder: Path) -> Table:
        """Read or make the rows.

        Args:
            folder: what relative paths in the options are relative to.

        Raises:
            DataError: with the file, line and column.
        """
        raise NotImplementedError


def sealed(table: Table) -> Table:
    """The same table with `sha256`, a digest of everything that training can see.

    Names, classes, the shape of a row, and the shape, type and bytes (little-endian) of every array count;
    where the data came from, the name of the dataset and the notices don't.
    """
    import hashlib
    import json

    arrays: list[tuple[str, NDArray[Any]]] = [("numbers", table.numbers), ("target", table.target)]
    arrays += [(f"category {category.name}", category.codes) for category in table.categories]
    arrays += [("groups", table.groups)] if table.groups is not None else []
    arrays += [(f"fixed {part}", rows) for part, rows in sorted(table.fixed.items())]
    words: dict[str, object] = {
        "task": table.task,
        "numbers": table.number_names,
        "targets": table.target_names,
        "classes": table.classes,
        "levels": [category.levels for category in table.categories],
        "arrays": [(name, array.dtype.newbyteorder("<").str, array.shape) for name, array in arrays],
    }
    if table.row_shape is not None:  # flat rows keep the digests that they had before there was this
        words["row"] = table.row_shape
    digest = hashlib.sha256(json.dumps(words, ensure_ascii=True).encode())
    for _, array in arrays:
        for start in range(0, len(array), 1 << 14):  # a copy of a block, never of the whole
            block = array[start : start + (1 << 14)]
            digest.update(np.ascontiguousarray(block, block.dtype.newbyteorder("<")).tobytes())
    return replace(table, sha256=digest.hexdigest())


def _contradiction(table: Table) -> str | None:
    rows = len(table.target)
    if table.numbers.ndim != 2 or table.numbers.dtype not in (np.float32, np.float64):
        return f"numbers must be floats (rows, columns), not {table.numbers.dtype} {table.numbers.shape}"
    if table.numbers.shape != (rows, len(table.number_names)):
        return (
            f"numbers have shape {table.numbers.shape}, but there are {rows} targets "
            f"and {len(table.number_names)} names"
        )
    if rows == 0:
        return "there are no rows"
    if table.row_shape is not None and (
        min(table.row_shape, default=0) < 1
        or math.prod(table.row_shape) != len(table.number_names)
        or table.categories
    ):
        return f"a row of {len(table.feature_names)} columns cannot have the shape {table.row_shape}"
    if not table.feature_names:
        return "there is no feature column besides the target"
    names = (*table.feature_names, *table.target_names)
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        return f"the name {repeated[0]!r} stands for more than one column"
    for category in table.categories:
        codes = category.codes
        if codes.shape != (rows,) or codes.min() < -1 or codes.max() >= len(category.levels):
            return f"category {category.name!r} needs {rows} codes from -1 to {len(category.levels) - 1}"
    if table.groups is not None and table.groups.shape != (rows,):
        return f"groups have shape {table.groups.shape}, but there are {rows} rows"
    for part, numbers in table.fixed.items():
        if part not in ("validation", "test") or (
            len(numbers) and not 0 <= numbers.min() <= numbers.max() < rows
        ):
            return f"fixed rows {part!r} must be 'validation' or 'test' with row numbers below {rows}"
    return None


def _unusable_target(table: Table) -> str | None:
    target = table.target
    if table.task == "regression":
        if target.ndim != 2 or target.dtype != np.float64 or target.shape[1] != len(table.target_names):
            return f"a regression target must be float64 (rows, outputs), not {target.dtype} {target.shape}"
        finite = np.isfinite(target).all(axis=1)
        return None if finite.all() else f"the target is missing or infinite in row {int(np.argmin(finite))}"
    if target.ndim != 1 or target.dtype != np.int64:
        return f"a classification target must be int64 (rows,), not {target.dtype} {target.shape}"
    if target.min() < 0 or target.max() >= len(table.classes):
        return f"a class index is outside of 0 to {len(table.classes) - 1}"
    if len(table.classes) < 2:
        return (
            f"there is only one class, {table.classes[0]!r}: nothing can be learned; check the target column"
        )
    return None


def _infinite(table: Table) -> str | None:
    size = max(1, BLOCK // len(table.number_names)) if table.number_names else table.rows
    for start in range(0, table.rows, size):
        infinite = np.isinf(table.numbers[start : start + size])
        if infinite.any():
            row, column = np.argwhere(infinite)[0]
            return f"column {table.number_names[column]!r} is infinite in row {start + row}"
    return None
