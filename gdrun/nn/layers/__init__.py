"""Layers, one a file: the forward pass and, right under it, the backward pass."""

from __future__ import annotations

from gdrun.component import registry
from gdrun.nn.layers.activation_layer import ActivationLayer
from gdrun.nn.layers.dense import Dense
from gdrun.nn.layers.dropout import Dropout
from gdrun.nn.layers.reshape import Flatten, Reshape

LAYERS = registry(
    dense=Dense,
    activation=ActivationLayer,
    dropout=Dropout,
    flatten=Flatten,
    reshape=Reshape,
)
