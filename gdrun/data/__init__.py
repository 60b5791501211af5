"""Data: datasets by name, splits, preprocessing.

Read `table.py` (a dataset as read), `split.py` (which rows train), `preprocessing.py` (fitted on those
alone), then `datasets/`.
"""

from __future__ import annotations

from gdrun.component import Component

DATASETS: dict[str, type[Component]] = {}
