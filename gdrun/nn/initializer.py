"""The interface of an initializer: how the starting values of one parameter array are drawn."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.component import Component


class Initializer(Component):
    """The base of every initializer. A subclass is a frozen dataclass whose fields are its options."""

    looks_at_rows: ClassVar[bool] = False  # whether what it draws is then fitted to training rows

    def sample(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        """Starting values of one parameter array of one run, in float64 whatever the run's dtype.

        Args:
            shape: of the array; the last axis counts outputs, all before it inputs.
            fan_in, fan_out: inputs that one output is computed from, outputs that one input takes part in.
            generator: the only source of randomness.
        """
        raise NotImplementedError
