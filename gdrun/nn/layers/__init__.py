"""Layers, one a file: the forward pass and, right under it, the backward pass."""

from __future__ import annotations

from gdrun.component import registry
from gdrun.nn.layers.dense import Dense

LAYERS = registry(dense=Dense)
