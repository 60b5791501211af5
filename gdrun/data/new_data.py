"""New rows for a trained network: the columns that its preprocessing asks for, with or without the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdrun.data.csv_values import MISSING, Labels, number
from gdrun.data.datasets.column_files import ANY_NUMBER, ColumnFile
from gdrun.data.datasets.npz_file import as_matrix
from gdrun.data.preprocessing import Preprocessor
from gdrun.data.table import Category
from gdrun.data.targets import class_label
from gdrun.errors import DataError


@dataclass(frozen=True, eq=False)
class NewData:
    """Rows to predict; the attributes are those of a `Table`.

    Attributes:
        target: class indices (rows,) int64 or values (rows, outputs) float64 in the target's own unit, if
            the file has all target columns without a gap; else None.
    """

    name: str
    numbers: NDArray[Any]
    number_names: tuple[str, ...]
    categories: tuple[Category, ...]
    target: NDArray[Any] | None
    row_shape: tuple[int, ...] | None = None  # of a `Table`; rows that were read fit the one trained on

    @property
    def rows(self) -> int:
        return len(self.numbers)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Numbers first, then categories."""
        return (*self.number_names, *(category.name for category in self.categories))


def read_features(
    path: Path,
    preprocessor: Preprocessor,
    delimiter: str = "auto",
    header: bool = True,
    missing: Sequence[str] = MISSING,
    features: str = "X",
    target: str = "y",
) -> NewData:
    """Read the rows of a CSV file, an NPZ archive (.npz), a Parquet file (.parquet) or an idx file of images.

    A CSV or Parquet file needs every column that was trained on, by name, in any order; other columns are
    ignored. An NPZ archive needs as many columns as were trained on, in the same order, all of them numbers,
    or rows of the same shape. An idx file has images of the size that was trained on.

    Args:
        path: of the file.
        preprocessor: of the trained network.
        delimiter, header, missing: how the CSV file is written, as for the dataset `csv`; `missing` in a
            Parquet file too.
        features, target: the names of the arrays in the NPZ archive, as for the dataset `npz`.

    Raises:
        DataError: a column is missing or has text instead of numbers, or the target has a class that the
            network doesn't know.
    """
    if path.suffix.lower() == ".npz":
        return _from_npz(path, preprocessor, features, target)
    if path.suffix.lower() in (".parquet", ".pq"):
        from gdrun.data.parquet_reader import ParquetFile

        return _from_columns(ParquetFile(path, missing), missing, preprocessor)
    from gdrun.data.idx_reader import is_idx, read_idx

    if is_idx(path):
        return _from_idx(path, read_idx(path), preprocessor)
    from gdrun.data.csv_reader import CsvFile

    return _from_columns(CsvFile(path, delimiter, header, missing), missing, preprocessor)


def _from_columns(file: ColumnFile, missing: Sequence[str], preprocessor: Preprocessor) -> NewData:
    needed = (*preprocessor.number_names, *preprocessor.levels)
    there = set(file.names)
    absent = [name for name in needed if name not in there]
    if len(absent) > 1:
        raise DataError(
            f"{file.path}: {len(absent)} columns are missing that the network was trained on: "
            f"{', '.join(map(repr, absent[:10]))}{' …' if len(absent) > 10 else ''}"
        )
    for name in absent:
        file.column(name, "a feature that the network was trained on")
    numbers = list(preprocessor.number_names)
    texts = {name: Labels(tuple(missing), ANY_NUMBER) for name in preprocessor.levels}
    targets = [name for name in preprocessor.target_names if name not in needed]
    if not there.issuperset(targets):
        targets = []
    if preprocessor.task == "classification":
        texts |= {name: Labels(tuple(missing), ANY_NUMBER) for name in targets}
    else:
        numbers += targets
    matrix, codes = file.read(numbers, texts)
    ranked = {name: labels.ranked(codes[name]) for name, labels in texts.items()}
    target: NDArray[Any] | None = None
    if targets and preprocessor.task == "regression":
        values = matrix[:, len(preprocessor.number_names) :]
        target = None if np.isnan(values).any() else values
    elif targets and ranked[targets[0]][0].min() >= 0:
        indices, labels = ranked[targets[0]]
        class_of_label = _known_classes(labels, preprocessor.classes)
        target = class_of_label[indices]
        if target.min() < 0:
            row = int(np.argmin(target))
            file.fail(row, targets[0], _unknown_class(labels[indices[row]], preprocessor.classes))
    return NewData(
        name=str(file.path),
        numbers=matrix[:, : len(preprocessor.number_names)],
        number_names=preprocessor.number_names,
        categories=tuple(Category(name, *ranked[name]) for name in preprocessor.levels),
        target=target,
    )


def _from_npz(path: Path, preprocessor: Preprocessor, features: str, target: str) -> NewData:
    _refuse_categories(path, preprocessor, "an NPZ archive")
    from gdrun.data.npz_reader import read_arrays

    arrays = read_arrays(path, [features], [target])
    numbers = as_matrix(arrays[features], f"{path}: array {features!r}")
    _check_rows(arrays[features].shape[1:], preprocessor, f"{path}: array {features!r}")
    values = arrays.get(target)
    known: NDArray[Any] | None = None
    if values is not None:
        if values.shape[:1] != (len(numbers),) or values.ndim > 2:
            raise DataError(f"{path}: array {target!r} has shape {values.shape} for {len(numbers)} rows")
        known = _known_target(values, preprocessor, f"{path}: array {target!r}")
    return NewData(str(path), numbers, preprocessor.number_names, (), known)


def _from_idx(path: Path, images: NDArray[Any], preprocessor: Preprocessor) -> NewData:
    _refuse_categories(path, preprocessor, "an idx file")
    numbers = as_matrix(images, str(path))
    shape = images.shape[1:]
    _check_rows((*shape, 1) if len(shape) == 2 else shape, preprocessor, str(path))
    return NewData(str(path), numbers, preprocessor.number_names, (), None)


def _refuse_categories(path: Path, preprocessor: Preprocessor, kind: str) -> None:
    if preprocessor.levels:
        raise DataError(
            f"{path}: the network was trained on categories ({', '.join(preprocessor.levels)}), which {kind} "
            "doesn't have; give a CSV file"
        )


def _check_rows(shape: tuple[int, ...], preprocessor: Preprocessor, where: str) -> None:
    columns = prod(shape)
    if columns != len(preprocessor.number_names):
        raise DataError(
            f"{where} has {columns} columns, but the network was trained on {len(preprocessor.number_names)}"
        )
    if preprocessor.row_shape is not None and len(shape) > 1 and shape != preprocessor.row_shape:
        raise DataError(
            f"{where} has rows of shape {shape}, but the network was trained on rows of shape "
            f"{preprocessor.row_shape}"
        )


def _known_target(values: NDArray[Any], preprocessor: Preprocessor, where: str) -> NDArray[Any] | None:
    text = values.dtype.kind in "US"
    if not text and np.isnan(values).any():
        return None
    if preprocessor.task == "regression":
        if text or values.size != len(values) * len(preprocessor.target_names):
            raise DataError(f"{where} must be {len(preprocessor.target_names)} numbers a row")
        return values.reshape(len(values), -1).astype(np.float64)
    if values.size != len(values):
        raise DataError(f"{where} must be one class a row, not {values.shape}")
    distinct, indices = np.unique(values.reshape(-1), return_inverse=True)
    try:
        labels = [item.decode() if isinstance(item, bytes) else str(item) for item in distinct.tolist()]
    except UnicodeDecodeError as error:
        raise DataError(f"{where} has bytes that are not UTF-8; save it as text") from error
    if not text:
        labels = [class_label(value) for value in distinct]
    class_of_label = _known_classes(labels, preprocessor.classes)
    if class_of_label.min() < 0:
        raise DataError(
            f"{where}: {_unknown_class(labels[int(class_of_label.argmin())], preprocessor.classes)}"
        )
    return class_of_label[indices]


def _known_classes(labels: Sequence[str], classes: Sequence[str]) -> NDArray[np.int64]:
    """The class index of each label, -1 for an unknown one; "3.0" is the class "3" if numbers are classes."""
    index = {label: position for position, label in enumerate(classes)}

    def find(label: str) -> int:
        value = number(label)
        as_number = class_label(value) if value is not None and np.isfinite(value) else label
        return index.get(label, index.get(as_number, -1))

    return np.array([find(label) for label in labels], np.int64)


def _unknown_class(label: str, classes: Sequence[str]) -> str:
    shown = ", ".join(map(repr, classes[:10])) + (" …" if len(classes) > 10 else "")
    return f"the network doesn't know the class {label!r}, only {shown}"
