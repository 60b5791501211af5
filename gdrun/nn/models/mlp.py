"""The multilayer perceptron."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gdrun.component import Count
from gdrun.nn.activation import Activation
from gdrun.nn.activations.relu import Relu
from gdrun.nn.layer import Layer, Shape
from gdrun.nn.layers.dense import Dense
from gdrun.nn.model import Model


@dataclass(frozen=True)
class Mlp(Model):
    """Multilayer perceptron: dense layers with an activation, then a linear output.

    Options:
        hidden: units of each hidden layer; empty for a linear model.
        activation: of the hidden layers.

    Reference:
        Goodfellow, Bengio & Courville, "Deep Learning", 2016, chapter 6.
    """

    hidden: tuple[Count, ...] = (64,)
    activation: Activation = Relu()

    def layers(self, input_shape: Shape, outputs: int) -> Sequence[Layer]:
        return [*(Dense(units, activation=self.activation) for units in self.hidden), Dense(outputs)]
