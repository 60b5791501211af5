"""A dataset in a Parquet file of the user's."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from gdrun.data.csv_values import MISSING, Kind
from gdrun.data.datasets.column_files import table_of
from gdrun.data.table import Dataset, Table
from gdrun.data.targets import TaskOption


@dataclass(frozen=True)
class Parquet(Dataset):
    """Rows of a Parquet file. It needs pyarrow: `pip install 'gdrun[parquet]'`.

    A column is what its type says: whole, floating-point and decimal numbers are numbers; texts, and true and
    false, are categories; a dictionary is what its values are. Nulls and NaN are missing. Columns of dates,
    times, bytes or nested values must be dropped.

    Options:
        path: of the file, relative to the config.
        target: the column to predict, or several (regression); null: the last column.
        features: the columns to predict from; null: all others.
        drop: columns to leave out.
        columns: {name: number or category} where a column is meant as the other one: classes that are
            written as numbers, or numbers that are written as texts.
        missing: texts that stand for a missing value beside nulls; those that are numbers, as "-999", hold
            for numbers too.
        group: a column whose equal values tell rows that must stay in one part of the split; no feature.
        task: classification, regression, or auto (null): a text target and whole numbers with at most 20
            distinct values are classes, other numbers a regression.
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
    validation_path: Path | None = None
    test_path: Path | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.task == "auto":
            object.__setattr__(self, "task", None)  # what every dataset says when only the data can tell
        if self.features is not None and self.drop:
            raise ValueError("Parquet: give features (what to keep) or drop (what to leave out), not both")

    def load(self, folder: Path) -> Table:
        from gdrun.data.parquet_reader import ParquetFile  # only this dataset needs pyarrow

        return table_of(self, lambda path: ParquetFile(path, self.missing), folder)
