"""The multilayer perceptron."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gdrun.component import Count
from gdrun.nn.activation import Activation
from gdrun.nn.activations.relu import Relu
from gdrun.nn.layer import Layer, Shape
from gdrun.nn.layers.activation_layer import ActivationLayer
from gdrun.nn.layers.batch_norm import BatchNorm
from gdrun.nn.layers.dense import Dense
from gdrun.nn.layers.dropout import Dropout, Rate
from gdrun.nn.layers.reshape import Flatten
from gdrun.nn.model import Model


@dataclass(frozen=True)
class Mlp(Model):
    """Multilayer perceptron: dense layers with an activation, then a linear output.

    Formula:
        h₀ = x; h_i = a(h_{i−1}·W_i + b_i) for every hidden layer; z = h·W + b
        With `batch_norm`: h_i = a(batch_norm(h_{i−1}·W_i))

    Options:
        hidden: units of each hidden layer; empty for a linear model.
        activation: of the hidden layers.
        dropout: rate of a dropout after each hidden layer; with 0 there is none.
        batch_norm: whether a `batch_norm` stands between each hidden layer and its activation.

    Variant:
        Rows that are not flat, as images, get a `flatten` first. A dense layer before a `batch_norm` has no
        bias, since the shift of that takes its place.

    Reference:
        Goodfellow, Bengio & Courville, "Deep Learning", 2016, chapter 6.
    """

    hidden: tuple[Count, ...] = (64,)
    activation: Activation = Relu()
    dropout: Rate = 0.0
    batch_norm: bool = False

    def resolve(self, input_shape: Shape, outputs: int) -> Sequence[Layer]:
        layers: list[Layer] = [Flatten()] if len(input_shape) != 1 else []
        for units in self.hidden:
            if self.batch_norm:
                layers += [Dense(units, bias=False), BatchNorm(), ActivationLayer(self.activation)]
            else:
                layers.append(Dense(units, activation=self.activation))
            if self.dropout:
                layers.append(Dropout(self.dropout))
        return [*layers, Dense(outputs)]
