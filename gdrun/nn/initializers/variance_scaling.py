"""Initializers whose variance is a share of the fan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.initializer import Initializer


@dataclass(frozen=True)
class HeNormal(Initializer):
    """Normal values with variance 2/fan_in, untruncated.

    Formula:
        w ~ N(0, 2/fan_in)

    Reference:
        He et al., "Delving deep into rectifiers", ICCV 2015.
    """

    def sample(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        values: NDArray[np.float64] = generator.standard_normal(shape) * np.sqrt(2 / fan_in)
        return values
