"""The multilayer perceptron."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gdrun.component import Count
from gdrun.nn.activation import Activation
from gdrun.nn.activations.relu import Relu
from gdrun.nn.layer import Layer, Shape
from gdrun.nn.layers.dense import Dense
from gdrun.nn.layers.dropout import Dropout, Rate
from gdrun.nn.layers.reshape import Flatten
from gdrun.nn.model import Model


@dataclass(frozen=True)
class Mlp(Model):
    """Multilayer perceptron: dense layers with an activation, then a linear output.

    Formula:
        h₀ = x; h_i = a(h_{i−1}·W_i + b_i) for every hidden layer; z = h·W + b

    Options:
        hidden: units of each hidden layer; empty for a linear model.
        activation: of the hidden layers.
        dropout: rate of a dropout after each hidden layer; with 0 there is none.

    Variant:
        Rows that are not flat, as images, get a `flatten` first.

    Reference:
        Goodfellow, Bengio & Courville, "Deep Learning", 2016, chapter 6.
    """

    hidden: tuple[Count, ...] = (64,)
    activation: Activation = Relu()
    dropout: Rate = 0.0

    def resolve(self, input_shape: Shape, outputs: int) -> Sequence[Layer]:
        layers: list[Layer] = [Flatten()] if len(input_shape) != 1 else []
        for units in self.hidden:
            layers.append(Dense(units, activation=self.activation))
            if self.dropout:
                layers.append(Dropout(self.dropout))
        return [*layers, Dense(outputs)]
