"""LeNet-5, in the form that is used today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gdrun.component import Count
from gdrun.nn.activation import Activation
from gdrun.nn.activations.relu import Relu
from gdrun.nn.layer import Layer, Shape
from gdrun.nn.layers.conv2d import Conv2d
from gdrun.nn.layers.dense import Dense
from gdrun.nn.layers.dropout import Dropout, Rate
from gdrun.nn.layers.pooling import MaxPool2d
from gdrun.nn.layers.reshape import Flatten
from gdrun.nn.model import Model


@dataclass(frozen=True)
class Lenet(Model):
    """Two convolutions, each followed by a pooling layer, then dense layers.

    Formula:
        conv 5×5, padding same → max pool 2 → conv 5×5 → max pool 2 → flatten → dense … → dense

    Options:
        filters: of the two convolutions.
        hidden: units of the dense layers before the output.
        activation: of the convolutions and the hidden layers.
        dropout: rate of a dropout after each hidden layer; with 0 there is none.

    Variant:
        The layers and sizes of LeNet-5 with what has replaced the rest since: maxima instead of trained
        means, relu instead of scaled tanh, filters that see all channels, and a linear output instead of
        radial basis functions. Padding gives images of 28×28 the size that the paper's 32×32 have after the
        first convolution; images must be at least 12×12.

    Reference:
        LeCun, Bottou, Bengio & Haffner, "Gradient-based learning applied to document recognition",
        Proceedings of the IEEE 86, 1998, II.B.
    """

    filters: tuple[Count, Count] = (6, 16)
    hidden: tuple[Count, ...] = (120, 84)
    activation: Activation = Relu()
    dropout: Rate = 0.0

    def resolve(self, input_shape: Shape, outputs: int) -> Sequence[Layer]:
        if len(input_shape) != 3:
            raise ValueError(
                f"lenet takes images (height, width, channels), not rows of shape {input_shape}; some "
                "datasets give them with images: true"
            )
        first, second = self.filters
        layers: list[Layer] = [
            Conv2d(first, 5, padding="same", activation=self.activation),
            MaxPool2d(),
            Conv2d(second, 5, activation=self.activation),
            MaxPool2d(),
            Flatten(),
        ]
        for units in self.hidden:
            layers.append(Dense(units, activation=self.activation))
            if self.dropout:
                layers.append(Dropout(self.dropout))
        return [*layers, Dense(outputs)]
