"""Activation functions, one a file."""

from __future__ import annotations

from gdrun.component import registry
from gdrun.nn.activations.identity import Identity
from gdrun.nn.activations.relu import Relu

ACTIVATIONS = registry(identity=Identity, relu=Relu)
