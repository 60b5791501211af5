"""Axes of the pictures that are drawn here and not by the browser's script."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CLOSEST = 1e-9  # of the ends of an axis, relative to their size
_SMALLEST = 1e-200  # size of the ends; ten times less is still a number


@dataclass(frozen=True)
class Axis:
    """Values from `low` to `high`, drawn from `start` to `stop` in units of the picture."""

    low: float
    high: float
    start: float
    stop: float

    @staticmethod
    def over(low: float, high: float, start: float, stop: float) -> Axis:
        """An axis over these values, wider where they are so close that nothing could be told apart."""
        room = max(abs(low), abs(high), _SMALLEST) * _CLOSEST
        return (
            Axis(low, high, start, stop) if high - low > room else Axis(low - room, high + room, start, stop)
        )

    def place(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where values are drawn."""
        placed: NDArray[np.float64] = self.start + (values - self.low) / (self.high - self.low) * (
            self.stop - self.start
        )
        return placed

    def ticks(self, count: int) -> list[tuple[float, str]]:
        """(place, text) of about so many round values."""
        size = 10 ** math.floor(math.log10((self.high - self.low) / count))
        step = next(f * size for f in (1, 2, 5, 10) if (self.high - self.low) / (f * size) <= count)
        numbers = range(math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9) + 1)
        places = self.place(np.array([number * step for number in numbers], float)).tolist()
        texts = [f"{number * step:.6g}".replace("-", "−") for number in numbers]
        return list(zip([round(place, 1) for place in places], texts, strict=True))
