"""Where the values of a varied key lie on an axis: numbers by size or logarithm, others side by side."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from gdrun.config.dump import flow
from gdrun.report.html.words import figure

_LONGEST = 40  # characters of a value


@dataclass(frozen=True)
class Axis:
    """One key, or the monitor.

    Attributes:
        label: of the axis.
        kind: how its values are spread.
        labels: the distinct values in the order of the axis, in words.
        values: of each point: a number, or the place of its label; None where there is none.
    """

    label: str
    kind: Literal["linear", "log", "names"]
    labels: Sequence[str]
    values: Sequence[float | int | None]

    @classmethod
    def of(cls, label: str, values: Sequence[Any], listed: Iterable[Any] = ()) -> Axis:
        """The axis of the values that points have for a key.

        Args:
            label: of the axis.
            values: of the points.
            listed: the same in the order in which those that are no numbers stand.
        """
        if all(_is_number(value) for value in values) and len(set(values)) > 1:
            distinct = sorted(set(values))
            kind: Literal["linear", "log"] = "log" if _is_logarithmic(distinct) else "linear"
            return cls(label, kind, [in_words(value) for value in distinct], list(values))
        labels = list(dict.fromkeys(in_words(value) for value in (*listed, *values)))
        places = {text: place for place, text in enumerate(labels)}
        return cls(label, "names", labels, [places[in_words(value)] for value in values])

    @property
    def places(self) -> list[int]:
        """The place of each point's label among the labels."""
        if self.kind == "names":
            return [int(value or 0) for value in self.values]
        distinct = {value: place for place, value in enumerate(sorted(set(filter(_is_number, self.values))))}  # type: ignore[type-var] # numbers alone
        return [distinct[value] for value in self.values]

    def shares(self) -> list[float | None]:
        """How far up each point lies, from 0 to 1; None for one without a value."""
        if self.kind == "names":
            last = max(1, len(self.labels) - 1)
            return [None if value is None else value / last for value in self.values]
        low, high = self._ends()
        return [
            None if value is None else (self._scaled(value) - low) / (high - low) for value in self.values
        ]

    def ticks(self, most: int = 7) -> list[tuple[float, str]]:
        """(share, label) of what is written beside the axis."""
        if len(self.labels) <= most and self.kind == "names":
            last = max(1, len(self.labels) - 1)
            return [(place / last, text) for place, text in enumerate(self.labels)]
        if self.kind == "names":
            chosen = np.unique(np.linspace(0, len(self.labels) - 1, most).round().astype(int)).tolist()
            return [(place / (len(self.labels) - 1), self.labels[place]) for place in chosen]
        numbers = sorted({value for value in self.values if value is not None})
        low, high = self._ends()
        if len(numbers) > most:
            even = np.linspace(low, high, 5)
            numbers = [float(f"{math.exp(v) if self.kind == 'log' else v:.3g}") for v in even]
        ticks = [((self._scaled(number) - low) / (high - low), figure_of(number)) for number in numbers]
        return [(min(1.0, max(0.0, share)), text) for share, text in ticks]

    def _ends(self) -> tuple[float, float]:
        scaled = [self._scaled(value) for value in self.values if value is not None]
        low, high = min(scaled), max(scaled)
        return (low, high) if low < high else (low - 0.5, high + 0.5)

    def _scaled(self, value: float) -> float:
        return math.log(value) if self.kind == "log" else float(value)


def in_words(value: Any) -> str:
    """The value of a key as a config would have it, cut where it is long."""
    text = f"{value:.6g}" if isinstance(value, float) else flow(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def figure_of(number: float) -> str:
    """A number beside an axis: short."""
    return f"{number:g}" if 1e-3 <= abs(number) < 1e5 else figure(number)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_logarithmic(distinct: Sequence[float]) -> bool:
    """Whether the gaps between positive values are more even in the logarithm."""
    if distinct[0] <= 0 or distinct[-1] < 4 * distinct[0]:
        return False
    if len(distinct) < 3:
        return distinct[-1] >= 50 * distinct[0]
    gaps, ratios = np.diff(distinct), np.diff(np.log(distinct))
    return bool(ratios.std() / ratios.mean() < gaps.std() / gaps.mean())
