"""The interface of a model: a recipe for the layers of a network."""

from __future__ import annotations

from collections.abc import Sequence

from gdrun.component import Component
from gdrun.nn.layer import Layer, Shape


class Model(Component):
    """The base of every model. A subclass is a frozen dataclass whose fields are its options."""

    def resolve(self, input_shape: Shape, outputs: int) -> Sequence[Layer]:
        """The layers, in forward order, for rows of this shape and so many outputs.

        Raises:
            ValueError: the model cannot serve that input or that number of outputs.
        """
        raise NotImplementedError
