"""The interface of an activation function, bound to buffers as a layer is."""

from __future__ import annotations

from typing import ClassVar

from gdrun.component import Component
from gdrun.nn.layer import Array, Bound, Workspace


class Activation(Component):
    """The base of every activation. A subclass is a frozen dataclass whose fields are its options."""

    is_maximum: ClassVar[bool] = False  # whether it is the larger of x and a constant

    def bind(self, x: Array, workspace: Workspace) -> Bound:
        """Bind y = a(x) and ∂L/∂x = ∂L/∂y · a′(x) to buffers.

        The output may be `x` itself where `workspace.overwritable` allows it and a′ can be computed from y;
        `backward` overwrites ∂L/∂y and returns it. At a kink the derivative is the left one.

        Args:
            x: (runs, batch, *features).
            workspace: makes the buffers.
        """
        raise NotImplementedError
