"""A model whose layers are listed one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gdrun.nn.layer import Layer, Shape
from gdrun.nn.model import Model
from gdrun.nn.network import Network


@dataclass(frozen=True)
class Sequential(Model):
    """Layers in a row, as listed; the last one must give the outputs that the loss needs.

    Formula:
        y = f_n(… f₂(f₁(x)))

    Options:
        layers: in forward order.

    Reference:
        Goodfellow, Bengio & Courville, "Deep Learning", 2016, 6.5.
    """

    layers: tuple[Layer, ...]

    def resolve(self, input_shape: Shape, outputs: int) -> Sequence[Layer]:
        network = Network(self.layers, input_shape)
        if network.output_shape != (outputs,):
            raise ValueError(
                f"the last layer gives {network.output_shape}, but {outputs} outputs are needed: end with a "
                f"dense layer of {outputs} units\n{network.describe()}"
            )
        if network.parameter_count == 0:
            raise ValueError(
                f"no layer has anything to train: add a dense layer of {outputs} units\n{network.describe()}"
            )
        return self.layers
