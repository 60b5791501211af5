"""Initializers whose variance is a share of the fan: signals keep their size from layer to layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.component import Positive
from gdrun.nn.initializer import Initializer
from gdrun.nn.initializers.distributions import standard_truncated_normal

_TRUNCATED_STD = 0.8796256610342398  # of a standard normal without what lies beyond ±2

Draw = Callable[[tuple[int, ...], np.random.Generator], NDArray[np.float64]]


def _normal(shape: tuple[int, ...], generator: np.random.Generator) -> NDArray[np.float64]:
    return generator.standard_normal(shape)


def _truncated_normal(shape: tuple[int, ...], generator: np.random.Generator) -> NDArray[np.float64]:
    return standard_truncated_normal(shape, generator) / _TRUNCATED_STD


def _uniform(shape: tuple[int, ...], generator: np.random.Generator) -> NDArray[np.float64]:
    return generator.uniform(-1, 1, shape) * 3**0.5


# Each with mean 0 and variance 1.
_DISTRIBUTIONS: dict[str, Draw] = {
    "normal": _normal,
    "truncated_normal": _truncated_normal,
    "uniform": _uniform,
}


def draw(
    variance: float, distribution: str, shape: tuple[int, ...], generator: np.random.Generator
) -> NDArray[np.float64]:
    """Values with mean 0 and this variance."""
    values: NDArray[np.float64] = _DISTRIBUTIONS[distribution](shape, generator) * np.sqrt(variance)
    return values


@dataclass(frozen=True)
class VarianceScaling(Initializer):
    """Values whose variance is a share of the number of inputs or outputs.

    Formula:
        variance scale/n; n = fan_in, fan_out or their mean (fan_in + fan_out)/2

    Options:
        scale: variance times n.
        mode: which n: `fan_in`, `fan_out` or `fan_avg`.
        distribution: `normal` (untruncated), `truncated_normal` (cut at two standard deviations, widened so
            that the variance is right after the cut) or `uniform`.

    Variant:
        As in Keras, which calls the untruncated one `untruncated_normal`.

    Reference:
        He et al., "Delving deep into rectifiers", ICCV 2015, 2.2.
    """

    scale: Positive = 1.0
    mode: Literal["fan_in", "fan_out", "fan_avg"] = "fan_in"
    distribution: Literal["normal", "truncated_normal", "uniform"] = "normal"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"VarianceScaling: mode must be fan_in, fan_out or fan_avg, not {self.mode!r}")
        if self.distribution not in _DISTRIBUTIONS:
            known = ", ".join(_DISTRIBUTIONS)
            raise ValueError(
                f"VarianceScaling: distribution must be one of {known}, not {self.distribution!r}"
            )

    def sample(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        return draw(self.scale / n, self.distribution, shape, generator)
