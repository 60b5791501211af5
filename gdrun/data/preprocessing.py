"""Features and targets in the form that a network takes, fitted on the training rows alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import DTypeLike, NDArray

from gdrun.data.columns import (
    FeatureScaling,
    Floats,
    MissingValues,
    TargetScaling,
    column_blocks,
    fit_channels,
    fit_columns,
    missing_error,
    scaling,
    seen_levels,
)
from gdrun.data.table import Columns, Table, Task
from gdrun.errors import DataError
from gdrun.text import printable


@dataclass(frozen=True, eq=False)
class Preprocessor:
    """Fills, scales and one-hot encodes the columns of a table with numbers learned from its training rows.

    A number column becomes (x − center)/scale, a missing x counting as `fill`. With μ, σ, minimum and
    maximum over the training rows (σ with divisor n; missing values left out, then filled):

        standardize   center = μ, scale = σ          min_max   center = minimum, scale = maximum − minimum
        scale         center = 0, scale = the largest value that there can be: 255 for a byte
        none          center = 0, scale = 1

    and standardize_channels is standardize with one μ and σ for all columns of a channel, the last axis of an
    image or of a sequence; where rows are flat, every column is a channel.

    A column that is constant in the training rows has scale 1. A category becomes one column for each level
    that occurs in the training rows, sorted: 1 where it holds, else 0. A missing value and a level that the
    training rows don't have are 0 in all of them. Categories are not scaled.

    Attributes:
        row_shape: of a row of images or sequences; None where rows are flat.
        number_names, fill, center, scale: of the number columns; arrays (columns,) float64.
        levels: name of each category → its levels in the training rows.
        missing: "error" refuses missing values, in whichever rows they are.
        task, classes, target_names: of the table.
        target_center, target_scale: (outputs,) float64; the network's unit is (y − center)/scale.
    """

    number_names: tuple[str, ...]
    fill: Floats
    center: Floats
    scale: Floats
    levels: dict[str, tuple[str, ...]]
    missing: MissingValues
    task: Task
    classes: tuple[str, ...]
    target_names: tuple[str, ...]
    target_center: Floats
    target_scale: Floats
    row_shape: tuple[int, ...] | None = None

    @classmethod
    def fit(
        cls,
        table: Table,
        train_rows: NDArray[np.int64],
        features: FeatureScaling = "standardize",
        missing: MissingValues = "mean",
        target: TargetScaling = "standardize",
    ) -> Preprocessor:
        """Learn everything from the training rows; no other row is looked at.

        Args:
            table: the dataset.
            train_rows: (rows,) row numbers.
            features: how number columns are scaled.
            missing: what stands for a missing number: the mean or median of the training rows; or "error".
            target: whether a regression target is standardized for the network; class indices never are.

        Raises:
            DataError: a column without any value in the training rows, missing values with "error", values
                too large to be scaled, or training rows of a single class.
        """
        fill, center, scale = fit_columns(table, train_rows, features, missing)
        if features == "standardize_channels":
            center, scale = fit_channels(table, train_rows, fill)
        levels = {
            category.name: seen_levels(table.name, category, train_rows, missing)
            for category in table.categories
        }
        outputs = table.target.shape[1] if table.task == "regression" else 0
        target_center, target_scale = np.zeros(outputs), np.ones(outputs)
        if table.task == "classification":
            seen = np.flatnonzero(np.bincount(table.target[train_rows]))
            if len(seen) < 2:
                raise DataError(
                    f"dataset {table.name}: all training rows are of class {table.classes[seen[0]]!r}; "
                    "split the rows in another way (split.seed, split.stratify)"
                )
        elif target == "standardize":
            values = table.target[train_rows].T.copy()
            where = f"dataset {table.name}: target"
            target_center, target_scale = scaling(values, "standardize", where, table.target_names)
        return cls(
            number_names=table.number_names,
            fill=fill,
            center=center,
            scale=scale,
            levels=levels,
            missing=missing,
            task=table.task,
            classes=table.classes,
            target_names=table.target_names,
            target_center=target_center,
            target_scale=target_scale,
            row_shape=table.row_shape,
        )

    @property
    def features_shape(self) -> tuple[int, ...]:
        """The shape of one row that `transform` makes."""
        return self.row_shape or (len(self.feature_names),)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the columns that `transform` makes: numbers, then `category=level`."""
        one_hot = (f"{name}={level}" for name, levels in self.levels.items() for level in levels)
        return (*self.number_names, *one_hot)

    def transform(
        self, table: Columns, rows: NDArray[np.int64], dtype: DTypeLike = np.float32
    ) -> NDArray[Any]:
        """The features of some rows, (rows, *features_shape) in the given type.

        Raises:
            DataError: rows of another shape (flat ones fit any), other columns than those fitted on, missing
                values with "error", or values that are not finite in the given type.
        """
        shaped = table.row_shape is not None and self.row_shape is not None
        if shaped and table.row_shape != self.row_shape:
            raise DataError(
                f"dataset {table.name}: its rows have the shape {table.row_shape}, those of the training "
                f"data {self.row_shape}"
            )
        categories = {category.name: category for category in table.categories}
        same_names = shaped or table.number_names == self.number_names  # a pixel is known by its place
        if not same_names or set(categories) != set(self.levels):
            raise DataError(
                f"dataset {table.name}: its columns {_names(table.feature_names)} are not those of the "
                f"training data: {_names((*self.number_names, *self.levels))}"
            )
        result = np.zeros((len(rows), len(self.feature_names)), dtype)
        for block in column_blocks(len(self.number_names), len(rows)):
            values = table.numbers[rows, block].astype(np.float64)
            gaps = np.isnan(values)
            if gaps.any():
                if self.missing == "error":
                    row, column = np.argwhere(gaps)[0]
                    raise missing_error(table.name, self.number_names[block][column], int(rows[row]))
                np.copyto(values, self.fill[block], where=gaps)
            with np.errstate(over="ignore", invalid="ignore"):
                values -= self.center[block]
                values /= self.scale[block]
                result[:, block] = values
            finite = np.isfinite(result[:, block])
            if not finite.all():
                row, column = np.argwhere(~finite)[0]
                raise DataError(
                    f"dataset {table.name}: column {self.number_names[block][column]!r} is too large for "
                    f"{result.dtype} in row {int(rows[row])}; rescale or drop it"
                )
        start = len(self.number_names)
        for name, levels in self.levels.items():
            codes = categories[name].codes[rows]
            if self.missing == "error" and (codes < 0).any():
                raise missing_error(table.name, name, int(rows[np.argmax(codes < 0)]))
            column_of_level = {level: start + column for column, level in enumerate(levels)}
            columns = np.array([column_of_level.get(level, -1) for level in categories[name].levels] + [-1])
            column = columns[codes]  # a missing value has code -1: the last entry
            known = np.flatnonzero(column >= 0)
            result[known, column[known]] = 1
            start += len(levels)
        return result.reshape(len(rows), *self.features_shape)

    def transform_target(self, target: NDArray[Any]) -> NDArray[Any]:
        """The target in the network's unit: (y − center)/scale for regression; class indices as they are."""
        if self.task == "classification":
            return target
        result: NDArray[Any] = (target - self.target_center) / self.target_scale
        return result

    def to_target_units(self, values: NDArray[Any]) -> NDArray[Any]:
        """Predictions (…, outputs) of a regression in the target's own unit: y·scale + center, float64."""
        result: NDArray[Any] = values.astype(np.float64) * self.target_scale + self.target_center
        return result

    def notices(self, table: Columns, rows: NDArray[np.int64]) -> list[str]:
        """What a user should know of these rows: values that are filled, levels not trained on."""
        found = []
        gaps: dict[str, int] = {}
        for block in column_blocks(len(self.number_names), len(rows)):
            missing = np.isnan(table.numbers[rows, block]).sum(axis=0)
            gaps |= zip(self.number_names[block], missing.tolist(), strict=True)
        if any(gaps.values()):
            found.append(
                f"missing values filled with the {self.missing} of the training rows: {_listed(gaps)}"
            )
        counts = {
            category.name: np.bincount(category.codes[rows] + 1, minlength=len(category.levels) + 1).tolist()
            for category in table.categories
        }
        gaps = {name: count[0] for name, count in counts.items()}
        if any(gaps.values()):
            found.append(f"missing categories encoded as none of the levels: {_listed(gaps)}")
        for category in table.categories:
            count_of_level = dict(zip(category.levels, counts[category.name][1:], strict=True))
            unseen = {
                level: count
                for level, count in count_of_level.items()
                if level not in self.levels[category.name]
            }
            if any(unseen.values()):
                found.append(
                    f"levels of {printable(category.name, one_line=True)} that the training rows don't have, "
                    f"encoded as none of the levels: {_listed(unseen)}"
                )
        return found

    def to_plain(self) -> dict[str, Any]:
        """Strings, lists and floats for JSON, from which `from_plain` makes the same preprocessor."""
        return {
            "task": self.task,
            "classes": list(self.classes),
            "numbers": [
                {"name": name, "fill": fill, "center": center, "scale": scale}
                for name, fill, center, scale in zip(
                    self.number_names,
                    self.fill.tolist(),
                    self.center.tolist(),
                    self.scale.tolist(),
                    strict=True,
                )
            ],
            "categories": [{"name": name, "levels": list(levels)} for name, levels in self.levels.items()],
            "missing": self.missing,
            "target_names": list(self.target_names),
            "target_center": self.target_center.tolist(),
            "target_scale": self.target_scale.tolist(),
            "row_shape": None if self.row_shape is None else list(self.row_shape),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Preprocessor:
        """The preprocessor that `to_plain` described.

        Raises:
            DataError: the description is damaged.
        """
        try:
            numbers = plain["numbers"]

            def floats(key: str) -> Floats:
                return np.array([number[key] for number in numbers], np.float64)

            shape = plain.get("row_shape")  # older runs don't have it
            if plain["missing"] not in get_args(MissingValues) or plain["task"] not in get_args(Task):
                raise ValueError(f"missing {plain['missing']!r}, task {plain['task']!r}")
            return cls(
                number_names=tuple(str(number["name"]) for number in numbers),
                fill=floats("fill"),
                center=floats("center"),
                scale=floats("scale"),
                levels={str(item["name"]): tuple(map(str, item["levels"])) for item in plain["categories"]},
                missing=plain["missing"],
                task=plain["task"],
                classes=tuple(map(str, plain["classes"])),
                target_names=tuple(map(str, plain["target_names"])),
                target_center=np.array(plain["target_center"], np.float64),
                target_scale=np.array(plain["target_scale"], np.float64),
                row_shape=None if shape is None else tuple(map(int, shape)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"the description of the preprocessing is damaged: {error!r}") from error


def _names(names: Sequence[str]) -> str:
    """The first of some names: "a, b, c and 61 more"."""
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more


def _listed(counts: Mapping[str, int]) -> str:
    """The names with a count above zero: "sex (11), island (2) and 3 more"."""
    shown = [f"{printable(name, one_line=True)} ({count})" for name, count in counts.items() if count]
    more = f" and {len(shown) - 5} more" if len(shown) > 5 else ""
    return ", ".join(shown[:5]) + more
