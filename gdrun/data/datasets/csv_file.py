"""A dataset in a CSV file of the user's."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from gdrun.data.csv_values import MISSING, Kind
from gdrun.data.datasets.column_files import table_of
from gdrun.data.table import Dataset, Table
from gdrun.data.targets import TaskOption


@dataclass(frozen=True)
class Csv(Dataset):
    """Rows of a CSV file.

    A column is a number or a category: as `columns` says, or else as its first 1,000 rows say, a category
    when fewer than half of the values there are numbers. A text in a number column is then an error, never
    a missing value. Blanks around numbers don't count; texts are kept as they stand. A category may have
    1,000 different texts, and all of them together 50,000. UTF-8, or UTF-16 with a byte order mark; fields
    may be quoted.

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
        from gdrun.data.csv_reader import CsvFile  # other datasets don't need it

        return table_of(self, lambda path: CsvFile(path, self.delimiter, self.header, self.missing), folder)
