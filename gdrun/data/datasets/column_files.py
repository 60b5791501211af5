"""Datasets in files whose rows have named columns: which columns are for what, and what each one holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, Protocol

import numpy as np
from numpy.typing import NDArray

from gdrun.data.csv_values import Kind, Labels
from gdrun.data.table import Category, Table, sealed
from gdrun.data.targets import MANY_CLASSES, Target, TaskOption, target_from_numbers
from gdrun.errors import DataError

MANY_LEVELS = 1_000  # more one-hot columns than this from one column are surely not meant
MOST_LEVELS = 50_000  # of all columns together: a network of so many inputs isn't, either, and takes long
ANY_NUMBER = 1 << 31


class ColumnFile(Protocol):
    """A file with named columns that is open for reading."""

    @property
    def path(self) -> Path:
        """Of the file."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of its columns."""

    def column(self, name: str, what: str) -> int:
        """The position of a column that is needed as `what`; a `DataError` if there is none."""

    def kinds(self, names: Sequence[str]) -> dict[str, Kind]:
        """What each column seems to hold."""

    def read(
        self, numbers: Sequence[str], texts: Mapping[str, Labels]
    ) -> tuple[NDArray[np.float64], dict[str, NDArray[np.int32]]]:
        """Numbers (rows, columns), NaN where missing, and codes (rows,) of texts, -1 where missing."""

    def fail(self, row: int, column: str | None, message: str) -> NoReturn:
        """Raise a `DataError` that names the row (counted from 0)."""


class ColumnOptions(Protocol):
    """The options of a dataset that is read from such files; see `Csv`."""

    @property
    def path(self) -> Path: ...
    @property
    def target(self) -> str | tuple[str, ...] | None: ...
    @property
    def features(self) -> tuple[str, ...] | None: ...
    @property
    def drop(self) -> tuple[str, ...]: ...
    @property
    def columns(self) -> Mapping[str, Kind]: ...
    @property
    def missing(self) -> tuple[str, ...]: ...
    @property
    def group(self) -> str | None: ...
    @property
    def task(self) -> TaskOption | None: ...
    @property
    def validation_path(self) -> Path | None: ...
    @property
    def test_path(self) -> Path | None: ...


def table_of(options: ColumnOptions, open_file: Callable[[Path], ColumnFile], folder: Path) -> Table:
    """Read the rows of one file, or of up to three, into a table.

    Args:
        options: of the dataset.
        open_file: opens a path.
        folder: what relative paths are relative to.

    Raises:
        DataError: whatever is wrong, with the file, and the row and column where there is one.
    """
    files = {"train": open_file(folder / options.path)}
    if options.validation_path is not None:
        files["validation"] = open_file(folder / options.validation_path)
    if options.test_path is not None:
        files["test"] = open_file(folder / options.test_path)
    targets, features = _roles(options, files["train"])
    kinds = _kinds(options, files["train"], targets, features)
    numbers = [name for name in features if kinds[name] == "number"]
    texts = {name: Labels(options.missing, MANY_LEVELS) for name in features if kinds[name] == "category"}
    encoded = list(texts.values())
    _check_levels(files["train"], encoded)
    number_targets = [name for name in targets if kinds[name] == "number"]
    if not number_targets:
        texts[targets[0]] = Labels(options.missing, MANY_CLASSES)
    if options.group is not None:
        texts[options.group] = Labels(options.missing, ANY_NUMBER)

    matrices, codes, fixed, start = [], [], {}, 0
    for part, file in files.items():
        for name in (*numbers, *texts, *number_targets):
            file.column(name, f"the columns of {options.path}")
        matrix, codes_of_file = file.read([*numbers, *number_targets], texts)
        _check_levels(file, encoded)
        if part == "train":
            _check_not_empty(file, matrix, [*numbers, *number_targets], codes_of_file)
        _check_complete(options, file, matrix[:, len(numbers) :], number_targets, codes_of_file, targets)
        if part != "train":
            fixed[part] = np.arange(start, start + len(matrix))
        start += len(matrix)
        matrices.append(matrix)
        codes.append(codes_of_file)
    matrix = matrices[0] if len(matrices) == 1 else np.concatenate(matrices)
    del matrices
    ranked = {
        name: labels.ranked(np.concatenate([of_file[name] for of_file in codes]))
        for name, labels in texts.items()
    }
    where = str(folder / options.path)
    if number_targets:
        target = target_from_numbers(matrix[:, len(numbers) :], options.task, ", ".join(targets), where)
    else:
        indices, classes = ranked.pop(targets[0])
        target = Target("classification", indices.astype(np.int64), classes)
    groups = None if options.group is None else ranked.pop(options.group)[0].astype(np.int64)
    return sealed(
        Table(
            name=str(options.path),
            task=target.task,
            numbers=matrix[:, : len(numbers)],
            number_names=tuple(numbers),
            target=target.values,
            target_names=tuple(targets),
            categories=tuple(Category(name, *ranked[name]) for name in ranked),
            classes=target.classes,
            groups=groups,
            fixed=fixed,
            notices=() if target.notice is None else (target.notice,),
        )
    )


def _roles(options: ColumnOptions, file: ColumnFile) -> tuple[list[str], list[str]]:
    """Names of the target columns and of the feature columns."""
    if options.target is None:
        left_out = {*options.drop, options.group}
        free = [name for name in file.names if name not in left_out]
        targets = free[-1:] or [file.names[-1]]
    else:
        targets = [options.target] if isinstance(options.target, str) else list(options.target)
    roles = {
        "target": targets,
        "features": options.features or (),
        "drop": options.drop,
        "group": () if options.group is None else (options.group,),
    }
    role_of: dict[str, str] = {}
    for role, names in {**roles, "columns": tuple(options.columns)}.items():
        for name in names:
            file.column(name, f"dataset.{role}")
            if role != "columns" and role_of.setdefault(name, role) != role:
                raise DataError(
                    f"{file.path}: column {name!r} is named in dataset.{role_of[name]} and in "
                    f"dataset.{role}; take it out of one"
                )
    if options.features is not None:
        return targets, list(dict.fromkeys(options.features))
    return targets, [name for name in file.names if name not in role_of]


def _kinds(
    options: ColumnOptions, file: ColumnFile, targets: Sequence[str], features: Sequence[str]
) -> dict[str, Kind]:
    """What each target and feature column is; the task decides over a guess for the target."""
    names = (*targets, *features)
    kinds = {**file.kinds([name for name in names if name not in options.columns]), **options.columns}
    texts = [name for name in targets if kinds[name] == "category"]
    if texts and options.task == "regression":
        if texts[0] in options.columns:
            raise DataError(f"{file.path}: column {texts[0]!r} is the target of a regression, not a category")
        kinds |= dict.fromkeys(texts, "number")  # reading will name the line of the text
    elif texts and len(targets) > 1:
        raise DataError(
            f"{file.path}: column {texts[0]!r} is text, but several target columns must all be numbers"
        )
    return kinds


def _check_complete(
    options: ColumnOptions,
    file: ColumnFile,
    values: NDArray[np.float64],
    number_targets: Sequence[str],
    codes: dict[str, NDArray[np.int32]],
    targets: Sequence[str],
) -> None:
    """Raise where a target or a group is missing, with the line."""
    gaps = {name: np.isnan(values[:, index]) for index, name in enumerate(number_targets)}
    texts = [name for name in (*targets, options.group) if name in codes and name is not None]
    gaps |= {name: codes[name] < 0 for name in texts}
    for name, missing in gaps.items():
        if missing.any():
            what = "group" if name == options.group else "target"
            count = int(missing.sum())
            file.fail(
                int(np.argmax(missing)),
                name,
                f"the {what} is missing{f' (and in {count - 1:,} more rows)' if count > 1 else ''}; "
                "complete or remove such rows",
            )


def _check_levels(file: ColumnFile, encoded: Sequence[Labels]) -> None:
    """Raise where text columns, each with one level at least, would become too many columns."""
    if sum(max(1, labels.count) for labels in encoded) > MOST_LEVELS:
        raise DataError(
            f"{file.path}: its text columns have more than {MOST_LEVELS:,} different texts, and each would "
            "be a column of its own; drop some (dataset.drop), or name those to keep (dataset.features)"
        )


def _check_not_empty(
    file: ColumnFile, matrix: NDArray[np.float64], numbers: Sequence[str], codes: dict[str, NDArray[np.int32]]
) -> None:
    largest = np.fmax.reduce(matrix, axis=0)  # NaN only where there is nothing else
    empty = [name for name, value in zip(numbers, largest, strict=True) if np.isnan(value)]
    empty += [name for name, values in codes.items() if values.max() < 0]
    if empty:
        raise DataError(
            f"{file.path}: column {empty[0]!r} is empty in all {len(matrix):,} rows; drop it (dataset.drop)"
        )
