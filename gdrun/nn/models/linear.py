"""The linear model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gdrun.nn.layer import Layer, Shape
from gdrun.nn.layers.dense import Dense
from gdrun.nn.layers.reshape import Flatten
from gdrun.nn.model import Model


@dataclass(frozen=True)
class Linear(Model):
    """One dense layer: linear regression, logistic regression or a linear classifier, as the loss has it.

    Formula:
        z = x·W + b

    Reference:
        Bishop, "Pattern Recognition and Machine Learning", 2006, 3.1 and 4.3.
    """

    def resolve(self, input_shape: Shape, outputs: int) -> Sequence[Layer]:
        return [*([Flatten()] if len(input_shape) != 1 else []), Dense(outputs)]
