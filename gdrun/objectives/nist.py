"""NIST's problems of nonlinear regression, with certified answers."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gdrun.objectives.nist_models import MODELS
from gdrun.objectives.objective import Array, Float64, Objective

_FILE = Path(__file__).parent / "files" / "nist.json"

Problem = Literal[
    "bennett5",
    "boxbod",
    "chwirut1",
    "chwirut2",
    "danwood",
    "eckerle4",
    "enso",
    "gauss1",
    "gauss2",
    "gauss3",
    "hahn1",
    "kirby2",
    "lanczos1",
    "lanczos2",
    "lanczos3",
    "mgh09",
    "mgh10",
    "mgh17",
    "misra1a",
    "misra1b",
    "misra1c",
    "misra1d",
    "nelson",
    "rat42",
    "rat43",
    "roszman1",
    "thurber",
]


@functools.cache
def _problems() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return found


@dataclass(frozen=True)
class Nist(Objective):
    """A nonlinear regression whose answer NIST has certified to 11 digits: hard for methods of first order.

    Formula:
        f(b) = Σᵢ (model(xᵢ; b) − yᵢ)², the residual sum of squares

    Options:
        problem: which; misra1a and others have two parameters, thurber and hahn1 seven, enso nine.
        scaled: whether the variables are the parameters divided by their values at the start, so that all of
            them begin at 1; these values differ by many powers of ten, and so do the derivatives.
        first: which of NIST's two starting points is the usual one: 1, far away, or 2, nearer.

    Variant:
        Data, starting points and certified values as in the Statistical Reference Datasets; the response of
        nelson is log y. The minimum is the certified one.

    Reference:
        NIST, "Statistical Reference Datasets: Nonlinear Regression", 1998,
        <https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml>.
    """

    problem: Problem
    scaled: bool = False
    first: Literal[1, 2] = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.problem not in MODELS:
            raise ValueError(f"Nist: problem must be one of {', '.join(MODELS)}, not {self.problem!r}")
        object.__setattr__(self, "dimension", len(self.certified))

    @functools.cached_property
    def predictors(self) -> list[Float64]:
        """Each (rows,)."""
        return [np.array(column) for column in _problems()[self.problem]["x"]]

    @functools.cached_property
    def response(self) -> Float64:
        """(rows,)"""
        found = np.array(_problems()[self.problem]["y"])
        return np.log(found) if self.problem == "nelson" else found

    @property
    def certified(self) -> Sequence[float]:
        """The certified parameters, (dimension,)."""
        found: list[float] = _problems()[self.problem]["certified"]
        return found

    @property
    def starts(self) -> Sequence[Sequence[float]]:
        """NIST's two starting points, as parameters."""
        found: list[list[float]] = _problems()[self.problem]["starts"]
        return found

    @functools.cached_property
    def unit(self) -> Float64:
        """(dimension,): what a variable is multiplied with to be a parameter."""
        return np.array(self.starts[self.first - 1]) if self.scaled else np.ones(self.dimension)

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(f"b{place}" for place in range(1, self.dimension + 1))

    def memory(self, runs: int) -> int:
        return 8 * len(self.response) * runs * (int(self.dimension) + 6)

    def evaluate(self, points: Array, gradient: Array) -> Array:
        b = (points * self.unit).T[:, :, None]
        prediction, slopes = MODELS[self.problem](b, *self.predictors)
        off = prediction - self.response
        for place, slope in enumerate(slopes):
            gradient[:, place] = 2 * (off * slope).sum(axis=-1) * self.unit[place]
        value: Array = (off * off).sum(axis=-1)
        return value

    @property
    def minimum(self) -> float:
        return float(_problems()[self.problem]["residual_sum_of_squares"])

    @property
    def minima(self) -> Sequence[Sequence[float]]:
        return [tuple((np.array(self.certified) / self.unit).tolist())]

    @property
    def domain(self) -> Float64:
        points = np.array([*self.starts, self.certified]) / self.unit
        low, high = points.min(axis=0), points.max(axis=0)
        return np.stack([low, np.where(high > low, high, low + 1)], axis=1)

    @property
    def usual_start(self) -> Sequence[float]:
        return tuple((np.array(self.starts[self.first - 1]) / self.unit).tolist())
