"""Noise that is added to gradients, less and less."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gdrun.arrays import aligned_empty
from gdrun.component import Component, NonNegative, Positive
from gdrun.optim.optimizer import Array
from gdrun.randomness import Purpose, generator


@dataclass(frozen=True)
class GradientNoise(Component):
    """Normal noise added to every gradient, which fades as the run goes on.

    Formula:
        g ← g + N(0, σ²), σ² = variance/(1 + t)^power, t = 0, 1, … the update

    Options:
        variance: of the noise in the first update (η in the paper, which tries 0.01, 0.3 and 1).
        power: how fast it fades (γ); 0 for never.

    Variant:
        As the paper. The noise is added after clipping, so that its size is what is said here, and is no
        part of `gradient_norm`. The numbers of an update depend on the run's seed and its number alone.

    Reference:
        Neelakantan et al., "Adding gradient noise improves learning for very deep networks", 2015.
    """

    variance: Positive = 0.01
    power: NonNegative = 0.55

    def bind(self, gradients: Array, seeds: Sequence[int]) -> Callable[[int], None]:
        """A function to be called before every update with the number of updates done.

        Args:
            gradients: (runs, parameters), changed in place.
            seeds: of the runs.
        """
        variances, powers = (
            np.broadcast_to(option, (len(seeds), 1))[:, 0] for option in (self.variance, self.power)
        )
        noise = aligned_empty(gradients.shape[1:], gradients.dtype)

        def before(updates: int) -> None:
            deviations = np.sqrt(variances / (1.0 + updates) ** powers).astype(gradients.dtype)
            for gradient, seed, deviation in zip(gradients, seeds, deviations, strict=True):
                source = generator(seed, Purpose.GRADIENT_NOISE, updates)
                source.standard_normal(dtype=noise.dtype.type, out=noise)
                np.multiply(noise, deviation, out=noise)
                np.add(gradient, noise, out=gradient)

        return before
