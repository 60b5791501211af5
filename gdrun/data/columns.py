"""What is learned of each column from the training rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.data.table import BLOCK, Category, Table
from gdrun.errors import DataError

FeatureScaling = Literal["standardize", "standardize_channels", "min_max", "scale", "none"]
MissingValues = Literal["mean", "median", "error"]
TargetScaling = Literal["standardize", "none"]
Floats = NDArray[np.float64]


def column_blocks(columns: int, rows: int) -> Iterator[slice]:
    """Slices of columns that have about `BLOCK` values each."""
    size = max(1, BLOCK // max(1, rows))
    return (slice(start, min(start + size, columns)) for start in range(0, columns, size))


def fit_columns(
    table: Table, rows: NDArray[np.int64], features: FeatureScaling, missing: MissingValues
) -> tuple[Floats, Floats, Floats]:
    """Fill, center and scale of every number column, each (columns,)."""
    if features == "scale" and table.largest is None and table.number_names:
        raise DataError(
            f"dataset {table.name}: what its largest value can be isn't known, so that scale can't divide by "
            "it; take min_max or standardize (preprocessing.features)"
        )
    columns = len(table.number_names)
    fill, center, scale = np.zeros(columns), np.zeros(columns), np.ones(columns)
    for block in column_blocks(columns, len(rows)):
        names = table.number_names[block]
        values = np.array(table.numbers[rows, block].T, np.float64, order="C")  # (columns, rows)
        fill[block] = _fill(values, rows, missing, table.name, names)
        if features == "scale" and table.largest is not None:
            scale[block] = table.largest
        else:
            where = f"dataset {table.name}: column"
            center[block], scale[block] = scaling(values, features, where, names)
    return fill, center, scale


def _fill(
    values: Floats, rows: NDArray[np.int64], missing: MissingValues, table_name: str, names: Sequence[str]
) -> Floats:
    """What stands for a missing value in each of some columns (columns, rows); put into their gaps, too."""
    gaps = np.isnan(values)
    empty, gappy = np.flatnonzero(gaps.all(axis=1)), np.flatnonzero(gaps.any(axis=1))
    if len(empty):
        raise DataError(
            f"dataset {table_name}: column {names[empty[0]]!r} has no value in the training rows; drop it"
        )
    if missing == "error":
        if len(gappy):
            raise missing_error(table_name, names[gappy[0]], int(rows[np.argmax(gaps[gappy[0]])]))
        return np.zeros(len(values))
    average = np.mean if missing == "mean" else np.median
    with np.errstate(over="ignore", invalid="ignore"):
        fill: Floats = average(values, axis=1)
        for column in gappy:
            fill[column] = average(values[column, ~gaps[column]])
            values[column, gaps[column]] = fill[column]
    if not np.isfinite(fill).all():
        raise DataError(
            f"dataset {table_name}: column {names[int(np.argmin(np.isfinite(fill)))]!r} has values too large "
            f"for a {missing}; rescale or drop it"
        )
    return fill


def fit_channels(table: Table, rows: NDArray[np.int64], fill: Floats) -> tuple[Floats, Floats]:
    """Center and scale of every column, the same for all that are of one channel: the last axis of a row."""
    columns = len(table.number_names)
    center, scale = np.zeros(columns), np.ones(columns)
    channels = columns if table.row_shape is None else table.row_shape[-1]

    def values(column: int) -> Floats:
        found: Floats = table.numbers[rows, column].astype(np.float64)
        found[np.isnan(found)] = fill[column]
        return found

    for channel in range(channels):
        own = range(channel, columns, channels)
        with np.errstate(over="ignore", invalid="ignore"):
            mean = np.mean([values(column).mean() for column in own])
            variance = np.mean([np.square(values(column) - mean).mean() for column in own])
        if not np.isfinite(variance):
            raise DataError(
                f"dataset {table.name}: channel {channel} has values too large to be scaled; rescale them"
            )
        center[own] = mean
        negligible = 4 * np.finfo(np.float64).eps * abs(mean)
        scale[own] = np.sqrt(variance) if np.sqrt(variance) > negligible else 1.0
    return center, scale


def scaling(
    values: Floats, features: FeatureScaling, where: str, names: Sequence[str]
) -> tuple[Floats, Floats]:
    """Center and scale of each of some columns (columns, rows); scale 1 where one is constant up to rounding.

    Raises:
        DataError: values too large to be scaled; `where` and the column's name begin the message.
    """
    if features in ("none", "standardize_channels"):  # the latter is settled for all columns together
        return np.zeros(len(values)), np.ones(len(values))
    low, high = values.min(axis=1), values.max(axis=1)
    with np.errstate(over="ignore", invalid="ignore"):
        span = high - low
        constant = span <= 4 * np.finfo(np.float64).eps * np.maximum(np.abs(low), np.abs(high))
        if features == "min_max":
            center, scale = low, span
        else:
            center = np.where(constant, low, values.mean(axis=1))
            scale = np.sqrt(np.square(values - center[:, np.newaxis]).mean(axis=1))
    scale = np.where(scale == 0.0, span, scale)  # squares of differences below 1e-162 vanish
    scale = np.where(constant, 1.0, scale)
    finite = np.isfinite(center) & np.isfinite(scale)
    if not finite.all():
        raise DataError(
            f"{where} {names[int(np.argmin(finite))]!r} has values too large to be scaled; rescale or drop it"
        )
    return center, scale


def seen_levels(
    table_name: str, category: Category, rows: NDArray[np.int64], missing: MissingValues
) -> tuple[str, ...]:
    """The levels of a category that occur in the training rows, sorted."""
    codes = category.codes[rows]
    if missing == "error" and (codes < 0).any():
        raise missing_error(table_name, category.name, int(rows[np.argmax(codes < 0)]))
    seen = np.unique(codes[codes >= 0])
    if len(seen) == 0:
        raise DataError(
            f"dataset {table_name}: column {category.name!r} has no value in the training rows; drop it"
        )
    return tuple(sorted(category.levels[code] for code in seen))


def missing_error(table_name: str, column: str, row: int) -> DataError:
    """The error for a missing value where `missing: error` allows none."""
    return DataError(
        f"dataset {table_name}: column {column!r} has a missing value in row {row} (counted from 0); use "
        "preprocessing.missing: mean or median, or complete the data"
    )
