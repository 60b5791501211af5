"""From the fields of a CSV column to numbers or label codes, many at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["number", "category"]
MISSING = ("", "NA", "N/A", "n/a", "nan", "NaN", "null", "NULL", "None", "?")


def number(text: str) -> float | None:
    """The number that a field is, finite or not; None for a text. 1_000 is a text."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


class NumberReader:
    """Reads fields as finite numbers, NaN standing for the missing ones.

    Args:
        missing: texts that stand for a missing value; blanks around them don't count.
    """

    def __init__(self, missing: Sequence[str]) -> None:
        self._missing = frozenset(missing)
        # where a sign of a missing value is itself a number, such as -999, every field must be compared
        self._fast = not any(
            math.isfinite(number(text) or 0.0) and number(text) is not None for text in missing
        )

    def read(self, fields: Sequence[str], values: NDArray[np.float64]) -> int | None:
        """Write the number of each field into `values` (rows,).

        Returns:
            the index of the first field that is neither a finite number nor missing, or None.
        """
        if self._fast:
            try:
                values[:] = np.fromiter(map(float, fields), np.float64, len(fields))
            except ValueError:
                pass
            else:
                if np.isfinite(values).all() and "_" not in "".join(fields):
                    return None
        for index, text in enumerate(fields):
            if text in self._missing or text.strip() in self._missing:
                values[index] = math.nan
                continue
            value = number(text)
            if value is None or not math.isfinite(value):
                return index
            values[index] = value
        return None


@dataclass
class Labels:
    """The texts of one column, numbered as they appear, over one or several files.

    Attributes:
        missing: texts that stand for a missing value.
        limit: so many different texts are allowed; the caller looks at `count`.
    """

    missing: tuple[str, ...]
    limit: int
    codes: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.codes = dict.fromkeys(self.missing, -1)
        self._offset = len(self.codes)

    @property
    def count(self) -> int:
        """How many different texts there are, not counting the missing ones."""
        return len(self.codes) - self._offset

    def encode(self, fields: Sequence[str]) -> NDArray[np.int32]:
        """The code of each field, (rows,); -1 where it is missing."""
        for text in sorted(text for text in set(fields) if text not in self.codes):
            self.codes[text] = self.count
        return np.fromiter(map(self.codes.__getitem__, fields), np.int32, len(fields))

    def ranked(self, codes: NDArray[np.int32]) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """The codes renumbered for the texts sorted by code point, and those texts."""
        texts = list(self.codes)[self._offset :]
        order = sorted(range(len(texts)), key=texts.__getitem__)
        rank = np.full(len(texts) + 1, -1, np.int32)  # the last entry serves code -1
        rank[order] = np.arange(len(texts), dtype=np.int32)
        return rank[codes], tuple(texts[index] for index in order)
