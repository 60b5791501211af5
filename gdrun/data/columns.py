"""What is learned of one column from the training rows."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.data.table import Category, Table
from gdrun.errors import DataError

FeatureScaling = Literal["standardize", "min_max", "none"]
MissingValues = Literal["mean", "median", "error"]
TargetScaling = Literal["standardize", "none"]
Floats = NDArray[np.float64]


def fit_column(
    table: Table, index: int, rows: NDArray[np.int64], features: FeatureScaling, missing: MissingValues
) -> tuple[float, float, float]:
    """Fill, center and scale of one number column."""
    name = table.number_names[index]
    where = f"dataset {table.name}: column {name!r}"
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
    return fill, *scaling(values, features, where)


def scaling(values: Floats, features: FeatureScaling, where: str) -> tuple[float, float]:
    """Center and scale of one column; scale 1 where it is constant up to rounding."""
    if features == "none":
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
