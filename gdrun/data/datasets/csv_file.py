"""A dataset in a CSV file of the user's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gdrun.data.csv_values import MISSING, Kind, Labels
from gdrun.data.table import Category, Dataset, Table, sealed
from gdrun.data.targets import MANY_CLASSES, Target, TaskOption, target_from_numbers
from gdrun.errors import DataError

if TYPE_CHECKING:
    from gdrun.data.csv_reader import CsvFile

MANY_LEVELS = 1_000  # more one-hot columns than this from one column are surely not meant
ANY_NUMBER = 1 << 31


@dataclass(frozen=True)
class Csv(Dataset):
    """Rows of a CSV file.

    A column is a number or a category: as `columns` says, or else as its first 1,000 rows say, a category
    when fewer than half of the values there are numbers. A text in a number column is then an error, never
    a missing value. Blanks around numbers don't count; texts are kept as they stand. UTF-8, or UTF-16 with
    a byte order mark; fields may be quoted.

    Options:
        path: of the file, relative to the config.
        target: the column to predict, or several (regression); null: the last column.
        features: the columns to predict from; null: all others.
        drop: columns to leave out.
        columns: {name: number or category} where the guess would be wrong.
        missing: what stands for a missing value.
        group: a column whose equal values tell rows that must stay in one part of the split; no feature.
        task: classification, regression, or auto (null): a text target and whole numbers with at most 20
            distinct values are classes, other numbers a regression.
        delimiter: one character, or auto: the one of comma, semicolon, tab and | that is most frequent in
            the first line.
        header: whether the first line has the names; otherwise they are column1, column2, …
        validation_path, test_path: files with the same columns whose rows validate and test; the split
            then leaves those parts to them.
    """

    path: Path
    target: str | tuple[str, ...] | None = None
    features: tuple[str, ...] | None = None
    drop: tuple[str, ...] = ()
    columns: dict[str, Kind] = field(default_factory=dict)
    missing: tuple[str, ...] = MISSING
    group: str | None = None
    task: TaskOption | None = None  # type: ignore[assignment,misc]  # an option; other datasets just know
    delimiter: str = "auto"
    header: bool = True
    validation_path: Path | None = None
    test_path: Path | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.task == "auto":
            object.__setattr__(self, "task", None)  # what every dataset says when only the data can tell
        if self.delimiter != "auto" and (len(self.delimiter) != 1 or self.delimiter in '"\r\n\0'):
            raise ValueError(f"Csv: delimiter must be auto or one character, not {self.delimiter!r}")
        if self.features is not None and self.drop:
            raise ValueError("Csv: give features (what to keep) or drop (what to leave out), not both")

    def load(self, folder: Path) -> Table:
        files = {"train": self._open(folder / self.path)}
        if self.validation_path is not None:
            files["validation"] = self._open(folder / self.validation_path)
        if self.test_path is not None:
            files["test"] = self._open(folder / self.test_path)
        targets, features = self._roles(files["train"])
        kinds = self._kinds(files["train"], targets, features)
        numbers = [name for name in features if kinds[name] == "number"]
        texts = {name: Labels(self.missing, MANY_LEVELS) for name in features if kinds[name] == "category"}
        number_targets = [name for name in targets if kinds[name] == "number"]
        if not number_targets:
            texts[targets[0]] = Labels(self.missing, MANY_CLASSES)
        if self.group is not None:
            texts[self.group] = Labels(self.missing, ANY_NUMBER)

        matrices, codes, fixed, start = [], [], {}, 0
        for part, file in files.items():
            for name in (*numbers, *texts, *number_targets):
                file.column(name, f"the columns of {self.path}")
            matrix, codes_of_file = file.read([*numbers, *number_targets], texts)
            if part == "train":
                _check_not_empty(file, matrix, [*numbers, *number_targets], codes_of_file)
            self._check_complete(file, matrix[:, len(numbers) :], number_targets, codes_of_file, targets)
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
        where = str(folder / self.path)
        if number_targets:
            target = target_from_numbers(matrix[:, len(numbers) :], self.task, ", ".join(targets), where)
        else:
            indices, classes = ranked.pop(targets[0])
            target = Target("classification", indices.astype(np.int64), classes)
        groups = None if self.group is None else ranked.pop(self.group)[0].astype(np.int64)
        return sealed(
            Table(
                name=str(self.path),
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

    def _open(self, path: Path) -> CsvFile:
        from gdrun.data.csv_reader import CsvFile  # other datasets don't need it

        return CsvFile(path, self.delimiter, self.header, self.missing)

    def _roles(self, file: CsvFile) -> tuple[list[str], list[str]]:
        """Names of the target columns and of the feature columns."""
        if self.target is None:
            free = [name for name in file.names if name not in (*self.drop, self.group)]
            targets = free[-1:] or [file.names[-1]]
        else:
            targets = [self.target] if isinstance(self.target, str) else list(self.target)
        roles = {
            "target": targets,
            "features": self.features or (),
            "drop": self.drop,
            "group": () if self.group is None else (self.group,),
        }
        role_of: dict[str, str] = {}
        for role, names in {**roles, "columns": tuple(self.columns)}.items():
            for name in names:
                file.column(name, f"dataset.{role}")
                if role != "columns" and role_of.setdefault(name, role) != role:
                    raise DataError(
                        f"{file.path}: column {name!r} is named in dataset.{role_of[name]} and in "
                        f"dataset.{role}; take it out of one"
                    )
        if self.features is not None:
            return targets, list(dict.fromkeys(self.features))
        return targets, [name for name in file.names if name not in role_of]

    def _kinds(self, file: CsvFile, targets: Sequence[str], features: Sequence[str]) -> dict[str, Kind]:
        """What each target and feature column is; the task decides over a guess for the target."""
        names = (*targets, *features)
        kinds = {**file.kinds([name for name in names if name not in self.columns]), **self.columns}
        texts = [name for name in targets if kinds[name] == "category"]
        if texts and self.task == "regression":
            if texts[0] in self.columns:
                raise DataError(
                    f"{file.path}: column {texts[0]!r} is the target of a regression, not a category"
                )
            kinds |= dict.fromkeys(texts, "number")  # reading will name the line of the text
        elif texts and len(targets) > 1:
            raise DataError(
                f"{file.path}: column {texts[0]!r} is text, but several target columns must all be numbers"
            )
        return kinds

    def _check_complete(
        self,
        file: CsvFile,
        values: NDArray[np.float64],
        number_targets: Sequence[str],
        codes: dict[str, NDArray[np.int32]],
        targets: Sequence[str],
    ) -> None:
        """Raise where a target or a group is missing, with the line."""
        gaps = {name: np.isnan(values[:, index]) for index, name in enumerate(number_targets)}
        texts = [name for name in (*targets, self.group) if name in codes and name is not None]
        gaps |= {name: codes[name] < 0 for name in texts}
        for name, missing in gaps.items():
            if missing.any():
                what = "group" if name == self.group else "target"
                count = int(missing.sum())
                file.fail(
                    int(np.argmax(missing)),
                    name,
                    f"the {what} is missing{f' (and in {count - 1:,} more rows)' if count > 1 else ''}; "
                    "complete or remove such rows",
                )


def _check_not_empty(
    file: CsvFile, matrix: NDArray[np.float64], numbers: Sequence[str], codes: dict[str, NDArray[np.int32]]
) -> None:
    empty = [name for index, name in enumerate(numbers) if np.isnan(matrix[:, index]).all()]
    empty += [name for name, values in codes.items() if values.max() < 0]
    if empty:
        raise DataError(
            f"{file.path}: column {empty[0]!r} is empty in all {len(matrix):,} rows; drop it (dataset.drop)"
        )
