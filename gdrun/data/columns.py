"""What is learned of one column from the training rows."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.data.table import Category, Table
from gdrun.errors import DataError

FeatureScaling = Literal["standardize", "standardize_channels", "min_max", "scale", "none"]
MissingValues = Literal["mean", "median", "error"]
TargetScaling = Literal["standardize", "none"]
Floats = NDArray[np.float64]


def fit_column(
    table: Table, index: int, rows: NDArray[np.int64], features: FeatureScaling, missing: MissingValues
) -> tuple[float, float, float]:
    """Fill, center and scale of one number column."""
    name = table.number_names[index]
    where = f"dataset {table.name}: column {name!r}"
    if features == "scale" and table.largest is None:
        raise DataError(
            f"dataset {table.name}: what its largest value can be isn't known, so that scale can't divide by "
            "it; take min_max or standardize (preprocessing.features)"
        )
    values = table.numbers[rows, index].astype(np.float64)
    gaps = np.isnan(values)
    fill = 0.0
    if gaps.all():
        raise DataError(f"{where} has no value in the training rows; drop it")
    present = values[~gaps]
    if missing == "error":
        if gaps.any():
            raise missing_error(table.name, name, int(rows[np.argmax(gaps)]))
    else:
        with np.errstate(over="ignore"):
            fill = float(present.mean() if missing == "mean" else np.median(present))
        if not np.isfinite(fill):
            raise DataError(f"{where} has values too large for a {missing}; rescale or drop it")
        values[gaps] = fill
    if features == "scale" and table.largest is not None:
        return fill, 0.0, table.largest
    return fill, *scaling(values, features, where)


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


def scaling(values: Floats, features: FeatureScaling, where: str) -> tuple[float, float]:
    """Center and scale of one column; scale 1 where it is constant up to rounding."""
    if features in ("none", "standardize_channels"):  # the latter is settled for all columns together
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    with np.errstate(over="ignore", invalid="ignore"):
        span = high - low
        constant = span <= 4 * np.finfo(np.float64).eps * max(abs(low), abs(high))
        if features == "min_max" or constant:
            center, scale = low, 1.0 if constant else span
        else:
            center = float(values.mean())
            scale = float(np.sqrt(np.square(values - center).mean()))
    if scale == 0.0:  # squares of differences below 1e-162 vanish
        scale = span
    if not np.isfinite(center) or not np.isfinite(scale):
        raise DataError(f"{where} has values too large to be scaled; rescale or drop it")
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
