"""An activation as a layer of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from gdrun.nn.activation import Activation
from gdrun.nn.layer import Array, Bound, Layer, Workspace


@dataclass(frozen=True)
class ActivationLayer(Layer):
    """Applies an activation to each value.

    Formula:
        y = a(x); ∂L/∂x = ∂L/∂y · a′(x)

    Options:
        activation: a.

    Reference:
        Goodfellow, Bengio & Courville, "Deep Learning", 2016, 6.3.
    """

    name: ClassVar[str] = "activation"
    activation: Activation

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        return self.activation.bind(x, workspace)
