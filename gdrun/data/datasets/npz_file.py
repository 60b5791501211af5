"""A dataset in an NPZ archive of the user's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdrun.data.table import Dataset, Table, sealed
from gdrun.data.targets import Target, TaskOption, as_classes, target_from_numbers
from gdrun.errors import DataError


@dataclass(frozen=True)
class Npz(Dataset):
    """Arrays of an NPZ archive, as numpy.savez writes it; read without pickles.

    The features are numbers (rows, …): everything behind the row axis is columns named x0, x1, …, in C
    order; NaN is a missing value. The target has a row each: text, true/false, numbers (rows,), or for a
    regression numbers (rows, outputs).

    Options:
        path: of the file, relative to the config.
        features: the name of the array of features.
        target: the name of the array of targets.
        group: the name of an array (rows,) whose equal values tell rows that must stay in one part of the
            split.
        keep_shape: whether rows keep the shape that they have behind the row axis, as (height, width,
            channels) of images or (time, features) of sequences; otherwise they are flat.
        task: classification, regression, or auto (null): text, true/false and whole numbers with at most 20
            distinct values are classes, other numbers a regression.
        validation_path, test_path: archives with the same arrays whose rows validate and test; the split
            then leaves those parts to them.
    """

    path: Path
    features: str = "X"
    target: str = "y"
    group: str | None = None
    keep_shape: bool = False
    task: TaskOption | None = None  # type: ignore[assignment,misc]  # an option; other datasets just know
    validation_path: Path | None = None
    test_path: Path | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.task == "auto":
            object.__setattr__(self, "task", None)  # what every dataset says when only the data can tell

    def load(self, folder: Path) -> Table:
        from gdrun.data.npz_reader import read_arrays  # other datasets don't need it

        paths = {"train": self.path, "validation": self.validation_path, "test": self.test_path}
        names = [self.features, self.target, *([] if self.group is None else [self.group])]
        parts = {part: read_arrays(folder / path, names) for part, path in paths.items() if path is not None}
        fixed, start = {}, 0
        matrices: list[NDArray[Any]] = []
        shapes: list[tuple[int, ...]] = []
        for part, arrays in parts.items():
            where = f"{folder / str(paths[part])}"
            matrices.append(as_matrix(arrays[self.features], f"{where}: array {self.features!r}"))
            rows, columns = matrices[-1].shape
            shapes.append(arrays[self.features].shape[1:])
            if self.keep_shape and shapes[-1] != shapes[0]:
                raise DataError(f"{where}: rows of shape {shapes[-1]}, but {self.path} has {shapes[0]}")
            if columns != matrices[0].shape[1]:
                raise DataError(
                    f"{where}: {columns} features a row, but {self.path} has {matrices[0].shape[1]}"
                )
            for name in names[1:]:
                if arrays[name].shape[:1] != (rows,):
                    raise DataError(
                        f"{where}: array {name!r} has shape {arrays[name].shape}, but there are {rows} rows "
                        "of features"
                    )
            if part != "train":
                fixed[part] = np.arange(start, start + rows)
            start += rows
        where = str(folder / self.path)
        target = self._target(_joined(parts, self.target, where), where)
        groups = None
        if self.group is not None:
            values = _joined(parts, self.group, where)
            if values.ndim != 1:
                raise DataError(f"{where}: array {self.group!r} must be (rows,), not {values.shape}")
            groups = as_classes(values)[0]
        numbers = matrices[0] if len(matrices) == 1 else np.concatenate(matrices)
        outputs = target.values.shape[1] if target.task == "regression" else 1
        return sealed(
            Table(
                name=str(self.path),
                task=target.task,
                numbers=numbers,
                number_names=tuple(f"x{index}" for index in range(numbers.shape[1])),
                target=target.values,
                target_names=tuple(f"y{index}" for index in range(outputs)) if outputs > 1 else ("y",),
                row_shape=shapes[0] if self.keep_shape and len(shapes[0]) > 1 else None,
                classes=target.classes,
                groups=groups,
                fixed=fixed,
                notices=() if target.notice is None else (target.notice,),
            )
        )

    def _target(self, values: NDArray[Any], where: str) -> Target:
        where = f"{where}: array {self.target!r}"
        values = values[:, None] if values.ndim == 1 else values
        if values.ndim != 2 or values.shape[1] == 0:
            raise DataError(f"{where} must be (rows,) or (rows, outputs), not {values.shape}")
        if values.dtype.kind == "U":
            if self.task == "regression" or values.shape[1] > 1:
                raise DataError(f"{where} is text: it can only be the one target of a classification")
            return Target("classification", *as_classes(values[:, 0]))
        bad = ~np.isfinite(values).all(axis=1)
        if bad.any():
            raise DataError(f"{where} is missing or infinite in row {int(np.argmax(bad))} (counted from 0)")
        return target_from_numbers(values, self.task, "y", where)


def as_matrix(array: NDArray[Any], where: str) -> NDArray[Any]:
    """Numbers (rows, …) as floats (rows, columns): float32 where that is exact, else float64."""
    if array.dtype.kind not in "biuf":
        raise DataError(f"{where} is of type {array.dtype}; features are numbers")
    if array.ndim < 2 or 0 in array.shape:
        raise DataError(f"{where} must have rows and columns, not shape {array.shape}")
    exact = array.dtype.itemsize <= (4 if array.dtype.kind == "f" else 2)
    return array.reshape(len(array), -1).astype(np.float32 if exact else np.float64, copy=False)


def _joined(parts: dict[str, dict[str, NDArray[Any]]], name: str, where: str) -> NDArray[Any]:
    """The arrays of one name of all files, one below the other; bytes decoded."""
    arrays = [arrays[name] for arrays in parts.values()]
    try:
        arrays = [np.char.decode(array, "utf-8") if array.dtype.kind == "S" else array for array in arrays]
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: array {name!r} has bytes that are not UTF-8; save it as text") from error
    if (
        len({array.dtype.kind == "U" for array in arrays}) > 1
        or len({array.shape[1:] for array in arrays}) > 1
    ):
        raise DataError(f"{where}: array {name!r} differs in kind or shape in the validation or test file")
    return np.concatenate(arrays)
