"""Data: datasets by name, splits, preprocessing. Nothing here needs a config:

    table = Digits().load(Path())                     # or Csv(path=Path("flowers.csv"))
    prepared = prepare(table, split(table, validation=0.15, test=0.15, seed=0))
    prepared.train.features    # (rows, columns) float32

Read `table.py` (a dataset as read), `split.py` (which rows train), `preprocessing.py` (fitted on those
alone) and `prepared.py` (what training gets), then `datasets/`, with the readers of files behind them
(`csv_reader.py`, `npz_reader.py`, `idx_reader.py`), and `new_data.py` (rows to predict).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gdrun.component import class_lookup
from gdrun.data.datasets import DATASETS
from gdrun.data.prepared import Part, Prepared, make_part, prepare
from gdrun.data.preprocessing import Preprocessor
from gdrun.data.split import SplitRows, split
from gdrun.data.table import Category, Dataset, Table, Task, sealed

if TYPE_CHECKING:
    from gdrun.data.new_data import NewData, read_features

__all__ = [
    "DATASETS",
    "Category",
    "Dataset",
    "NewData",
    "Part",
    "Prepared",
    "Preprocessor",
    "SplitRows",
    "Table",
    "Task",
    "make_part",
    "prepare",
    "read_features",
    "sealed",
    "split",
]

_dataset_class = class_lookup(__name__, DATASETS)


def __getattr__(name: str) -> Any:
    """Every dataset by its class's name, and what only predictions need: both are imported when asked for."""
    if name in ("NewData", "read_features"):
        from gdrun.data import new_data

        return getattr(new_data, name)
    return _dataset_class(name)
